"""What Jira tells us: only what is genuine and fresh is read, and it is read as one thing that happened."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest
from multidict import CIMultiDict, CIMultiDictProxy

from integrations.jira import webhook
from integrations.jira.webhook import NotAnEvent, NotFromJira, delivery, read, sign, verify

SECRET = "hook_of_the_tests_and_long_enough_for_its_hash"
NOW = 1_800_000_000.0
ADA = {"accountId": "712020:ada", "displayName": "Ada Reyes"}
ISSUE = {
    "id": "10042",
    "key": "SHOP-12",
    "self": "https://pizza.atlassian.net/rest/api/2/issue/10042",
    "fields": {"status": {"name": "Done", "statusCategory": {"key": "done"}}},
}
BASE = {"timestamp": int(NOW * 1000), "webhookEvent": "jira:issue_updated", "user": ADA, "issue": ISSUE}


def _event(**more: Any) -> dict[str, Any]:
    return BASE | more


def _changed(*items: tuple[str, str | None], **more: Any) -> dict[str, Any]:
    found = [{"field": field, "fromString": "x", "toString": to} for field, to in items]
    return _event(changelog={"id": "20001", "items": found}, **more)


def _body(event: Any = None) -> bytes:
    return json.dumps(_event() if event is None else event).encode()


def _headers(body: bytes, secret: str = SECRET, **more: str) -> CIMultiDictProxy[str]:
    found = {"X-Hub-Signature": sign(body, secret)} | {
        name.replace("_", "-"): value for name, value in more.items()
    }
    return CIMultiDictProxy(CIMultiDict(found))


# ── the signature ────────────────────────────────────────────────────────────────────────


def test_a_genuine_delivery_is_read() -> None:
    body = _body()

    assert verify(_headers(body), body, SECRET, NOW)["issue"]["id"] == "10042"


def test_the_signature_is_that_of_the_shared_secret_over_the_raw_bytes() -> None:
    """Atlassian's own example of a signature, from its documentation of webhooks."""
    body = b"Hello World!"

    assert sign(body, "It's a Secret to Everybody").startswith("sha256=a4771c39fbe90f317c7824e83ddef3ca")


def test_capitals_in_the_name_of_a_header_do_not_matter() -> None:
    body = _body()
    lower = CIMultiDictProxy(CIMultiDict({"x-hub-signature": sign(body, SECRET)}))

    assert verify(lower, body, SECRET, NOW)


GOOD = sign(_body(), SECRET)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-Hub-Signature": "sha256="},
        {"X-Hub-Signature": "sha256=" + "0" * 64},
        {"X-Hub-Signature": sign(_body(), "another")},
        {"X-Hub-Signature": sign(_body() + b" ", SECRET)},
        {"X-Hub-Signature": GOOD.replace("sha256", "sha1")},
        {"X-Hub-Signature": GOOD.upper()},
        {"X-Hub-Signature": GOOD + "é"},
        {"X-Hub-Signature": GOOD + "\n"},
        {"X-Hub-Signature": "x" * 9000},
        {"X-Hub-Signature-256": GOOD},
        {"Authorization": GOOD},
        {"Authorization": "Basic " + GOOD},
    ],
)
def test_forged_malformed_and_misnamed_signatures_are_refused(headers: dict[str, str]) -> None:
    with pytest.raises(NotFromJira):
        verify(CIMultiDictProxy(CIMultiDict(headers)), _body(), SECRET, NOW)


@pytest.mark.parametrize("secret", ["", " ", ",", " , "])
def test_no_secret_means_no_delivery_is_genuine(secret: str) -> None:
    with pytest.raises(NotFromJira):
        verify(_headers(_body(), ""), _body(), secret, NOW)


@pytest.mark.parametrize("used", ["old", "new"])
def test_while_a_secret_is_changed_either_will_do(used: str) -> None:
    assert verify(_headers(_body(), used), _body(), "new, old", NOW)


@pytest.mark.twin
def test_twin_without_the_comparison_a_forgery_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hmac.compare_digest", lambda a, b: True)

    assert verify(_headers(_body(), "mallory's"), _body(), SECRET, NOW)


