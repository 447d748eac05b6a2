"""The requests that Slack makes, as it makes them: envelope, form, signature."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from urllib.parse import urlencode

from bot.workbench import cast
from bot.workbench.cast import Channel, Json, Person
from bot.workbench.courier import Parcel

PATH = "/slack/events"
FORM = "application/x-www-form-urlencoded"
VERIFICATION_TOKEN = "not-used"  # noqa: S105 - Slack's deprecated field; nobody may trust it
USER_AGENT = "Slackbot 1.0 (+https://api.slack.com/robots)"


def signature(secret: str, body: bytes, at: float) -> Mapping[str, str]:
    """The headers of a genuine request: HMAC over version, time and raw body."""
    stamp = str(int(at))
    mac = hmac.new(secret.encode(), b"v0:" + stamp.encode() + b":" + body, hashlib.sha256)
    return {
        "User-Agent": USER_AGENT,
        "X-Slack-Request-Timestamp": stamp,
        "X-Slack-Signature": f"v0={mac.hexdigest()}",
    }


def event(inner: Json, at: float, *, title: str = "") -> Parcel:
    """An Events API delivery; its `event_id` is new, also for the twin of a mention."""
    payload = {
        "token": VERIFICATION_TOKEN,
        "team_id": cast.TEAM,
        "context_team_id": cast.TEAM,
        "context_enterprise_id": None,
        "api_app_id": cast.SLACK_APP,
        "event": inner,
        "type": "event_callback",
        "event_id": f"Ev{secrets.token_hex(5).upper()}",
        "event_time": int(at),
        "authorizations": [
            {
                "enterprise_id": None,
                "team_id": cast.TEAM,
                "user_id": cast.BOT_USER,
                "is_bot": True,
                "is_enterprise_install": False,
            }
        ],
        "is_ext_shared_channel": False,
        "event_context": f"4-{secrets.token_urlsafe(24)}",
    }
    body = json.dumps(payload, separators=(",", ":"))
    return Parcel("slack", title or inner["type"], PATH, "application/json", body, patient=True)


def said(message: Json, channel: Channel, at: float) -> list[Parcel]:
    """One message, heard once or twice: a mention in a channel is an event of its own."""
    inner = {name: value for name, value in message.items() if name != "reply_count"}
    inner |= {"event_ts": message["ts"], "channel_type": "im" if channel.kind == "dm" else "channel"}
    parcels = [event(inner, at, title="message.im" if channel.kind == "dm" else "message.channels")]
    if channel.kind == "channel" and f"<@{cast.BOT_USER}>" in message["text"]:
        kept = ("user", "ts", "thread_ts", "parent_user_id", "text", "team", "blocks", "channel", "event_ts")
        mention = {name: inner[name] for name in ("client_msg_id", *kept) if name in inner}
        if inner.get("files"):
            # Of the files of a mention Slack tells no more than what they are called by.
            mention["files"] = [{"id": each["id"]} for each in inner["files"]]
        parcels.insert(0, event({"type": "app_mention", **mention}, at))
    return parcels


def echo(message: Json, at: float) -> Parcel:
    """What the bot posted comes back to it, as to every other subscriber of the channel."""
    channel = cast.CHANNELS[message["channel"]]
    kind = "im" if channel.kind == "dm" else "channel"
    inner = {**message, "event_ts": message["ts"], "channel_type": kind}
    return event(inner, at, title=f"{message.get('subtype', 'message')} (echo)")


def home_opened(person: Person, view: Json | None, ts: str, at: float) -> Parcel:
    inner: Json = {
        "type": "app_home_opened",
        "user": person.slack,
        "channel": person.dm,
        "tab": "home",
        "event_ts": ts,
    }
    return event(inner | ({"view": view} if view else {}), at)


def reaction(person: Person, message: Json, name: str, ts: str, at: float) -> Parcel:
    inner = {
        "type": "reaction_added",
        "user": person.slack,
        "reaction": name,
        "item": {"type": "message", "channel": message["channel"], "ts": message["ts"]},
        "item_user": message["user"],
        "event_ts": ts,
    }
    return event(inner, at)


def stopped(person: Person, channel: str, thread: str, streaming: list[str], ts: str, at: float) -> Parcel:
    """Somebody pressed the Stop that Slack draws while a session is processing."""
    inner = {
        "type": "agent_session_stopped",
        "user": person.slack,
        "channel": channel,
        "thread_ts": thread,
        "streaming_message_ts": streaming,
        "event_ts": ts,
    }
    return event(inner, at, title="agent_session_stopped")


def command(person: Person, channel: Channel, name: str, text: str, trigger: str, hook: str) -> Parcel:
    fields = {
        "token": VERIFICATION_TOKEN,
        "team_id": cast.TEAM,
        "team_domain": cast.TEAM_DOMAIN,
        "channel_id": channel.id,
        "channel_name": "directmessage" if channel.kind == "dm" else channel.name,
        "user_id": person.slack,
        "user_name": person.id,
        "command": name,
        "text": text,
        "api_app_id": cast.SLACK_APP,
        "is_enterprise_install": "false",
        "response_url": hook,
        "trigger_id": trigger,
    }
    return Parcel("slack", f"{name} (command)", PATH, FORM, urlencode(fields))


def pressed(person: Person, message: Json, action: Json, state: Json, trigger: str, hook: str) -> Parcel:
    channel = cast.CHANNELS[message["channel"]]
    container = {
        "type": "message",
        "message_ts": message["ts"],
        "channel_id": channel.id,
        "is_ephemeral": bool(message.get("ephemeral_to")),
    }
    if message.get("thread_ts"):
        container["thread_ts"] = message["thread_ts"]
    payload = _interaction("block_actions", person, trigger) | {
        "container": container,
        "channel": {"id": channel.id, "name": "directmessage" if channel.kind == "dm" else channel.name},
        "message": {
            name: value for name, value in message.items() if name not in ("channel", "ephemeral_to")
        },
        "state": {"values": state},
        "response_url": hook,
        "actions": [action],
    }
    return _form(payload, f"block_actions {action.get('action_id', '')}")


def pressed_in_view(person: Person, view: Json, action: Json, state: Json, trigger: str) -> Parcel:
    payload = _interaction("block_actions", person, trigger) | {
        "container": {"type": "view", "view_id": view["id"]},
        "view": {**view, "state": {"values": state}},
        "actions": [action],
    }
    return _form(payload, f"block_actions {action.get('action_id', '')}")


def submitted(person: Person, view: Json, values: Json, trigger: str) -> Parcel:
    payload = _interaction("view_submission", person, trigger) | {
        "view": {**view, "state": {"values": values}},
        "response_urls": [],
    }
    return _form(payload, f"view_submission {view['callback_id']}")


def closed(person: Person, view: Json) -> Parcel:
    payload = _interaction("view_closed", person, "") | {"view": view, "is_cleared": False}
    del payload["trigger_id"]
    return _form(payload, f"view_closed {view['callback_id']}")


def shortcut(person: Person, message: Json, callback: str, trigger: str, hook: str, at: str) -> Parcel:
    channel = cast.CHANNELS[message["channel"]]
    payload = _interaction("message_action", person, trigger) | {
        "action_ts": at,
        "callback_id": callback,
        "message_ts": message["ts"],
        "channel": {"id": channel.id, "name": channel.name},
        "message": {name: value for name, value in message.items() if name != "channel"},
        "response_url": hook,
    }
    return _form(payload, f"message_action {callback}")


def _interaction(kind: str, person: Person, trigger: str) -> Json:
    return {
        "type": kind,
        "team": {"id": cast.TEAM, "domain": cast.TEAM_DOMAIN},
        "user": {"id": person.slack, "username": person.id, "name": person.id, "team_id": cast.TEAM},
        "api_app_id": cast.SLACK_APP,
        "token": VERIFICATION_TOKEN,
        "trigger_id": trigger,
        "enterprise": None,
        "is_enterprise_install": False,
    }


def _form(payload: Json, title: str) -> Parcel:
    body = urlencode({"payload": json.dumps(payload, separators=(",", ":"))})
    return Parcel("slack", title.strip(), PATH, FORM, body)
