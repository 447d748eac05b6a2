"""What the Slack stand-in knows: messages, views, and the tickets that presses hand out."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

from bot.workbench import cast
from bot.workbench.cast import Channel, Json
from bot.workbench.store import Store

TRIGGER_SECONDS = 3.0
HOOK_SECONDS = 30 * 60
HOOK_USES = 5
MESSAGES_KEPT = 2_000


class SlackError(Exception):
    """Answered as `{"ok": false, "error": code}`, as the Web API does."""

    def __init__(self, code: str, **more: Any) -> None:
        super().__init__(code)
        self.code = code
        self.more = more


class SlackWorld:
    """`announce` is told of what the bot itself posts: real Slack sends a bot its own echo."""

    def __init__(self, store: Store, base: str) -> None:
        self.store = store
        self.base = base
        self.announce: Callable[[Json], None] = lambda event: None

    # ── conversations ──
    def channel(self, id: object) -> Channel:
        channel = cast.CHANNELS.get(str(id or ""))
        if channel is None:
            raise SlackError("channel_not_found")
        return channel

    def channel_to_post(self, id: object) -> Channel:
        """A person's id stands for the direct message with them."""
        person = cast.BY_SLACK.get(str(id or ""))
        return self.channel(person.dm if person is not None else id)

    # ── messages ──
    def next_ts(self) -> str:
        """Slack's time stamp of a message: microseconds, never the same twice."""
        micros = self.store.tick("slack.ts", int(self.store.clock() * 1_000_000))
        return f"{micros // 1_000_000}.{micros % 1_000_000:06d}"

    def message(self, channel: str, ts: object) -> Json | None:
        return self.store.get("message", f"{channel}:{ts}")

    def messages(self, channel: str, limit: int = MESSAGES_KEPT) -> list[Json]:
        return self.store.newest("message", limit, group=channel)

    def root_for_reply(self, channel: str, thread_ts: object) -> Json | None:
        """The root that a reply hangs under; a reply or a whisper cannot have replies itself."""
        if not thread_ts:
            return None
        root = self.message(channel, thread_ts)
        if root is None or root.get("ephemeral_to") or root.get("thread_ts", root["ts"]) != root["ts"]:
            raise SlackError("cannot_reply_to_message")
        return root

    def add(self, message: Json) -> Json:
        """Stores a new message; its root counts it, and a status in its thread is over."""
        channel = message["channel"]
        with self.store.change():
            self.save(message)
            thread = message.get("thread_ts")
            if thread and thread != message["ts"] and not message.get("ephemeral_to"):
                root = self.message(channel, thread)
                if root is not None:
                    count = int(root.get("reply_count", 0)) + 1
                    self.save({**root, "thread_ts": thread, "reply_count": count})
            if message["user"] == cast.BOT_USER:
                self.set_status(channel, str(thread or message["ts"]), "")
            self.store.keep_newest("message", MESSAGES_KEPT)
        return message

    def save(self, message: Json) -> None:
        with self.store.change():
            channel = message["channel"]
            self.store.put("message", f"{channel}:{message['ts']}", message, group=channel)
            self.store.emit({"type": "slack.message", "message": shown(message)})

    def remove(self, message: Json) -> None:
        channel, ts = message["channel"], message["ts"]
        with self.store.change():
            self.store.drop("message", f"{channel}:{ts}")
            self.store.emit({"type": "slack.delete", "channel": channel, "ts": ts})

    def by_bot(self, channel: str, text: str, blocks: list[Json] | None, **more: Any) -> Json:
        message = {
            "type": "message",
            "channel": channel,
            "ts": self.next_ts(),
            "team": cast.TEAM,
            "user": cast.BOT_USER,
            "bot_id": cast.BOT_ID,
            "app_id": cast.SLACK_APP,
            "text": text,
            "blocks": with_block_ids(blocks) if blocks else None,
            **more,
        }
        return {name: value for name, value in message.items() if value not in (None, "")} | {"text": text}

    def set_status(self, channel: str, thread_ts: str, status: str) -> None:
        key = f"{channel}:{thread_ts}"
        with self.store.change():
            was = self.store.get("status", key)
            if (was or {}).get("status", "") == status:
                return
            if status:
                self.store.put("status", key, {"key": key, "status": status})
            else:
                self.store.drop("status", key)
            event = {"type": "slack.status", "channel": channel, "thread_ts": thread_ts, "status": status}
            self.store.emit(event)

    # ── tickets: trigger_id and response_url ──
    def new_trigger(self, person: str, view: str = "") -> str:
        trigger = f"{secrets.randbelow(10**13)}.{secrets.randbelow(10**13)}.{secrets.token_hex(16)}"
        body = {"person": person, "at": self.store.clock(), "used": False, "view": view}
        self.store.put("trigger", trigger, body)
        self.store.keep_newest("trigger", 200)
        return trigger

    def use_trigger(self, trigger: object) -> Json:
        """Once, and within three seconds of the press."""
        body = self.store.get("trigger", str(trigger or ""))
        if body is None:
            raise SlackError("invalid_trigger_id")
        if body["used"]:
            raise SlackError("exchanged_trigger_id")
        if self.store.clock() - body["at"] > TRIGGER_SECONDS:
            raise SlackError("expired_trigger_id")
        self.store.put("trigger", str(trigger), body | {"used": True})
        return body

    def new_hook(self, channel: str, person: str, message: Json | None = None) -> str:
        token = secrets.token_urlsafe(24)
        body = {
            "channel": channel,
            "person": person,
            "ts": message["ts"] if message else "",
            "thread_ts": message.get("thread_ts", "") if message else "",
            "at": self.store.clock(),
            "uses": 0,
        }
        self.store.put("hook", token, body)
        self.store.keep_newest("hook", 500)
        return f"{self.base}/standin/slack/hooks/{token}"

    def use_hook(self, token: str) -> Json:
        body = self.store.get("hook", token)
        if body is None or self.store.clock() - body["at"] > HOOK_SECONDS:
            raise SlackError("expired_url")
        if body["uses"] >= HOOK_USES:
            raise SlackError("used_url")
        self.store.put("hook", token, body | {"uses": body["uses"] + 1})
        return body


