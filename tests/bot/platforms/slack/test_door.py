"""What the door writes back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bot.platforms.base import Door, HttpAnswer
from bot.platforms.slack import door
from bot.reply import Paragraph, Reply
from bot.settings import Settings
from bot.turn import Turn

Shape = Callable[[str], dict[str, Any]]

DOOR: Door = door(Settings(_env_file=None))


def heard(payload: dict[str, Any]) -> Turn:
    found = DOOR.to_turn(payload)
    assert isinstance(found, Turn)
    return found


def test_the_door_stands_where_the_manifest_says() -> None:
    assert (DOOR.name, DOOR.path) == ("slack", "/slack/events")


def test_everything_but_a_form_is_acknowledged_in_silence(shape: Shape) -> None:
    for name in ("app_mention", "command", "pressed", "shortcut", "home_opened"):
        assert DOOR.answer(heard(shape(name)), Reply("never shown")) == HttpAnswer(200, None)


def test_a_form_closes_when_there_is_nothing_to_say_in_time(shape: Shape) -> None:
    assert DOOR.answer(heard(shape("submitted")), None) == HttpAnswer(200, None)


def test_a_form_turns_into_what_there_is_to_say(shape: Shape) -> None:
    reply = Reply("Grace decided already", (Paragraph("Grace approved this <!channel>."),))
    answer = DOOR.answer(heard(shape("submitted")), reply)
    assert answer.body["response_action"] == "update"
    assert answer.body["view"]["type"] == "modal"
    assert "Grace approved this <!channel>." in str(answer.body["view"]["blocks"])
