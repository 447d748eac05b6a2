"""The front put together: Socket Mode over the same inbox, the install pages, the door that stays shut."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import aiohttp
import pytest

from bot.embedded import Servers
from bot.errors import ConfigurationError, InboxRefused
from bot.front_inbox import Arrival, Inbox
from bot.limits import Limits
from bot.platforms.slack import SlackDoor
from bot.ports import free_port
from bot.reply import Reply
from bot.settings import Settings
from bot.turn import TenantId
from tests.bot.platforms.slack.conftest import StandIn, session, shape, stand_in
from tests.bot.platforms.slack.test_install import GRANTED, begin, finish
from tests.conftest import SECRET
from tests.workers.installed import a_team
from workers import front
from workers.assemble import doors
from workers.inbox import GroupInbox
from workers.installs import own_tenant
from workers.slack_socket import Storing
from workers.store import tenants
from workers.store.door import Database

__all__ = ["session", "shape", "stand_in"]

Shape = Callable[[str], dict[str, Any]]


@pytest.fixture
def settings(stand_in: StandIn, servers: Servers, app_dsn: str, tmp_path: Path) -> Settings:
    """An app token and no signing secret: Socket Mode alone."""
    stand_in.answers["apps.connections.open"] = {
        "ok": True,
        "url": stand_in.url.replace("http", "ws") + "/link",
    }
    return Settings(
        _env_file=None,
        database_url=servers.database_url,
        redis_url=servers.redis_url,
        secret_key=SECRET,
        port=free_port("127.0.0.1"),
        state_dir=tmp_path,
        slack_api_url=f"{stand_in.url}/api/",
        slack_app_token="xapp-1-secret",
        slack_bot_token="xoxb-1-secret",
    )


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[str]:
    stop = asyncio.Event()
    task = asyncio.create_task(front.run(settings, stop))
    url = f"http://127.0.0.1:{settings.port}"
    try:
        async with asyncio.timeout(15), aiohttp.ClientSession() as asking:
            while not task.done():
                try:
                    async with asking.get(f"{url}/healthz"):
                        break
                except aiohttp.ClientConnectionError:
                    await asyncio.sleep(0.02)
        yield url
    finally:
        stop.set()
        await task


@pytest.fixture
async def team(db: Database) -> str:
    found, own = a_team(), await own_tenant(db)
    async with db.tenant(own) as c:
        await tenants.install(c, own, "slack", found, "U0BOT", None)
    return found


def said(shape: Shape, team: str, ts: str = "1.1") -> dict[str, Any]:
    text = json.dumps(shape("app_mention"))
    found: dict[str, Any] = json.loads(text)
    found["team_id"] = team
    found.pop("authorizations", None)
    found.pop("context_team_id", None)
    found["event"]["ts"] = found["event"]["event_ts"] = ts
    return found


def envelope(payload: Any, name: str = "e1", **more: Any) -> dict[str, Any]:
    return {"envelope_id": name, "type": "events_api", "payload": payload} | more


async def soon(waited: Any) -> Any:
    async with asyncio.timeout(10):
        return await waited


async def stored(db: Database, team: str) -> list[str]:
    own = await own_tenant(db)
    async with db.tenant(own) as c:
        rows = await c.fetch("select dedupe from inbox where tenant_id = $1 order by id", own)
    return [row["dedupe"] for row in rows if team in row["dedupe"]]


# ── The whole front ──────────────────────────────────────────────────────────────────────


async def test_a_mention_over_socket_mode_is_in_the_inbox_when_it_is_acknowledged(
    settings: Settings, stand_in: StandIn, db: Database, team: str, shape: Shape
) -> None:
    async with running(settings):
        slack = await soon(stand_in.sockets.get())
        await slack.send_json(envelope(said(shape, team)))
        assert await soon(stand_in.heard.get()) == {"envelope_id": "e1"}
        assert len(await stored(db, team)) == 1
        await slack.send_json(envelope(said(shape, team), "again"))
        assert await soon(stand_in.heard.get()) == {"envelope_id": "again"}
        assert len(await stored(db, team)) == 1


async def test_without_a_signing_secret_http_refuses_everything(
    settings: Settings, session: aiohttp.ClientSession, db: Database, team: str, shape: Shape
) -> None:
    async with running(settings) as url:
        for headers in ({}, {"X-Slack-Request-Timestamp": "1", "X-Slack-Signature": "v0=00"}):
            async with session.post(f"{url}/slack/events", json=said(shape, team), headers=headers) as answer:
                assert answer.status == 401
    assert await stored(db, team) == []


async def test_a_refused_app_token_ends_the_front_with_the_reason(
    settings: Settings, stand_in: StandIn
) -> None:
    stand_in.answers["apps.connections.open"] = {"ok": False, "error": "invalid_auth"}
    with pytest.raises(ExceptionGroup) as caught:
        await soon(front.run(settings, asyncio.Event()))
    assert caught.group_contains(ConfigurationError, match="SLACK_APP_TOKEN")


async def test_stopping_ends_socket_mode_too(settings: Settings, stand_in: StandIn) -> None:
    async with running(settings):
        slack = await soon(stand_in.sockets.get())
    async with asyncio.timeout(5):
        while not slack.closed:
            await asyncio.sleep(0.01)


async def test_the_install_page_is_there_where_a_client_id_is_set(
    settings: Settings, session: aiohttp.ClientSession
) -> None:
    more = {"slack_client_id": "1.2", "slack_client_secret": "shh", "slack_signing_secret": "s" * 32}
    given = settings.model_dump() | {"slack_app_token": None}
    for extra, status in ((more, 200), ({}, 404)):
        async with running(Settings(_env_file=None, **(given | extra))) as url:
            async with session.get(f"{url}/slack/install") as page:
                assert page.status == status
            async with session.get(f"{url}/slack/oauth_redirect") as page:
                assert page.status == (400 if status == 200 else 404)


async def test_a_workspace_that_installs_through_the_pages_is_a_tenant_whose_events_are_stored(
    settings: Settings, session: aiohttp.ClientSession, stand_in: StandIn, db: Database, shape: Shape
) -> None:
    team = a_team()
    stand_in.answers["oauth.v2.access"] = GRANTED | {"team": {"id": team, "name": "Acme"}}
    stand_in.answers["auth.test"] = {"ok": True, "bot_id": "B0BOT", "url": "https://acme.slack.com/"}
    more = {"slack_client_id": "1.2", "slack_client_secret": "shh", "public_url": "https://bot.example"}
    async with running(Settings(_env_file=None, **(settings.model_dump() | more))) as url:
        _, state, cookie = await begin(session, url)
        assert (await finish(session, url, state, cookie))[0] == 200
        slack = await soon(stand_in.sockets.get())
        await slack.send_json(envelope(said(shape, team)))
        await soon(stand_in.heard.get())

    tenant = await tenants.of_installation(db, "slack", team)
    assert tenant is not None
    async with db.tenant(tenant) as c:
        assert await c.fetchval("select count(*) from inbox") == 1


def test_slack_is_heard_with_either_secret_and_not_without() -> None:
    cases: tuple[tuple[dict[str, Any], bool], ...] = (
        ({"slack_app_token": "xapp-1"}, True),
        ({"slack_signing_secret": "s"}, True),
        ({"slack_bot_token": "xoxb-1"}, False),
    )
    for given, heard in cases:
        assert ("slack" in doors(Settings(_env_file=None, **given))) is heard


# ── Storing ──────────────────────────────────────────────────────────────────────────────


class Kept:
    """An inbox in a list, that can be told to fail."""

    def __init__(self) -> None:
        self.arrivals: list[Arrival] = []
        self.failure: Exception | None = None
        self.reply: Reply | None = None
        self.known = True

    async def tenant_of(self, platform: str, workspace: str) -> TenantId | None:
        return TenantId(str(UUID(int=1))) if self.known else None

    async def put(self, arrival: Arrival) -> bool:
        if self.failure:
            raise self.failure
        self.arrivals.append(arrival)
        return True

    async def answer(self, arrival: Arrival, budget: float) -> Reply | None:
        return self.reply


def storing(kept: Kept, **limits: Any) -> Storing:
    inbox: Inbox = kept  # type: ignore[assignment]  # what Storing does not call is left out
    return Storing(SlackDoor(""), inbox, limits=Limits(**limits))


async def test_what_the_inbox_refuses_is_not_acknowledged(shape: Shape) -> None:
    kept = Kept()
    kept.failure = InboxRefused("no database")
    with pytest.raises(InboxRefused):
        await storing(kept)(shape("app_mention"))


async def test_a_store_that_hangs_is_given_up_within_its_time(shape: Shape) -> None:
    kept = Kept()

    async def never(arrival: Arrival) -> bool:
        await asyncio.Event().wait()
        return True

    kept.put = never  # type: ignore[method-assign]
    with pytest.raises(TimeoutError):
        await storing(kept, store_seconds=0.05)(shape("app_mention"))


async def test_a_workspace_nobody_installed_is_acknowledged_and_not_stored(shape: Shape) -> None:
    kept = Kept()
    kept.known = False
    assert await storing(kept)(shape("app_mention")) is None
    assert kept.arrivals == []


async def test_a_form_is_answered_with_the_engine_s_words(shape: Shape) -> None:
    kept = Kept()
    kept.reply = Reply("Only the named approvers can decide this.")
    answer = await storing(kept)(shape("submitted"))

    assert answer is not None
    assert answer.body["response_action"] == "update"


async def test_a_form_whose_answer_is_late_closes(shape: Shape) -> None:
    answer = await storing(Kept())(shape("submitted"))

    assert answer is not None
    assert answer.body is None


async def test_a_tenant_that_floods_is_slowed_down(shape: Shape) -> None:
    kept = Kept()
    store = storing(kept, tenant_rate=0.001, tenant_burst=3.0)
    for _ in range(3):
        await store(shape("app_mention"))
    with pytest.raises(InboxRefused):
        await store(shape("app_mention"))
    assert len(kept.arrivals) == 3


@pytest.mark.twin
async def test_twin_without_the_rate_a_flood_is_stored(shape: Shape, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = Kept()
    store = storing(kept, tenant_rate=0.001, tenant_burst=3.0)
    monkeypatch.setattr(store._rates, "take", lambda tenant: True)
    for _ in range(10):
        await store(shape("app_mention"))
    assert len(kept.arrivals) == 10


def test_the_inbox_that_socket_mode_is_given_is_the_real_one() -> None:
    assert {"tenant_of", "put", "answer"} <= set(dir(GroupInbox))