def test_nothing_is_parsed_before_the_signature_is_good(monkeypatch: pytest.MonkeyPatch) -> None:
    def parsed(*_: object) -> None:
        raise AssertionError("it was parsed")

    monkeypatch.setattr("json.loads", parsed)
    with pytest.raises(NotFromJira):
        verify(_headers(b"{", "mallory's"), b"{", SECRET, NOW)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"[]",
        b"7",
        b"{}",
        b'{"webhookEvent": 7, "timestamp": 1}',
        b'{"webhookEvent": "x"}',
        b'{"webhookEvent": "x", "timestamp": true}',
        b'{"webhookEvent": "x", "timestamp": "1"}',
        b'{"webhookEvent": "x", "timestamp": 1e999}',
        b'{"webhookEvent": "x", "timestamp": -5}',
        b"[" * 100_000,
        b" " * (webhook.LARGEST_BODY + 1),
    ],
)
def test_what_is_signed_but_no_event_is_told_apart_from_a_forgery(body: bytes) -> None:
    with pytest.raises(NotAnEvent):
        verify(_headers(body), body, SECRET, NOW)


@pytest.mark.parametrize("late", [86_401.0, -86_401.0])
def test_an_old_delivery_played_back_is_refused(late: float) -> None:
    with pytest.raises(NotFromJira):
        verify(_headers(_body()), _body(), SECRET, NOW + late)


@pytest.mark.twin
def test_twin_without_the_window_an_old_delivery_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook, "OLDEST", float("inf"))

    assert verify(_headers(_body()), _body(), SECRET, NOW + 1e7)


# ── reading ──────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("event", "kind", "sentence"),
    [
        (
            _changed(("status", "Done"), ("resolution", "Done")),
            "closed",
            "SHOP-12 was closed as Done by Ada Reyes.",
        ),
        (_changed(("assignee", "Omar")), "assigned", "SHOP-12 was assigned to Omar by Ada Reyes."),
        (_changed(("assignee", None)), "assigned", "SHOP-12 was taken from its assignee by Ada Reyes."),
        (_changed(("priority", "High")), "prioritized", "SHOP-12 was given the priority High by Ada Reyes."),
        (_changed(("resolution", "")), "reopened", "SHOP-12 was reopened by Ada Reyes."),
        (
            _changed(("priority", "High"), ("assignee", "Omar")),
            "assigned",
            "SHOP-12 was assigned to Omar and given the priority High by Ada Reyes.",
        ),
        (_event(webhookEvent="jira:issue_deleted"), "deleted", "SHOP-12 was deleted by Ada Reyes."),
    ],
)
def test_what_changed_is_told_in_one_sentence(event: Any, kind: str, sentence: str) -> None:
    happened = read(event)

    assert happened is not None
    assert (happened.kind, happened.sentence) == (kind, sentence)
    assert happened.external_id == "jira:10042"
    assert happened.actor == "712020:ada"
    assert happened.url == "https://pizza.atlassian.net/browse/SHOP-12"


def test_a_move_that_does_not_end_it_is_a_move() -> None:
    issue = ISSUE | {"fields": {"status": {"statusCategory": {"key": "indeterminate"}}}}
    happened = read(_changed(("status", "In Review"), issue=issue))

    assert happened is not None
    assert (happened.kind, happened.sentence) == ("moved", "SHOP-12 was moved to In Review by Ada Reyes.")


COMMENT = {
    "id": "10301",
    "author": ADA | {"accountId": "712020:omar", "displayName": "Omar"},
    "body": "It *works*",
}


def test_a_comment_is_told_with_its_words_as_data() -> None:
    happened = read(_event(webhookEvent="comment_created", comment=COMMENT))

    assert happened is not None
    assert (happened.kind, happened.sentence) == ("commented", "SHOP-12 has a comment by Omar.")
    assert (happened.text, happened.actor) == ("It *works*", "712020:omar")


