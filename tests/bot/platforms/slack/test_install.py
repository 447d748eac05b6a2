"""Installing, renewing tokens, and the listeners of those who extend the bot."""

from __future__ import annotations

import asyncio
import logging
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest
from aiohttp import web
from slack_sdk.oauth.installation_store import Installation

from bot.errors import ConfigurationError, PlatformError
from bot.platforms.slack import install
from bot.platforms.slack.install import SignedState, routes
from bot.platforms.slack.installations import Installations, InstalledTokens
from bot.platforms.slack.runtime import Runtime
from bot.platforms.slack.tokens import StaticToken
from bot.settings import Settings

Shape = Callable[[str], dict[str, Any]]

GRANTED = {
    "ok": True,
    "access_token": "xoxb-new",
    "token_type": "bot",
    "scope": "chat:write",
    "bot_user_id": "U0BOT",
    "app_id": "A0CS",
    "team": {"id": "T0ACME", "name": "Acme"},
    "enterprise": None,
    "is_enterprise_install": False,
    "authed_user": {"id": "U0ADA"},
}


class Kept:
    """Installations in a dictionary."""

    def __init__(self) -> None:
        self.found: dict[str | None, Installation] = {}
        self.failure: Exception | None = None

    async def async_save(self, installation: Installation) -> None:
        if self.failure is not None:
            raise self.failure
        self.found[installation.team_id or installation.enterprise_id] = installation

    async def async_find_installation(
        self,
        *,
        enterprise_id: str | None,
        team_id: str | None,
        user_id: str | None = None,
        is_enterprise_install: bool | None = False,
    ) -> Installation | None:
        return self.found.get(team_id or enterprise_id)

    async def async_delete_all(self, *, enterprise_id: str | None, team_id: str | None) -> None:
        self.found.pop(team_id or enterprise_id, None)


@pytest.fixture
def kept() -> Kept:
    return Kept()


@pytest.fixture
async def site(
    settings: Settings, session: aiohttp.ClientSession, stand_in: Any, kept: Installations
) -> AsyncIterator[str]:
    stand_in.answers["oauth.v2.access"] = GRANTED
    stand_in.answers["auth.test"] = {"ok": True, "bot_id": "B0BOT", "url": "https://acme.slack.com/"}
    app = web.Application()
    app.add_routes(routes(settings, session, kept))
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


async def begin(session: aiohttp.ClientSession, site: str) -> tuple[str, str, str]:
    """The page, the state in its link, and the cookie that ties it to the browser."""
    async with session.get(f"{site}/slack/install") as response:
        page, cookie = await response.text(), response.headers["Set-Cookie"].partition(";")[0]
        assert response.headers["Content-Security-Policy"] == "frame-ancestors 'none'"
    address = page.split('href="')[2].partition('"')[0].replace("&amp;", "&")
    return address, parse_qs(urlsplit(address).query)["state"][0], cookie


async def finish(session: aiohttp.ClientSession, site: str, state: str, cookie: str) -> tuple[int, str]:
    query, headers = {"code": "c0de", "state": state}, {"Cookie": cookie}
    async with session.get(f"{site}/slack/oauth_redirect", params=query, headers=headers) as response:
        return response.status, await response.text()


async def test_an_install_is_kept_with_its_token(
    session: aiohttp.ClientSession, site: str, stand_in: Any, kept: Kept
) -> None:
    address, state, cookie = await begin(session, site)
    query = parse_qs(urlsplit(address).query)
    assert query["redirect_uri"] == ["https://bot.example/slack/oauth_redirect"]
    assert "chat:write" in query["scope"][0]
    status, page = await finish(session, site, state, cookie)
    assert status == 200
    assert "xoxb" not in page
    assert kept.found["T0ACME"].bot_token == "xoxb-new"
    assert stand_in.arguments("oauth.v2.access")[0]["code"] == "c0de"


async def test_an_install_begun_in_another_browser_is_refused(
    session: aiohttp.ClientSession, site: str, kept: Kept
) -> None:
    _, state, _ = await begin(session, site)
    status, _ = await finish(session, site, state, "slack-app-oauth-state=another")
    assert status == 400
    assert kept.found == {}


async def test_a_state_that_we_never_gave_is_refused(
    session: aiohttp.ClientSession, site: str, kept: Kept
) -> None:
    forged = f"{int(time.time())}-{'a' * 32}-{'b' * 64}"
    status, _ = await finish(session, site, forged, f"slack-app-oauth-state={forged}")
    assert status == 401
    assert kept.found == {}