def with_block_ids(blocks: list[Json]) -> list[Json]:
    """Slack names the blocks and controls that the app did not."""
    return [_named(block) for block in blocks]


def _named(block: Json) -> Json:
    block = {**block, "block_id": block.get("block_id") or secrets.token_urlsafe(4)[:5]}
    if isinstance(block.get("elements"), list) and block.get("type") in ("actions", "context_actions"):
        block["elements"] = [_with_action_id(element) for element in block["elements"]]
    for part in ("accessory", "element"):
        if isinstance(block.get(part), dict) and block[part].get("type") != "image":
            block[part] = _with_action_id(block[part])
    return block


def _with_action_id(element: Json) -> Json:
    return {**element, "action_id": element.get("action_id") or secrets.token_urlsafe(4)[:5]}


def shown(message: Json) -> Json:
    """As the page has it (`SlackMessage` in protocol.ts)."""
    picture = {
        "channel": message["channel"],
        "ts": message["ts"],
        "user": message["user"],
        "bot": bool(message.get("bot_id")),
        "text": message["text"],
    }
    for name in ("thread_ts", "ephemeral_to", "reply_count", "metadata"):
        if message.get(name):
            picture[name] = message[name]
    if message.get("blocks") and message.get("bot_id"):
        picture["blocks"] = message["blocks"]
    if message.get("files"):
        picture["files"] = [{"name": each["name"], "size": each["size"]} for each in message["files"]]
    for name in ("edited", "streaming"):
        if message.get(name):
            picture[name] = True
    return picture
