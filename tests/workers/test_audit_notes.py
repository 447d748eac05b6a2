"""What is kept of a call's answer, a card and a press: codes and amounts, and nobody's words."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from bot.reply import Reply
from bot.turn import Account, Place
from workers.audit_notes import approval_of, asked, came_back, over, press, shown
from workers.store.approvals import Approval
from workers.store.audit import Personal
from workers.store.outbox import Kind, Message
from workers.store.people import Person

ADA, GRACE = UUID(int=1), Person(UUID(int=2), "Grace", "grace@example.com", "UTC")
CHANNEL = Place("slack", "T1", "C1")
APPROVAL = Approval(
    "r1:charge:1:approval", "r1:charge:1", "r1", "slack:T1:C1", "charge", "stripe.charge", ADA, "stripe:abc",
    "flow1", "policy1", b"digest", "ABC234", "large", "It is large.", "two colas", Reply("card"), "pending",
    datetime(2026, 11, 22, tzinfo=UTC),
)  # fmt: skip


@pytest.mark.parametrize(
    ("result", "kept"),
    [
        ({"amount": 4000, "currency": "usd", "email": "a@b"}, {"amount": 4000, "currency": "usd"}),
        ({"number": 17, "state": "open", "title": "Ada cannot log in"}, {"number": 17, "state": "open"}),
        ({"status": "Waiting for Ada"}, {}),
        ({"status": "x" * 65}, {}),
        ({"amount": 40.5, "number": 2**60, "state": None}, {}),
        ({"amount": {"name": "Ada"}, "state": ["Ada"]}, {}),
        ({"name": "Ada", "email": "ada@example.com", "id": "cus_ada"}, {}),
        ({}, {}),
        (None, {}),
        ("Ada", {}),
    ],
)  # fmt: skip
def test_of_an_answer_numbers_and_codes_are_kept(result: Any, kept: dict[str, Any]) -> None:
    assert came_back(result) == kept


@pytest.mark.parametrize(
    ("id", "kind", "approval"),
    [
        ("r1:charge:1:approval:0", "post", "r1:charge:1:approval"),
        ("r1:charge:1:approval:12", "post", "r1:charge:1:approval"),
        ("r1:charge:1:approval:0.part2", "post", "r1:charge:1:approval"),
        ("r1:charge:1:approval:0:approved", "update", "r1:charge:1:approval"),
        ("r1:charge:1:approval:0", "whisper", None),
        ("r1:4", "post", None),
        ("r1:charge:1:doubt:3:0", "post", None),
        ("say:approval:x", "post", None),
    ],
)
def test_the_copies_of_a_card_are_known_by_their_ids(id: str, kind: Kind, approval: str | None) -> None:
    assert approval_of(Message(id, kind, CHANNEL, Reply("x"))) == approval


def test_a_card_in_a_channel_is_kept_with_where_and_what_it_became() -> None:
    message = Message("r1:charge:1:approval:0:approved", "update", CHANNEL, Reply("card"))
    found = shown(message, APPROVAL, "17.1")
    assert (found["as"], found["channel"], found["external"], found["code"]) == (
        "approved",
        "C1",
        "17.1",
        "ABC234",
    )


@pytest.mark.parametrize(
    "place",
    [
        Place("slack", "T1", "D1"),
        Place("teams", "t", "a:1xyz"),
        Place("slack", "T1", "C1", private=True),
    ],
)
def test_a_place_of_ones_own_says_who_one_is_and_is_left_out(place: Place) -> None:
    found = shown(Message("r1:charge:1:approval:0", "post", place, Reply("card")), APPROVAL, "17.1")
    assert (found["as"], found["channel"], found["platform"]) == ("asked", None, place.platform)


@pytest.mark.twin
def test_a_channel_that_is_no_ones_own_stands_there() -> None:
    found = shown(Message("r1:charge:1:approval:0", "post", CHANNEL, Reply("card")), APPROVAL, None)
    assert found["channel"] == "C1"


def test_the_hash_of_a_card_is_another_for_other_words_and_is_the_requesters() -> None:
    one, other = (
        shown(Message("r1:charge:1:approval:0", "post", CHANNEL, Reply(words)), APPROVAL, None)["card"]
        for words in ("6 colas", "7 colas")
    )
    assert one.person == other.person == ADA
    assert one.text != other.text


def test_whatever_is_of_a_person_is_marked_as_theirs() -> None:
    pressed = press(APPROVAL, GRACE, Account("slack", "T1", "U2"), "rejected", "too much")
    assert {name for name, value in pressed.items() if isinstance(value, Personal)} == {
        "name",
        "account",
        "reason",
    }
    assert {value.person for value in pressed.values() if isinstance(value, Personal)} == {GRACE.id}
    put = asked(APPROVAL, "Ada", (4000, "usd"))
    assert {name for name, value in put.items() if isinstance(value, Personal)} == {"name", "words", "digest"}
    assert {value.person for value in put.values() if isinstance(value, Personal)} == {ADA}


def test_a_press_names_the_card_and_the_rules_it_was_under() -> None:
    found = press(APPROVAL, GRACE, Account("teams", "t", "u"), "approved")
    assert (found["code"], found["policy"], found["flow"], found["surface"]) == (
        "ABC234",
        "policy1",
        "flow1",
        "teams",
    )
    assert found["reason"] is None


def test_what_is_not_there_is_not_kept() -> None:
    found = asked(replace(APPROVAL, words=""), "Ada", None)
    assert (found["words"], found["amount"], found["currency"]) == (None, None, None)


def test_what_nobody_decided_names_whose_it_was_by_id_alone() -> None:
    assert not any(isinstance(value, Personal) for value in over(APPROVAL).values())
    assert over(APPROVAL)["requester"] == str(ADA)
