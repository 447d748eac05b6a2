"""What a card sends back: the mirror of what `cards` puts into its buttons.

Everything in it went through the presser's own client, so it names what was pressed and proves nothing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from bot.platforms.base import DOWN, FEEDBACK, UP
from bot.platforms.teams.words import clean
from bot.turn import MessageRef, Pressed, Submitted

ACTION, VALUE, CHOICE, FORM = "action", "value", "choice", "form"
# Names of inputs get this in front where they would otherwise be taken for one of ours.
FIELD = "field:"
RESERVED = frozenset({ACTION, VALUE, CHOICE, FORM, "msteams", "verb"})

LONGEST_NAME = 255
LONGEST_VALUE = 2_000
LONGEST_ANSWER = 40_000
MOST_ANSWERS = 100


def input_id(name: str) -> str:
    return FIELD + name if name in RESERVED or name.startswith((FIELD, CHOICE + ":")) else name


def pressed(data: Mapping[str, Any], message: MessageRef | None) -> Pressed | Submitted:
    """A select's value is in the input that its button names; a foreign card's press has no name."""
    answers = _answers(data)
    choice = data.get(CHOICE)
    value = _text(data.get(choice) if isinstance(choice, str) else data.get(VALUE), LONGEST_VALUE)
    form = _text(data.get(FORM), LONGEST_NAME)
    if form:
        return Submitted(form, value, answers)
    return Pressed(_text(data.get(ACTION), LONGEST_NAME), value, message=message, answers=answers)


def judged(said: Mapping[str, Any], message: MessageRef | None) -> Pressed:
    """A thumb below a generated message. Teams sends the words as JSON inside of a text, others plainly."""
    verdict = {"like": UP, "dislike": DOWN}.get(str(said.get("reaction")), "")
    words = _text(said.get("feedback"), LONGEST_ANSWER)
    if words.startswith("{"):
        try:
            inner = json.loads(words)
        except (ValueError, RecursionError):
            inner = {}
        words = _text(inner.get("feedbackText"), LONGEST_ANSWER) if isinstance(inner, dict) else ""
    return Pressed(FEEDBACK, verdict, message=message, answers={"text": words} if words else {})


def _answers(data: Mapping[str, Any]) -> dict[str, str]:
    found = {}
    for key, value in list(data.items())[:MOST_ANSWERS]:
        if key in RESERVED or key.startswith(CHOICE + ":") or len(key) > LONGEST_NAME:
            continue
        if isinstance(value, (str, int, float)):
            found[clean(key.removeprefix(FIELD))] = _text(value, LONGEST_ANSWER)
    return found


def _text(value: object, longest: int) -> str:
    """What does not fit was not written on a card of ours, and becomes empty."""
    if isinstance(value, bool):
        return "true" if value else "false"
    text = clean(str(value)) if isinstance(value, (str, int, float)) else ""
    return text if len(text) <= longest else ""
