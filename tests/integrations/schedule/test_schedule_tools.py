"""The tools for schedules, with a book of paper."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import pytest

from integrations.base import Attempt
from integrations.errors import NotConfigured, Refused
from integrations.schedule import tools
from integrations.schedule.models import (
    AddArguments,
    OfFlow,
    PauseArguments,
    ReadArguments,
    StopArguments,
)

SUNDAY = datetime(2026, 11, 22, 10, tzinfo=UTC)


@dataclass(frozen=True)
class Line:
    id: str
    request: str
    rule: str
    state: str
    next_at: datetime


@dataclass
class Paper:
    """A book that keeps what it is told."""

    lines: list[Line] = field(default_factory=list)
    began: bool = False

    def zone(self) -> str:
        return "Europe/Berlin"

    def mine(self, flow: str) -> list[Line]:
        return [each for each in self.lines if each.state != "stopped"]

    def add(self, id: str, flow: str, request: str, rule: str, first: datetime) -> None:
        if id not in [each.id for each in self.lines]:
            self.lines.append(Line(id, request, rule, "on", first))

    def stop(self, ids: list[str]) -> int:
        self.lines = [replace(each, state="stopped") if each.id in ids else each for each in self.lines]
        return len(ids)

    def began_this(self) -> bool:
        return self.began

    def pause_this(self, reason: str) -> bool:
        return self.began


def attempt(book: Paper | None, key: str = "r1:schedule:1") -> Attempt:
    return Attempt(key, 1, SUNDAY, book=book)


def add(
    book: Paper, request: str = "PAY", rule: str = "every Monday at 9:00", key: str = "r1:schedule:1"
) -> Any:
    asked = AddArguments(flow="summarize", request=request, rule=rule)
    return tools.add(None, asked, attempt(book, key)).result


def stop(book: Paper, which: str = "") -> Any:
    return tools.stop(None, StopArguments(flow="summarize", which=which), attempt(book)).result


def test_it_is_kept_with_the_next_time_where_the_person_is() -> None:
    book = Paper()
    added = add(book)

    assert [each.next_at for each in book.lines] == [datetime(2026, 11, 23, 8, tzinfo=UTC)]
    assert added["label"] == (
        "Every Monday at 9:00 (Europe/Berlin); the next time is Monday, 23 November 2026 at 09:00."
    )


def test_a_second_try_keeps_the_same_one() -> None:
    book = Paper()

    assert add(book) == add(book)
    assert len(book.lines) == 1


def test_there_is_an_end_to_how_many_one_person_may_have() -> None:
    book = Paper()
    for number in range(tools.MOST):
        add(book, key=f"r{number}:schedule:1")

    with pytest.raises(Refused, match="20 entries of yours"):
        add(book, key="r99:schedule:1")
    add(book, key="r3:schedule:1")


def test_what_is_no_rule_is_refused_before_anything_is_kept() -> None:
    with pytest.raises(ValueError, match="no time"):
        AddArguments(flow="summarize", rule="every five minutes")


def test_the_list_has_numbers_and_says_what_is_paused() -> None:
    book = Paper()
    add(book)
    add(book, "SHOP", key="r2:schedule:1")
    book.lines[1] = replace(book.lines[1], state="paused")
    found = tools.every(None, OfFlow(flow="summarize"), attempt(book)).result

    assert [(each["what"], each["when"]) for each in found["entries"]] == [
        ("1. /summarize PAY, every Monday at 9:00", "next Monday, 23 November 2026 at 09:00"),
        ("2. /summarize SHOP, every Monday at 9:00", "paused"),
    ]


def test_an_empty_list_says_so() -> None:
    found = tools.every(None, OfFlow(flow="summarize"), attempt(Paper())).result

    assert found["label"] == "There is no schedule of yours."


@pytest.mark.parametrize("which", ["", "1", "#1", "number 1", "all", "PAY", "every monday", "it"])
def test_the_only_one_is_stopped_however_it_is_named(which: str) -> None:
    book = Paper()
    add(book)

    assert stop(book, which)["label"] == "Stopped: /summarize PAY, every Monday at 9:00."
    assert book.mine("summarize") == []


@pytest.mark.parametrize("which", ["", "it", "every monday", "3", "0", "0099", "nothing of the kind"])
def test_between_several_none_is_guessed(which: str) -> None:
    book = Paper()
    add(book)
    add(book, "SHOP", key="r2:schedule:1")
    found = stop(book, which)

    assert (found["count"], len(found["entries"]), len(book.mine("summarize"))) == (0, 2, 2)
    assert "Which one?" in found["label"]


@pytest.mark.parametrize(("which", "left"), [("2", ["PAY"]), ("shop", ["PAY"]), ("all", [])])
def test_of_several_those_named_are_stopped(which: str, left: list[str]) -> None:
    book = Paper()
    add(book)
    add(book, "SHOP", key="r2:schedule:1")
    stop(book, which)

    assert [each.request for each in book.mine("summarize")] == left


def test_where_there_is_nothing_to_stop_that_is_said() -> None:
    assert stop(Paper())["label"] == "There is no schedule of yours to stop."


@pytest.mark.parametrize(("began", "label"), [(True, "This schedule is paused"), (False, "")])
def test_only_what_a_schedule_began_is_paused(began: bool, label: str) -> None:
    found = tools.pause(None, PauseArguments(reason="no token"), attempt(Paper(began=began))).result

    assert found["paused"] is began
    assert found["label"].startswith(label)


@pytest.mark.parametrize(
    ("text", "act"),
    [
        ("/summarize PAY", "now"),
        ("/summarize every Monday 9:00", "add"),
        ("/summarize list", "list"),
        ("/summarize stop", "stop"),
        ("/summarize every minute", "unclear"),
    ],
)
def test_what_was_said_is_told_apart(text: str, act: str) -> None:
    found = tools.read(None, ReadArguments(text=text), attempt(None)).result

    assert (found["act"], found["scheduled"]) == (act, False)


def test_what_a_schedule_began_knows_it() -> None:
    assert tools.read(None, ReadArguments(text="/summarize"), attempt(Paper(began=True))).result["scheduled"]


def test_without_a_book_nothing_is_promised() -> None:
    with pytest.raises(NotConfigured):
        tools.add(None, AddArguments(flow="summarize", rule="every Monday at 9:00"), attempt(None))


def test_the_card_shows_all_that_would_be_kept() -> None:
    assert tools.ADD.describe is not None
    facts = tools.ADD.describe({"flow": "summarize", "request": "PAY", "rule": "every Monday at 9:00"})

    assert facts == (("Do", "/summarize PAY"), ("When", "every Monday at 9:00"))
