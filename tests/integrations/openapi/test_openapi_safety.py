"""Where a document, an argument or an answer would like us to go, and do not."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from integrations import http
from integrations.errors import NotConfigured, NotReached, Refused
from integrations.openapi import client, fetch, oauth
from integrations.openapi.chosen import Chosen
from integrations.openapi.client import pinned
from integrations.openapi.operation import build

from .conftest import KENNEL, Kennel, Stand

Make = Callable[..., Kennel]
PRIVATE = "https://10.0.0.1/v1"


def _document(**changes: Any) -> Any:
    return json.loads(json.dumps(KENNEL)) | changes


@pytest.fixture
def knocked() -> Iterator[tuple[int, list[int]]]:
    """A port of this machine, and who connected to it; nobody is answered."""
    listener = socket.create_server(("127.0.0.1", 0))
    found: list[int] = []
    more = threading.Event()

    def listen() -> None:
        while True:
            try:
                sock, _ = listener.accept()
            except OSError:
                return
            found.append(1)
            more.set()
            sock.close()

    threading.Thread(target=listen, daemon=True).start()
    yield listener.getsockname()[1], found
    listener.close()


def _leads_to(monkeypatch: pytest.MonkeyPatch, address: str, port: int) -> None:
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]
    monkeypatch.setattr("integrations.http.socket.getaddrinfo", lambda *_: found)


# ── the server that a document names ─────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/v1",
        "http://127.0.0.1:8500/v1",
        "https://localhost/v1",
        "https://[::1]/",
        "https://169.254.169.254/latest",
        "https://10.0.0.1/",
        "https://[fd00::1]/",
        "http://kennel.example/v1",
        "ftp://kennel.example/",
        "file:///etc/passwd",
        "https://user:pass@kennel.example/",
        "https://kennel.example/v1/../admin",
        "https://kennel.example/v1?x=1",
        "https://kennel.example/v1#x",
        "https://{host}.example/",
        "https://kennel.example\\@127.0.0.1/",
        "https://kennel.example:port/",
        "https://kénnel.example/",
        "https://kennel.example/%2e%2e/",
        "/v1",
        "//kennel.example",
        "",
    ],
)
def test_a_document_cannot_send_us_inside_or_to_an_odd_address(url: str) -> None:
    with pytest.raises(NotConfigured, match=r"OPENAPI_KENNEL_(SERVER|ALLOW_PRIVATE)"):
        pinned(Chosen("kennel", "x"), url)


@pytest.mark.parametrize(
    ("url", "origin", "prefix"),
    [
        ("https://kennel.example", "https://kennel.example", ""),
        ("https://kennel.example/api/v3/", "https://kennel.example", "/api/v3"),
        ("https://kennel.example:8443/v1", "https://kennel.example:8443", "/v1"),
    ],
)
def test_scheme_host_port_and_prefix_are_pinned(url: str, origin: str, prefix: str) -> None:
    server = pinned(Chosen("kennel", "x"), url)

    assert (server.origin, server.prefix) == (origin, prefix)


def test_what_the_settings_say_wins_over_the_document() -> None:
    chosen = Chosen("kennel", "x", server="https://mine.example/v2")

    assert pinned(chosen, PRIVATE).origin == "https://mine.example"


def test_a_private_server_is_called_where_that_is_allowed(kennel: Make, stand: Stand) -> None:
    document = _document(servers=[{"url": f"{stand.base}/v1"}])
    with pytest.raises(NotConfigured, match="OPENAPI_KENNEL_ALLOW_PRIVATE is not 1"):
        kennel(document=document, SERVER="", ALLOW_PRIVATE="").tool("dogs_get")

    assert kennel(document=document, SERVER="").call("dogs_get", {"id": "1"}).result["status"] == 200


@pytest.mark.twin
def test_twin_without_the_guard_a_document_reaches_this_machine(
    kennel: Make, stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "_is_private", lambda host: False)
    monkeypatch.setattr(client, "origin_of", lambda url, inside: (stand.base + "/", False))
    document = _document(servers=[{"url": f"{stand.base}/v1"}])

    kennel(document=document, SERVER="", ALLOW_PRIVATE="", TOKEN="t").call("dogs_get", {"id": "1"})
    assert stand.seen[0].headers["Authorization"] == "Bearer t"


# ── names that change their mind ─────────────────────────────────────────────────────────


def test_a_public_name_that_leads_inside_is_never_dialled(
    kennel: Make, monkeypatch: pytest.MonkeyPatch, knocked: tuple[int, list[int]]
) -> None:
    made = kennel(SERVER="https://kennel.example/v1", ALLOW_PRIVATE="")
    made.tool("dogs_get")  # at the start the name was harmless
    _leads_to(monkeypatch, "127.0.0.1", knocked[0])

    with pytest.raises(NotConfigured, match="OPENAPI_KENNEL_ALLOW_PRIVATE"):
        made.call("dogs_get", {"id": "1"})
    assert knocked[1] == []


@pytest.mark.twin
def test_twin_without_the_check_of_the_address_the_name_leads_inside(
    kennel: Make, monkeypatch: pytest.MonkeyPatch, knocked: tuple[int, list[int]]
) -> None:
    monkeypatch.setattr(http, "is_public", lambda _: True)
    made = kennel(SERVER="https://kennel.example/v1", ALLOW_PRIVATE="")
    _leads_to(monkeypatch, "127.0.0.1", knocked[0])

    with pytest.raises(NotReached):
        made.call("dogs_get", {"id": "1"})
    assert knocked[1] == [1]


@pytest.mark.parametrize(
    ("address", "allowed"),
    [
        ("10.1.2.3", True),
        ("192.168.0.1", True),
        ("172.31.0.1", True),
        ("127.0.0.1", True),
        ("fd12::1", True),
        ("::ffff:10.0.0.1", True),
        ("1.1.1.1", True),
        ("169.254.169.254", False),
        ("fe80::1", False),
        ("fd00:ec2::254", False),
        ("100.100.100.200", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("240.0.0.1", False),
        ("64:ff9b::a00:1", False),
        ("nonsense", False),
    ],
)
def test_even_where_private_addresses_are_allowed_some_never_are(address: str, allowed: bool) -> None:
    assert http.is_inside(address) is allowed


def test_allowed_inside_still_does_not_reach_what_gives_a_machine_its_credentials(
    kennel: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = kennel(SERVER="http://kennel.internal/v1")
    _leads_to(monkeypatch, "169.254.169.254", 80)

    with pytest.raises(NotConfigured, match="leads to an address inside"):
        made.call("dogs_get", {"id": "1"})


# ── redirects, and where credentials go ──────────────────────────────────────────────────


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed_and_no_credentials_go_along(
    kennel: Make, stand: Stand, other: Stand, status: int
) -> None:
    stand.say(status, None, Location=f"{other.base}/v1/dogs/1")

    with pytest.raises(Refused, match="another address"):
        kennel(TOKEN="t", HEADER="X-API-Key").call("dogs_get", {"id": "1"})
    assert other.seen == []


@pytest.mark.twin
def test_twin_a_client_that_follows_takes_the_key_along(stand: Stand, other: Stand) -> None:
    import requests

    stand.say(307, None, Location=f"{other.base}/v1/dogs/1")
    requests.get(f"{stand.base}/v1/dogs/1", headers={"X-API-Key": "t"}, timeout=5)

    assert other.seen[0].headers["X-API-Key"] == "t"


def test_credentials_do_not_come_from_the_machine(
    kennel: Make, stand: Stand, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login me password mine\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    kennel(TOKEN="t").call("dogs_get", {"id": "1"})

    assert stand.seen[0].headers["Authorization"] == "Bearer t"


def test_the_document_is_fetched_without_credentials(kennel: Make, stand: Stand, tmp_path: Path) -> None:
    stand.usual = (200, {"Content-Type": "application/json"}, json.dumps(KENNEL).encode())
    chosen = Chosen("kennel", f"{stand.base}/openapi.json", token="t0ken", inside=True)
    fetch.document(chosen, tmp_path)

    assert "t0ken" not in str(stand.seen)


def test_an_answer_is_read_to_a_limit_and_no_further(
    kennel: Make, stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http.Door, "__init__", _small(http.Door.__init__))
    stand.say(200, ["x" * 5000])

    with pytest.raises(Refused, match="more than we read"):
        kennel().call("dogs_get", {"id": "1"})


@pytest.mark.twin
def test_twin_without_the_limit_all_of_it_is_read(kennel: Make, stand: Stand) -> None:
    stand.say(200, ["x" * 5000])

    assert len(str(kennel().call("dogs_get", {"id": "1"}).result)) > 5000


def _small(real: Any) -> Any:
    def made(self: Any, **kwargs: Any) -> None:
        real(self, **kwargs | {"largest": 1000})

    return made


def test_a_compressed_answer_is_not_taken(kennel: Make, stand: Stand) -> None:
    stand.say(200, b"\x1f\x8b", Content_Encoding="gzip")

    with pytest.raises(Refused):
        kennel().call("dogs_get", {"id": "1"})


# ── what a document would have us send ───────────────────────────────────────────────────


@pytest.mark.parametrize(
    "path",
    ["/a/../b", "/a/./b", "a", "//kennel.example/x", "/a?x=1", "/a#b", "/a b", "/%2e%2e/x", "/a\r\nX: y", ""],
)
def test_a_path_that_leads_elsewhere_is_no_operation(kennel: Make, path: str) -> None:
    made = kennel(document=_document(paths={path: {"get": {"operationId": "x"}}}))

    with pytest.raises(KeyError):
        made.tool("x")


@pytest.mark.parametrize(
    "name", ["Host", "Content-Length", "Transfer-Encoding", "Cookie", "X-Forwarded-For", "a b", "a\r\nb"]
)  # fmt: skip
def test_a_header_that_steers_the_connection_is_no_parameter(kennel: Make, name: str) -> None:
    parameter = {"name": name, "in": "header", "required": True, "schema": {"type": "string"}}
    made = kennel(document=_document(paths={"/x": {"get": {"operationId": "x", "parameters": [parameter]}}}))

    with pytest.raises(KeyError):
        made.tool("x")


def test_a_cookie_is_never_sent(kennel: Make) -> None:
    cookie = {"name": "session", "in": "cookie", "schema": {"type": "string"}}
    made = kennel(document=_document(paths={"/x": {"get": {"operationId": "x", "parameters": [cookie]}}}))

    assert made.tool("x").arguments.model_json_schema()["properties"] == {}


@pytest.mark.parametrize("id", ["..", ".", "../../admin", "..%2f..%2fadmin", "a/b", "?admin=1", "#"])
def test_an_argument_never_leads_to_another_operation(kennel: Make, stand: Stand, id: str) -> None:
    with contextlib.suppress(Refused):
        kennel().call("dogs_get", {"id": id})
    assert all(seen.target.startswith("/v1/dogs/") for seen in stand.seen)
    assert all(seen.target.count("/") == 3 and "?" not in seen.target for seen in stand.seen)


def test_parameters_of_one_name_keep_apart(kennel: Make) -> None:
    parameters = [
        {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}},
        {"name": "id", "in": "query", "schema": {"type": "string"}},
        {"name": "body", "in": "query", "schema": {"type": "string"}},
    ]
    body = {"content": {"application/json": {"schema": {"type": "object"}}}}
    operation = {"operationId": "x", "parameters": parameters, "requestBody": body}
    made = kennel(document=_document(paths={"/x/{id}": {"post": operation}}))

    known = made.tool("x").arguments.model_json_schema()["properties"]
    assert set(known) == {"path_id", "query_id", "query_body", "body"}


def test_the_operations_own_parameters_win_over_those_of_its_path(kennel: Make) -> None:
    document = _document()
    document["paths"]["/dogs/{id}"]["get"]["parameters"] = [
        {"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}
    ]
    service = kennel(document=document).catalogue.service("kennel")
    operation = build(service.document, service.document.operations["dogs_get"])

    assert operation.schema["properties"]["id"] == {"type": "integer"}


# ── tokens ───────────────────────────────────────────────────────────────────────────────


def test_a_documents_own_token_address_is_never_asked(kennel: Make, stand: Stand, other: Stand) -> None:
    flow = {"tokenUrl": f"{other.base}/token", "scopes": {}}
    schemes = {"oauth": {"type": "oauth2", "flows": {"clientCredentials": flow}}}
    document = _document(components=KENNEL["components"] | {"securitySchemes": schemes})

    with pytest.raises(NotConfigured, match="OPENAPI_KENNEL_TOKEN_URL is missing"):
        kennel(document=document, CLIENT_ID="me", CLIENT_SECRET="s")
    kennel(document=document, TOKEN="t").call("dogs_get", {"id": "1"})
    assert other.seen == []


def test_a_token_address_inside_is_refused_unless_allowed() -> None:
    for url in ("http://auth.example/token", "file:///token"):
        chosen = Chosen("k", "x", client_id="me", client_secret="s", token_url=url)
        with pytest.raises(NotConfigured, match="OPENAPI_K_TOKEN_URL"):
            oauth.Tokens(chosen)
    for url in ("http://127.0.0.1:1/token", "https://localhost/token"):
        chosen = Chosen("k", "x", client_id="me", client_secret="s", token_url=url)
        with pytest.raises(NotConfigured, match="OPENAPI_K_ALLOW_PRIVATE"):
            oauth.Tokens(chosen)
