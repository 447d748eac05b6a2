"""Fetching what somebody sent: from the platform's own hosts, with the token there and nowhere else."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
from aiohttp import web

from bot import files, net
from bot.files import Hosts, NotFetched, fetch, may_fetch, origin
from bot.platforms.slack.files import hosts as slack_hosts
from bot.platforms.teams.files import hosts as teams_hosts

TOKEN = "xoxb-secret-of-the-bot"
REAL_SLACK = slack_hosts("https://slack.com/api/")
REAL_TEAMS = teams_hosts("")

SLACKS = [
    "https://files.slack.com/files-pri/T1-F1/scan.pdf",
    "https://files.slack.com/files-pri/T1-F1/download/a%20b.pdf?origin_team=T1",
    "https://files.slack.com:443/files-tmb/T1-F1/file.vtt?_xcb=ab",
    "https://FILES.slack.com/x",
    "https://files.slack-gov.com/files-pri/T1-F1/scan.pdf",
]
NOT_SLACKS = [
    "http://files.slack.com/x",
    "https://files.slack.com.evil.example/x",
    "https://evilfiles.slack.com/x",
    "https://slack.com/x",
    "https://x.files.slack.com/x",
    "https://evil.example/files.slack.com",
    "https://evil.example?https://files.slack.com/",
    "https://evil.example#files.slack.com",
    "https://files.slack.com@evil.example/x",
    "https://user:secret@files.slack.com/x",
    "https://evil.example\\@files.slack.com/x",
    "https://files.slack.com:8443/x",
    "https://files.slack.com\t.evil.example/x",
    "https://127.0.0.1/x",
    "http://127.0.0.1:3000/standin/slack/files/F1/x",
    "http://localhost/x",
    "http://[::1]/x",
    "http://169.254.169.254/latest/meta-data/iam/",
    "https://169.254.169.254/latest/meta-data/iam/",
    "https://10.0.0.1/x",
    "https://2130706433/x",
    "https://0x7f.1/x",
    "file:///etc/passwd",
    "ftp://files.slack.com/x",
    "gopher://files.slack.com/x",
    "data:text/plain,x",
    "//files.slack.com/x",
    "files.slack.com/x",
    "",
    "https://",
    "https://[files.slack.com/x",
    "https://files.slаck.com/x",
    f"https://files.slack.com/{'x' * 5_000}",
    "https://contoso.sharepoint.com/x",
    "https://smba.trafficmanager.net/x",
]
TRUSTED_BY_TEAMS = [
    "https://smba.trafficmanager.net/emea/v3/attachments/0-abc/views/original",
    "https://smba.infra.gcc.teams.microsoft.com/teams/v3/attachments/1/views/original",
    "https://something.botframework.com/v3/attachments/1/views/original",
]
OPEN_IN_TEAMS = [
    "https://contoso.sharepoint.com/personal/ada/_layouts/15/download.aspx?UniqueId=1&tempauth=eyJ0",
    "https://contoso-my.sharepoint.com/personal/x/download.aspx?a=b",
    "https://contoso.sharepoint.us/x",
]
NOT_TEAMS = [
    "https://sharepoint.com/x",
    "https://sharepoint.com.evil.example/x",
    "https://evilsharepoint.com/x",
    "https://contoso.sharepoint.com.evil.example/x",
    "https://files.slack.com/x",
    "https://trafficmanager.net/x",
    "https://evil.trafficmanager.net/x",
    "https://botframework.com.evil.example/x",
    "http://contoso.sharepoint.com/x",
    "https://graph.microsoft.com/v1.0/me",
    "https://login.microsoftonline.com/x",
    "http://127.0.0.1:3000/x",
]


@pytest.mark.parametrize("url", SLACKS)
def test_slack_keeps_files_at_its_own_hosts_and_they_get_the_token(url: str) -> None:
    assert may_fetch(url, REAL_SLACK) is True


@pytest.mark.parametrize("url", NOT_SLACKS)
def test_no_other_address_in_a_message_from_slack_is_called(url: str) -> None:
    with pytest.raises(NotFetched, match="not one of the platform's own") as refused:
        may_fetch(url, REAL_SLACK)
    assert not url or len(url) < 12 or url not in str(refused.value)


@pytest.mark.parametrize("url", TRUSTED_BY_TEAMS)
def test_the_connector_gets_the_token(url: str) -> None:
    assert may_fetch(url, REAL_TEAMS) is True


@pytest.mark.parametrize("url", OPEN_IN_TEAMS)
def test_where_people_keep_their_files_gets_no_token(url: str) -> None:
    assert may_fetch(url, REAL_TEAMS) is False


@pytest.mark.parametrize("url", NOT_TEAMS)
def test_no_other_address_in_a_message_from_teams_is_called(url: str) -> None:
    with pytest.raises(NotFetched):
        may_fetch(url, REAL_TEAMS)


def test_of_this_machine_only_the_stand_in_is_called_and_nothing_real_beside_it() -> None:
    there = slack_hosts("http://127.0.0.1:3000/standin/slack/api/")
    assert may_fetch("http://127.0.0.1:3000/standin/slack/files/F1/x", there)
    for other in ("http://127.0.0.1:3001/x", "http://localhost:3000/x", "https://files.slack.com/x"):
        with pytest.raises(NotFetched):
            may_fetch(other, there)
    assert origin("https://slack.com/api/") == ""


# ── over a real socket ───────────────────────────────────────────────────────────────────


@dataclass
class Site:
    """A server of the platform's, or of somebody else; `tokens` are what it was shown."""

    url: str = ""
    tokens: list[str] = field(default_factory=list)
    elsewhere: str = ""


