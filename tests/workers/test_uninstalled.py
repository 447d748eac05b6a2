"""A workspace that removes the bot loses its credentials; what it installed anew since, it keeps."""

from __future__ import annotations

import time
from typing import Any, cast
from uuid import UUID

import orjson
import pytest

from bot.platforms.slack import SlackDoor
from tests.bot.platforms.slack.conftest import stand_in
from tests.conftest import SECRET
from tests.workers.installed import a_team, installation, of, settings, stored
from workers import turns
from workers.approve import Rules
from workers.installations import StoredInstallations
from workers.known import Library
from workers.seen import Seen, Tools
from workers.services import Services
from workers.store import conversations, inbox, tenants
from workers.store.door import Database

__all__ = ["settings", "stand_in", "stored"]


def removal(team: str, at: float) -> dict[str, Any]:
    """As Slack sends it."""
    return {
        "type": "event_callback",
        "team_id": team,
        "event_id": f"Ev{team}{at}",
        "event_time": int(at),
        "event": {"type": "app_uninstalled"},
    }


async def hear(db: Database, team: str, payload: dict[str, Any], tenant: UUID) -> None:
    """It comes by the front's way and is dealt with by the engine's."""
    doors = {"slack": SlackDoor("")}
    key = f"slack:{team}:"
    async with db.tenant(tenant) as c:
        row = ("slack", payload["event_id"], key, inbox.TURN, orjson.dumps(payload), None)
        assert await inbox.add_many(c, tenant, [row])
    claimed = [one for one in await conversations.claim(db, "a test", 30.0, 100) if one.tenant == tenant]
    [mine] = [one for one in claimed if one.key == key]
    nothing = cast(Any, None)
    rules = Rules((), (), Services({}, SECRET))
    tools = Tools(db, Library(money_tools=True), doors, {}, nothing, rules, 30.0)
    seen = await turns.take(tools, mine)
    assert isinstance(seen, Seen)
    await turns.handle(tools, mine, seen)


async def credentials(db: Database, tenant: UUID, team: str) -> str | None:
    async with db.tenant(tenant) as c:
        return await tenants.credentials(c, tenant, "slack", team)


@pytest.fixture
def team() -> str:
    return a_team()


async def test_what_was_removed_after_it_was_installed_loses_its_credentials(
    idle: None, db: Database, stored: StoredInstallations, team: str
) -> None:
    await stored.async_save(installation(team))
    tenant = await of(db, team)

    await hear(db, team, removal(team, time.time() + 60), tenant)

    assert await credentials(db, tenant, team) is None


async def test_a_removal_that_is_told_after_the_next_installation_takes_nothing_away(
    idle: None, db: Database, stored: StoredInstallations, team: str
) -> None:
    await stored.async_save(installation(team, "xoxb-old"))
    tenant = await of(db, team)
    await aged(db, tenant, team)
    removed_at = time.time() - 60
    await stored.async_save(installation(team, "xoxb-new"))

    await hear(db, team, removal(team, removed_at), tenant)

    found = await stored.async_find_installation(enterprise_id=None, team_id=team)
    assert found is not None
    assert found.bot_token == "xoxb-new"


@pytest.mark.twin
async def test_without_comparing_the_times_a_late_removal_takes_the_new_credentials_away(
    idle: None, db: Database, stored: StoredInstallations, team: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tenants, "NOT_SINCE", "($4::float8 is null or true)")
    await stored.async_save(installation(team, "xoxb-old"))
    tenant = await of(db, team)
    await stored.async_save(installation(team, "xoxb-new"))

    await hear(db, team, removal(team, time.time() - 60), tenant)

    assert await credentials(db, tenant, team) is None


async def test_removed_in_the_second_in_which_it_was_installed_it_is_removed(
    db: Database, stored: StoredInstallations, team: str
) -> None:
    await stored.async_save(installation(team))
    tenant = await of(db, team)
    async with db.tenant(tenant) as c:
        at = await c.fetchval("select floor(extract(epoch from installed_at))::float8 from installations")
        await tenants.uninstall(c, tenant, "slack", team, at)

    assert await credentials(db, tenant, team) is None


async def test_a_removal_that_does_not_say_when_is_one_of_now(
    idle: None, db: Database, stored: StoredInstallations, team: str
) -> None:
    await stored.async_save(installation(team))
    tenant = await of(db, team)

    await hear(db, team, removal(team, 0), tenant)

    assert await credentials(db, tenant, team) is None


async def test_a_start_with_the_same_credentials_is_no_new_installation(
    db: Database, stored: StoredInstallations, team: str
) -> None:
    await stored.async_save(installation(team))
    tenant = await of(db, team)
    await aged(db, tenant, team)
    async with db.tenant(tenant) as c:
        before = await c.fetchval("select installed_at from installations")
        await tenants.install(c, tenant, "slack", team, "UBOT", None)
        assert await c.fetchval("select installed_at from installations") == before
        await tenants.uninstall(c, tenant, "slack", team)
        await tenants.install(c, tenant, "slack", team, "UBOT", None)
        assert await c.fetchval("select installed_at from installations") > before


async def aged(db: Database, tenant: UUID, team: str) -> None:
    async with db.tenant(tenant) as c:
        await c.execute("update installations set installed_at = now() - interval '1 day'")
