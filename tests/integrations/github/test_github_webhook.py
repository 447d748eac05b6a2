"""What GitHub tells us: only what it signed is read, and it is read as one thing that happened."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from multidict import CIMultiDict, CIMultiDictProxy

from integrations.github import text, webhook
from integrations.github.webhook import NotAnEvent, NotFromgithub, delivery, read, sign, verify

SECRET = "secret-of-the-tests"
NOW = 1_800_000_000.0


def _event(action: str = "closed", **more: Any) -> dict[str, Any]:
    issue = {
        "number": 12,
        "id": 9,
        "title": "The oven is cold",
        "state_reason": "completed",
        "html_url": "https://github.com/Pizzeria/Shop/issues/12",
        "updated_at": "2026-11-20T10:00:00Z",
        "body": "x\n\n<!-- effect:run:step:1 -->",
    }
    base = {"action": action, "issue": issue, "repository": {"full_name": "Pizzeria/Shop"}}
    return base | {"sender": {"login": "Ada", "type": "User"}} | more


def _pull(action: str, **more: Any) -> dict[str, Any]:
    event = _event(action)
    pull = event.pop("issue") | {"html_url": "https://github.com/Pizzeria/Shop/pull/12"}
    return event | {"pull_request": pull | more}


COMMENT = {
    "id": 77,
    "body": "It is \\*on\\* again, @\u200bgrace.",
    "html_url": "https://github.com/Pizzeria/Shop/issues/12#issuecomment-77",
}
BODY = json.dumps(_event()).encode()


def _headers(body: bytes = BODY, secret: str = SECRET, **more: str) -> CIMultiDictProxy[str]:
    given = {"x-hub-signature-256": sign(body, secret), "CONTENT-TYPE": "application/json; charset=utf-8"}
    return CIMultiDictProxy(
        CIMultiDict(given | {"X-GitHub-Event": "issues", "X-GitHub-Delivery": "g1"} | more)
    )


def test_a_genuine_delivery_is_read_whatever_the_capitals_of_its_headers() -> None:
    assert verify(_headers(), BODY, SECRET, NOW)["action"] == "closed"


def test_the_signature_is_the_one_that_github_documents() -> None:
    """The example of GitHub's page on validating deliveries."""
    signed = sign(b"Hello, World!", "It's a Secret to Everybody")

    assert signed == "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"


@pytest.mark.parametrize(
    "signature",
    [
        "",
        "sha256=",
        "sha256=" + "0" * 64,
        sign(BODY, SECRET).upper(),
        sign(BODY, SECRET).replace("sha256=", "sha1="),
        sign(BODY, SECRET).removeprefix("sha256="),
        sign(BODY, SECRET) + "0",
        sign(BODY, SECRET) + "\n",
        sign(BODY, SECRET + "x"),
        sign(BODY + b" ", SECRET),
        sign(BODY, ""),
        "sha256=" + "é" * 64,
        "x" * 100_000,
    ],
)
def test_forged_and_malformed_signatures_are_refused(signature: str) -> None:
    headers = CIMultiDict({"X-Hub-Signature-256": signature, "Content-Type": "application/json"})
    with pytest.raises(NotFromgithub):
        verify(headers, BODY, SECRET, NOW)


def test_the_header_of_jira_is_not_githubs() -> None:
    headers = CIMultiDict({"X-Hub-Signature": sign(BODY, SECRET), "Content-Type": "application/json"})
    with pytest.raises(NotFromgithub):
        verify(headers, BODY, SECRET, NOW)


@pytest.mark.parametrize("secret", ["", " ", ",", " , "])
def test_without_a_secret_nothing_is_genuine(secret: str) -> None:
    with pytest.raises(NotFromgithub):
        verify(_headers(secret=secret.strip(" ,")), BODY, secret, NOW)


@pytest.mark.parametrize("secret", [f"new, {SECRET}", f"{SECRET},new", f" {SECRET} "])
def test_while_a_secret_is_changed_either_will_do(secret: str) -> None:
    assert verify(_headers(), BODY, secret, NOW)


def test_nothing_is_parsed_before_the_signature_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook.json, "loads", lambda _: pytest.fail("parsed"))

    with pytest.raises(NotFromgithub):
        verify(_headers(secret="other"), BODY, SECRET, NOW)


def test_a_body_that_is_too_large_is_refused_unread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook.hmac, "new", lambda *_: pytest.fail("read"))
    body = b" " * (webhook.LARGEST_BODY + 1)

    with pytest.raises(NotFromgithub, match="larger"):
        verify(CIMultiDict({"X-Hub-Signature-256": "sha256=" + "0" * 64}), body, SECRET, NOW)


