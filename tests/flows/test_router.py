from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from flows.repair import what_i_can_do
from flows.router import Answer, Start, route
from flows.understanding import Meaning
from tests.flows.builders import KNOWN

CAN = what_i_can_do(KNOWN.flows)


def routed(intent: Any, **fields: Any) -> Start | Answer:
    return route(Meaning(intent, **fields), KNOWN, "Ada")


def test_a_sure_route_begins_that_flow_and_keeps_the_words_it_rests_on() -> None:
    found = routed("route", route="order", route_confidence=0.9, route_words="order two")
    assert found == Start("order", 0.9, "order two")


@pytest.mark.parametrize(("confidence", "begins"), [(0.6, True), (0.5999, False), (0.0, False)])
def test_below_the_bar_it_asks_back_instead_of_guessing(confidence: float, begins: bool) -> None:
    found = routed("route", route="order", route_confidence=confidence, runner_up="escalate")
    if begins:
        assert isinstance(found, Start)
    else:
        assert found == Answer("I am not sure what you would like. Is it this?", ("order", "escalate"))


def test_a_runner_up_that_is_not_there_is_not_offered() -> None:
    found = routed("route", route="order", route_confidence=0.4, runner_up="summarize")
    assert isinstance(found, Answer)
    assert found.choices == ("order",)


@pytest.mark.twin
def test_without_a_bar_a_guess_would_begin_a_flow() -> None:
    meaning = Meaning("route", route="order", route_confidence=0.01)
    assert isinstance(route(meaning, replace(KNOWN, bar=0.0), "Ada"), Start)


def test_a_flow_that_is_not_set_up_is_said_to_be_so() -> None:
    assert routed("route", route="summarize", route_confidence=0.99) == Answer(
        f"“summarize” is not set up here. {CAN}"
    )


@pytest.mark.parametrize(
    ("intent", "begins"),
    [
        ("help", "I can do this:"),
        ("greeting", "Hello Ada! I can do this:"),
        ("thanks", "You are welcome."),
        ("cancel", "There is nothing open here."),
        ("yes", "There is nothing open here."),
        ("no", "There is nothing open here."),
        ("repeat", "There is nothing open here."),
        ("restart", "There is nothing open here."),
        ("unknown", "I did not understand that. I can do this:"),
        ("value", "I did not understand that. I can do this:"),
    ],
)
def test_everything_else_is_answered_and_begins_nothing(intent: str, begins: str) -> None:
    found = routed(intent)
    assert isinstance(found, Answer)
    assert found.text.startswith(begins)


def test_help_names_every_flow_and_the_ways_out() -> None:
    assert CAN.splitlines() == [
        "I can do this:",
        "• /order – Order from the menu",
        "• /escalate – Ask a person",
        "Say “help” or “cancel” at any point.",
    ]
    assert what_i_can_do(()) == "Nothing is set up here yet."


@pytest.mark.parametrize(("confidence", "said"), [(0.9, "There is nothing open"), (0.24, "I am not sure")])
def test_what_only_looks_like_a_yes_is_asked_about(confidence: float, said: str) -> None:
    found = routed("yes", confidence=confidence, route="order", route_confidence=0.1)
    assert isinstance(found, Answer)
    assert found.text.startswith(said)
