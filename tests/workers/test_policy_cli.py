"""countersign policy …: what is said, what is live afterwards, and what is only tried out."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from bot.embedded import Servers
from bot.errors import ConfigurationError
from bot.settings import Settings
from flows.loader import load_file
from flows.policy_file import load_policy
from integrations import tools
from tests.conftest import SECRET
from tests.workers.lived import Life, order, with_id
from workers import policy_cli
from workers.known import Library
from workers.push import CATALOG, POLICY, load_catalog, push_to
from workers.store import spending, tenants
from workers.store.door import Database

FLOW = load_file(CATALOG / "order.yaml", tools())
ASK_ALWAYS = "rules:\n  - {name: always, outcome: ask, because: Always.}\n"


@pytest.fixture
def settings(servers: Servers, app_dsn: str, tmp_path: Path) -> Settings:
    return Settings(
        _env_file=None, database_url=servers.database_url, secret_key=SECRET, state_dir=tmp_path / "none"
    )


@pytest.fixture
async def there(db: Database) -> UUID:
    """A tenant with the shipped flows and policy, and one order that was charged alone."""
    tenant = await tenants.create(db, f"Tenant {uuid4()}")
    await push_to(db, tenant, load_catalog(), POLICY)
    async with db.tenant(tenant) as c:
        query = "insert into people (tenant_id, name, email) values ($1, 'Ada', $2) returning id"
        person = await c.fetchval(query, tenant, f"{uuid4()}@example.com")
        await c.execute("insert into conversations (tenant_id, key) values ($1, 'slack:T1:C1')", tenant)
    life = Life(FLOW, load_policy(POLICY), f"r-{tenant.hex[:8]}", with_id(person))
    for events in order(life):
        async with db.tenant(tenant) as c:
            await life.store(c, tenant, "slack:T1:C1", *events)
    return tenant


async def run(work: Callable[..., int], *arguments: Any, **named: Any) -> int:
    """As the program does it: outside of any loop."""
    return await asyncio.to_thread(work, *arguments, **named)


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "policy.yaml"
    path.write_text(text)
    return path


async def active(db: Database, tenant: UUID) -> tuple[str | None, str | None]:
    async with db.tenant(tenant) as c:
        return await tenants.policy_version(c, tenant), await spending.shadow(c, tenant)


async def test_a_push_says_which_recorded_calls_would_be_decided_otherwise_and_asks(
    there: UUID, db: Database, settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = await active(db, there)
    path = written(tmp_path, ASK_ALWAYS)
    status = await run(policy_cli.push, settings, path, str(there), yes=False, ask=lambda _: False)
    told = capsys.readouterr().out
    assert status == 1
    assert "stripe.charge at charge of run" in told
    assert "runs alone → is asked about" in told
    assert "Nothing was pushed." in told
    assert await active(db, there) == before


async def test_pushed_it_is_live_at_once_and_listed(
    there: UUID, db: Database, settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written(tmp_path, ASK_ALWAYS)
    assert await run(policy_cli.push, settings, path, str(there)) == 0
    version = load_policy(path).version
    assert await active(db, there) == (version, None)
    assert await run(policy_cli.list_all, settings, str(there)) == 0
    assert f"{version}  " in capsys.readouterr().out
    assert await run(policy_cli.show, settings, "", str(there)) == 0
    assert "name: always" in capsys.readouterr().out


async def test_a_policy_in_shadow_leaves_the_active_one_and_is_known_to_the_engine(
    there: UUID, db: Database, settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before, _ = await active(db, there)
    path = written(tmp_path, ASK_ALWAYS + "mode: shadow\n")
    assert await run(policy_cli.push, settings, path, str(there), yes=False) == 0
    assert "it decides nothing" in capsys.readouterr().out
    assert await active(db, there) == (before, load_policy(path).version)
    async with db.tenant(there) as c:
        world = await Library(money_tools=True).world(c, there)
    assert world.known.policy.version == before
    assert world.known.shadow is not None
    assert world.known.shadow.version == load_policy(path).version


def test_a_file_with_mistakes_is_not_pushed(
    settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written(
        tmp_path, ASK_ALWAYS + "  - {name: b, outcome: may run alone, because: x, currency: usx}\n"
    )
    assert policy_cli.check(settings, path) == 1
    told = capsys.readouterr().out
    assert "policy.yaml:3: field 'currency': there is no currency USX." in told
    assert "would loosen what 'always' tightened" in told
    assert policy_cli.push(settings, path) == 1


REFUND = ("payment_intent=pi_1", "amount=3000", "currency=usd")


def test_a_call_is_explained_from_the_file(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    assert policy_cli.explain(settings, "stripe.refund", REFUND, "ada@example.com", 0.9, path=POLICY) == 0
    assert capsys.readouterr().out.startswith("stripe.refund: ask, by refunds\n")
    policy_cli.explain(settings, "stripe.refund", REFUND, path=POLICY, as_json=True)
    assert json.loads(capsys.readouterr().out)["rule"] in ("refunds", "unsure")


async def test_a_call_is_explained_from_what_is_live(
    there: UUID, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    explain = policy_cli.explain
    assert await run(explain, settings, "stripe.refund", REFUND, stored=True, tenant=str(there)) == 0
    assert "by refunds" in capsys.readouterr().out


@pytest.mark.parametrize(("given", "options", "problem"), [
    (("amount",), {}, "key=value"), (("=5",), {}, "key=value"), ((f"a={'x' * 70_000}",), {}, "larger than"),
    ((), {"at": "tomorrow"}, "--at is a time"), ((), {"confidence": 7.0}, "from 0 to 1"),
    ((), {"used": "a lot"}, "--used is an amount"),
])  # fmt: skip
def test_what_cannot_be_explained_is_refused_in_a_line(
    settings: Settings, given: tuple[str, ...], options: dict[str, Any], problem: str
) -> None:
    with pytest.raises(ConfigurationError, match=problem):
        policy_cli.explain(settings, "stripe.refund", given, path=POLICY, **options)


def test_a_tool_that_there_is_not_is_refused(settings: Settings) -> None:
    with pytest.raises(ConfigurationError, match="There is no tool"):
        policy_cli.explain(settings, "stripe.bribe", path=POLICY)


def test_the_moment_is_in_utc_where_no_offset_is_named() -> None:
    assert policy_cli.moment_of("2026-11-22T23:00") == policy_cli.moment_of("2026-11-23T00:00+01:00")
