"""Which token speaks where, and that it is renewed once however many processes ask."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from bot.errors import PlatformError
from bot.platforms.slack.installations import InstalledTokens
from bot.settings import Settings
from tests.bot.platforms.slack.conftest import StandIn, session, stand_in
from tests.workers.installed import a_team, installation, of, settings, stored
from workers import slack_tokens
from workers.installations import StoredInstallations
from workers.installs import own_tenant
from workers.slack_tokens import Tokens, one_at_a_time
from workers.store import tenants
from workers.store.door import Database

__all__ = ["session", "settings", "stand_in", "stored"]

# ── Tokens ───────────────────────────────────────────────────────────────────────────────


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def tokens(db: Database, settings: Settings, session: aiohttp.ClientSession) -> Tokens:
    own = settings.model_copy(
        update={"slack_bot_token": Settings(slack_bot_token="xoxb-own").slack_bot_token}
    )
    return slack_tokens.tokens(db, own, session)


@pytest.fixture
async def our_team(db: Database) -> str:
    team, own = a_team(), await own_tenant(db)
    async with db.tenant(own) as c:
        await tenants.install(c, own, "slack", team, "U0BOT", None)
    return team


async def test_each_workspace_has_its_own_token(
    tokens: Tokens, stored: StoredInstallations, our_team: str
) -> None:
    team = a_team()
    await stored.async_save(installation(team))

    assert await tokens.token(team) == "xoxb-theirs"
    assert await tokens.token(our_team) == "xoxb-own"


async def test_our_own_token_never_speaks_in_another_s_workspace(
    db: Database, tokens: Tokens, stored: StoredInstallations
) -> None:
    team = a_team()
    await stored.async_save(installation(team))
    tenant = await of(db, team)
    async with db.tenant(tenant) as c:
        await c.execute("update installations set credentials = null where tenant_id = $1", tenant)

    for workspace in (team, a_team(), ""):
        with pytest.raises(PlatformError) as caught:
            await tokens.token(workspace)
        assert caught.value.gone


@pytest.mark.twin
async def test_twin_without_asking_whose_workspace_it_is_our_token_goes_anywhere(
    tokens: Tokens, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def anybody(workspace: str) -> bool:
        return True

    monkeypatch.setattr(tokens, "is_own", anybody)
    assert await tokens.token(a_team()) == "xoxb-own"


async def test_a_token_is_asked_of_the_database_once_in_a_while(
    db: Database, tokens: Tokens, stored: StoredInstallations
) -> None:
    clock = Clock()
    found = Tokens(db, tokens._installed, "", clock=clock)
    team = a_team()
    await stored.async_save(installation(team))
    assert await found.token(team) == "xoxb-theirs"
    await stored.async_save(installation(team, "xoxb-new"))

    assert await found.token(team) == "xoxb-theirs"
    clock.now += 31
    assert await found.token(team) == "xoxb-new"


async def test_a_token_that_cannot_be_opened_is_a_platform_error_without_the_token(
    tokens: Tokens, stored: StoredInstallations, superuser: Any
) -> None:
    team = a_team()
    await stored.async_save(installation(team))
    await superuser.execute("update installations set credentials = 'v1.x.y.z' where workspace = $1", team)

    with pytest.raises(PlatformError, match="damaged") as caught:
        await tokens.token(team)
    assert not caught.value.retryable


async def test_a_database_that_is_away_is_a_platform_error_to_try_again(
    app_dsn: str, settings: Settings, session: aiohttp.ClientSession
) -> None:
    gone = await Database.open(app_dsn, size=1)
    await gone.close()

    with pytest.raises(PlatformError) as caught:
        await slack_tokens.tokens(gone, settings, session).token(a_team())
    assert caught.value.retryable


# ── Renewal ──────────────────────────────────────────────────────────────────────────────

RENEWED = {
    "ok": True,
    "token_type": "bot",
    "access_token": "xoxb-fresh",
    "refresh_token": "xoxe-2",
    "expires_in": 43_200,
}


@pytest.fixture
async def second_process(app_dsn: str) -> AsyncIterator[Database]:
    """A pool of its own, as another engine would have."""
    database = await Database.open(app_dsn, size=3)
    yield database
    await database.close()


async def _at_its_end(stored: StoredInstallations) -> str:
    team = a_team()
    await stored.async_save(
        installation(
            team, "xoxb-old", bot_refresh_token="xoxe-1", bot_token_expires_at=int(time.time()) + 600
        )
    )
    return team


async def test_ten_processes_renew_a_token_once(
    db: Database,
    second_process: Database,
    settings: Settings,
    session: aiohttp.ClientSession,
    stand_in: StandIn,
    stored: StoredInstallations,
) -> None:
    team = await _at_its_end(stored)
    stand_in.answers["oauth.v2.access"] = RENEWED
    many = [slack_tokens.tokens(each, settings, session) for each in (db, second_process) * 5]
    found = await asyncio.gather(*(each.token(team) for each in many))

    assert set(found) == {"xoxb-fresh"}
    assert len(stand_in.arguments("oauth.v2.access")) == 1
    kept = await stored.async_find_installation(enterprise_id=None, team_id=team)
    assert kept is not None
    assert (kept.bot_token, kept.bot_refresh_token) == ("xoxb-fresh", "xoxe-2")


@pytest.mark.twin
async def test_twin_without_the_database_s_lock_the_refresh_token_is_used_twice(
    db: Database,
    second_process: Database,
    settings: Settings,
    session: aiohttp.ClientSession,
    stand_in: StandIn,
    stored: StoredInstallations,
) -> None:
    team = await _at_its_end(stored)
    both = asyncio.Barrier(2)

    async def slowly(arguments: dict[str, Any]) -> dict[str, Any]:
        await both.wait()
        return RENEWED

    stand_in.answers["oauth.v2.access"] = slowly
    many = [
        InstalledTokens(settings, session, StoredInstallations(each, settings))
        for each in (db, second_process)
    ]
    async with asyncio.timeout(5):
        await asyncio.gather(*(each.token(team) for each in many))

    assert len(stand_in.arguments("oauth.v2.access")) == 2


async def test_the_lock_is_let_go_of_when_its_holder_fails(db: Database, second_process: Database) -> None:
    with pytest.raises(RuntimeError):
        async with one_at_a_time(db)("a"):
            raise RuntimeError
    async with asyncio.timeout(5), one_at_a_time(second_process)("a"):
        pass
