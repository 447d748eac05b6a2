"""What Slack sent, as a Turn: a table of shapes, then one small function for each."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from bot.errors import Malformed
from bot.platforms.base import STOP, Payload
from bot.platforms.slack import markup
from bot.platforms.slack.fields import (
    MAX_ID,
    MAX_TEXT,
    MAX_VALUE,
    answers_in,
    ident,
    object_at,
    text_at,
    value_of,
)
from bot.platforms.slack.files import attached
from bot.platforms.slack.whose import PLATFORM, account_of, bot_user, workspace_of
from bot.turn import (
    Account,
    Ignored,
    Immediate,
    MessageRef,
    OpenedHome,
    Place,
    Pressed,
    Said,
    Shortcut,
    Submitted,
    Turn,
    TurnId,
    Uninstalled,
)

LAST_SECOND = 1 << 40
MAX_ADDRESS = 500  # a response_url has some 80 characters

KEPT_SUBTYPES = frozenset({"file_share", "thread_broadcast"})

# Reasons become labels of a counter, so no name that a sender chose ever goes into one.
KNOWN_SUBTYPES = frozenset(
    {
        "bot_message", "message_changed", "message_deleted", "message_replied", "channel_join",
        "channel_leave", "channel_topic", "channel_purpose", "channel_name", "me_message", "tombstone",
    }
)  # fmt: skip
KNOWN_EVENTS = frozenset(
    {
        "reaction_added", "reaction_removed", "app_context_changed",
        "member_joined_channel", "member_left_channel", "assistant_thread_started", "file_shared",
    }
)  # fmt: skip


def to_turn(payload: Payload) -> Turn | Ignored | Immediate:
    """Pure. Raises `Malformed` where a field that its shape promises is missing or is something else."""
    match payload:
        case {"type": "url_verification"}:
            return Immediate({"challenge": text_at(payload, "challenge", MAX_VALUE)})
        case {"ssl_check": _}:
            return Immediate({})
        case {"type": "event_callback", "event": dict(event)}:
            return _happened(payload, event)
        case {"type": "block_actions"}:
            return _pressed(payload)
        case {"type": "view_submission"}:
            return _submitted(payload)
        case {"type": "message_action"}:
            return _shortcut(payload)
        case {"type": "app_rate_limited"}:
            return Ignored("app_rate_limited")
        case {"command": str()}:
            return _commanded(payload)
        case _:
            return Ignored("unknown type")


def _happened(payload: Payload, event: Mapping[str, Any]) -> Turn | Ignored:
    match event:
        case {"type": "message" | "app_mention"}:
            return _message(payload, event)
        case {"type": "app_home_opened"}:
            return _opened_home(payload, event)
        case {"type": "agent_session_stopped"}:
            return _stopped(payload, event)
        case {"type": "app_uninstalled"}:
            return _uninstalled(payload, event)
        case {"type": "tokens_revoked", "tokens": {"bot": [_, *_]}}:
            return _uninstalled(payload, event)
        case {"type": "tokens_revoked"}:
            return Ignored("a person's token was revoked")
        case {"type": str(kind)} if kind in KNOWN_EVENTS:
            return Ignored(f"event.{kind}")
        case _:
            return Ignored("unknown event")


def _message(payload: Payload, event: Mapping[str, Any]) -> Turn | Ignored:
    match event:
        case {"bot_id": bot} if bot:
            return Ignored("a bot's message")
        case {"subtype": str(subtype)} if subtype not in KEPT_SUBTYPES:
            return Ignored(f"message.{subtype}" if subtype in KNOWN_SUBTYPES else "message.other")
        case {"user": str(user)} if user:
            pass
        case _:
            return Ignored("nobody's message")
    bot = bot_user(payload)
    if user == bot:
        return Ignored("our own message")

    raw = text_at(event, "text", MAX_TEXT, missing="")
    if event["type"] == "app_mention" and not bot:
        bot = markup.first_mention(raw)
    workspace, channel, ts = workspace_of(payload), ident(event, "channel"), ident(event, "ts")
    thread = ident(event, "thread_ts", missing="")
    private = event.get("channel_type") == "im" or channel.startswith("D")
    mentioned = private or event["type"] == "app_mention" or markup.mentions(raw, bot)
    if not mentioned and not thread:
        return Ignored("not addressed")
    return Turn(
        # The same for a mention's two events, which have different event ids.
        id=TurnId(f"msg:{workspace}:{channel}:{ts}"),
        place=Place(PLATFORM, workspace, channel, thread or ts, private=private),
        account=account_of(user, workspace),
        act=Said(markup.plain(raw, bot=bot), mentioned=mentioned, files=attached(event)),
    )


def _opened_home(payload: Payload, event: Mapping[str, Any]) -> Turn:
    workspace, user = workspace_of(payload), ident(event, "user")
    return Turn(
        id=_hashed("home", workspace, user, ident(event, "tab", missing="home"), _occasion(payload, event)),
        place=Place(PLATFORM, workspace, ident(event, "channel", missing=user), private=True),
        account=account_of(user, workspace),
        act=OpenedHome(ident(event, "tab", missing="home")),
    )


def _stopped(payload: Payload, event: Mapping[str, Any]) -> Turn:
    """Slack's own Stop button, under a message of ours that grows."""
    workspace, user, channel = workspace_of(payload), ident(event, "user"), ident(event, "channel")
    thread = ident(event, "thread_ts")
    return Turn(
        id=_hashed("stop", workspace, channel, thread, user, _occasion(payload, event)),
        place=Place(PLATFORM, workspace, channel, thread, private=channel.startswith("D")),
        account=account_of(user, workspace),
        act=Pressed(STOP, ""),
    )