def test_a_comment_that_is_told_in_both_ways_has_one_key() -> None:
    """Data Center sends an update as well, with another time."""
    one = read(_event(webhookEvent="comment_created", comment=COMMENT))
    two = read(
        _event(issue_event_type_name="issue_commented", comment=COMMENT, timestamp=BASE["timestamp"] + 7)
    )

    assert one is not None
    assert two is not None
    assert one.key == two.key


def test_a_data_centers_person_is_known_by_name() -> None:
    happened = read(
        _changed(("status", "Done"), user={"name": "ada", "key": "JIRAUSER1", "displayName": "Ada"})
    )

    assert happened is not None
    assert happened.actor == "ada"


@pytest.mark.parametrize(
    "event",
    [
        _event(webhookEvent="jira:issue_created"),
        _event(webhookEvent="comment_updated", comment=COMMENT),
        _event(webhookEvent="worklog_created"),
        _event(issue=None),
        _event(issue={"id": 10042}),
        _event(issue={"id": "../1"}),
        _event(changelog=None),
        _changed(("labels", "x"), ("description", "y")),
        _changed(("Rank", "x")),
        _event(webhookEvent="comment_created"),
        _event(webhookEvent="comment_created", comment={"id": "x"}),
    ],
)
def test_what_nobody_wants_to_know_is_nothing(event: Any) -> None:
    assert read(event) is None
    assert delivery({}, event) is None


def test_hostile_names_and_addresses_are_data() -> None:
    issue = ISSUE | {"key": "<b>SHOP", "self": "javascript:alert(1)//rest/api"}
    user = {"accountId": 7, "displayName": "Eve\n*all*\x00 " + "x" * 500}
    happened = read(_changed(("status", "Done"), issue=issue, user=user))

    assert happened is not None
    assert happened.sentence.startswith("The ticket was closed as Done by Eve *all* xxx")
    assert len(happened.sentence) < 200
    assert (happened.url, happened.actor) == ("", "")


@pytest.mark.parametrize(
    "own",
    [
        "https://u:p@x.example/rest/",
        'https://x.example/"onclick/rest/',
        "ftp://x/rest/",
        "",
        "https://[/rest/",
        7,
    ],
)
def test_an_address_that_is_none_is_left_out(own: Any) -> None:
    happened = read(_changed(("status", "Done"), issue=ISSUE | {"self": own}))

    assert happened is not None
    assert happened.url == ""


def test_a_name_with_braces_is_no_place_to_put_another_name() -> None:
    happened = read(_changed(("status", "{who}"), user=ADA))

    assert happened is not None
    assert happened.sentence == "SHOP-12 was closed as {who} by Ada Reyes."


def test_a_second_delivery_is_known_by_what_is_signed_and_not_by_a_header() -> None:
    event = _changed(("status", "Done"))
    first = delivery({"X-Atlassian-Webhook-Identifier": "a"}, event)
    played_back = delivery({"X-Atlassian-Webhook-Identifier": "b", "X-Atlassian-Webhook-Retry": "1"}, event)

    assert first == played_back == (f"jira:10042:closed:change:20001:{int(NOW * 1000)}", "jira:10042")


@pytest.mark.twin
def test_twin_by_the_header_alone_whoever_plays_it_back_is_heard_twice() -> None:
    def by_header(headers: dict[str, str]) -> str:
        return headers["X-Atlassian-Webhook-Identifier"]

    body = _body(_changed(("status", "Done")))
    heard = set()
    for identifier in ("a", "b"):
        headers = _headers(body, X_Atlassian_Webhook_Identifier=identifier)
        verify(headers, body, SECRET, NOW)
        heard.add(by_header(dict(headers)))
    assert len(heard) == 2


def test_two_changes_have_two_keys() -> None:
    one, two = _changed(("status", "Done")), _changed(("status", "Done"), timestamp=BASE["timestamp"] + 1)

    assert delivery({}, one) != delivery({}, two)


def test_hearing_jira_imports_no_vendor_and_nothing_that_calls_out() -> None:
    script = (
        "import sys, integrations.jira.webhook\n"
        "print(sorted({'jira', 'requests', 'urllib3', 'aiohttp', 'httpx'} & set(sys.modules)))"
    )
    out = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout

    assert out.strip() == "[]"
