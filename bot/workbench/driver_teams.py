"""Teams' half of the driver: what a person does there, and waiting for what the bot says."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from bot.workbench.cast import CHATS, PERSONS, Json
from bot.workbench.seen import Activity

if TYPE_CHECKING:
    from bot.workbench.driver import World

SECONDS = 10.0
Wanted = str | Callable[[Activity], bool] | None


def chat_id(name: str, who: str = "") -> str:
    """By id, by name (`orders`, `approvals`, `lunch club`), or `personal`."""
    if name == "personal":
        return PERSONS[who].chat
    found = [chat.id for chat in CHATS.values() if name == chat.id or name.lower() == chat.name.lower()]
    assert found, f"there is no conversation {name!r}"
    return found[0]


class TeamsDriver:
    """People are named ada, grace and omar; chats orders, approvals, lunch club and personal."""

    def __init__(self, world: World) -> None:
        self._world = world

    # ── acting ──
    async def say(
        self,
        who: str,
        chat: str,
        text: str,
        *,
        thread: Activity | str | None = None,
        files: list[str] | None = None,
    ) -> Activity:
        """Types a message; `@Countersign` is a real mention, without which only a personal chat hears."""
        root = thread.thread if isinstance(thread, Activity) else thread
        done = await self._world.act(
            "teams.say", as_=who, conversation=chat_id(chat, who), text=text, root=root, files=files
        )
        return await self._world.until(lambda: self._world.activities.get(done["id"]), "one's own message")

    async def press(self, who: str, activity: Activity, action: str, **inputs: str) -> str:
        """Presses an action by verb or title, with what was typed into the card's inputs.

        Returns the note that the bot answered with, if any; raises `Refused` where the person
        would see an error.
        """
        item = activity.action(action)
        data = {**(item.get("data") or {}), **inputs}
        if item["type"] == "Action.Submit":
            return await self.press_raw(who, activity, kind="submit", data=data)
        return await self.press_raw(
            who, activity, kind="execute", verb=str(item.get("verb") or ""), data=data
        )

    async def press_raw(
        self, who: str, activity: Activity, *, kind: str, data: Json, verb: str | None = None
    ) -> str:
        """A press with data of one's own: what a tampered or an old client would send."""
        done = await self._world.act(
            "teams.press",
            as_=who,
            conversation=activity.conversation,
            id=activity.id,
            kind=kind,
            verb=verb,
            data=data,
        )
        return str(done.get("note", ""))

    async def install(self, who: str, chat: str = "personal") -> None:
        """Adds the app: installationUpdate and conversationUpdate reach the bot."""
        await self._world.act("teams.install", as_=who, conversation=chat_id(chat, who))

    async def stop(self, who: str, activity: Activity) -> None:
        """Presses Stop below a message that grows."""
        await self._world.act("teams.stop", as_=who, conversation=activity.conversation, id=activity.id)

    async def judge(self, who: str, activity: Activity, reaction: str, text: str = "") -> None:
        """`like` or `dislike`, with what was written into the form that Teams opens."""
        await self._world.act(
            "teams.judge",
            as_=who,
            conversation=activity.conversation,
            id=activity.id,
            reaction=reaction,
            text=text,
        )

    # ── seeing ──
    def activities(
        self, chat: str = "", *, thread: Activity | str | None = None, who: str = ""
    ) -> list[Activity]:
        """Oldest first; of one chat, of one thread (its root included), or as one person sees them."""
        place = chat_id(chat, who) if chat else ""
        root = thread.thread if isinstance(thread, Activity) else thread
        seen = PERSONS[who].aad if who else ""
        return sorted(
            (
                activity
                for activity in self._world.activities.values()
                if (not place or activity.conversation == place)
                and (not root or activity.thread == root)
                and (not seen or activity.targeted_to in ("", seen))
            ),
            key=lambda activity: int(activity.id),
        )

    def now(self, activity: Activity) -> Activity:
        return self._world.activities[activity.id]

    async def wait_for(
        self,
        wanted: Wanted = None,
        *,
        button: str = "",
        chat: str = "",
        thread: Activity | str | None = None,
        after: Activity | None = None,
        who: str = "",
        timeout: float = SECONDS,
    ) -> Activity:
        """The newest message of the bot that fits; arguments as of `SlackDriver.wait_for`."""

        def fits(activity: Activity) -> bool:
            labels = [label.lower() for label in activity.buttons]
            verbs = [action.get("verb") for action in activity.actions]
            return (
                activity.bot
                and _fits(activity, wanted)
                and (not button or button.lower() in labels or button in verbs)
                and (after is None or int(activity.id) > int(after.id))
            )

        def found() -> Activity | None:
            listed = self.activities(chat, thread=thread, who=who)
            return next((activity for activity in reversed(listed) if fits(activity)), None)

        what = f"a Teams message of the bot with {wanted!r} {button and f'and a button {button!r}'}"
        return await self._world.until(found, what, timeout)

    async def wait_until(self, activity: Activity, wanted: Wanted, *, timeout: float = SECONDS) -> Activity:
        """The message once it has become like this: an update of a card."""

        def found() -> Activity | None:
            now = self._world.activities.get(activity.id)
            return now if now is not None and _fits(now, wanted) else None

        return await self._world.until(found, f"activity {activity.id} to become {wanted!r}", timeout)


def _fits(activity: Activity, wanted: Wanted) -> bool:
    if wanted is None:
        return True
    return wanted.lower() in activity.words.lower() if isinstance(wanted, str) else bool(wanted(activity))
