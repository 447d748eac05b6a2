"""Many people who write to the bot, in Slack and in Teams: genuine requests as bytes."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from bot.workbench import cast, slack_events
from bot.workbench.keys import Keys
from bot.workbench.teams_people import mention
from bot.workbench.teams_tokens import Tokens
from tests.bench.line import request

Json = dict[str, Any]
YES = "Yes, order it"
CHANNEL = cast.CHANNELS["C0ORDERS00"]
CHAT = next(iter(cast.CHATS.values()))


@dataclass(frozen=True, slots=True)
class Said:
    """A request to be sent, and the thread in which the answer has to appear."""

    bytes: bytes
    thread: str


@dataclass(slots=True)
class SlackPeople:
    """Each message begins a thread of its own. `who` names a user; ada is the one with a card to pay with."""

    keys: Keys
    path: str = slack_events.PATH
    _number: count[int] = field(default_factory=lambda: count(int(time.time() * 1000) % 10**6 * 1000))

    def mention(self, text: str = "help", user: str = cast.ADA.slack) -> Said:
        ts = f"{int(time.time())}.{next(self._number) % 10**6:06d}"
        inner = {
            "type": "app_mention",
            "user": user,
            "ts": ts,
            "text": f"<@{cast.BOT_USER}> {text}",
            "team": cast.TEAM,
            "channel": CHANNEL.id,
            "event_ts": ts,
        }
        return Said(self._signed(slack_events.event(inner, time.time())), ts)

    def press(self, posted: Json, label: str, ts: str) -> bytes:
        """A button of a message that the bot posted, by its label."""
        block, element = _button(posted, label)
        action = {key: element[key] for key in ("type", "action_id", "value", "text") if key in element}
        action |= {"block_id": block.get("block_id", "b"), "action_ts": f"{time.time():.6f}"}
        message = {**posted, "ts": ts, "type": "message", "user": cast.BOT_USER, "bot_id": cast.BOT_ID}
        trigger = f"{next(self._number)}.1"
        return self._signed(slack_events.pressed(cast.ADA, message, action, {}, trigger, "http://127.0.0.1/"))

    def _signed(self, parcel: slack_events.Parcel) -> bytes:
        body = parcel.body.encode()
        signed = slack_events.signature(self.keys.slack_signing_secret, body, time.time())
        return request(self.path, body, {"Content-Type": parcel.content_type, **signed})


@dataclass(slots=True)
class TeamsPeople:
    """Each message begins a thread of its own in one team's channel."""

    tokens: Tokens
    _number: count[int] = field(default_factory=lambda: count(int(time.time() * 1000)))

    def mention(self, text: str = "help", person: cast.Person = cast.ADA) -> Said:
        id = str(next(self._number))
        activity = self._envelope("message", person, id, id) | {
            "text": f"<at>{cast.BOT_NAME}</at> {text}",
            "textFormat": "plain",
            "entities": [mention()],
        }
        return Said(self._sent(activity), id)

    def press(self, posted: Json, label: str, activity_id: str, thread: str) -> bytes:
        action = _execute(posted, label)
        activity = self._envelope("invoke", cast.ADA, str(next(self._number)), thread) | {
            "name": "adaptiveCard/action",
            "replyToId": activity_id,
            "value": {
                "action": {"type": "Action.Execute", "verb": action["verb"], "data": action.get("data", {})},
                "trigger": "manual",
            },
        }
        return self._sent(activity)

    def _envelope(self, kind: str, who: cast.Person, id: str, thread: str) -> Json:
        return {
            "type": kind,
            "id": id,
            "timestamp": time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime()),
            "locale": "en-GB",
            "channelId": "msteams",
            "serviceUrl": self.tokens.service_url,
            "from": {"id": who.teams, "name": who.name, "aadObjectId": who.aad},
            "conversation": {
                "conversationType": "channel",
                "tenantId": cast.TENANT,
                "id": f"{CHAT.id};messageid={thread}",
                "isGroup": True,
            },
            "recipient": {"id": cast.TEAMS_BOT, "name": cast.BOT_NAME},
            "channelData": {
                "tenant": {"id": cast.TENANT},
                "teamsChannelId": CHAT.id,
                "teamsTeamId": cast.TEAM_THREAD,
                "channel": {"id": CHAT.id},
                "team": {"id": cast.TEAM_THREAD},
            },
        }

    def _sent(self, activity: Json) -> bytes:
        body = json.dumps(activity, separators=(",", ":")).encode()
        headers = {"Content-Type": "application/json; charset=utf-8", **self.tokens.signed_headers(body)}
        return request("/api/messages", body, headers)


def _button(posted: Json, label: str) -> tuple[Json, Json]:
    for block in posted.get("blocks") or ():
        for element in block.get("elements") or ():
            if isinstance(element, dict) and _text(element.get("text")) == label:
                return block, element
    raise LookupError(f"the message has no button {label!r}")


def _text(value: Any) -> str:
    return str(value.get("text", "")) if isinstance(value, dict) else str(value or "")


def _execute(thing: Any, title: str) -> Json:
    """The action of this title, however deep the card holds it."""
    if isinstance(thing, dict):
        if thing.get("type") == "Action.Execute" and thing.get("title") == title:
            return thing
        thing = list(thing.values())
    for inner in thing if isinstance(thing, list) else ():
        try:
            return _execute(inner, title)
        except LookupError:
            continue
    raise LookupError(f"the card has no action {title!r}")
