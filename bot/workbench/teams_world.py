"""What the Teams stand-in knows: conversations and their activities."""

from __future__ import annotations

from typing import Any

from bot.workbench import cast, wire
from bot.workbench.cast import Chat, Json, Person
from bot.workbench.store import Store

ACTIVITIES_KEPT = 2_000
CARD = "application/vnd.microsoft.card.adaptive"
THREAD = ";messageid="


class TeamsError(Exception):
    """Answered as the Bot Connector does: a status, a code and a sentence."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.message = message


class TeamsWorld:
    def __init__(self, store: Store) -> None:
        self.store = store

    def place(self, id: str) -> tuple[Chat, str]:
        """The conversation of a connector id, and the root of the thread that it names, if any."""
        name, _, root = id.partition(THREAD)
        chat = cast.CHATS.get(name)
        if chat is None or (root and chat.kind != "channel"):
            raise TeamsError(404, "ConversationNotFound", "Conversation not found.")
        if root and self.activity(root) is None:
            raise TeamsError(404, "ConversationNotFound", "Conversation not found.")
        return chat, root

    def next_id(self) -> str:
        """Milliseconds, as Teams' own ids, never the same twice."""
        return str(self.store.tick("teams.id", int(self.store.clock() * 1000)))

    def activity(self, id: str) -> Json | None:
        return self.store.get("activity", id)

    def add(self, chat: Chat, root: str, sender: str, content: Json, **more: Any) -> Json:
        """`content` is the activity as it was sent; what the page draws is taken from it."""
        activity = {
            "conversation": chat.id,
            "id": self.next_id(),
            "from": sender,
            "bot": sender == cast.TEAMS_BOT,
            "at": wire.now_text(self.store.clock()),
            **({"root": root} if root else {}),
            **drawn(content),
            **more,
        }
        with self.store.change():
            self.save(activity)
            self.store.keep_newest("activity", ACTIVITIES_KEPT)
            if activity["bot"]:
                self.set_typing(chat.id, on=False)
        return activity

    def save(self, activity: Json) -> None:
        with self.store.change():
            self.store.put("activity", activity["id"], activity, group=activity["conversation"])
            self.store.emit({"type": "teams.activity", "activity": shown(activity)})

    def remove(self, activity: Json) -> None:
        with self.store.change():
            self.store.drop("activity", activity["id"])
            conversation = activity["conversation"]
            self.store.emit({"type": "teams.delete", "conversation": conversation, "id": activity["id"]})

    def answer_presser(self, activity: Json, who: Person, card: Json) -> None:
        """What an Action.Execute is answered with is seen by the one who pressed, until an update."""
        cards = {**(activity.get("cards_for") or {}), who.id: card}
        self.save({**activity, "cards_for": cards})

    def set_typing(self, conversation: str, *, on: bool) -> None:
        was = self.store.get("typing", conversation) is not None
        if on:
            self.store.put("typing", conversation, {"id": conversation, "at": self.store.clock()})
        else:
            self.store.drop("typing", conversation)
        if was != on:
            self.store.emit({"type": "teams.typing", "conversation": conversation, "on": on})


def drawn(content: Json) -> Json:
    picture: Json = {"text": str(content.get("text") or "")}
    for name in ("textFormat", "entities"):
        if content.get(name):
            picture[name] = content[name]
    for attachment in content.get("attachments") or ():
        if attachment.get("contentType") == CARD:
            picture["card"] = attachment["content"]
    if content.get("channelData"):
        picture["channelData"] = content["channelData"]
    return picture


def shown(activity: Json) -> Json:
    """As the page has it (`TeamsActivity` in protocol.ts)."""
    return {name: value for name, value in activity.items() if name != "value"}
