"""From an activity, as Teams sent it, to a Turn: a table of shapes, then one small function for each.

It reads the raw JSON, because botbuilder's models lose the tenant and whether a message was
targeted. What came through `verify` is genuine, yet any field may still hold any shape.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from bot.platforms.teams.answers import NO_DIALOG, refusal
from bot.platforms.teams.envelope import Envelope, open_envelope
from bot.platforms.teams.files import attached
from bot.platforms.teams.presses import judged, pressed
from bot.platforms.teams.words import clean, without_mention
from bot.turn import Act, Ignored, Immediate, Installed, MessageRef, Said, Turn, TurnId, Uninstalled

LONGEST_TEXT = 100_000  # Teams itself ends at 50,000
ROSTER = "the roster changed"

Payload = Mapping[str, Any]


def to_turn(payload: Payload) -> Turn | Ignored | Immediate:
    envelope = open_envelope(payload)
    if isinstance(envelope, Ignored):
        return envelope
    match payload:
        case {"type": "message", "from": {"role": "bot" | "skill"}}:
            return Ignored("a bot")
        case {"type": "message", "from": {"id": str(sender)}} if sender.startswith("28:"):
            return Ignored("a bot")
        case {"type": "message"}:
            return _message(payload, envelope)
        case {"type": "invoke"}:
            return _invoke(payload, envelope)
        case {"type": "installationUpdate" | "conversationUpdate"}:
            return _installation(payload, envelope)
        case {"type": "messageReaction" | "messageUpdate" | "messageDelete" | "typing" | "event" as kind}:
            return Ignored(kind)
        case _:
            return Ignored("unknown type")


def _message(payload: Payload, envelope: Envelope) -> Turn | Ignored:
    """Words, or the press of an Action.Submit, which arrives as a message with a `value` and no words."""
    value, raw = payload.get("value"), payload.get("text")
    text = raw if isinstance(raw, str) else ""
    if isinstance(value, dict) and (not text.strip() or _is_ours(value)):
        return _turn(payload, envelope, pressed(value, envelope.replied_to(payload)))
    if len(text) > LONGEST_TEXT:
        return Ignored("text too long")
    words, mentioned = without_mention(text, payload)
    addressed = mentioned or envelope.place.private or envelope.targeted
    files = attached(payload)
    if not words and not addressed and not files:
        return Ignored("no text")
    alone = envelope.targeted and envelope.in_channel and envelope.place.thread is None
    return _turn(payload, envelope, Said(words, mentioned=addressed, opens_thread=alone, files=files))


def _is_ours(value: Mapping[str, Any]) -> bool:
    return isinstance(value.get("action"), str) or isinstance(value.get("form"), str)


def _invoke(payload: Payload, envelope: Envelope) -> Turn | Ignored | Immediate:
    """A press on a card waits for its answer; what we do not offer is answered at once, well-formed."""
    match payload:
        case {"name": "adaptiveCard/action", "value": {"action": dict(action)}}:
            return _turn(
                payload, envelope, _executed(action, envelope.replied_to(payload)), wants_answer=True
            )
        case {"name": "adaptiveCard/action"}:
            return Immediate(refusal("BadRequest", "This button cannot be read."))
        case {"name": "message/submitAction", "value": {"actionName": "feedback", "actionValue": dict(said)}}:
            return _turn(payload, envelope, judged(said, envelope.replied_to(payload)))
        case {"name": "task/fetch" | "task/submit"}:
            return Immediate({"task": {"type": "message", "value": NO_DIALOG}})
        case _:
            return Immediate({})


def _executed(action: Mapping[str, Any], message: MessageRef | None) -> Act:
    data = action.get("data")
    merged = dict(data) if isinstance(data, dict) else {}
    if isinstance(verb := action.get("verb"), str) and verb and "form" not in merged:
        merged["action"] = verb
    return pressed(merged, message)


def _installation(payload: Payload, envelope: Envelope) -> Turn | Ignored:
    """An install is told twice, by each of the two types; both are given the same id, so we greet once.

    It happens to a place, not in a thread of it.
    """
    place = replace(envelope.place, thread=None)
    envelope = replace(envelope, place=place, conversation=place.channel)
    match payload:
        case {"type": "installationUpdate", "action": "add"}:
            return _turn(payload, envelope, Installed(), twin="hello")
        case {"type": "installationUpdate", "action": "remove"}:
            return _turn(payload, envelope, Uninstalled())
        case {"type": "installationUpdate"}:
            return Ignored("app upgrade")
        case {"membersAdded": list(members), "recipient": {"id": str(us)}} if _among(us, members):
            return _turn(payload, envelope, Installed(), twin="hello")
        case {"membersRemoved": list(members), "recipient": {"id": str(us)}} if _among(us, members):
            return _turn(payload, envelope, Uninstalled())
        case _:
            return Ignored(ROSTER)


def _among(us: str, members: list[Any]) -> bool:
    return any(isinstance(member, dict) and member.get("id") == us for member in members)


def _turn(
    payload: Payload, envelope: Envelope, act: Act, *, wants_answer: bool = False, twin: str = ""
) -> Turn:
    return Turn(
        id=_turn_id(payload, envelope, twin),
        place=envelope.place,
        account=envelope.account,
        act=act,
        wants_answer=wants_answer,
    )


def _turn_id(payload: Payload, envelope: Envelope, twin: str) -> TurnId:
    """Activity ids are unique within a conversation only. One without an id is known by its content.

    Twins have ids of their own, so the minute they happened in is what they share.
    """
    moment = payload.get("timestamp")
    if twin and isinstance(moment, str) and moment:
        own = f"{twin}:{clean(moment)[:16]}"
    elif envelope.id:
        own = envelope.id
    else:
        own = "sha256:" + hashlib.sha256(_canonical(payload)).hexdigest()
    return TurnId(f"teams:{envelope.place.workspace}:{envelope.conversation}:{own}")


def _canonical(payload: Payload) -> bytes:
    return json.dumps(payload, sort_keys=True, default=str).encode()
