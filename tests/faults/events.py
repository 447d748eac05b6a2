"""What Slack sends when a person says something or presses something."""

from __future__ import annotations

import hashlib
import json
from typing import Any
from urllib.parse import urlencode

from tests.faults.stub import BOT, TEAM

Json = dict[str, Any]


def channel_of(thread: str) -> str:
    """Each thread has a channel of its own: Slack takes one message a second in each, and so do we."""
    return f"C{hashlib.sha256(thread.encode()).hexdigest()[:9].upper()}"


def turn_of(ts: str, thread: str = "") -> str:
    """The id of the turn that a mention becomes."""
    return f"msg:{TEAM}:{channel_of(thread or ts)}:{ts}"


def mention(text: str, ts: str, thread: str, user: str) -> bytes:
    channel = channel_of(thread or ts)
    event = {"type": "app_mention", "user": user, "text": text, "channel": channel, "ts": ts}
    if thread:
        event["thread_ts"] = thread
    return json.dumps(
        {
            "type": "event_callback",
            "team_id": TEAM,
            "api_app_id": "A0STORM00",
            "event_id": f"Ev{hashlib.sha256(ts.encode()).hexdigest()[:12]}",
            "event_time": int(float(ts)),
            "authorizations": [{"team_id": TEAM, "user_id": BOT, "is_bot": True}],
            "event": event,
        }
    ).encode()


def press(message: Json, label: str, user: str, ts: str) -> bytes:
    """On the button of this label; the form that Slack posts."""
    button = next(
        element
        for block in message["blocks"]
        if block["type"] == "actions"
        for element in block["elements"]
        if element.get("text", {}).get("text") == label
    )
    payload = {
        "type": "block_actions",
        "team": {"id": TEAM},
        "user": {"id": user, "team_id": TEAM},
        "channel": {"id": message["channel"]},
        "container": {
            "type": "message",
            "channel_id": message["channel"],
            "message_ts": message["ts"],
            "thread_ts": message["thread_ts"],
        },
        "message": {"ts": message["ts"], "thread_ts": message["thread_ts"]},
        "actions": [{**button, "action_ts": ts}],
        "trigger_id": f"{ts}.trigger",
    }
    return urlencode({"payload": json.dumps(payload)}).encode()
