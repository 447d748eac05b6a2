"""What we call outside: only the public internet, only https, never further than asked."""

from __future__ import annotations

import asyncio
import gzip
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from bot import net
from bot.net import RefusedCall, TooLarge, check_host, read_limited, session
from bot.net_address import is_loopback, is_public

PRIVATE = [
    "127.0.0.1",
    "127.1.2.3",
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "169.254.169.254",
    "169.254.170.2",
    "100.64.0.1",
    "100.100.100.200",
    "192.0.0.8",
    "192.0.0.192",
    "192.0.2.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "192.88.99.1",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "::1",
    "::",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:169.254.169.254",
    "::127.0.0.1",
    "::7f00:1",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::1",
    "2002:7f00:1::",
    "2002:a9fe:a9fe::1",
    "2001::1",
    "2001:0:7f00:1::",
    "2001:db8::1",
    "2001:10::1",
    "2001:20::1",
    "3fff::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
    "ff0e::1",
    "100::1",
    "5f00::1",
    "4000::1",
]

PUBLIC = [
    "1.1.1.1",
    "8.8.8.8",
    "93.184.215.14",
    "172.32.0.1",
    "100.128.0.1",
    "2606:4700:4700::1111",
    "2a00:1450:4001::200e",
]


@pytest.mark.parametrize("address", PRIVATE)
def test_an_address_that_is_not_the_public_internet_is_refused(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "address", ["", "example.com", "127.1", "0x7f000001", "2130706433", "１２７.0.0.1", "::1]"]
)
def test_what_is_no_address_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_is_public(address: str) -> None:
    assert is_public(address)
    assert not is_loopback(address)


@dataclass
class Inside:
    """A service on this machine that nobody outside should reach through us."""

    port: int = 0
    reached: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@pytest.fixture
async def inside() -> AsyncIterator[Inside]:
    service = Inside()

    async def serve(request: web.Request) -> web.StreamResponse:
        service.reached.append(request.path)
        match request.path:
            case "/redirect":
                raise web.HTTPFound(request.query["to"])
            case "/bomb":
                body = gzip.compress(b"\0" * 20_000_000)
                return web.Response(body=body, headers={"Content-Encoding": "gzip"})
            case "/large":
                return web.Response(body=b"x" * 3_000_000)
            case "/endless":
                response = web.StreamResponse()
                await response.prepare(request)
                for _ in range(1000):
                    await response.write(b"x" * 10_000)
                return response
            case "/slow":
                await asyncio.sleep(30)
            case "/cookie":
                response = web.json_response({"cookies": dict(request.cookies)})
                response.set_cookie("who", "us")
                return response
        return web.json_response({"secret": True})

    app = web.Application()
    app.router.add_route("*", "/{rest:.*}", serve)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    service.port = site.port
    yield service
    await runner.cleanup()


HOSTS = [
    "127.0.0.1",
    "localhost",
    "2130706433",
    "0x7f000001",
    "0177.0.0.1",
    "127.1",
    "[::ffff:127.0.0.1]",
    "0.0.0.0",
    "[::]",
    "[::1]",
    "127.0.0.1.",
    "①②⑦.⓪.⓪.①",
    "LOCALHOST",
    "127.0.0.1:80@127.0.0.1",
    "[::ffff:7f00:1]",
    "[0:0:0:0:0:ffff:127.0.0.1]",
    "0",
    "127.000.000.001",
]


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("host", HOSTS)
async def test_no_spelling_of_this_machine_is_reached(inside: Inside, host: str, scheme: str) -> None:
    async with session(total=3) as client:
        with pytest.raises((aiohttp.ClientError, ValueError)):
            await client.get(f"{scheme}://{host}:{inside.port}/")
    assert inside.reached == []