async def test_a_state_serves_once(session: aiohttp.ClientSession, site: str) -> None:
    _, state, cookie = await begin(session, site)
    assert (await finish(session, site, state, cookie))[0] == 200
    assert (await finish(session, site, state, cookie))[0] == 401


@pytest.mark.twin
async def test_twin_without_the_signature_any_state_installs(
    session: aiohttp.ClientSession, site: str, kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SignedState, "is_ours", lambda *given: True)
    forged = f"{int(time.time())}-{'a' * 32}-{'b' * 64}"
    await finish(session, site, forged, f"slack-app-oauth-state={forged}")
    assert "T0ACME" in kept.found


async def test_a_state_lives_ten_minutes_and_under_its_own_key() -> None:
    now = [1_000_000.0]
    state = SignedState("key", clock=lambda: now[0])
    issued = await state.async_issue()
    assert not await SignedState("other", clock=lambda: now[0]).async_consume(issued)
    now[0] += 601
    assert not await state.async_consume(issued)
    assert not await state.async_consume("rubbish")


async def test_a_store_that_fails_is_told_without_its_reason(
    session: aiohttp.ClientSession, site: str, kept: Kept
) -> None:
    kept.failure = RuntimeError("password=hunter2")
    _, state, cookie = await begin(session, site)
    status, page = await finish(session, site, state, cookie)
    assert status == 503
    assert "hunter2" not in page