@pytest.mark.twin
def test_twin_without_the_limit_any_size_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    body = BODY + b" " * webhook.LARGEST_BODY
    monkeypatch.setattr(webhook, "LARGEST_BODY", 1 << 40)

    assert verify(_headers(body), body, SECRET, NOW)


@pytest.mark.twin
def test_twin_without_the_comparison_a_forgery_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook.hmac, "compare_digest", lambda *_: True)

    assert verify(_headers(secret="other"), BODY, SECRET, NOW)


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"1", b"null", b"{", b"\xff\xfe", b"[" * 200_000, b'"x"', b"payload=%7B%7D"]
)
def test_signed_nonsense_is_no_event(body: bytes) -> None:
    with pytest.raises(NotAnEvent):
        verify(_headers(body), body, SECRET, NOW)


def test_a_hook_that_sends_forms_is_told_what_to_change() -> None:
    headers = _headers(**{"CONTENT-TYPE": "application/x-www-form-urlencoded"})
    with pytest.raises(NotAnEvent, match="application/json"):
        verify(headers, BODY, SECRET, NOW)


# ── what happened ────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("event", "kind", "sentence"),
    [
        (_event(), "closed", "Pizzeria/Shop#12 was closed by Ada."),
        (_event("reopened"), "reopened", "Pizzeria/Shop#12 was opened again by Ada."),
        (
            _event("assigned", assignee={"login": "lin"}),
            "assigned",
            "Pizzeria/Shop#12 was assigned to lin by Ada.",
        ),
        (
            _event("unassigned", assignee={"login": "lin"}),
            "unassigned",
            "Pizzeria/Shop#12 was taken off lin by Ada.",
        ),
        (_event("deleted"), "deleted", "Pizzeria/Shop#12 was deleted by Ada."),
        (_event("transferred"), "transferred", "Pizzeria/Shop#12 was moved to another repository by Ada."),
        (_event("created", comment=COMMENT), "commented", "Pizzeria/Shop#12 was commented on by Ada."),
        (_pull("closed", merged=True), "merged", "Pizzeria/Shop#12 was merged by Ada."),
        (_pull("closed", merged=False), "closed", "Pizzeria/Shop#12 was closed by Ada."),
        (
            _pull("submitted") | {"review": {"id": 5, "state": "approved", "body": "Fine."}},
            "reviewed",
            "Pizzeria/Shop#12 was approved by Ada.",
        ),
        (
            _pull("submitted") | {"review": {"id": 5, "state": "changes_requested"}},
            "reviewed",
            "Pizzeria/Shop#12 is to be changed, says Ada.",
        ),
    ],
)
def test_what_happened_is_said_in_a_sentence(event: dict[str, Any], kind: str, sentence: str) -> None:
    happened = read(event)

    assert happened is not None
    assert (happened.kind, happened.sentence) == (kind, sentence)
    assert happened.external_id == "pizzeria/shop#12"
    assert happened.actor == "ada"
    assert happened.url.startswith("https://github.com/Pizzeria/Shop/")
    assert delivery(CIMultiDict(), event) == (happened.key, "pizzeria/shop#12")


def test_closed_as_not_planned_is_said() -> None:
    event = _event()
    event["issue"]["state_reason"] = "not_planned"

    assert read(event).sentence == "Pizzeria/Shop#12 was closed by Ada as not planned."  # type: ignore[union-attr]


def test_a_comment_is_passed_on_as_it_was_typed() -> None:
    happened = read(_event("created", comment=COMMENT))

    assert happened is not None
    assert happened.text == "It is *on* again, @grace."
    assert happened.url.endswith("#issuecomment-77")
    assert happened.effect_key == ""


def test_our_mark_is_read_where_it_stands_at_the_end() -> None:
    ours = COMMENT | {"body": text.marked("Said.", "run:comment:1")}

    assert read(_event()).effect_key == "run:step:1"  # type: ignore[union-attr]
    assert read(_event("created", comment=ours)).effect_key == "run:comment:1"  # type: ignore[union-attr]
    quoted = COMMENT | {"body": f"{ours['body']}\n> I disagree"}
    assert read(_event("created", comment=quoted)).effect_key == ""  # type: ignore[union-attr]