@asynccontextmanager
async def site() -> AsyncIterator[Site]:
    found = Site()

    async def answer(request: web.Request) -> web.StreamResponse:
        found.tokens.append(request.headers.get("Authorization", ""))
        match request.match_info["what"]:
            case "whole":
                return web.Response(body=b"hello", content_type="text/plain")
            case "query":
                return web.Response(text=request.rel_url.raw_query_string)
            case "redirect":
                return web.Response(status=302, headers={"Location": found.elsewhere})
            case "announced":
                return web.Response(body=b"x" * 3_000)
            case "short":
                cut = web.StreamResponse(headers={"Content-Length": "500"})
                await cut.prepare(request)
                await cut.write(b"x" * 100)
                assert request.transport is not None
                request.transport.abort()
                return cut
            case "counted" | "drip" as what:
                slow = web.StreamResponse()
                await slow.prepare(request)
                for _ in range(300):
                    await slow.write(b"x" * (1 if what == "drip" else 100))
                    await asyncio.sleep(0.02 if what == "drip" else 0)
                return slow
            case status:
                return web.Response(status=int(status), text="secret words of the platform")

    app = web.Application()
    app.router.add_get("/{what}", answer)
    app.router.add_get("/open/{what}", answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    served = web.TCPSite(runner, "127.0.0.1", 0)
    await served.start()
    assert runner.addresses
    found.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield found
    finally:
        await runner.cleanup()


async def fetched(there: Site, what: str, **more: object) -> files.Fetched:
    async with net.session(allow_loopback=True, most_bytes=10**6) as session:
        return await fetch(session, f"{there.url}/{what}", Hosts((), sandbox=there.url), TOKEN, **more)  # type: ignore[arg-type]  # sizes and seconds


async def test_the_platform_gets_the_token_and_we_the_file() -> None:
    async with site() as there:
        found = await fetched(there, "whole")
    assert (found.data, found.media) == (b"hello", "text/plain; charset=utf-8") or found.data == b"hello"
    assert there.tokens == [f"Bearer {TOKEN}"]


async def test_an_address_that_is_its_own_key_is_called_as_written_and_without_the_token() -> None:
    async with site() as there:
        found = await fetched(there, "open/query?tempauth=a%2Bb%3D%3D&x=%20")
    assert found.data == b"tempauth=a%2Bb%3D%3D&x=%20"
    assert there.tokens == [""]


async def test_a_redirect_is_not_followed_and_whoever_it_leads_to_hears_nothing() -> None:
    async with site() as there, site() as other:
        there.elsewhere = f"{other.url}/whole"
        with pytest.raises(NotFetched, match="led elsewhere"):
            await fetched(there, "redirect")
    assert other.tokens == []


async def test_somebody_elses_server_is_not_called_at_all() -> None:
    async with site() as there, site() as other, net.session(allow_loopback=True) as session:
        with pytest.raises(NotFetched, match="not one of the platform's own"):
            await fetch(session, f"{other.url}/whole", Hosts((), sandbox=there.url), TOKEN)
    assert other.tokens == []


@pytest.mark.twin
async def test_twin_without_the_check_of_the_address_the_token_goes_to_whoever_wrote_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(files, "may_fetch", lambda url, hosts: True)
    async with site() as there, site() as other, net.session(allow_loopback=True) as session:
        await fetch(session, f"{other.url}/whole", Hosts((), sandbox=there.url), TOKEN)
    assert other.tokens == [f"Bearer {TOKEN}"]


async def test_an_address_inside_is_refused_at_the_socket_too() -> None:
    """A host of the platform's whose name suddenly leads to this machine."""
    async with site() as there, net.session() as session:
        port = there.url.rpartition(":")[2]
        trusting = Hosts((), sandbox=there.url)
        with pytest.raises(NotFetched):
            await fetch(session, f"http://127.0.0.1:{port}/whole", trusting, TOKEN)
    assert there.tokens == []


@pytest.mark.parametrize("what", ["announced", "counted"])
async def test_what_is_too_large_is_left_by_its_header_and_by_count(what: str) -> None:
    async with site() as there:
        with pytest.raises(NotFetched, match="larger than"):
            await fetched(there, what, largest=2_000)


async def test_a_header_that_promises_more_than_comes_is_a_file_that_broke_off() -> None:
    async with site() as there:
        with pytest.raises(NotFetched, match="broke off") as problem:
            await fetched(there, "short")
    assert problem.value.again


async def test_a_file_that_drips_is_left_when_its_time_is_over() -> None:
    async with site() as there:
        began = time.monotonic()
        with pytest.raises(NotFetched, match="too long"):
            await fetched(there, "drip", seconds=0.4)
    assert time.monotonic() - began < 3


@pytest.mark.parametrize(
    ("status", "words", "again"),
    [
        ("401", "the right to read files", False),
        ("403", "the right to read files", False),
        ("404", "not there any more", False),
        ("410", "not there any more", False),
        ("429", "just now", True),
        ("500", "just now", True),
        ("503", "just now", True),
        ("418", "did not hand it out", False),
    ],
)
async def test_a_refusal_is_told_in_our_words_and_never_in_theirs(
    status: str, words: str, again: bool
) -> None:
    async with site() as there:
        with pytest.raises(NotFetched, match=words) as problem:
            await fetched(there, status)
    assert problem.value.again is again
    assert TOKEN not in str(problem.value)
    assert "secret" not in str(problem.value)
    assert there.url not in str(problem.value)


async def test_a_platform_that_is_away_is_told_to_be() -> None:
    async with site() as there:
        pass
    with pytest.raises(NotFetched, match=r"broke off|may call"):
        await fetched(there, "whole")