@pytest.mark.twin
async def test_twin_without_the_guards_this_machine_is_reached(
    inside: Inside, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(net, "_check", lambda *_: False)
    monkeypatch.setattr(net, "is_public", lambda _host: True)
    async with session() as client:
        for host in ("127.0.0.1", "0.0.0.0", "[::ffff:127.0.0.1]"):
            async with client.get(f"http://{host}:{inside.port}/") as response:
                assert response.status == 200
    assert len(inside.reached) == 3


@pytest.mark.parametrize("host", HOSTS)
async def test_the_check_at_the_socket_holds_alone(
    inside: Inside, monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    monkeypatch.setattr(net, "_check", lambda *_: False)
    async with session(total=3) as client:
        with pytest.raises((aiohttp.ClientError, ValueError)):
            await client.get(f"http://{host}:{inside.port}/")
    assert inside.reached == []


async def test_a_public_name_that_leads_inside_is_refused_even_where_loopback_is_allowed(
    inside: Inside, monkeypatch: pytest.MonkeyPatch
) -> None:
    _resolve_to(monkeypatch, "127.0.0.1", inside.port)
    async with session(allow_loopback=True) as client:
        with pytest.raises(aiohttp.ClientConnectionError):
            await client.get(f"https://public.example:{inside.port}/")
    assert inside.reached == []


@pytest.mark.twin
async def test_twin_without_the_check_at_the_socket_a_rebinding_name_connects(
    inside: Inside, monkeypatch: pytest.MonkeyPatch
) -> None:
    _resolve_to(monkeypatch, "127.0.0.1", inside.port)
    connected: list[str] = []

    def trusting(host: str) -> bool:
        connected.append(host)
        return True

    monkeypatch.setattr(net, "is_public", trusting)
    async with session() as client:
        with pytest.raises(aiohttp.ClientError):  # TLS fails, but the connection was made
            await client.get(f"https://public.example:{inside.port}/")
    assert connected == ["127.0.0.1"]


def _resolve_to(monkeypatch: pytest.MonkeyPatch, address: str, port: int) -> None:
    async def resolve(*_args: Any, **_more: Any) -> list[dict[str, Any]]:
        found = {"hostname": "public.example", "host": address, "port": port}
        return [{**found, "family": socket.AF_INET, "proto": 0, "flags": socket.AI_NUMERICHOST}]

    monkeypatch.setattr(aiohttp.resolver.DefaultResolver, "resolve", resolve)


async def test_the_sandbox_on_this_machine_is_reached_when_it_is_allowed(inside: Inside) -> None:
    async with session(allow_loopback=True) as client:
        for host in ("127.0.0.1", "localhost"):
            async with client.get(f"http://{host}:{inside.port}/") as response:
                assert await response.json() == {"secret": True}


async def test_even_with_the_sandbox_allowed_other_inside_addresses_are_not(inside: Inside) -> None:
    async with session(allow_loopback=True, total=2) as client:
        for host in ("0.0.0.0", "2130706433", "10.0.0.1", "169.254.169.254", "127.1", "[::ffff:127.0.0.1]"):
            with pytest.raises(aiohttp.ClientError):
                await client.get(f"http://{host}:{inside.port}/")
    assert inside.reached == []


ADDRESSES = [
    "http://example.com/",
    "file:///etc/passwd",
    "ftp://example.com/",
    "gopher://127.0.0.1:6379/_INFO",
    "https://user:pass@example.com/",
    "https://example.com@127.0.0.1/",
    "ws://example.com/",
    "unix:///var/run/docker.sock",
    "//example.com/",
    "https:///",
    "https://[",
    "",
]


@pytest.mark.parametrize("address", ADDRESSES)
async def test_an_address_of_another_kind_is_refused(address: str) -> None:
    async with session(allow_loopback=True, total=2) as client:
        with pytest.raises((aiohttp.ClientError, ValueError)):
            await client.get(address)
    with pytest.raises(RefusedCall):
        check_host(address, [".example.com", "example.com"])


@pytest.mark.parametrize("to", ["http://127.0.0.1:1/", "https://example.com/", "/", "file:///etc/passwd"])
async def test_a_redirect_is_never_followed(inside: Inside, to: str) -> None:
    async with session(allow_loopback=True) as client:
        with pytest.raises(RefusedCall, match="redirect"):
            await client.get(
                f"{inside.url}/redirect", params={"to": to}, headers={"Authorization": "Bearer x"}
            )
    assert inside.reached == ["/redirect"]


@pytest.mark.twin
async def test_twin_without_the_guard_the_redirect_is_followed(
    inside: Inside, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(net, "_REDIRECTS", frozenset())
    async with (
        session(allow_loopback=True) as client,
        client.get(f"{inside.url}/redirect", params={"to": "/"}),
    ):
        pass
    assert inside.reached == ["/redirect", "/"]


async def test_a_call_with_a_token_goes_to_the_named_hosts_only() -> None:
    async with session(hosts=["slack.com", ".slack.com"], total=2) as client:
        for host in ("evil.example", "slack.com.evil.example", "xslack.com", "slack.co"):
            with pytest.raises(RefusedCall, match="not a host"):
                await client.post(
                    f"https://{host}/api/chat.postMessage", headers={"Authorization": "Bearer x"}
                )


@pytest.mark.parametrize(
    ("address", "fine"),
    [
        ("https://smba.trafficmanager.net/amer/", True),
        ("https://SMBA.TRAFFICMANAGER.NET/amer/", True),
        ("https://smba.trafficmanager.net.evil.example/", False),
        ("https://evil.example/smba.trafficmanager.net", False),
        ("https://evil.example#smba.trafficmanager.net", False),
        ("https://smba.trafficmanager.net@evil.example/", False),
        ("https://evil.example\\@smba.trafficmanager.net/", False),
        ("http://smba.trafficmanager.net/", False),
        ("https://a.botframework.com/", True),
        ("https://botframework.com/", False),
        ("https://abotframework.com/", False),
        ("http://127.0.0.1:4000/", False),
    ],
)
def test_an_address_from_outside_is_checked_before_a_token_goes_there(address: str, fine: bool) -> None:
    hosts = ["smba.trafficmanager.net", ".botframework.com"]
    if fine:
        assert check_host(address, hosts) == address
    else:
        with pytest.raises(RefusedCall):
            check_host(address, hosts)


def test_the_sandboxs_address_is_accepted_where_loopback_is_allowed() -> None:
    assert check_host("http://127.0.0.1:4000/x", ["slack.com"], allow_loopback=True)


@pytest.mark.parametrize("path", ["/large", "/bomb", "/endless"])
async def test_an_answer_beyond_the_limit_is_dropped(inside: Inside, path: str) -> None:
    async with session(allow_loopback=True, most_bytes=1_000_000) as client:
        for read in ("read", "text", "json"):
            async with client.get(inside.url + path) as response:
                with pytest.raises(TooLarge):
                    await getattr(response, read)()
        async with client.get(inside.url + path) as response:
            with pytest.raises(TooLarge):
                await read_limited(response, 1000)


@pytest.mark.twin
async def test_twin_without_the_limit_a_small_bomb_becomes_twenty_megabytes(inside: Inside) -> None:
    async with aiohttp.ClientSession() as client, client.get(inside.url + "/bomb") as response:
        assert len(await response.read()) == 20_000_000


async def test_an_answer_within_the_limit_is_read_more_than_once(inside: Inside) -> None:
    async with session(allow_loopback=True) as client, client.get(inside.url) as response:
        assert await response.json() == {"secret": True}
        assert await response.read() == b'{"secret": true}'


async def test_a_call_has_an_end(inside: Inside) -> None:
    async with session(allow_loopback=True, total=0.2) as client:
        with pytest.raises(TimeoutError):
            await client.get(inside.url + "/slow")


async def test_no_cookies_and_no_proxy_of_the_environment(
    inside: Inside, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    async with session(allow_loopback=True) as client:
        for _ in range(2):
            async with client.get(inside.url + "/cookie") as response:
                assert await response.json() == {"cookies": {}}


async def test_a_refusal_names_the_host_and_nothing_else_of_the_address() -> None:
    with pytest.raises(RefusedCall) as caught:
        check_host("https://evil.example/hook/T0/B0/SECRET?token=SECRET", ["slack.com"])
    assert "evil.example" in str(caught.value)
    assert "SECRET" not in str(caught.value)