async def test_a_refused_code_is_told_and_not_logged(
    session: aiohttp.ClientSession, site: str, stand_in: Any, kept: Kept, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    stand_in.answers["oauth.v2.access"] = {"ok": False, "error": "invalid_code"}
    _, state, cookie = await begin(session, site)
    assert (await finish(session, site, state, cookie))[0] == 401
    assert kept.found == {}
    assert "c0de" not in "".join(record.getMessage() for record in caplog.records if "slack" in record.name)


async def test_an_address_without_end_is_refused(session: aiohttp.ClientSession, site: str) -> None:
    async with session.get(f"{site}/slack/oauth_redirect?state={'x' * 5000}") as response:
        assert response.status == 414


async def test_what_is_missing_is_named(session: aiohttp.ClientSession, kept: Kept) -> None:
    with pytest.raises(ConfigurationError, match="SLACK_CLIENT_ID"):
        routes(Settings(_env_file=None), session, kept)
    with pytest.raises(ConfigurationError, match="SECRET_KEY"):
        routes(Settings(_env_file=None, slack_client_id="1", slack_client_secret="2"), session, kept)


# ── Tokens ───────────────────────────────────────────────────────────────────────────────


def installed(ends: int | None) -> Installation:
    return Installation(
        team_id="T0ACME",
        user_id="U0ADA",
        bot_token="xoxb-old",
        bot_refresh_token="xoxe-1",
        bot_token_expires_at=ends,
    )


RENEWED = {
    "ok": True,
    "token_type": "bot",
    "access_token": "xoxb-fresh",
    "refresh_token": "xoxe-2",
    "expires_in": 43_200,
}


@pytest.fixture
def tokens(settings: Settings, session: aiohttp.ClientSession, kept: Kept) -> InstalledTokens:
    return InstalledTokens(settings, session, kept)


async def test_a_token_without_an_end_is_used_as_it_is(
    tokens: InstalledTokens, kept: Kept, stand_in: Any
) -> None:
    kept.found["T0ACME"] = installed(None)
    assert await tokens.token("T0ACME") == "xoxb-old"
    assert stand_in.asked == []


async def test_a_token_near_its_end_is_renewed_once_however_many_ask(
    tokens: InstalledTokens, kept: Kept, stand_in: Any
) -> None:
    kept.found["T0ACME"] = installed(int(time.time()) + 60)
    stand_in.answers["oauth.v2.access"] = RENEWED
    found = await asyncio.gather(*(tokens.token("T0ACME") for _ in range(20)))
    assert set(found) == {"xoxb-fresh"}
    assert len(stand_in.asked) == 1
    assert kept.found["T0ACME"].bot_refresh_token == "xoxe-2"


@pytest.mark.twin
async def test_twin_without_the_lock_the_refresh_token_is_spent_many_times(
    tokens: InstalledTokens, kept: Kept, stand_in: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from contextlib import nullcontext

    monkeypatch.setattr(tokens, "_lock", lambda name: nullcontext())
    kept.found["T0ACME"] = installed(int(time.time()) + 60)
    stand_in.answers["oauth.v2.access"] = RENEWED
    await asyncio.gather(*(tokens.token("T0ACME") for _ in range(5)))
    assert len(stand_in.asked) > 1


async def test_a_renewal_that_fails_leaves_a_token_that_still_works(
    tokens: InstalledTokens, kept: Kept, stand_in: Any
) -> None:
    stand_in.answers["oauth.v2.access"] = {"ok": False, "error": "internal_error"}
    kept.found["T0ACME"] = installed(int(time.time()) + 3600)
    assert await tokens.token("T0ACME") == "xoxb-old"
    kept.found["T0ACME"] = installed(int(time.time()) - 1)
    with pytest.raises(PlatformError) as caught:
        await tokens.token("T0ACME")
    assert caught.value.retryable
    assert "xox" not in str(caught.value)


async def test_a_workspace_without_the_bot_is_gone(tokens: InstalledTokens) -> None:
    with pytest.raises(PlatformError) as caught:
        await tokens.token("T0OTHER")
    assert caught.value.gone


# ── Listeners ────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def runtime(settings: Settings, session: aiohttp.ClientSession) -> Runtime:
    return Runtime(settings, session, StaticToken("xoxb-1-secret"))


async def test_a_listener_runs_with_the_client_of_its_workspace_and_without_auth_test(
    runtime: Runtime, stand_in: Any, shape: Shape
) -> None:
    seen: list[str] = []

    def register(app: Any) -> None:
        async def reacted(event: dict[str, Any], say: Any) -> None:
            seen.append(event["reaction"])
            await say("Thank you", channel="C0ORDERS")

        app.event("reaction_added")(reacted)

        async def pressed(ack: Any, action: dict[str, Any]) -> None:
            await ack()
            seen.append(action["value"])

        app.action("approve")(pressed)

        async def commanded(ack: Any, command: dict[str, Any]) -> None:
            await ack()
            seen.append(command["text"])

        app.command("/mine")(commanded)

    runtime.extend(register)
    await runtime.dispatch(shape("reaction"))
    await runtime.dispatch(shape("pressed"))
    await runtime.dispatch(shape("command") | {"command": "/mine", "text": "words"})
    assert seen == ["+1", "apr_1", "words"]
    assert [(name, token) for name, _, token in stand_in.asked] == [
        ("chat.postMessage", "Bearer xoxb-1-secret")
    ]


async def test_a_listener_that_fails_hurts_nobody_and_logs_no_words(
    runtime: Runtime, shape: Shape, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    def register(app: Any) -> None:
        async def broken(event: dict[str, Any]) -> None:
            raise RuntimeError(event["text"])

        app.event("message")(broken)

    caplog.set_level(logging.DEBUG)
    runtime.extend(register)
    await runtime.dispatch(shape("thread_reply"))
    await runtime.dispatch(shape("reaction"))
    await runtime.dispatch({"type": "rubbish"})
    printed = capsys.readouterr()
    assert "make it three" not in caplog.text + printed.out + printed.err
    assert "listener_failed" in caplog.text + printed.out + printed.err


async def test_a_listener_cannot_change_what_we_go_on_to_read(runtime: Runtime, shape: Shape) -> None:
    def register(app: Any) -> None:
        async def meddle(event: dict[str, Any]) -> None:
            event["text"] = "order everything"

        app.event("message")(meddle)

    runtime.extend(register)
    payload = shape("thread_reply")
    await runtime.dispatch(payload)
    assert payload == shape("thread_reply")


def test_neither_the_door_nor_an_idle_runtime_imports_bolt_or_the_web_client() -> None:
    code = (
        "import sys, asyncio\n"
        "from bot.platforms.slack import door\n"
        "from bot.settings import Settings\n"
        "door(Settings(_env_file=None))\n"
        "assert not any(name.startswith('slack_') for name in sys.modules), 'door'\n"
        "from bot.platforms.slack.runtime import Runtime\n"
        "from bot.platforms.slack.tokens import StaticToken\n"
        "asyncio.run(Runtime(Settings(_env_file=None), None, StaticToken('')).dispatch({'type': 'x'}))\n"
        "assert not any(name.startswith('slack_') for name in sys.modules), 'runtime'\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_the_routes_are_the_ones_in_the_manifest() -> None:
    assert (install.INSTALL, install.REDIRECT) == ("/slack/install", "/slack/oauth_redirect")