def _uninstalled(payload: Payload, event: Mapping[str, Any]) -> Turn:
    """`app_uninstalled` and `tokens_revoked` come both, in any order: two turns, one meaning."""
    workspace = workspace_of(payload)
    return Turn(
        id=_hashed("gone", workspace, str(event["type"]), _occasion(payload, event)),
        place=Place(PLATFORM, workspace, ""),
        account=Account(PLATFORM, workspace, ""),
        act=Uninstalled(_when(payload)),
    )


def _when(payload: Payload) -> float:
    """When it happened, which may be long before it comes."""
    at = payload.get("event_time")
    return float(at) if type(at) is int and 0 < at < LAST_SECOND else 0.0


def _commanded(payload: Payload) -> Turn:
    workspace, user, channel = workspace_of(payload), ident(payload, "user_id"), ident(payload, "channel_id")
    words = markup.plain(text_at(payload, "text", MAX_TEXT, missing=""))
    return Turn(
        id=_hashed("cmd", workspace, ident(payload, "trigger_id")),
        place=Place(PLATFORM, workspace, channel, private=channel.startswith("D")),
        account=account_of(user, workspace),
        act=Said(f"{ident(payload, 'command')} {words}".strip(), mentioned=True, opens_thread=True),
    )


def _pressed(payload: Payload) -> Turn | Ignored:
    match payload:
        case {"actions": [dict(action), *_]}:
            pass
        case _:
            raise Malformed("a press without an action")
    name = ident(action, "action_id")
    if action.get("url") or name.startswith("open:"):
        return Ignored("a link was opened")
    workspace, user = workspace_of(payload), ident(object_at(payload, "user"), "id")
    place, message = _where(payload, workspace, user)
    occasion = ident(action, "action_ts", missing="") or ident(payload, "trigger_id")
    return Turn(
        id=_hashed("press", workspace, user, message.id if message else "", name, occasion),
        place=place,
        account=account_of(user, workspace),
        act=Pressed(
            # A name used twice in one row of buttons carries a number behind it (see blocks.py).
            action=name.partition("#")[0],
            value=value_of(action),
            message=message,
            trigger=ident(payload, "trigger_id", missing=""),
            answers=answers_in(payload.get("state")),
            instead=_instead(payload),
        ),
    )


def _instead(payload: Payload) -> str:
    """Empty where everybody sees what was pressed: that is changed by its id."""
    match payload:
        case {"container": {"is_ephemeral": True}, "response_url": str(address)} if (
            len(address) <= MAX_ADDRESS
        ):
            return address
        case _:
            return ""


def _submitted(payload: Payload) -> Turn:
    view = object_at(payload, "view")
    workspace, user = workspace_of(payload), ident(object_at(payload, "user"), "id")
    answers = answers_in(view.get("state"))
    filled = json.dumps(answers, sort_keys=True)
    version = ident(view, "hash", missing="")
    return Turn(
        # Sent off again with other answers is another turn; sent twice is not.
        id=_hashed("form", workspace, user, ident(view, "id"), version, filled),
        place=Place(PLATFORM, workspace, user, private=True),
        account=account_of(user, workspace),
        act=Submitted(
            form=ident(view, "callback_id", missing=""),
            value=text_at(view, "private_metadata", MAX_VALUE, missing=""),
            answers=answers,
        ),
        wants_answer=True,
    )


def _shortcut(payload: Payload) -> Turn:
    workspace, user = workspace_of(payload), ident(object_at(payload, "user"), "id")
    message, channel = object_at(payload, "message"), ident(object_at(payload, "channel"), "id")
    ts, name = ident(message, "ts"), ident(payload, "callback_id")
    occasion = ident(payload, "action_ts", missing="") or ident(payload, "trigger_id")
    return Turn(
        id=_hashed("shortcut", workspace, user, channel, ts, name, occasion),
        place=Place(
            PLATFORM,
            workspace,
            channel,
            ident(message, "thread_ts", missing="") or ts,
            private=channel.startswith("D"),
        ),
        account=account_of(user, workspace),
        act=Shortcut(
            name=name,
            text=markup.plain(text_at(message, "text", MAX_TEXT, missing="")),
            message=MessageRef(channel, ts),
            trigger=ident(payload, "trigger_id", missing=""),
        ),
    )


def _where(payload: Payload, workspace: str, user: str) -> tuple[Place, MessageRef | None]:
    """The thread a card stands in, or roots. App Home has no channel: there the person is the place.

    An ephemeral card cannot be updated by its id, so it is no message to anybody later.
    """
    container = object_at(payload, "container", missing={})
    message = object_at(payload, "message", missing={})
    channel = ident(object_at(payload, "channel", missing={}), "id", missing="")
    channel = channel or ident(container, "channel_id", missing="")
    if not channel:
        return Place(PLATFORM, workspace, user, private=True), None
    ts = ident(container, "message_ts", missing="") or ident(message, "ts", missing="")
    thread = ident(message, "thread_ts", missing="") or ident(container, "thread_ts", missing="")
    fleeting = container.get("is_ephemeral") is True
    root = thread or ("" if fleeting else ts)
    place = Place(PLATFORM, workspace, channel, root or None, private=channel.startswith("D"))
    return place, MessageRef(channel, ts) if ts and not fleeting else None


def _occasion(payload: Payload, event: Mapping[str, Any]) -> str:
    return ident(payload, "event_id", missing="") or str(event.get("event_ts", ""))[:MAX_ID]


def _hashed(kind: str, *parts: str) -> TurnId:
    digest = hashlib.sha256("\x1f".join(parts).encode("utf-8", "replace")).hexdigest()
    return TurnId(f"{kind}:{parts[0]}:{digest[:40]}")
