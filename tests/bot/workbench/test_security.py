"""The workbench answers this machine and its own page, and nobody else. Each guard has its twin."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from bot.errors import ConfigurationError
from bot.settings import Settings
from bot.workbench import mounting, page, security
from bot.workbench.driver import LocalWorld, stand_ins
from tests.bot.workbench.listener import Listener

SAY = {"type": "slack.say", "as": "ada", "channel": "C0ORDERS00", "text": "@Countersign order"}


async def act(world: LocalWorld, headers: dict[str, str], action: Any = SAY) -> int:
    async with (
        aiohttp.ClientSession() as session,
        session.post(
            f"{world.url}/workbench/act",
            data=json.dumps(action),
            headers={"Content-Type": "application/json"} | headers,
        ) as answer,
    ):
        return answer.status


async def get(world: LocalWorld, path: str, headers: dict[str, str]) -> int:
    async with aiohttp.ClientSession() as session, session.get(world.url + path, headers=headers) as answer:
        return answer.status


async def open_socket(world: LocalWorld, headers: dict[str, str]) -> int:
    try:
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(f"{world.url}/workbench/ws", headers=headers),
        ):
            return 101
    except aiohttp.WSServerHandshakeError as refusal:
        return refusal.status


EVIL = {"Origin": "https://evil.example"}
REBOUND = {"Host": "evil.example:3000"}
FOREIGN = (
    EVIL,
    {"Origin": "null"},
    {"Origin": "http://localhost:1"},
    {"Origin": "http://127.0.0.1.evil.example"},
    {},
)


@pytest.mark.parametrize("headers", FOREIGN)
async def test_a_page_elsewhere_can_make_nobody_act(
    world: LocalWorld, listener: Listener, headers: dict[str, str]
) -> None:
    assert await act(world, headers) == 403
    await world.settled()
    assert listener.heard == []


@pytest.mark.twin
async def test_twin_without_the_guard_a_page_elsewhere_has_a_mention_signed(
    tmp_path: Path, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(security, "origin_is_ours", lambda request, required: True)

    def extend(app: web.Application) -> None:
        app.router.add_post("/slack/events", listener.hear)

    async with stand_ins(tmp_path, extend=extend) as world:
        assert await act(world, EVIL) == 200
        assert len(await listener.event("app_mention")) == 1


@pytest.mark.parametrize("headers", FOREIGN)
async def test_a_page_elsewhere_cannot_listen(world: LocalWorld, headers: dict[str, str]) -> None:
    assert await open_socket(world, headers) == 403


async def test_the_page_itself_can_act_and_listen(world: LocalWorld) -> None:
    own = {"Origin": world.url}
    assert await act(world, own) == 200
    assert await open_socket(world, own) == 101


@pytest.mark.parametrize(
    "path",
    ["/", "/workbench/state", "/standin/teams/keys", "/standin/slack/api/auth.test", "/assets/x.js"],
)
async def test_a_name_that_is_not_this_machines_is_refused_everywhere(world: LocalWorld, path: str) -> None:
    assert await get(world, path, REBOUND) == 403
    assert await get(world, path, {"Host": "127.0.0.1.evil.example"}) == 403
    assert await get(world, path, {"Host": "[::1"}) == 403
    assert await get(world, path, {"Host": "localhost:8080"}) in (200, 404)


async def test_a_rebound_name_cannot_act_or_listen_though_its_origin_matches(world: LocalWorld) -> None:
    rebound = REBOUND | {"Origin": "http://evil.example:3000"}
    assert await act(world, rebound) == 403
    assert await open_socket(world, rebound) == 403


@pytest.mark.twin
async def test_twin_without_the_host_check_a_rebound_name_reads_everything(
    world: LocalWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(security, "host_is_ours", lambda host: True)

    assert await get(world, "/workbench/state", REBOUND) == 200
    assert await act(world, REBOUND | {"Origin": "http://evil.example:3000"}) == 200


async def test_a_browser_that_names_another_site_is_refused_where_origins_are_optional(
    world: LocalWorld,
) -> None:
    async with aiohttp.ClientSession() as session:

        async def post(**headers: str) -> int:
            url = world.environment["TEAMS_LOGIN_URL"]
            names = {name.replace("_", "-"): value for name, value in headers.items()}
            async with session.post(url, data={"grant_type": "x"}, headers=names) as answer:
                return answer.status

        assert await post() == 400
        assert await post(Origin="https://evil.example") == 403
        assert await post(Sec_Fetch_Site="cross-site") == 403
        assert await post(Origin="null", Sec_Fetch_Site="cross-site") == 403
        assert await post(Origin="null", Sec_Fetch_Site="same-origin") == 400


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.2", "workbench.example"])
def test_it_is_not_mounted_on_an_address_that_others_reach(host: str, tmp_path: Path) -> None:
    async def nothing() -> list[dict[str, Any]]:
        return []

    async def no_trouble(what: str, more: dict[str, Any]) -> str:
        return ""

    settings = Settings(_env_file=None, host=host, state_dir=tmp_path)
    with pytest.raises(ConfigurationError, match="HOST"):
        mounting.mount(web.Application(), settings=settings, inspect=nothing, trouble=no_trouble)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.twin
def test_twin_without_the_refusal_it_is_mounted_for_the_whole_network(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def nothing() -> list[dict[str, Any]]:
        return []

    async def no_trouble(what: str, more: dict[str, Any]) -> str:
        return ""

    monkeypatch.setattr(security, "refuse_off_loopback", lambda settings: None)
    app = web.Application()
    settings = Settings(_env_file=None, host="0.0.0.0", state_dir=tmp_path)
    mounting.mount(app, settings=settings, inspect=nothing, trouble=no_trouble)
    assert any("/workbench/act" in str(resource) for resource in app.router.resources())


# ── sizes and shapes ──
@pytest.mark.parametrize(
    "path", ["/workbench/act", "/standin/slack/api/chat.postMessage", "/standin/teams/login"]
)
async def test_a_body_without_end_is_cut_off(world: LocalWorld, path: str) -> None:
    async def endless() -> Any:
        for _ in range(40):
            yield b"x" * 65_536

    headers = {"Origin": world.url, "Content-Type": "application/json"}
    async with aiohttp.ClientSession() as session:
        async with session.post(world.url + path, data=endless(), headers=headers) as answer:
            assert answer.status == 413
        async with session.post(world.url + path, data=b"x" * 2_000_000, headers=headers) as answer:
            assert answer.status == 413


@pytest.mark.twin
async def test_twin_without_the_limit_two_megabytes_are_read(
    world: LocalWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(security.read_body, "__defaults__", (100_000_000,))
    action = SAY | {"filler": "x" * 2_000_000}

    assert await act(world, {"Origin": world.url}, action) == 200


@pytest.mark.parametrize(
    "action",
    [
        None,
        [],
        {},
        {"type": "slack.say"},
        {"type": "slack.say", "as": "ada", "channel": 5, "text": []},
        {"type": "slack.press", "as": "ada", "channel": "C0ORDERS00", "ts": "1.0", "action": "x"},
        {"type": "teams.press", "as": "ada", "conversation": "x", "id": "y"},
        {"type": "trouble", "what": "world peace"},
        {"type": "resend", "wire": "x"},
        {"type": "resend", "wire": 999},
        {"type": "slack.say", "as": "eve", "channel": "C0ORDERS00", "text": "x"},
        {"type": "fault", "service": "slack", "kind": "flood"},
    ],
)
async def test_a_malformed_action_is_refused_in_words(world: LocalWorld, action: Any) -> None:
    assert await act(world, {"Origin": world.url}, action) == 400


async def test_actions_are_json_and_nothing_that_a_plain_form_can_send(world: LocalWorld) -> None:
    headers = {"Origin": world.url, "Content-Type": "text/plain"}
    assert await act(world, headers) == 415
    deep = "[" * 200_000
    async with (
        aiohttp.ClientSession() as session,
        session.post(
            f"{world.url}/workbench/act",
            data=deep,
            headers={"Origin": world.url, "Content-Type": "application/json"},
        ) as answer,
    ):
        assert answer.status == 400


# ── the page ──
async def test_the_page_comes_with_a_strict_policy_and_nothing_outside_its_folder(
    world: LocalWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dist = tmp_path / "dist"
    (dist / "assets").mkdir(parents=True)
    (dist / "index.html").write_text("<!doctype html>")
    (dist / "assets" / "index-1a2b.js").write_text("1")
    (tmp_path / "secret.txt").write_text("secret")
    (dist / "link.txt").symlink_to(tmp_path / "secret.txt")
    monkeypatch.setattr(page, "DIST", dist)
    async with aiohttp.ClientSession() as session:
        async with session.get(world.url + "/") as answer:
            policy = answer.headers["Content-Security-Policy"]
            assert (answer.status, answer.content_type) == (200, "text/html")
        async with session.get(world.url + "/assets/index-1a2b.js") as answer:
            assert (answer.status, answer.content_type) == (200, "text/javascript")
        for path in ("/assets/..%2f..%2fsecret.txt", "/..%2fsecret.txt", "/link.txt", "/assets/nothing.js"):
            async with session.get(aiohttp.client.URL(world.url + path, encoded=True)) as answer:
                assert answer.status == 404, path
    for part in ("default-src 'self'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'"):
        assert part in policy
    assert "unsafe" not in policy


async def test_without_a_built_page_there_is_a_note(
    world: LocalWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page, "DIST", tmp_path / "nowhere")
    async with aiohttp.ClientSession() as session, session.get(world.url + "/") as answer:
        assert "make setup" in await answer.text()


async def test_no_secret_is_in_what_the_page_is_given(world: LocalWorld) -> None:
    async with aiohttp.ClientSession() as session, session.get(world.url + "/workbench/state") as answer:
        shown = await answer.text()
    secrets = [world.environment[name] for name in world.environment if "TOKEN" in name or "SECRET" in name]
    assert len(secrets) >= 3
    assert not [secret for secret in secrets if secret in shown]
