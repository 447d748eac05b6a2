"""What is asked for before any call, a document and a token, is asked for outside only."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from integrations import http
from integrations.errors import IntegrationError, NotConfigured
from integrations.openapi import fetch
from integrations.openapi.chosen import Chosen
from integrations.openapi.oauth import Tokens

from .conftest import Kennel, Stand

Make = Callable[..., Kennel]


@pytest.fixture
def knocked(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """Every name leads to this port of this machine; whoever connects is noted and not answered."""
    listener = socket.create_server(("127.0.0.1", 0))
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", listener.getsockname())]
    monkeypatch.setattr("integrations.http.socket.getaddrinfo", lambda *_: found)
    came: list[int] = []

    def listen() -> None:
        while True:
            try:
                sock, _ = listener.accept()
            except OSError:
                return
            came.append(1)
            sock.close()

    threading.Thread(target=listen, daemon=True).start()
    yield came
    listener.close()


def _document(folder: Path) -> None:
    fetch.document(Chosen("kennel", "https://specs.example/x.json"), folder)


def _token(_: Path) -> None:
    url = "https://auth.example/token"
    Tokens(Chosen("kennel", "x", client_id="me", client_secret="s", token_url=url)).token()


@pytest.mark.parametrize("ask", [_document, _token])
def test_a_name_that_leads_inside_is_not_asked(
    ask: Callable[[Path], None], knocked: list[int], tmp_path: Path
) -> None:
    with pytest.raises(IntegrationError):
        ask(tmp_path)
    assert knocked == []


@pytest.mark.twin
@pytest.mark.parametrize("ask", [_document, _token])
def test_twin_without_the_check_of_the_address_the_inside_is_asked(
    ask: Callable[[Path], None], knocked: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "is_public", lambda _: True)

    with pytest.raises(IntegrationError):
        ask(tmp_path)
    assert knocked == [1]


def test_a_document_on_this_machine_is_refused_by_its_address(stand: Stand, tmp_path: Path) -> None:
    with pytest.raises(NotConfigured, match="OPENAPI_KENNEL_ALLOW_PRIVATE is not 1"):
        fetch.document(Chosen("kennel", f"{stand.base}/x.json"), tmp_path)
    assert stand.seen == []


@pytest.mark.twin
def test_twin_where_our_parameter_is_not_hidden_somebody_else_gives_a_key_too(
    kennel: Make, stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Chosen, "hidden", frozenset())
    kennel(TOKEN="ours", QUERY="size").call("dogs_list", {"size": 666})

    assert stand.seen[0].target == "/v1/dogs?size=666&size=ours"


def test_the_header_of_our_key_is_no_argument_either(kennel: Make) -> None:
    properties = kennel(IDEMPOTENCY_HEADER="x-trace").tool("dogs_list").arguments.model_json_schema()

    assert "X-Trace" not in properties["properties"]
