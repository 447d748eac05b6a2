"""From what `frames.envelope` made to a Turn. Pure; what came through `verify` may still hold any shape."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from bot.platforms.base import STOP
from bot.platforms.web.frames import VERSION
from bot.platforms.web.limits import CONVERSATION, HOME, TURN
from bot.turn import (
    Account,
    Act,
    Ignored,
    Immediate,
    MessageRef,
    OpenedHome,
    Place,
    Pressed,
    Said,
    Submitted,
    Turn,
    TurnId,
)

PLATFORM = "web"
_TENANT = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def to_turn(payload: Mapping[str, Any]) -> Turn | Ignored | Immediate:
    match payload:
        case {
            "web": int(version),
            "tenant": str(tenant),
            "user": str(user),
            "conversation": str(name),
            "id": str(id),
            "act": dict(what),
        } if version == VERSION and _TENANT.fullmatch(tenant) and user:
            if not CONVERSATION.fullmatch(name) or not TURN.fullmatch(id):
                return Ignored("odd name")
            act = _act(what, channel(user, name), id)
            if act is None:
                return Ignored("unknown act")
            asks = isinstance(act, Pressed | Submitted)
            return Turn(
                # No id has a colon, so those of two people are never the same.
                TurnId(f"web:{tenant}:{user}:{id}"),
                place(tenant, user, name),
                Account(PLATFORM, tenant, user),
                act,
                wants_answer=asks,
            )
    return Ignored("unknown shape")


def place(tenant: str, user: str, name: str) -> Place:
    """A conversation is its person's: nobody can name another's, because their own name comes in front."""
    return Place(PLATFORM, tenant, channel(user, name), private=True)


def channel(user: str, name: str) -> str:
    return f"{user}/{name}"


def owner(channel: str) -> str:
    return channel.rpartition("/")[0]


def name_of(channel: str) -> str:
    return channel.rpartition("/")[2]


def home(user: str) -> str:
    return channel(user, HOME)


def _act(what: Mapping[str, Any], channel: str, id: str) -> Act | None:
    match what:
        case {"say": str(text)}:
            return Said(text, mentioned=True)
        case {"press": str(action), "value": str(value), "message": str(message), "answers": dict(found)}:
            ref = MessageRef(channel, message) if message else None
            # Where nothing was typed on the card, a form may be opened to ask for it.
            return Pressed(action, value, message=ref, trigger="" if found else id, answers=_texts(found))
        case {"submit": str(form), "value": str(value), "answers": dict(found)}:
            return Submitted(form, value, _texts(found))
        case {"stop": True}:
            return Pressed(STOP, "")
        case {"home": True}:
            return OpenedHome()
    return None


def _texts(found: Mapping[Any, Any]) -> dict[str, str]:
    return {name: value for name, value in found.items() if isinstance(name, str) and isinstance(value, str)}
