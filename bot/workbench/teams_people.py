"""What a person does in Teams: activities and invokes, as the Bot Connector sends them."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Sequence
from typing import Any

from bot.workbench import cast, teams_streams, wire
from bot.workbench.cast import Chat, Json, Person
from bot.workbench.courier import Courier, Outcome, Parcel
from bot.workbench.slack_people import NotPossible
from bot.workbench.teams_tokens import Tokens
from bot.workbench.teams_world import THREAD, TeamsError, TeamsWorld

PATH = "/api/messages"
MOST_TYPED = 28_000
INVOKE_SECONDS = 15.0
MENTION = re.compile(rf"@{re.escape(cast.BOT_NAME)}(?!\w)", re.IGNORECASE)
UNHEARD = "Nobody told the bot: in channels and groups it hears only what mentions it."


class TeamsPeople:
    def __init__(self, world: TeamsWorld, courier: Courier, tokens: Tokens) -> None:
        self.world = world
        self._courier = courier
        self._service_url = tokens.service_url

    # ── words ──
    def say(
        self, who: Person, conversation: str, typed: str, root: str = "", files: Sequence[Json] = ()
    ) -> tuple[Json, str]:
        """The activity, and a note where the bot does not get to hear it, as in real Teams."""
        chat = self._chat(who, conversation)
        if not typed.strip() and not files:
            raise NotPossible("there is nothing to send")
        if len(typed) > MOST_TYPED:
            raise NotPossible(f"a message holds at most {MOST_TYPED:,} characters")
        above = self._root(chat, root) if root else None
        text = MENTION.sub(f"<at>{cast.BOT_NAME}</at>", typed)
        content: Json = {"text": text, "textFormat": "plain"}
        if text != typed:
            content["entities"] = [mention()]
        with self.world.store.change():
            named = {"files": [{"name": each["name"]} for each in files]} if files else {}
            activity = self.world.add(chat, above["id"] if above else "", who.aad, content, **named)
            if chat.kind != "personal" and text == typed:
                return activity, UNHEARD
            sent = self.envelope("message", who, chat, activity.get("root", ""), activity["id"]) | content
            sent["attachments"] = [*files, {"contentType": "text/html", "content": as_html(typed)}]
            self._courier.post(self._parcel(sent, "message", patient=True))
        return activity, ""

    # ── cards ──
    def executing(self, who: Person, activity: Json, verb: str, data: Json) -> Parcel:
        action = {"type": "Action.Execute", "verb": verb, "data": data}
        sent = self._about(who, activity, "invoke") | {
            "name": "adaptiveCard/action",
            "value": {"action": action, "trigger": "manual"},
        }
        return self._parcel(sent, f"adaptiveCard/action {verb}".strip(), seconds=INVOKE_SECONDS)

    async def execute(self, who: Person, activity: Json, verb: str, data: Json) -> str:
        """The bot's answer replaces the card for this person only; words are returned as a note."""
        parcel = self.executing(who, activity, verb, data)
        return self.show_answer(who, activity, await self._courier.send(parcel))

    def show_answer(self, who: Person, activity: Json, outcome: Outcome) -> str:
        if not outcome.ok:
            raise NotPossible("Unable to reach app. Please try again.")
        try:
            answer = json.loads(outcome.body)
        except ValueError:
            raise NotPossible("Something went wrong. Please try again.") from None
        match answer:
            case {"statusCode": 200, "type": "application/vnd.microsoft.card.adaptive", "value": dict(card)}:
                now = self.world.activity(activity["id"])
                if now is not None:
                    self.world.answer_presser(now, who, card)
                return ""
            case {
                "statusCode": 200,
                "type": "application/vnd.microsoft.activity.message",
                "value": str(text),
            }:
                return text
            case {"statusCode": int(status), "value": {"message": str(text)}} if status >= 400:
                raise NotPossible(text[:500])
            case _:
                raise NotPossible("Something went wrong. Please try again.")

    async def submit(self, who: Person, activity: Json, data: Any) -> None:
        """Action.Submit: a message without words that carries the inputs."""
        shape = data.get("msteams") if isinstance(data, dict) else None
        sent = self._about(who, activity, "message") | {"value": data}
        if isinstance(shape, dict) and shape.get("type") == "messageBack":
            sent |= {"text": str(shape.get("text") or ""), "value": shape.get("value")}
        outcome = await self._courier.send(self._parcel(sent, "Action.Submit", patient=True))
        if not outcome.ok:
            raise NotPossible("Unable to reach app. Please try again.")

    async def judge(self, who: Person, activity: Json, reaction: str, words: str) -> None:
        """A thumb below a message that asked for it; Teams sends the words as JSON inside of a text."""
        asked = (activity.get("channelData") or {}).get("feedbackLoop")
        if not asked or not activity["bot"]:
            raise NotPossible("this message asks for no feedback")
        value = {"reaction": reaction, "feedback": json.dumps({"feedbackText": words})}
        sent = self._about(who, activity, "invoke") | {
            "name": "message/submitAction",
            "value": {"actionName": "feedback", "actionValue": value},
        }
        outcome = await self._courier.send(self._parcel(sent, "message/submitAction", seconds=INVOKE_SECONDS))
        if not outcome.ok or outcome.body.strip() != b"{}":
            raise NotPossible("Something went wrong. Please try again.")

    def stop(self, who: Person, activity: Json) -> None:
        teams_streams.cancel(self.world, activity["id"])

    def installed(self, who: Person, conversation: str) -> None:
        """The app is added here: Teams tells of the install, and of the bot as a new member."""
        chat = self._chat(who, conversation)
        update = self.envelope("installationUpdate", who, chat, "", self.world.next_id())
        self._courier.post(self._parcel(update | {"action": "add"}, "installationUpdate add", patient=True))
        joined = self.envelope("conversationUpdate", who, chat, "", self.world.next_id())
        joined["membersAdded"] = [{"id": cast.TEAMS_BOT}]
        self._courier.post(self._parcel(joined, "conversationUpdate", patient=True))

    def install_everywhere(self) -> None:
        self.installed(cast.GRACE, cast.APPROVALS_CHAT)
        for person in cast.PERSONS.values():
            self.installed(person, person.chat)

    # ── looking up ──
    def activity(self, who: Person, conversation: str, id: str) -> Json:
        chat = self._chat(who, conversation)
        activity = self.world.activity(id)
        hidden = activity is not None and activity.get("targeted_to", who.aad) != who.aad
        if activity is None or hidden or activity["conversation"] != chat.id:
            raise NotPossible("that message is not there")
        return activity

    def _chat(self, who: Person, conversation: str) -> Chat:
        try:
            chat, _ = self.world.place(conversation)
        except TeamsError:
            raise NotPossible("that conversation is not there") from None
        if who not in chat.members:
            raise NotPossible(f"{who.name} is not in that conversation")
        return chat

    def _root(self, chat: Chat, root: str) -> Json:
        above = self.world.activity(root)
        if above is None or above["conversation"] != chat.id or chat.kind != "channel":
            raise NotPossible("that thread is not there")
        return self.world.activity(str(above.get("root", above["id"]))) or above

    # ── the shapes ──
    def _about(self, who: Person, activity: Json, kind: str) -> Json:
        chat = cast.CHATS[activity["conversation"]]
        root = str(activity.get("root", activity["id"]))
        return self.envelope(kind, who, chat, root, self.world.next_id()) | {"replyToId": activity["id"]}

    def envelope(self, kind: str, who: Person, chat: Chat, root: str, id: str) -> Json:
        at = wire.now_text(self.world.store.clock())
        conversation: Json = {"conversationType": chat.kind, "tenantId": cast.TENANT, "id": chat.id}
        channel_data: Json = {"tenant": {"id": cast.TENANT}}
        if chat.kind != "personal":
            conversation["isGroup"] = True
        if chat.kind == "channel":
            conversation["id"] = f"{chat.id}{THREAD}{root or id}"
            conversation["name"] = chat.name
            channel_data |= {
                "teamsChannelId": chat.id,
                "teamsTeamId": cast.TEAM_THREAD,
                "channel": {"id": chat.id},
                "team": {"id": cast.TEAM_THREAD},
            }
        return {
            "type": kind,
            "id": id,
            "timestamp": at,
            "localTimestamp": at,
            "localTimezone": "Europe/London",
            "locale": "en-GB",
            "channelId": "msteams",
            "serviceUrl": self._service_url,
            "from": {"id": who.teams, "name": who.name, "aadObjectId": who.aad},
            "conversation": conversation,
            "recipient": {"id": cast.TEAMS_BOT, "name": cast.BOT_NAME},
            "channelData": channel_data,
        }

    def _parcel(self, sent: Json, title: str, *, patient: bool = False, seconds: float = 5.0) -> Parcel:
        body = json.dumps(sent, ensure_ascii=False, separators=(",", ":"))
        return Parcel("teams", title, PATH, "application/json; charset=utf-8", body, patient, seconds)


def mention() -> Json:
    named = {"id": cast.TEAMS_BOT, "name": cast.BOT_NAME}
    return {"type": "mention", "mentioned": named, "text": f"<at>{cast.BOT_NAME}</at>"}


def as_html(typed: str) -> str:
    safe = html.escape(typed, quote=False).replace("\n", "<br>")
    span = f'<span itemtype="http://schema.skype.com/Mention" itemscope="" itemid="0">{cast.BOT_NAME}</span>'
    return f"<p>{MENTION.sub(span, safe)}</p>"
