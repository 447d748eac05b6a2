"""countersign flows diff: who waits, what would be decided otherwise, and that activate asks first."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import orjson
import pytest

from bot.embedded import Servers
from bot.errors import ConfigurationError
from bot.settings import Settings
from flows.flow import Flow
from flows.loader import load_file, load_stored
from flows.policy_file import load_policy
from flows.replay import stored
from flows.run import to_json
from integrations import tools
from tests.conftest import SECRET
from tests.workers.lived import PLACE, Life, order, renamed, with_id
from workers import flows_cli, flows_diff
from workers.known import Library
from workers.push import CATALOG, POLICY, load_catalog, push_to
from workers.store import definitions, history, old, runs, tenants
from workers.store.conversations import Claimed
from workers.store.door import Database, Lost
from workers.store.look import look
from workers.store.runs import Stored

FLOW = load_file(CATALOG / "order.yaml", tools())
RULES = load_policy(POLICY)
WORDS = ("Confirm your cart: {{ items }}", "Is this right: {{ items }}?")


@pytest.fixture
def settings(servers: Servers, app_dsn: str, tmp_path: Path) -> Settings:
    return Settings(
        _env_file=None, database_url=servers.database_url, secret_key=SECRET, state_dir=tmp_path / "none"
    )


class World:
    """A tenant with the shipped flows, and people who order."""

    def __init__(self, db: Database, tenant: UUID, person: UUID, conversation: str) -> None:
        self.db, self.tenant, self.person, self.conversation = db, tenant, person, conversation

    def named(self, id: str) -> str:
        """No run of another test has that id."""
        return f"{id}-{self.tenant.hex[:8]}"

    async def ordered(self, id: str, turns: int = 99, flow: Flow = FLOW) -> Life:
        """A run of so many turns of an order; stored after each of them."""
        life = Life(flow, RULES, self.named(id), with_id(self.person))
        for events in order(life)[:turns]:
            async with self.db.tenant(self.tenant) as c:
                await life.store(c, self.tenant, self.conversation, *events)
        return life

    async def pushed(self, definition: dict[str, Any]) -> Flow:
        flow = load_stored(definition, tools())
        async with self.db.tenant(self.tenant) as c:
            await definitions.keep_flow(c, self.tenant, flow.id, flow.version, flow.source)
        return flow

    async def active(self) -> str:
        async with self.db.tenant(self.tenant) as c:
            return (await definitions.active_flows(c, self.tenant))["order"]

    async def rows(self) -> int:
        async with self.db.tenant(self.tenant) as c:
            count: int = await c.fetchval("select count(*) from history")
            return count


@pytest.fixture
async def there(db: Database) -> World:
    tenant = await tenants.create(db, f"Tenant {uuid4()}")
    await push_to(db, tenant, load_catalog(), POLICY)
    async with db.tenant(tenant) as c:
        person = await c.fetchval(
            "insert into people (tenant_id, name, email) values ($1, 'Ada', $2) returning id",
            tenant,
            f"{uuid4()}@example.com",
        )
        await c.execute("insert into conversations (tenant_id, key) values ($1, 'slack:T1:C1')", tenant)
    return World(db, tenant, person, "slack:T1:C1")


async def run(work: Callable[..., int], *arguments: Any, **named: Any) -> int:
    """As the program does it: outside of any loop."""
    return await asyncio.to_thread(work, *arguments, **named)


# ── diff ─────────────────────────────────────────────────────────────────────────────────


async def test_a_changed_wording_is_told_with_each_run_and_turn(
    there: World, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    await there.ordered("r1")
    await there.ordered("r2")
    draft = await there.pushed(renamed(FLOW, *WORDS))
    status = await run(flows_cli.diff, settings, "order", draft.version[:8], 200, str(there.tenant))
    told = capsys.readouterr().out
    assert status == 0
    assert "2 recorded runs played through both, 12 decisions." in told
    assert "What is said at price: 2 times" in told
    assert "      - said: Confirm your cart: 2 × Margherita\n" in told
    assert "      + said: Is this right: 2 × Margherita?\n" in told
    assert f"run {there.named('r1')}, turn 4" in told
    assert "code changed" not in told


async def test_in_ci_a_change_can_end_with_1_and_none_with_0(there: World, settings: Settings) -> None:
    await there.ordered("r1")
    draft = await there.pushed(renamed(FLOW, *WORDS))
    arguments = (settings, "order", draft.version, 200, str(there.tenant))
    assert await run(flows_cli.diff, *arguments, fail_on_change=True) == 1
    same = (settings, "order", FLOW.version, 200, str(there.tenant))
    assert await run(flows_cli.diff, *same, fail_on_change=True) == 0


async def test_a_file_that_was_never_pushed_is_compared_as_well(
    there: World, settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await there.ordered("r1")
    path = tmp_path / "order.yaml"
    path.write_text((CATALOG / "order.yaml").read_text().replace("Receipt: {{", "Paid: {{"))
    assert await run(flows_cli.diff, settings, str(path), "", 200, str(there.tenant)) == 0
    assert "+ said: Paid: 2 × Margherita" in capsys.readouterr().out
    async with there.db.tenant(there.tenant) as c:
        assert (
            len([each for each in await definitions.flow_versions(c, there.tenant) if each[0] == "order"])
            == 1
        )


async def test_runs_that_wait_are_told_by_step_and_whether_the_draft_still_has_it(
    there: World, settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await there.ordered("r1", 2)
    await there.ordered("r2", 4)
    await there.ordered("r3", 4)
    path = tmp_path / "order.yaml"
    text = (CATALOG / "order.yaml").read_text()
    path.write_text(text.replace("id: collect", "id: gather").replace("change: collect", "change: gather"))
    assert await run(flows_cli.diff, settings, str(path), "", 200, str(there.tenant)) == 0
    told = capsys.readouterr().out
    assert f"1 run of {FLOW.version[:8]} at collect: finishes on it; the draft has no such step" in told
    assert f"2 runs of {FLOW.version[:8]} at confirm: finish on it\n" in told


async def test_only_the_newest_runs_are_played(
    there: World, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in range(3):
        await there.ordered(f"r{number}")
    draft = await there.pushed(renamed(FLOW, *WORDS))
    await run(flows_cli.diff, settings, "order", draft.version, 2, str(there.tenant))
    assert "2 recorded runs played" in capsys.readouterr().out


async def test_where_the_code_changed_since_it_is_said(
    there: World, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    await there.ordered("r1")
    async with there.db.tenant(there.tenant) as c:
        await c.execute("update history set digest = 'another' where seq = 300")
    draft = await there.pushed(renamed(FLOW, *WORDS))
    await run(flows_cli.diff, settings, "order", draft.version, 200, str(there.tenant))
    assert f"1 run ({there.named('r1')}) would not be decided today as it was then" in capsys.readouterr().out


async def test_a_run_whose_policy_is_gone_is_counted_and_not_played(there: World) -> None:
    await there.ordered("r1")
    async with there.db.tenant(there.tenant) as c:
        await c.execute("""update history set known = known || '{"policy": "gone"}'""")
        draft = load_stored(renamed(FLOW, *WORDS), tools())
        found = await flows_diff.diff(c, there.tenant, FLOW.version, draft, draft.version, "order", 10)
    assert (found.runs, found.unplayable) == (0, 1)


async def test_runs_of_an_older_version_are_played_through_both(there: World) -> None:
    older = await there.pushed(renamed(FLOW, *WORDS))
    await there.ordered("r1", flow=older)
    async with there.db.tenant(there.tenant) as c:
        found = await flows_diff.diff(c, there.tenant, FLOW.version, older, older.version, "order", 10)
    assert found.inexact == ()
    assert {each.kind for each in found.changed} == {"said"}


async def test_without_a_version_or_a_file_it_is_said_what_to_name(
    settings: Settings, tmp_path: Path
) -> None:
    with pytest.raises(ConfigurationError, match="--to VERSION"):
        await run(flows_cli.diff, settings, "order")
    with pytest.raises(ConfigurationError, match="is not there"):
        await run(flows_cli.diff, settings, str(tmp_path / "none.yaml"))


# ── activate ─────────────────────────────────────────────────────────────────────────────


async def test_without_a_yes_nothing_is_activated_while_decisions_would_change(
    there: World, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    await there.ordered("r1")
    draft = await there.pushed(renamed(FLOW, *WORDS))
    arguments = (settings, "order", draft.version, str(there.tenant))
    assert await run(flows_cli.activate, *arguments, yes=False) == 1
    told = capsys.readouterr().out
    assert "2 of 6 recorded decisions would change." in told
    assert "with --yes" in told
    assert await there.active() == FLOW.version
    assert await run(flows_cli.activate, *arguments, yes=False, ask=lambda _: False) == 1
    assert await there.active() == FLOW.version
    assert await run(flows_cli.activate, *arguments, yes=False, ask=lambda _: True) == 0
    assert await there.active() == draft.version


async def test_with_a_yes_it_is_activated_and_told_what_that_touches(
    there: World, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    await there.ordered("r1", 4)
    draft = await there.pushed(renamed(FLOW, *WORDS))
    assert await run(flows_cli.activate, settings, "order", draft.version, str(there.tenant), yes=True) == 0
    assert "1 run waiting now will finish on the version it has" in capsys.readouterr().out
    assert await there.active() == draft.version


async def test_where_nobody_waits_and_nothing_changes_no_yes_is_asked_for(
    there: World, settings: Settings
) -> None:
    draft = await there.pushed(renamed(FLOW, *WORDS))
    assert await run(flows_cli.activate, settings, "order", draft.version, str(there.tenant), yes=False) == 0


@pytest.mark.twin
async def test_twin_without_looking_a_change_goes_live_unasked(
    there: World, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    await there.ordered("r1")
    draft = await there.pushed(renamed(FLOW, *WORDS))
    monkeypatch.setattr(flows_diff.Diff, "touches", property(lambda self: False))
    assert await run(flows_cli.activate, settings, "order", draft.version, str(there.tenant), yes=False) == 0
    assert await there.active() == draft.version


async def test_an_activation_counts_in_every_process_with_its_next_turn(
    there: World, settings: Settings, app_dsn: str
) -> None:
    """Two that read as engines do, with a library and a pool each; both have seen the old version."""
    draft = await there.pushed(renamed(FLOW, *WORDS))
    others = [await Database.open(app_dsn, size=1) for _ in range(2)]
    libraries = [Library(money_tools=True) for _ in others]

    async def seen() -> list[str]:
        found = []
        for db, library in zip(others, libraries, strict=True):
            looked = await look(db, Claimed(there.tenant, there.conversation, 0))
            world = await library.world_of(db, there.tenant, looked.active, looked.policy_version)
            found.append(world.flows["order"].version)
        return found

    try:
        assert await seen() == [FLOW.version] * 2
        await run(flows_cli.activate, settings, "order", draft.version, str(there.tenant))
        assert await seen() == [draft.version] * 2
        await run(flows_cli.activate, settings, "order", FLOW.version, str(there.tenant))
        assert await seen() == [FLOW.version] * 2
    finally:
        for db in others:
            await db.close()


# ── what is kept, and for how long ───────────────────────────────────────────────────────


async def test_a_run_and_its_event_are_written_together_or_not_at_all(there: World) -> None:
    life = await there.ordered("r1", 2)
    before = await there.rows()
    kept = life.turn(order(life)[2][0])
    late = Stored(life.run, there.conversation, PLACE, 1)
    async with there.db.tenant(there.tenant) as c:
        with pytest.raises(Lost):
            await runs.save(c, there.tenant, late, life.run, kept)
    assert await there.rows() == before


async def test_what_was_kept_goes_with_its_run(there: World) -> None:
    await there.ordered("r1")
    await there.ordered("r2", 2)
    async with there.db.tenant(there.tenant) as c:
        gone = "update runs set finished_at = now() - interval '9 days' where id = $1"
        await c.execute(gone, there.named("r1"))
        assert await old.runs(c, there.tenant, 86_400.0) == 1
        left = await c.fetch("select distinct run_id from history")
    assert [row["run_id"] for row in left] == [there.named("r2")]


async def test_for_who_keeps_no_bodies_it_is_dropped_at_once_and_diff_can_live_with_it(
    there: World, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    await there.ordered("r1")
    async with there.db.tenant(there.tenant) as c:
        await c.execute("update history set at = now() - interval '2 minutes' where seq < 300")
        assert await history.drop_old(c, there.tenant, 60.0, 500) == 3
    draft = await there.pushed(renamed(FLOW, *WORDS))
    assert await run(flows_cli.diff, settings, "order", draft.version, 200, str(there.tenant)) == 0
    assert "0 recorded runs played" in capsys.readouterr().out


async def test_several_events_of_one_turn_are_kept_in_their_order(there: World) -> None:
    life = Life(FLOW, RULES, there.named("r1"), with_id(there.person))
    first, second, *later = order(life)
    async with there.db.tenant(there.tenant) as c:
        await life.store(c, there.tenant, there.conversation, *first, *second)
        await life.store(c, there.tenant, there.conversation, *later[0], *later[1])
        [(_, _, rows)] = await history.newest(c, there.tenant, "order", 10)
    assert [row.seq for row in rows] == [0, 1, 100, 101]
    assert [(row.event, row.digest) for row in rows] == [(row.event, row.digest) for row in life.rows]


async def test_a_run_comes_back_from_the_database_with_its_keys_as_a_replay_orders_them(there: World) -> None:
    """The order can decide which of two equals is named, so a replay has to have it too."""
    life = await there.ordered("r1", 4)
    async with there.db.tenant(there.tenant) as c:
        found = await runs.by_id(c, there.tenant, there.named("r1"))
    assert found is not None
    assert orjson.dumps(to_json(found.run)) == orjson.dumps(to_json(stored(life.run)))
    assert orjson.dumps(to_json(life.run)) != orjson.dumps(to_json(stored(life.run)))
