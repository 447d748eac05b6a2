"""Whom we speak to and as whom: settings, tokens, ids in paths, and what the doctor learns."""

from __future__ import annotations

from typing import Any

import pytest

from integrations.errors import NotConfigured, Refused
from integrations.notion import client
from integrations.notion.client import connect
from integrations.notion.tools import whoami

PAGE = "0b0c9d6e-1f43-4c1b-9a57-2f8e6f0f1c11"


@pytest.mark.parametrize("id", ["", "abc/properties/title", f"{PAGE}?x", f"{PAGE}/children", PAGE.upper()])
def test_no_id_can_lead_a_call_elsewhere(sandbox: Any, id: str) -> None:
    service = sandbox.service()
    for call in (
        lambda: service.page(id),
        lambda: service.append(id, []),
        lambda: service.trash(id),
        lambda: service.schema(id),
        lambda: service.create(id, {}, []),
        lambda: list(service.children(id, most=1)),
        lambda: list(service.query(id)),
        lambda: list(service.comments(id, most=1)),
        lambda: service.comment(id),
        lambda: service.user(id),
    ):
        with pytest.raises(Refused, match="no id"):
            call()
    assert sandbox.sent == []


@pytest.mark.twin
def test_twin_unchecked_an_id_calls_another_endpoint(sandbox: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    service = sandbox.service()
    monkeypatch.setattr(client, "_check", lambda _: None)

    with pytest.raises(Refused):
        service.page("abc/properties/title")
    assert sandbox.sent.pop().url.path.endswith("/v1/pages/abc/properties/title")


# ── who we are ───────────────────────────────────────────────────────────────────────────


def test_the_doctor_learns_who_we_are_and_that_nothing_is_missing(sandbox: Any) -> None:
    identity = whoami(sandbox.service())

    assert identity.name == "Countersign in Slice Street"
    sandbox.run("create_page", title="Mine")
    assert sandbox.pages("Mine")[0]["created_by"] == identity.id
    assert identity.missing == ()


@pytest.mark.parametrize(
    ("act", "says"),
    [
        ({"do": "drop_property"}, "“Effect key”"),
        ({"do": "add_source"}, "several data sources"),
    ],
)
def test_the_doctor_learns_what_is_missing(sandbox: Any, act: dict[str, str], says: str) -> None:
    sandbox.ask("POST", "act", act)

    [missing] = whoami(sandbox.service()).missing
    assert says in missing


def test_the_doctor_learns_of_a_database_that_is_not_there(sandbox: Any) -> None:
    [missing] = whoami(sandbox.service(NOTION_DATABASE_ID=PAGE)).missing
    assert "not shared with the integration" in missing
    [missing] = whoami(sandbox.service(NOTION_DATABASE_ID="")).missing
    assert "NOTION_DATABASE_ID" in missing


def test_a_wrong_token_is_no_identity(sandbox: Any) -> None:
    sandbox.fault("401", "*", "*")

    with pytest.raises(NotConfigured, match="NOTION_TOKEN"):
        whoami(sandbox.service())


# ── connecting ───────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({}, "set NOTION_TOKEN"),
        ({"NOTION_TOKEN": "t", "NOTION_API_URL": "http://notion.example"}, "NOTION_API_URL"),
        ({"NOTION_TOKEN": "t", "NOTION_API_URL": "https://user@notion.example"}, "NOTION_API_URL"),
        ({"NOTION_TOKEN": "t", "NOTION_DATABASE_ID": "Team notes"}, "NOTION_DATABASE_ID"),
    ],
)
def test_what_is_missing_or_wrong_is_named(settings: dict[str, str], says: str) -> None:
    with pytest.raises(NotConfigured, match=says):
        connect(settings)


def test_two_tenants_never_use_each_others_token(sandbox: Any) -> None:
    first, second = sandbox.service(NOTION_TOKEN="ntn_first"), sandbox.service(NOTION_TOKEN="ntn_second")
    for service in (first, second, first, second):
        service.me()

    sent = [request.headers["Authorization"] for request in sandbox.sent]
    assert sent == ["Bearer ntn_first", "Bearer ntn_second"] * 2


@pytest.mark.twin
def test_twin_on_one_shared_httpx_client_the_last_token_is_everybodys(sandbox: Any) -> None:
    import httpx
    import notion_client

    shared = httpx.Client(trust_env=False)
    sent: list[Any] = []
    first = notion_client.Client(auth="ntn_first", base_url=sandbox.base, client=shared)
    notion_client.Client(auth="ntn_second", base_url=sandbox.base, client=shared)
    shared.event_hooks = {"request": [sent.append]}

    first.users.me()

    assert sent[0].headers["Authorization"] == "Bearer ntn_second"


def test_the_version_and_what_we_accept_are_said(sandbox: Any, serve: Any) -> None:
    sandbox.service().me()
    assert sandbox.sent[0].headers["Notion-Version"] == "2025-09-03"
    notion = serve(lambda sock: sock.sendall(b"HTTP/1.1 500 X\r\nContent-Length: 0\r\n\r\n"))
    with pytest.raises(Exception, match="Notion"):
        connect({"NOTION_TOKEN": "t", "NOTION_API_URL": notion.base}).me()
    assert b"accept-encoding: identity\r\n" in notion.requests[0].lower()
    assert len(notion.requests) == 1


def test_another_client_adds_no_handler_to_anybodys_log() -> None:
    import logging

    before = len(logging.getLogger("notion_client").handlers)
    for _ in range(5):
        connect({"NOTION_TOKEN": "t"})

    assert len(logging.getLogger("notion_client").handlers) == before