def test_what_the_app_did_itself_is_known_by_its_robot() -> None:
    assert read(_event(sender={"login": "Countersign[bot]"})).actor == "countersign[bot]"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "event",
    [
        {},
        {"zen": "Keep it logically awesome.", "hook_id": 1},
        _event("opened"),
        _event("labeled"),
        _event("edited"),
        _event("edited", comment=COMMENT),
        _event("deleted", comment=COMMENT),
        _event("created", comment={"body": "no id"}),
        _event("created", comment={"id": True}),
        _event("created", comment=[]),
        _event(repository=None),
        _event(repository={"full_name": "o/../x y"}),
        _event(repository={"full_name": "x" * 400 + "/y"}),
        _event(issue={"number": True}),
        _event(issue={"number": "12"}),
        _event(issue={"number": 10**4000}),
        _event(issue={"number": -1}),
        _event(issue=[]),
        _pull("submitted") | {"review": {"id": 5, "state": "dismissed"}},
        _pull("dismissed") | {"review": {"id": 5, "state": "approved"}},
        {"action": "created", "repository": {"full_name": "o/r"}, "starred_at": "x"},
        {"action": 1, "issue": {"number": 1}, "repository": {"full_name": "o/r"}},
    ],
)
def test_what_we_do_not_act_on_is_nothing(event: dict[str, Any]) -> None:
    assert read(event) is None
    assert delivery(CIMultiDict(), event) is None


@pytest.mark.parametrize(
    "login", [None, 1, "", "<!channel>", "ada|x", "a" * 200, "*ada*", "ada\nbob", "@ada"]
)
def test_a_name_that_is_none_is_somebody(login: Any) -> None:
    happened = read(_event(sender={"login": login}))

    assert happened is not None
    assert happened.sentence == "Pizzeria/Shop#12 was closed by somebody."
    assert happened.actor == ""


@pytest.mark.twin
def test_twin_without_the_look_at_names_one_of_them_calls_everybody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook, "_LOGIN", re.compile(".*"))

    assert "<!channel>" in read(_event(sender={"login": "<!channel>"})).sentence  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "url", [None, 1, "javascript:alert(1)", "https://x.example/|evil>", "https://a b", "https://" + "a" * 600]
)
def test_an_address_that_is_none_is_left_out(url: Any) -> None:
    event = _event()
    event["issue"]["html_url"] = url

    assert read(event).url == ""  # type: ignore[union-attr]


def test_a_long_comment_is_cut_and_read_quickly() -> None:
    happened = read(_event("created", comment=COMMENT | {"body": "<!--" * 20_000 + "x" * 500_000}))

    assert happened is not None
    assert len(happened.text) <= 4000


ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
NAMES = ["action", "issue", "pull_request", "comment", "review", "repository", "sender", "assignee"]


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(st.sampled_from(NAMES), ODD), st.sampled_from(["issue", "pull_request"]))
def test_whatever_shape_it_has_reading_it_never_fails(odd: dict[str, Any], kind: str) -> None:
    read(odd)
    read(_event() | odd)
    read(_event("created", comment=COMMENT) | odd)
    read(_pull("submitted") | {"review": {"id": 5, "state": "approved"}} | odd)
    read({"action": "closed", "repository": {"full_name": "o/r"}, kind: odd | {"number": 1}})


# ── once ─────────────────────────────────────────────────────────────────────────────────


def test_a_second_delivery_has_the_same_key_also_under_another_number() -> None:
    """Only the body is signed: whoever replays one can give it another delivery number."""
    first = delivery(_headers(), _event())
    replayed = delivery(_headers(**{"X-GitHub-Delivery": "another"}), json.loads(BODY))

    assert first == replayed


@pytest.mark.twin
def test_twin_with_githubs_number_for_a_key_a_replay_is_something_new() -> None:
    first, replayed = _headers(), _headers(**{"X-GitHub-Delivery": "another"})

    assert verify(first, BODY, SECRET, NOW) == verify(replayed, BODY, SECRET, NOW)
    assert first["X-GitHub-Delivery"] != replayed["X-GitHub-Delivery"]


def test_two_things_that_happened_have_two_keys() -> None:
    later = _event()
    later["issue"]["updated_at"] = "2026-11-21T10:00:00Z"
    events = [
        _event(),
        later,
        _event("reopened"),
        _event("assigned", assignee={"login": "lin"}),
        _event("assigned", assignee={"login": "ada"}),
        _event("created", comment=COMMENT),
        _event("created", comment=COMMENT | {"id": 78}),
        _event(repository={"full_name": "Pizzeria/Other"}),
    ]

    assert len({delivery({}, each) for each in events}) == len(events)


def test_the_door_needs_nothing_but_the_standard_library() -> None:
    script = (
        "import sys, integrations.github.webhook\n"
        "vendors = {'github', 'requests', 'urllib3', 'aiohttp', 'jwt'} & set(sys.modules)\n"
        "print(sorted(vendors | {m for m in sys.modules if m.startswith('integrations.github.')}))"
    )
    out = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout

    assert out.strip() == "['integrations.github.text', 'integrations.github.webhook']"
