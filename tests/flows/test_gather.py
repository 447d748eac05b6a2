"""Typed slots: asked one after another, filled from words or buttons, refused with what would be right."""

from __future__ import annotations

from typing import Any

import pytest

from flows.slots import Slot, fit
from tests.flows.chat import TODAY, Chat

END = "- {id: done, type: end}\n"


def asking(*slots: str, more: str = "", opening: str = "") -> Chat:
    listed = "".join(f"\n    - {slot}" for slot in slots)
    return Chat(f"- id: ask\n  type: input\n  ask: What?\n  gather:{listed}\n{more}{END}", opening=opening)


FITTING: list[tuple[str, str, Any]] = [
    ("{slot: s, type: text}", "The printer on floor 2 burns", "The printer on floor 2 burns"),
    ("{slot: s}", "text is the type where nothing is said", "text is the type where nothing is said"),
    ("{slot: s, type: text, pattern: '[A-Z]{2,5}-[0-9]{1,6}'}", "PAY-12", "PAY-12"),
    ("{slot: s, type: integer}", "three", 3),
    ("{slot: s, type: integer, min: -5}", "-2", -2),
    ("{slot: s, type: integer}", "1,200", 1200),
    ("{slot: s, type: number}", "about 12.5", 12.5),
    ("{slot: s, type: number}", "4.0", 4),
    ("{slot: s, type: date}", "2026-12-24", "2026-12-24"),
    ("{slot: s, type: date}", "tomorrow", "2026-11-19"),
    ("{slot: s, type: date, min: today, max: today + 30}", "in two weeks", "2026-12-02"),
    ("{slot: s, type: email}", "it is Ada@Example.com", "ada@example.com"),
    ("{slot: s, type: yes_no}", "yes please", True),
    ("{slot: s, type: yes_no}", "nope", False),
    ("{slot: s, type: choice, options: [low, high, critical]}", "high", "high"),
    ("{slot: s, type: choice, options: [low, high, critical]}", "crit", "critical"),
    ("{slot: s, type: choice, options: [low, high, critical]}", "the second one", "high"),
    ("{slot: s, type: choice, options: [{label: Quite high, value: 2}, {label: Low, value: 1}]}", "low", 1),
    ("{slot: s, type: list}", "ada, bob and carl", ["ada", "bob", "carl"]),
]


@pytest.mark.parametrize(("slot", "said", "value"), FITTING, ids=lambda each: str(each)[:50])
def test_what_fits_is_kept_as_what_it_is(slot: str, said: str, value: Any) -> None:
    chat = asking(slot)
    chat.say(said)
    assert chat.run.status == "done"
    assert chat.run.slots["s"] == value
    assert type(chat.run.slots["s"]) is type(value)


@pytest.mark.parametrize(
    ("slot", "said", "answer"),
    [
        ("{slot: s, type: integer, max: 9}", "twelve", "“12” is too large: it can be at most 9."),
        ("{slot: s, type: integer, min: 1}", "0", "“0” is too small: it must be at least 1."),
        ("{slot: s, type: integer}", "quite a few", "I need a whole number such as 3, not “quite a few”."),
        (
            "{slot: s, type: date, min: today}",
            "yesterday",
            "2026-11-17 is too early: it must be today or later.",
        ),
        ("{slot: s, type: date}", "soonish", "“soonish” is no date that I can read."),
        ("{slot: s, type: email}", "ada at home", "“ada at home” is no e-mail address."),
        ("{slot: s, type: yes_no}", "purple", "I need yes or no, not “purple”."),
        (
            "{slot: s, type: choice, options: [low, high]}",
            "purple",
            "“purple” is none of these. I need one of low",
        ),
        ("{slot: s, type: text, longest: 5}", "far too long", "That is 12 characters; at most 5 fit."),
        ("{slot: s, pattern: '[0-9]+'}", "letters", "“letters” is not what I need for “s”."),
        ("{slot: s, type: list, max: 2}", "a, b, c", "I can take at most 2 of them"),
        ("{slot: s, type: integer, refuse: 'Not {{ heard }}!'}", "x", "Not x!"),
    ],
)
def test_what_does_not_fit_is_refused_with_what_would_be_right(slot: str, said: str, answer: str) -> None:
    chat = asking(slot)
    assert chat.say(said)[0].startswith(answer)
    assert chat.run.slots.get("s") is None
    assert not chat.run.over


def test_several_slots_are_asked_one_after_another_and_each_can_be_answered_by_its_button() -> None:
    chat = asking(
        "{slot: title, ask: 'Title?'}",
        "{slot: how, type: choice, options: [low, high]}",
        "{slot: now, type: yes_no}",
    )
    assert chat.first == ["Title?"]
    assert chat.say("A lamp") == ["What is the how? [low | high]"]
    assert chat.press("high") == ["(changed) What is the how? high.", "What is the now? [Yes | No]"]
    chat.press("No")
    assert {name: chat.run.slots[name] for name in ("title", "how", "now")} == {
        "title": "A lamp", "how": "high", "now": False,
    }  # fmt: skip


