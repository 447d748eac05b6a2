"""What a press, a choice and a form bring."""

from __future__ import annotations

from typing import Any

import pytest

from bot.platforms.teams.inbound import to_turn
from bot.turn import (
    Immediate,
    MessageRef,
    Pressed,
    Said,
    Submitted,
    Turn,
)
from tests.bot.platforms.teams.stand import (
    TENANT,
    activity,
    in_channel,
    message,
)


def turn(payload: dict[str, Any]) -> Turn:
    found = to_turn(payload)
    assert isinstance(found, Turn), found
    return found


def execute(**data: Any) -> dict[str, Any]:
    action = {
        "type": "Action.Execute",
        "verb": "approve",
        "data": {"action": "approve", "value": "ap-1"} | data,
    }
    return activity(
        "invoke", name="adaptiveCard/action", value={"action": action}, replyToId="1766", id="f:1"
    )


def test_a_press_on_a_card_waits_for_its_answer() -> None:
    found = turn(execute(reason="looks fine"))

    assert found.wants_answer
    assert found.id == f"teams:{TENANT}:a:ada:f:1"
    assert found.act == Pressed(
        "approve", "ap-1", MessageRef("a:ada", "1766"), answers={"reason": "looks fine"}
    )


def test_the_verb_names_the_press() -> None:
    payload = activity(
        "invoke", name="adaptiveCard/action", value={"action": {"verb": "reject", "data": {"value": "x"}}}
    )

    assert turn(payload).act == Pressed("reject", "x")


def test_a_press_in_a_channel_is_in_the_thread_of_its_card() -> None:
    payload = execute() | {"conversation": in_channel(None)}

    assert turn(payload).place.thread == "1766"


def test_a_press_by_an_old_client_arrives_as_a_message() -> None:
    payload = activity(
        "message", value={"action": "approve", "value": "ap-1", "reason": "ok"}, replyToId="1766"
    )
    found = turn(payload)

    assert found.act == Pressed("approve", "ap-1", MessageRef("a:ada", "1766"), answers={"reason": "ok"})
    assert not found.wants_answer


def test_a_choice_is_the_value_of_the_press() -> None:
    payload = execute(
        action="size", value="", choice="choice:2", **{"choice:2": "large", "choice:5": "other"}
    )
    act = turn(payload).act

    assert isinstance(act, Pressed)
    assert (act.value, act.answers) == ("large", {})


def test_a_form_sent_off_is_submitted() -> None:
    data = {"form": "reject", "value": "ap-1", "reason": "too dear", "field:value": "v"}
    payload = activity(
        "invoke", name="adaptiveCard/action", value={"action": {"verb": "form", "data": data}}, replyToId="1"
    )

    assert turn(payload).act == Submitted("reject", "ap-1", {"reason": "too dear", "value": "v"})


def test_a_button_of_a_card_we_do_not_know_is_a_press_without_a_name() -> None:
    act = turn(activity("message", value={"actionId": "info"})).act

    assert act == Pressed("", "", answers={"actionId": "info"})


def test_words_beside_a_foreign_value_are_words() -> None:
    assert turn(message("hello", value={"x": 1})).act == Said("hello", mentioned=True)


@pytest.mark.parametrize(
    "data",
    [
        {"action": 5, "value": ["x"]},
        {"action": {"a": 1}},
        {"action": "a" * 300, "value": "v" * 2001},
    ],
)
def test_odd_data_presses_nothing(data: dict[str, Any]) -> None:
    act = turn(activity("message", value=data)).act

    assert isinstance(act, Pressed)
    assert act.value == ""


def test_answers_are_bounded() -> None:
    act = turn(execute(**{f"k{number}": "x" for number in range(5_000)})).act

    assert isinstance(act, Pressed)
    assert len(act.answers) <= 100


def test_an_invoke_that_cannot_be_read_is_refused_well_formed() -> None:
    found = to_turn(activity("invoke", name="adaptiveCard/action", value={"action": "x"}))

    assert isinstance(found, Immediate)
    assert found.body["statusCode"] == 400


@pytest.mark.parametrize("name", ["task/fetch", "task/submit"])
def test_a_dialog_of_an_older_card_says_that_it_is_gone(name: str) -> None:
    found = to_turn(activity("invoke", name=name, value={"data": {}}))

    assert isinstance(found, Immediate)
    assert found.body["task"]["type"] == "message"  # type: ignore[index]


@pytest.mark.parametrize(
    "name", ["message/submitAction", "composeExtension/query", "fileConsent/invoke", None, 5]
)
def test_other_invokes_are_answered_with_an_empty_object(name: Any) -> None:
    assert to_turn(activity("invoke", name=name)) == Immediate({})
