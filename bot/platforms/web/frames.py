"""What a client says, read strictly: JSON, one object, no key twice, of a known type and a bounded size.

`envelope` is the verified payload that goes into the inbox: it holds who it was, and no token.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from bot.errors import Malformed
from bot.platforms.web.base import Row, Who
from bot.platforms.web.limits import (
    CONVERSATION,
    DEEPEST,
    LONGEST_ANSWER,
    LONGEST_NAME,
    LONGEST_TEXT,
    LONGEST_VALUE,
    MAIN,
    MOST_ANSWERS,
    TURN,
)

Json = dict[str, Any]
VERSION = 1


@dataclass(frozen=True, slots=True)
class Act:
    """Something that becomes a turn. `what` is as `inbound.to_turn` reads it."""

    conversation: str
    id: str
    what: Json


def parse(raw: bytes | str) -> Json:
    try:
        found = json.loads(raw, object_pairs_hook=_without_twins, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise Malformed("What was sent is not a JSON object.") from None
    if not isinstance(found, dict) or _depth(found) > DEEPEST:
        raise Malformed("What was sent is not a JSON object, or too deep.")
    return found


def act(frame: Mapping[str, Any], fresh: str) -> Act:
    """Of a frame `say`, `press`, `submit`, `stop` or `home`, or of a body of POST /chat, which has no `type`.

    `fresh` is the id where the client gives none; then a second try is a second turn.
    """
    kind = frame.get("type") or _kind(frame)
    match kind:
        case "say":
            what: Json = {"say": text(frame, "text", LONGEST_TEXT, needed=True)}
        case "press":
            what = {"press": text(frame, "action", LONGEST_NAME, needed=True),
                    "value": text(frame, "value", LONGEST_VALUE), "message": text(frame, "message", 1_000),
                    "answers": answers(frame)}  # fmt: skip
        case "submit":
            what = {"submit": text(frame, "form", LONGEST_NAME, needed=True),
                    "value": text(frame, "value", LONGEST_VALUE), "answers": answers(frame)}  # fmt: skip
        case "stop":
            what = {"stop": True}
        case "home":
            what = {"home": True}
        case _:
            raise Malformed("There is no such type. Types are say, press, submit, stop, home.")
    return Act(conversation(frame), turn_id(frame) or fresh, what)


def _kind(body: Mapping[str, Any]) -> str:
    return next((kind for kind, field in (("say", "text"), ("press", "action"), ("submit", "form"))
                 if field in body), "")  # fmt: skip


def envelope(who: Who, act: Act) -> Json:
    return {"web": VERSION, "tenant": who.tenant, "user": who.user, "conversation": act.conversation,
            "id": act.id, "act": act.what}  # fmt: skip


def conversation(frame: Mapping[str, Any]) -> str:
    found = frame.get("conversation", MAIN)
    if not isinstance(found, str) or not CONVERSATION.fullmatch(found):
        raise Malformed("A conversation is named by up to 64 letters, digits, - and _.")
    return found


def turn_id(frame: Mapping[str, Any]) -> str:
    found = frame.get("id", "")
    if not isinstance(found, str) or (found and not TURN.fullmatch(found)):
        raise Malformed("An id has up to 64 letters, digits, dots, - and _.")
    return found


def number(frame: Mapping[str, Any], name: str, missing: int) -> int:
    found = frame.get(name, missing)
    if isinstance(found, bool) or not isinstance(found, int) or not -1 <= found < 2**53:
        raise Malformed(f"`{name}` has to be a number.")
    return found


def text(frame: Mapping[str, Any], name: str, most: int, *, needed: bool = False) -> str:
    found = frame.get(name, "")
    if not isinstance(found, str) or (needed and not found.strip()):
        raise Malformed(f"`{name}` has to be a text.")
    if len(found) > most:
        raise Malformed(f"`{name}` is longer than {most} characters.")
    return found.encode("utf-8", "replace").decode().replace("\x00", "")


def answers(frame: Mapping[str, Any]) -> dict[str, str]:
    found = frame.get("answers", {})
    if not isinstance(found, dict) or len(found) > MOST_ANSWERS:
        raise Malformed(f"`answers` has to be an object of at most {MOST_ANSWERS} texts.")
    return {text({"name": name}, "name", LONGEST_NAME, needed=True): text(found, name, LONGEST_ANSWER)
            for name in found}  # fmt: skip


def _without_twins(pairs: list[tuple[str, Any]]) -> Json:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key occurs twice")
    return found


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


def _depth(value: Any) -> int:
    level, depth = [value], 0
    while level:
        depth += 1
        level = [inner for outer in level for inner in _inside(outer)]
    return depth


def _inside(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def shown(row: Row, name: str, seen: int) -> Json:
    """A message as it is sent: new to whoever has seen nothing after `seen`, else a change."""
    told: Json = {"conversation": name, "sequence": row.seq, "id": row.id}
    match row.kind:
        case "said" | "form" | "home":
            return {**row.body, **told, "type": row.kind}
    kind = "message" if row.first > seen else "update"
    return {
        **row.body,
        **told,
        "type": kind,
        "growing": row.kind == "growing",
        "whisper": row.kind == "whisper",
    }