def test_a_button_of_a_question_that_is_answered_answers_nothing_else() -> None:
    chat = asking("{slot: a, type: choice, options: [x, y]}", "{slot: b, type: choice, options: [p, q]}")
    chat.press("y")
    assert chat.press("x") == ["That is settled already."]
    assert chat.run.slots.get("b") is None


def test_answers_to_several_in_one_sentence_are_taken_at_once() -> None:
    chat = asking("{slot: count, type: integer}", "{slot: severity, type: choice, options: [low, high]}")
    said = chat.say("count is 3 and severity high")
    assert said == ["Noted: count: 3; severity: high."]
    assert (chat.run.slots["count"], chat.run.slots["severity"]) == (3, "high")


def test_what_was_said_with_the_command_is_taken_for_the_first_text() -> None:
    chat = asking(
        "{slot: title, ask: 'Title?'}", "{slot: n, type: integer, ask: 'How many?'}", opening="/demo the lamp"
    )
    assert chat.first == ["How many?"]
    assert chat.run.slots["title"] == "the lamp"


def test_a_sentence_that_only_started_the_flow_is_no_answer() -> None:
    assert asking("{slot: title, ask: 'Title?'}", opening="I need somebody").first == ["Title?"]


@pytest.mark.parametrize("word", ["skip", "no", "none"])
def test_what_is_not_required_can_be_skipped(word: str) -> None:
    chat = asking("{slot: due, type: date, required: false, ask: 'When?'}")
    assert chat.first == ["When? Say “skip” to leave it out."]
    chat.say(word)
    assert chat.run.status == "done"
    assert chat.run.slots.get("due") is None


def test_between_two_that_may_be_meant_it_asks_back_and_hears_the_answer() -> None:
    chat = asking("{slot: s, type: choice, options: [payments, platform, other]}")
    assert chat.say("p") == ["Which one do you mean by “p”? [payments | platform | None of these]"]
    chat.say("platform")
    assert chat.run.slots["s"] == "platform"


def test_a_doubtful_date_is_asked_back_before_it_counts() -> None:
    chat = asking("{slot: due, type: date}")
    assert chat.say("3/4/2027") == ["Did you mean “2027-03-04” for due? [Yes | No]"]
    chat.press("No")
    assert chat.run.slots.get("due") is None
    chat.say("3/4/2027")
    chat.say("yes")
    assert chat.run.slots["due"] == "2027-03-04"


def test_a_yes_is_no_title_unless_one_says_so_twice() -> None:
    chat = asking("{slot: title, ask: 'Title?'}")
    assert chat.say("yes") == ["Did you mean “yes” for title? [Yes | No]"]
    chat.say("no")
    assert not chat.run.over


def test_how_sure_each_slot_is_stands_beside_it_for_rests_on() -> None:
    chat = asking("{slot: n, type: integer}")
    chat.say("three")
    assert chat.run.slots["sure_n"] == {"n": {"confidence": 0.97, "words": "three"}}


def test_after_too_many_answers_that_do_not_fit_the_flow_may_go_elsewhere() -> None:
    step = "  tries: 2\n  on_error: {misunderstood: help}\n"
    chat = asking("{slot: n, type: integer}", more=step + "- {id: mid, type: end}\n"
                  "- {id: help, type: message, text: 'Gave up: {{ error.sentence }}'}\n")  # fmt: skip
    assert chat.say("purple") == ["I need a whole number such as 3, not “purple”."]
    assert chat.say("violet") == ["Gave up: I need a whole number such as 3, not “violet”."]


@pytest.mark.parametrize("words", ["cancel", "help", "what was the question?"])
def test_repair_is_never_taken_for_a_text(words: str) -> None:
    chat = asking("{slot: title, ask: 'Title?'}")
    chat.say(words)
    assert chat.run.slots.get("title") is None


def test_nothing_is_charged_in_the_words_of_a_flow_that_charges_nothing() -> None:
    assert asking("{slot: title}").say("cancel") == ["Cancelled. Nothing was done."]


@pytest.mark.parametrize(
    "text", ["", " ", "\u202e", "x" * 100_000, "{{ 7*7 }}", "9" * 400, "-", "1e400", "٣"]
)
@pytest.mark.parametrize("kind", ["text", "number", "integer", "date", "email", "yes_no", "choice", "list"])
def test_no_words_of_any_kind_break_it(kind: str, text: str) -> None:
    found = fit(Slot("s", kind, options=(("low", "low"),)), text, TODAY)
    assert (found.value is None) == bool(found.problem)
