"""Groups and managers by Microsoft Graph: every page, no other host, and refusals in words."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.errors import PlatformError
from bot.platforms.teams import connect, graph
from bot.platforms.teams.graph import Graph, NotGranted, address, base_scope
from bot.platforms.teams.tokens import Token, Tokens, authority
from bot.workbench import cast
from bot.workbench.driver import LocalWorld, stand_ins
from tests.bot.platforms.teams.stand import settings

TENANT = cast.TENANT
GROUP = cast.TREASURY
IDS = [f"{number:08d}-0000-4000-8000-000000000000" for number in range(1200)]

Act = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class Misbehaving:
    """A Graph that answers as it is told, and remembers what it was asked."""

    url: str = ""
    act: Act | None = None
    asked: list[web.Request] = field(default_factory=list)
    now: float = 0.0

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request)
        assert self.act is not None
        return await self.act(request)

    def says(self, status: int, body: Any, **headers: str) -> None:
        async def act(request: web.Request) -> web.StreamResponse:
            return web.json_response(body, status=status, headers=headers)

        self.act = act


@pytest_asyncio.fixture
async def there() -> AsyncIterator[tuple[Misbehaving, Graph]]:
    bad = Misbehaving()
    app = web.Application()
    app.router.add_route("*", "/{rest:.*}", bad.handle)
    async with TestServer(app) as server, aiohttp.ClientSession() as session:
        bad.url = str(server.make_url("")).rstrip("/")
        yield bad, Graph(session, bad.url, lambda tenant: Tokens(given), clock=lambda: bad.now)


async def given() -> Token:
    return Token("secret-token", 1e18)


def user(id: str, **more: Any) -> dict[str, Any]:
    return {"id": id, "accountEnabled": True, **more}


@pytest_asyncio.fixture
async def world(tmp_path: Path) -> AsyncIterator[LocalWorld]:
    async with stand_ins(tmp_path) as world:
        yield world


async def test_a_group_is_read_page_by_page_from_the_stand_in(world: LocalWorld) -> None:
    async with aiohttp.ClientSession() as session:
        client = connect(world.settings(), session)
        assert await client.group_members(TENANT, GROUP) == (cast.GRACE.aad, cast.OMAR.aad)
        assert await client.group_members(TENANT, GROUP.upper()) == (cast.GRACE.aad, cast.OMAR.aad)
        assert await client.group_members(TENANT, IDS[0]) is None


async def test_whose_manager_somebody_is_by_object_id_and_by_address(world: LocalWorld) -> None:
    grace = (cast.GRACE.aad, "grace@example.com")
    async with aiohttp.ClientSession() as session:
        client = connect(world.settings(), session)
        assert await client.manager_of(TENANT, cast.ADA.aad) == grace
        assert await client.manager_of(TENANT, "omar@example.com") == grace
        assert await client.manager_of(TENANT, cast.GRACE.aad) is None
        assert await client.manager_of(TENANT, "U0ADA") is None


async def test_the_stand_ins_troubles_are_ours_in_words(world: LocalWorld) -> None:
    async with aiohttp.ClientSession() as session:
        await world.fault("teams", "error", "listMembers", error="Authorization_RequestDenied")
        with pytest.raises(NotGranted, match=r"GroupMember\.Read\.All"):
            await connect(world.settings(), session).group_members(TENANT, GROUP)
        await world.fault("teams", "error", "getManager", error="Authorization_RequestDenied")
        with pytest.raises(NotGranted, match=r"User\.Read\.All"):
            await connect(world.settings(), session).manager_of(TENANT, cast.ADA.aad)
        await world.fault("teams", "html", "listMembers")
        with pytest.raises(PlatformError, match="in no shape"):
            await connect(world.settings(), session).group_members(TENANT, GROUP)
        await world.fault("teams", "500_before", "listMembers")
        with pytest.raises(PlatformError, match="answered 500"):
            await connect(world.settings(), session).group_members(TENANT, GROUP)


async def test_a_token_for_the_connector_opens_no_directory(world: LocalWorld) -> None:
    async with aiohttp.ClientSession() as session:
        own = world.settings()
        wrong = graph.connect(own, session)
        wrong._tokens_of = lambda tenant: graph.tokens(own, session)
        with pytest.raises(PlatformError, match="did not accept our credentials"):
            await wrong.members(TENANT, GROUP)


async def test_asked_to_slow_down_it_asks_nothing_until_then(there: tuple[Misbehaving, Graph]) -> None:
    bad, asks = there
    bad.says(429, {}, **{"Retry-After": "30"})
    for _ in range(3):
        with pytest.raises(PlatformError, match="slow down") as refused:
            await asks.members(TENANT, GROUP)
    assert (len(bad.asked), refused.value.retry_after) == (1, 30.0)

    bad.now = 31.0
    bad.says(200, {"value": [user(IDS[0])]})
    assert await asks.members(TENANT, GROUP) == (IDS[0],)


ELSEWHERE = [
    "https://evil.example/v1.0/groups/x",
    "http://user@127.0.0.1/v1.0/groups/x",
    "//evil.example/v1.0/groups/x",
    "{base}/v1.0/users",
    "{base}.evil.example/v1.0/groups/x",
    "https{base}/v1.0/groups/x",
    "{base}\\@evil.example/v1.0/groups/x",
    17,
]


@pytest.mark.parametrize("link", ELSEWHERE)
async def test_a_next_page_from_elsewhere_is_not_asked_for(
    there: tuple[Misbehaving, Graph], link: Any
) -> None:
    bad, asks = there
    link = link.format(base=bad.url) if isinstance(link, str) else link
    bad.says(200, {"value": [user(IDS[0])], "@odata.nextLink": link})
    with pytest.raises(PlatformError, match="not its own"):
        await asks.members(TENANT, GROUP)
    assert len(bad.asked) == 1


@pytest.mark.twin
async def test_twin_were_any_next_page_believed_our_token_would_go_elsewhere(
    there: tuple[Misbehaving, Graph], monkeypatch: pytest.MonkeyPatch
) -> None:
    bad, asks = there
    other = bad.url.replace("127.0.0.1", "localhost")
    bad.says(200, {"value": [], "@odata.nextLink": f"{other}/v1.0/groups/x"})
    with pytest.raises(PlatformError, match="not its own"):
        await asks.members(TENANT, GROUP)
    monkeypatch.setattr(Graph, "_next", lambda self, answer: answer.get("@odata.nextLink", ""))
    await asks.members(TENANT, GROUP)
    assert [each.headers["Authorization"] for each in bad.asked if each.host.startswith("localhost")]


async def test_a_redirect_is_not_followed(there: tuple[Misbehaving, Graph]) -> None:
    bad, asks = there
    bad.says(302, {}, Location=f"{bad.url}/v1.0/groups/elsewhere")
    with pytest.raises(PlatformError, match="answered 302"):
        await asks.members(TENANT, GROUP)
    assert len(bad.asked) == 1


async def test_pages_without_an_end_and_groups_without_a_bound_come_to_one(
    there: tuple[Misbehaving, Graph],
) -> None:
    bad, asks = there
    bad.says(200, {"value": [], "@odata.nextLink": f"{bad.url}/v1.0/groups/{GROUP}/again"})
    assert await asks.members(TENANT, GROUP) == ()
    assert len(bad.asked) == graph.MOST_PAGES
    bad.says(200, {"value": [user(id) for id in IDS]})
    assert len(await asks.members(TENANT, GROUP) or ()) == graph.MOST_MEMBERS


async def test_all_pages_together_have_one_deadline(
    there: tuple[Misbehaving, Graph], monkeypatch: pytest.MonkeyPatch
) -> None:
    bad, asks = there
    monkeypatch.setattr(graph, "DEADLINE", 0.2)

    async def slow(request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(0.05)
        link = f"{bad.url}/v1.0/groups/{GROUP}/again"
        return web.json_response({"value": [], "@odata.nextLink": link})

    bad.act = slow
    with pytest.raises(PlatformError, match="did not answer"):
        await asks.members(TENANT, GROUP)
    assert len(bad.asked) < graph.MOST_PAGES


async def test_an_answer_without_an_end_is_cut_off(there: tuple[Misbehaving, Graph]) -> None:
    bad, asks = there
    bad.says(200, {"value": ["x" * (graph.LARGEST_ANSWER + 1)]})
    with pytest.raises(PlatformError, match="too great length"):
        await asks.members(TENANT, GROUP)


@pytest.mark.parametrize(
    ("listed", "found"),
    [
        ([user(IDS[1]), user(IDS[1].upper()), user(IDS[2], accountEnabled=False)], (IDS[1],)),
        ([{"id": IDS[1]}, {"id": "../x"}, {"id": 7}, "odd", {}, None], (IDS[1],)),
        ([], ()),
    ],
)
async def test_who_is_in_it_is_read_with_care(
    there: tuple[Misbehaving, Graph], listed: Any, found: tuple[str, ...]
) -> None:
    bad, asks = there
    bad.says(200, {"value": listed})
    assert await asks.members(TENANT, GROUP) == found


@pytest.mark.parametrize("body", [{}, {"value": "odd"}, [], "odd", None])
async def test_an_answer_in_no_known_shape_is_no_answer(there: tuple[Misbehaving, Graph], body: Any) -> None:
    bad, asks = there
    bad.says(200, body)
    with pytest.raises(PlatformError, match="in no shape"):
        await asks.members(TENANT, GROUP)


@pytest.mark.parametrize(
    ("said", "found"),
    [
        (user(IDS[1], mail="x@a.com", userPrincipalName="x@a.com"), (IDS[1], "x@a.com")),
        (user(IDS[1], mail="cfo@other.com", userPrincipalName="x@a.com"), (IDS[1], "x@a.com")),
        (user(IDS[1], mail="x@b.com", userPrincipalName="x_b.com#EXT#@a.com"), (IDS[1], "")),
        (user(IDS[1]), (IDS[1], "")),
        (user(IDS[1], accountEnabled=False), None),
        ({"id": "../x"}, None),
        ({}, None),
    ],
)
async def test_a_manager_counts_by_what_entra_vouches_for(
    there: tuple[Misbehaving, Graph], said: Any, found: Any
) -> None:
    bad, asks = there
    bad.says(200, said)
    assert await asks.manager(TENANT, IDS[0]) == found


@pytest.mark.parametrize("group", ["treasury", "../users", f"{GROUP}/x", ""])
async def test_nothing_but_an_object_id_gets_into_the_address(
    there: tuple[Misbehaving, Graph], group: str
) -> None:
    bad, asks = there
    with pytest.raises(PlatformError, match="object ids only"):
        await asks.members(TENANT, group)
    assert bad.asked == []


async def test_no_refusal_tells_the_token_or_what_was_answered(there: tuple[Misbehaving, Graph]) -> None:
    bad, asks = there
    for status in (400, 401, 403, 429, 500):
        bad.now += 1000
        bad.says(status, {"error": {"message": "private words"}})
        with pytest.raises(PlatformError) as refused:
            await asks.members(TENANT, GROUP)
        assert "private" not in str(refused.value)
        assert "secret-token" not in str(refused.value)


@pytest.mark.parametrize(
    ("issuer", "base", "login"),
    [
        ("https://api.botframework.com", "https://graph.microsoft.com", "login.microsoftonline.com"),
        ("https://api.botframework.us", "https://graph.microsoft.us", "login.microsoftonline.us"),
    ],
)
def test_each_cloud_has_a_graph_and_a_login_of_its_own(issuer: str, base: str, login: str) -> None:
    own = settings(teams_issuer=issuer, teams_login_url="", microsoft_app_type="MultiTenant")
    assert address(own) == base_scope(base) == base
    assert authority(own, TENANT) == f"https://{login}/{TENANT}"
    assert authority(own) == f"https://{login}/botframework.com"
