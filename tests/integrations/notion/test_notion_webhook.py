"""Notion's webhooks: nothing unsigned is read, nothing old is acted on, nothing unknown is an error."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.notion import webhook
from integrations.notion.webhook import (
    HEADER,
    NotAnEvent,
    NotFromNotion,
    comment_of,
    delivery,
    read,
    sign,
    verification_token,
    verify,
)

SECRET = "secret_of_the_tests"
NOW = 1_795_000_000.0
PAGE = "0b0c9d6e-1f43-4c1b-9a57-2f8e6f0f1c11"
EVENT = "1b0c9d6e-1f43-4c1b-9a57-2f8e6f0f1c12"
ADA = "2b0c9d6e-1f43-4c1b-9a57-2f8e6f0f1c13"
BOT = "3b0c9d6e-1f43-4c1b-9a57-2f8e6f0f1c14"
COMMENT = "4b0c9d6e-1f43-4c1b-9a57-2f8e6f0f1c15"


def event(type: str = "page.content_updated", at: float = NOW, **more: Any) -> dict[str, Any]:
    return {
        "id": EVENT,
        "timestamp": datetime.fromtimestamp(at, UTC).isoformat().replace("+00:00", "Z"),
        "type": type,
        "authors": [{"id": ADA, "type": "person"}],
        "attempt_number": 1,
        "entity": {"id": PAGE, "type": "page"},
        "data": {"parent": {"id": PAGE, "type": "data_source"}},
    } | more


def signed(body: bytes, secret: str = SECRET, name: str = HEADER) -> dict[str, str]:
    return {name: sign(body, secret)}


def test_a_genuine_delivery_is_read() -> None:
    body = json.dumps(event()).encode()

    assert verify(signed(body), body, SECRET, NOW)["id"] == EVENT
    assert verify(signed(body, name="x-NOTION-signature"), body, SECRET, NOW)["id"] == EVENT


def test_while_the_token_is_changed_both_are_good() -> None:
    body = json.dumps(event()).encode()

    for secret in ("old", "new"):
        assert verify(signed(body, secret), body, "new, old", NOW)


BODY = json.dumps(event()).encode()


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {HEADER: ""},
        {HEADER: sign(BODY, "another")},
        {HEADER: sign(BODY + b" ", SECRET)},
        {HEADER: sign(BODY, SECRET).removeprefix("sha256=")},
        {HEADER: sign(BODY, SECRET).upper()},
        {HEADER: sign(BODY, SECRET) + "0"},
        {HEADER: "sha256=" + "é" * 64},
        {"X-Hub-Signature-256": sign(BODY, SECRET)},
        {HEADER: sign(BODY, SECRET), HEADER.lower(): sign(BODY, SECRET)},
    ],
)
def test_what_is_not_signed_as_notion_signs_is_not_looked_at(
    headers: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhook.json, "loads", lambda _: pytest.fail("parsed"))

    with pytest.raises(NotFromNotion):
        verify(headers, BODY, SECRET, NOW)


@pytest.mark.parametrize("secret", ["", " , ", ","])
def test_without_a_token_nobody_is_believed(secret: str) -> None:
    with pytest.raises(NotFromNotion):
        verify(signed(BODY, ""), BODY, secret, NOW)


@pytest.mark.twin
def test_twin_without_the_comparison_a_forger_is_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook.hmac, "compare_digest", lambda *_: True)

    assert verify({HEADER: "sha256=" + "0" * 64}, BODY, SECRET, NOW)["id"] == EVENT


def test_a_body_that_is_too_large_is_refused_before_it_is_hashed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook, "sign", lambda *_: pytest.fail("hashed"))

    with pytest.raises(NotFromNotion):
        verify({HEADER: "sha256=" + "0" * 64}, b"x" * (webhook.LARGEST_BODY + 1), SECRET, NOW)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff",
        b"[" * 100_000,
        b'{"verification_token": "secret_x"}',
        b'{"id": 7, "type": "page.created"}',
        b'{"id": "x", "type": "page.created"}',
        json.dumps(event() | {"timestamp": 7}).encode(),
        json.dumps(event() | {"timestamp": "2026-11-21T10:00:00"}).encode(),
        json.dumps(event() | {"timestamp": "9999-99-99"}).encode(),
    ],
)
def test_what_is_signed_and_no_event_is_said_so(body: bytes) -> None:
    with pytest.raises(NotAnEvent):
        verify(signed(body), body, SECRET, NOW)


@pytest.mark.parametrize(
    ("age", "good"), [(0, True), (86_400, True), (130_000, False), (-60, True), (-400, False)]
)
def test_a_recording_is_not_acted_on_when_we_may_have_forgotten_it(age: float, good: bool) -> None:
    body = json.dumps(event(at=NOW - age)).encode()

    if good:
        assert verify(signed(body), body, SECRET, NOW)
    else:
        with pytest.raises(NotAnEvent):
            verify(signed(body), body, SECRET, NOW)


@pytest.mark.twin
def test_twin_without_the_age_a_recording_of_last_year_is_acted_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook, "_check_age", lambda *_: None)
    body = json.dumps(event(at=NOW - 365 * 86_400)).encode()

    assert verify(signed(body), body, SECRET, NOW)


def test_neither_error_carries_the_body_or_the_token() -> None:
    body = b'{"id": "private words"'

    with pytest.raises(NotAnEvent) as raised:
        verify(signed(body), body, SECRET, NOW)
    assert "private" not in str(raised.value)
    assert SECRET not in str(raised.value)


def test_the_door_imports_no_client_with_it() -> None:
    script = (
        "import sys, integrations.notion.webhook;"
        "print(sorted({'requests', 'httpx', 'notion_client', 'aiohttp'} & set(sys.modules)))"
    )
    out = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout

    assert out.strip() == "[]"


# ── the first request ────────────────────────────────────────────────────────────────────


def test_the_first_request_carries_the_token() -> None:
    assert verification_token(b'{"verification_token": "secret_tMrl"}') == "secret_tMrl"


@pytest.mark.parametrize(
    "body",
    [b"", b"{}", b'{"verification_token": 7}', b'{"verification_token": "short"}', b'["verification_token"]',
     b'{"verification_token": "secret_tMrl", "id": "x"}', b'{"verification_token": "secret tMrl x"}',
     b'{"verification_token": "' + b"x" * 5000 + b'"}', b"[" * 4000],
)  # fmt: skip
def test_nothing_else_is_taken_for_it(body: bytes) -> None:
    assert verification_token(body) is None


# ── what is told ─────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("type", "kind", "sentence"),
    [
        ("page.content_updated", "edited", "Somebody edited the page in Notion."),
        ("page.properties_updated", "changed", "Somebody changed the page's properties in Notion."),
        ("page.deleted", "deleted", "Somebody put the page into Notion's trash."),
        ("page.undeleted", "restored", "Somebody took the page back out of Notion's trash."),
    ],
)
def test_what_happened_to_a_page_is_told_in_its_thread(type: str, kind: str, sentence: str) -> None:
    happened = read(event(type))

    assert happened is not None
    assert (happened.kind, happened.sentence) == (kind, sentence)
    assert (happened.key, happened.external_id, happened.actor) == (EVENT, PAGE, ADA)
    assert delivery({}, event(type)) == (EVENT, PAGE)


def test_a_comment_is_told_in_the_thread_of_its_page() -> None:
    given = event(
        "comment.created",
        entity={"id": COMMENT, "type": "comment"},
        data={"page_id": PAGE, "parent": {"id": PAGE, "type": "page"}},
    )

    happened = read(given)

    assert happened is not None
    assert (happened.kind, happened.external_id) == ("commented", PAGE)
    assert comment_of(given) == COMMENT
    assert comment_of(event()) == ""


@pytest.mark.parametrize(
    ("authors", "actor"),
    [
        ([{"id": BOT, "type": "bot"}], BOT),
        ([{"id": BOT, "type": "bot"}, {"id": ADA, "type": "person"}], ADA),
        ([{"id": BOT, "type": "bot"}, {"id": COMMENT, "type": "bot"}], ""),
        ([{"id": BOT, "type": "bot"}] * 2, BOT),
        ([], ""),
        ("broken", ""),
        ([{"id": 7, "type": "person"}], ""),
    ],
)
def test_it_is_ours_only_where_nobody_else_took_part(authors: Any, actor: str) -> None:
    happened = read(event(authors=authors))

    assert happened is not None
    assert happened.actor == actor


@pytest.mark.parametrize(
    "given",
    [
        {},
        event("page.created"),
        event("page.locked"),
        event("data_source.schema_updated"),
        event("page.exploded"),
        event(id="../x"),
        event(entity={"id": PAGE, "type": "database"}),
        event(entity={"id": "x", "type": "page"}),
        event(entity=[]),
        event("comment.created", entity={"id": COMMENT, "type": "comment"}, data={}),
        event("comment.deleted", data={"page_id": PAGE}),
    ],
)
def test_what_we_do_not_act_on_is_nothing(given: dict[str, Any]) -> None:
    assert read(given) is None
    assert delivery({}, given) is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=10,
)


@given(st.fixed_dictionaries({"type": st.sampled_from(sorted(webhook._TOLD))}, optional={
    "id": JSON, "entity": JSON, "data": JSON, "authors": JSON, "timestamp": JSON}))  # fmt: skip
def test_no_shape_of_an_event_is_more_than_nothing(given: dict[str, Any]) -> None:
    read(given)
    delivery({}, given)


# ── as the sandbox sends them ────────────────────────────────────────────────────────────


def _events(sandbox: Any, type: str) -> list[dict[str, Any]]:
    got = sandbox.received.wait_for(lambda bodies: any(type.encode() in body for body, _ in bodies))
    events = [verify(headers, body, SECRET, sandbox.clock()) for body, headers in got]
    return [each for each in events if each["type"] == type]


def test_what_others_do_there_reaches_us_signed_and_names_the_page(sandbox: Any) -> None:
    done = sandbox.run("create_page", title="Ours", text="a")

    sandbox.act("comment", page=done.external_id, who="grace", text="Looks good")

    [told] = _events(sandbox, "comment.created")
    happened = read(told)
    assert happened is not None
    assert happened.external_id == done.external_id
    assert happened.actor != sandbox.service().me()["id"]
    comments = list(sandbox.service().comments(done.external_id, most=10))
    assert [each["id"] for each in comments] == [comment_of(told)]


def test_what_we_do_ourselves_names_us(sandbox: Any) -> None:
    page = sandbox.pages("Roadmap")[0]["id"]

    sandbox.run("append", page=page, text="a note")

    happened = read(_events(sandbox, "page.content_updated")[0])
    assert happened is not None
    assert happened.actor == sandbox.service().me()["id"]


def test_changes_that_come_together_are_told_together_and_name_everybody(sandbox: Any) -> None:
    page = sandbox.pages("Roadmap")[0]["id"]
    sandbox.run("append", page=page, text="a note")
    sandbox.act("edit", page=page, who="omar", text="another")

    [told] = _events(sandbox, "page.content_updated")
    happened = read(told)
    assert len(told["authors"]) == 2
    assert happened is not None
    assert happened.actor != sandbox.service().me()["id"]


def test_a_delivery_that_is_not_taken_comes_again_with_the_same_id(sandbox: Any) -> None:
    sandbox.received.answers[:] = [503, 500]

    sandbox.act("comment", page="Roadmap for the winter", who="ada")

    got = sandbox.received.wait_for(lambda bodies: len(bodies) >= 3)
    events = [verify(headers, body, SECRET, sandbox.clock()) for body, headers in got]
    assert len({each["id"] for each in events}) == 1
    assert [each["attempt_number"] for each in events] == [1, 2, 3]


def test_the_subscription_begins_with_the_token(sandbox: Any) -> None:
    assert sandbox.ask("POST", "subscribe") == {"status": 200}

    [(body, headers)] = sandbox.received.wait_for(lambda bodies: len(bodies) == 1)
    assert verification_token(body) == SECRET
    with pytest.raises(NotFromNotion):
        verify(headers, body, SECRET, time.time())
