"""Values for typed slots, and what is said of a slot by its name, without a model."""

from __future__ import annotations

import pytest

from integrations.models.answering import to_reading
from integrations.models.base import Intent, Question, SlotKind
from integrations.models.offline import dates
from integrations.models.offline.reader import read
from integrations.models.surety import Surety

TODAY = "2026-11-18"  # a Wednesday
SLOTS = (
    SlotKind("title", "title", "text", filled=True),
    SlotKind("severity", "severity", "choice", ("low", "high", "critical"), filled=True),
    SlotKind("due_date", "due date", "date"),
    SlotKind("count", "count", "integer", filled=True),
    SlotKind("mail", "mail", "email"),
)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("today", "2026-11-18"),
        ("tomorrow", "2026-11-19"),
        ("the day after tomorrow", "2026-11-20"),
        ("on Friday", "2026-11-20"),
        ("by wednesday", "2026-11-25"),
        ("next friday", "2026-11-27"),
        ("in three days", "2026-11-21"),
        ("2 weeks from now", "2026-12-02"),
        ("in a month", "2026-12-18"),
        ("24 December", "2026-12-24"),
        ("Dec 24th", "2026-12-24"),
        ("January 3", "2027-01-03"),
        ("3 Jan 2028", "2028-01-03"),
        ("24.12.", "2026-12-24"),
        ("24.12.27", "2027-12-24"),
        ("24/12/2026", "2026-12-24"),
        ("2026-12-24", "2026-12-24"),
        ("end of the month", "2026-11-30"),
        ("the 24th", "2026-11-24"),
        ("29 February", "2028-02-29"),
    ],
)
def test_a_date_is_read_as_people_say_it(text: str, day: str) -> None:
    found = dates.find(text, TODAY)
    assert found is not None
    assert (found.day.isoformat(), found.confidence >= 0.6) == (day, True)


@pytest.mark.parametrize("text", ["", "soon", "31 February", "99.99.", "in 0 days", "maybe", "1/1/99999999"])
def test_what_is_no_date_is_none(text: str) -> None:
    assert dates.find(text, TODAY) is None


def test_two_dates_are_hardly_believed_and_one_that_can_be_two_is_asked_about() -> None:
    assert dates.find("tomorrow or on friday", TODAY).confidence == 0.3  # type: ignore[union-attr]
    assert dates.find("3/4/2027", TODAY).confidence == 0.5  # type: ignore[union-attr]
    assert dates.find("tomorrow", "nonsense") is None


@pytest.mark.parametrize(
    ("text", "slot", "value"),
    [
        ("actually the title is The red lamp", "title", "The red lamp"),
        ("change the title to Blue", "title", "Blue"),
        ("severity high instead", "severity", "high"),
        ("make the severity critical", "severity", "critical"),
        ("high severity please", "severity", "high"),
        ("the due date is tomorrow", "due_date", "2026-11-19"),
        ("no, the count is 4", "count", "4"),
        ("make it four", "count", "4"),
        ("actually critical", "severity", "critical"),
        ("mail: ada@example.com", "mail", "ada@example.com"),
    ],
)
def test_a_slot_that_is_named_is_given_or_corrected(text: str, slot: str, value: str) -> None:
    reading = read(Question(text, slots=SLOTS, today=TODAY, expecting_type="yes_no"))
    assert reading.intent is Intent.VALUE
    assert [(each.slot, each.text) for each in reading.values] == [(slot, value)]
    assert reading.confidence >= 0.75


@pytest.mark.parametrize("text", ["yes", "cancel", "thanks", "it burns", "what was the question?"])
def test_what_names_no_slot_corrects_none(text: str) -> None:
    assert not read(Question(text, slots=SLOTS, today=TODAY, expecting_type="yes_no")).values


def test_a_text_that_is_asked_for_is_not_taken_apart() -> None:
    text = "the severity of the title page is high"
    reading = read(Question(text, expecting="note", expecting_type="text", slots=SLOTS, today=TODAY))
    assert [(each.slot, each.text) for each in reading.values] == [("note", text)]


def said(value: str) -> str:
    return (
        '{"intent": "value", "flow": "", "flow_words": "", "changes": [], "leftover": "", "confidence": 0.9,'
        f' "value": "{value}"}}'
    )


@pytest.mark.parametrize(
    ("kind", "text", "answer", "value", "believed"),
    [
        ("date", "by tomorrow please", "2026-11-19", "2026-11-19", True),
        ("date", "by tomorrow please", "2026-12-19", "2026-11-19", False),
        ("date", "on the feast of Stephen", "2026-12-26", "2026-12-26", False),
        ("email", "it is ada@example.com", "ada@example.com", "ada@example.com", True),
        ("email", "it is ada@example.com", "eve@evil.example", "ada@example.com", False),
        ("integer", "four of them", "4", "4", True),
        ("integer", "four of them", "400", "400", False),
    ],
)
def test_a_model_is_believed_as_far_as_the_persons_words_carry_it(
    kind: str, text: str, answer: str, value: str, believed: bool
) -> None:
    asked = Question(text, expecting="s", expecting_type=kind, today=TODAY)
    reading = to_reading(said(answer), asked, Surety(), "test")
    assert reading.values[0].text == value
    assert (reading.values[0].confidence >= 0.6) == believed


def test_an_address_that_nobody_said_is_none() -> None:
    asked = Question("ask my boss", expecting="s", expecting_type="email", today=TODAY)
    assert to_reading(said("boss@example.com"), asked, Surety(), "test").values == ()
