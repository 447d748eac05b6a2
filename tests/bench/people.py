"""Many people who write to the bot, in Slack and in Teams: genuine requests as bytes."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from itertools import count
from typing import Any
from urllib.parse import urlencode

from bot.workbench import cast, slack_events
from bot.workbench.keys import Keys
from bot.workbench.teams_people import mention
from bot.workbench.teams_tokens import Tokens
from tests.bench.line import request

Json = dict[str, Any]
YES = "Yes, order it"

# Microseconds, from now on: never twice in one run, and in the order of the clock.
_numbers = count(int(time.time() * 10**6))


@dataclass(frozen=True, slots=True)
class Said:
    """A request to be sent, and the thread in which the answer has to appear."""

    bytes: bytes
    thread: str


@dataclass(slots=True)
class SlackPeople:
    """Each message begins a thread of its own, in a channel of its own: Slack limits what a channel takes.

    `channels`: no more than so many, as an organisation has; 0: no end of them.
    """

    keys: Keys
    path: str = slack_events.PATH
    channels: int = 0

    def mention(self, text: str = "help", user: str = cast.ADA.slack) -> Said:
        number = next(_numbers)
        ts = f"{number // 10**6}.{number % 10**6:06d}"
        inner = {
            "type": "app_mention",
            "user": user,
            "ts": ts,
            "text": f"<@{cast.BOT_USER}> {text}",
            "team": cast.TEAM,
            "channel": f"C{number % self.channels if self.channels else number}",
            "event_ts": ts,
        }
        parcel = slack_events.event(inner, time.time())
        return Said(self._signed(parcel.body, parcel.content_type), ts)

    def press(self, posted: Json, label: str, id: str, thread: str, who: cast.Person = cast.ADA) -> bytes:
        """A button of a message that the bot posted, by its label."""
        block, element = _button(posted, label)
        kept: Json = {key: element[key] for key in ("type", "action_id", "value", "text") if key in element}
        action: Json = {**kept, "block_id": block.get("block_id", "b"), "action_ts": f"{time.time():.6f}"}
        channel = posted["channel"]
        payload = {
            "type": "block_actions",
            "team": {"id": cast.TEAM, "domain": cast.TEAM_DOMAIN},
            "user": {"id": who.slack, "username": who.id, "name": who.id, "team_id": cast.TEAM},
            "api_app_id": cast.SLACK_APP,
            "token": slack_events.VERIFICATION_TOKEN,
            "trigger_id": f"{next(_numbers)}.1",
            "container": {"type": "message", "message_ts": id, "channel_id": channel, "thread_ts": thread},
            "channel": {"id": channel, "name": "orders"},
            "message": {"type": "message", "ts": id, "thread_ts": thread, "bot_id": cast.BOT_ID,
                        "blocks": posted["blocks"], "text": posted.get("text", "")},
            "state": {"values": {}},
            "response_url": "http://127.0.0.1/",
            "actions": [action],
        }  # fmt: skip
        body = urlencode({"payload": json.dumps(payload, separators=(",", ":"))})
        return self._signed(body, slack_events.FORM)

    def _signed(self, text: str, kind: str) -> bytes:
        body = text.encode()
        signed = slack_events.signature(self.keys.slack_signing_secret, body, time.time())
        return request(self.path, body, {"Content-Type": kind, **signed})


@dataclass(slots=True)
class TeamsPeople:
    """Each message begins a thread of its own, in a channel of its own. `channels` as in Slack."""

    tokens: Tokens
    signed: bool = True
    channels: int = 0

    def mention(self, text: str = "help", person: cast.Person = cast.ADA) -> Said:
        id = str(next(_numbers))
        activity = self._envelope("message", person, id, id) | {
            "text": f"<at>{cast.BOT_NAME}</at> {text}",
            "textFormat": "plain",
            "entities": [mention()],
        }
        return Said(self._sent(activity), id)

    def press(
        self, posted: Json, label: str, id: str, thread: str, who: cast.Person = cast.ADA, channel: str = ""
    ) -> bytes:
        """`channel`: where it stands, if not in the thread's own."""
        action = _execute(posted, label)
        activity = self._envelope("invoke", who, str(next(_numbers)), thread, channel) | {
            "name": "adaptiveCard/action",
            "replyToId": id,
            "value": {
                "action": {"type": "Action.Execute", "verb": action["verb"], "data": action.get("data", {})},
                "trigger": "manual",
            },
        }
        return self._sent(activity)

    def _envelope(self, kind: str, who: cast.Person, id: str, thread: str, channel: str = "") -> Json:
        number = int(thread) % self.channels if self.channels else thread
        channel = channel or f"19:bench{number}@thread.tacv2"
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
                "id": f"{channel};messageid={thread}",
                "isGroup": True,
            },
            "recipient": {"id": cast.TEAMS_BOT, "name": cast.BOT_NAME},
            "channelData": {
                "tenant": {"id": cast.TENANT},
                "teamsChannelId": channel,
                "teamsTeamId": cast.TEAM_THREAD,
                "channel": {"id": channel},
                "team": {"id": cast.TEAM_THREAD},
            },
        }

    def _sent(self, activity: Json) -> bytes:
        body = json.dumps(activity, separators=(",", ":")).encode()
        headers = {"Content-Type": "application/json; charset=utf-8"}
        if self.signed:
            headers |= self.tokens.signed_headers(body)
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
