"""Whose an event in the inbox is: theirs, or somebody else's that speaks of them. No I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from bot.errors import Malformed
from bot.platforms.base import Door
from bot.turn import Place, Said, Shortcut, Turn
from workers.forget.subject import Subject
from workers.store import codec, inbox


@dataclass(frozen=True, slots=True)
class Whose:
    """`private`: where it was said, if nobody but them is there. `quotes`: what we wrote stands in it, as in
    a press on a card of ours, rather than somebody's own words."""

    theirs: bool
    private: Place | None = None
    quotes: bool = False


def whose(doors: Mapping[str, Door], subject: Subject, row: Any) -> Whose:
    """What cannot be read any more is taken for theirs, since it tells of them. So is what we told
    ourselves and a service told us: it is dealt with, and nobody's words."""
    if row["kind"] != inbox.TURN:
        return Whose(theirs=True)
    try:
        if row["source"] == "us":
            turn = codec.loads(row["payload"])
        else:
            turn = doors[row["source"]].to_turn(orjson.loads(row["payload"]))
    except (Malformed, LookupError, TypeError, ValueError):
        return Whose(theirs=True)
    if not isinstance(turn, Turn):
        return Whose(theirs=False)
    theirs = turn.account in subject.accounts
    quotes = not isinstance(turn.act, Said | Shortcut)
    return Whose(theirs, turn.place if theirs and turn.place.private else None, quotes)


def read(text: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return text
