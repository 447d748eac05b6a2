"""Slack's half of the driver: what a person does there, and waiting for what the bot says."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from bot.workbench.cast import CHANNELS, PERSONS, Json
from bot.workbench.seen import Message

if TYPE_CHECKING:
    from bot.workbench.driver import World

SECONDS = 10.0
Wanted = str | Callable[[Message], bool] | None


def channel_id(name: str, who: str = "") -> str:
    """By id, by name (`orders`, `#orders`), or `dm`: the person's direct message with the bot."""
    name = name.lstrip("#")
    if name == "dm":
        return PERSONS[who].dm
    found = [channel.id for channel in CHANNELS.values() if name in (channel.id, channel.name)]
    assert found, f"there is no channel {name!r}"
    return found[0]


class SlackDriver:
    """People are named ada, grace and omar; channels orders, approvals, general and dm."""

    def __init__(self, world: World) -> None:
        self._world = world

    # ── acting ──
    async def say(
        self,
        who: str,
        channel: str,
        text: str,
        *,
        thread: Message | str | None = None,
        files: list[str] | None = None,
    ) -> Message:
        """Types a message; `@Countersign` is a real mention. Returns it once it is there."""
        under = thread.thread if isinstance(thread, Message) else thread
        place = channel_id(channel, who)
        done = await self._world.act(
            "slack.say", as_=who, channel=place, text=text, thread_ts=under, files=files
        )
        key = (done["channel"], done["ts"])
        return await self._world.until(lambda: self._world.messages.get(key), "one's own message")

    async def command(self, who: str, channel: str, text: str) -> None:
        """`/order two colas`; the app's answer is a message to wait for."""
        await self._world.act("slack.say", as_=who, channel=channel_id(channel, who), text=text)

    async def press(self, who: str, message: Message, control: str, *, state: Json | None = None) -> None:
        """Presses a button by its action_id or its label, on the message as `message` shows it.

        Raises `Refused` where the person would see an error.
        """
        item = message.control(control)
        kept = ("type", "action_id", "block_id", "value", "text")
        await self._press(who, message, {name: item[name] for name in kept if name in item}, state)

    async def choose(self, who: str, message: Message, control: str, value: str) -> None:
        """Takes an option of a select, by its value or its label."""
        item = message.control(control)
        for option in item.get("options") or ():
            if value in (option["value"], option["text"]["text"]):
                kept = {name: item[name] for name in ("type", "action_id", "block_id")}
                await self._press(who, message, kept | {"selected_option": option}, None)
                return
        raise AssertionError(f"{control!r} has no option {value!r}: {item.get('options')}")

    async def press_raw(self, who: str, message: Message, action: Json) -> None:
        """A press with an action object of one's own: what a tampered client would send."""
        await self._press(who, message, action, None)

    async def _press(self, who: str, message: Message, action: Json, state: Json | None) -> None:
        await self._world.act(
            "slack.press", as_=who, channel=message.channel, ts=message.ts, action=action, state=state
        )

    async def submit(self, who: str, modal: Json, **values: str) -> None:
        """Sends a form off; `values` by block_id or action_id, what is not named is left empty."""
        state: Json = {}
        known = set()
        for block in modal["view"]["blocks"]:
            if block.get("type") == "input":
                element = block["element"]
                names = {block["block_id"], element["action_id"]}
                known |= names
                given = next((values[name] for name in names if name in values), None)
                state[block["block_id"]] = {element["action_id"]: _typed(element, given)}
        assert set(values) <= known, f"the form has no field {set(values) - known}; it has {known}"
        await self._world.act("slack.submit", as_=who, view_id=modal["view_id"], values=state)

    async def close(self, who: str, modal: Json) -> None:
        await self._world.act("slack.close", as_=who, view_id=modal["view_id"])

    async def shortcut(self, who: str, message: Message, callback_id: str = "ask") -> None:
        await self._world.act(
            "slack.shortcut", as_=who, channel=message.channel, ts=message.ts, callback_id=callback_id
        )

    async def react(self, who: str, message: Message, name: str) -> None:
        await self._world.act("slack.react", as_=who, channel=message.channel, ts=message.ts, name=name)

    async def stop(self, who: str, message: Message) -> None:
        """Presses the Stop that Slack itself draws in the thread of a message that grows."""
        await self._world.act("slack.stop", as_=who, channel=message.channel, thread_ts=message.thread)

    async def judge(self, who: str, message: Message, *, up: bool) -> None:
        """Presses a thumb below what a model wrote."""
        item = next(each for each in message.controls if each.get("type") == "feedback_buttons")
        value = item["positive_button" if up else "negative_button"]["value"]
        action = {"type": "feedback_buttons", "action_id": item["action_id"], "value": value}
        await self.press_raw(who, message, action | {"block_id": item.get("block_id", "")})

    async def open_home(self, who: str) -> None:
        await self._world.act("slack.home", as_=who)

    # ── seeing ──
    def messages(
        self, channel: str = "", *, thread: Message | str | None = None, who: str = ""
    ) -> list[Message]:
        """Oldest first; of one channel, of one thread (its root included), or as one person sees them."""
        place = channel_id(channel, who) if channel else ""
        root = thread.thread if isinstance(thread, Message) else thread
        seen = PERSONS[who].slack if who else ""
        return sorted(
            (
                message
                for message in self._world.messages.values()
                if (not place or message.channel == place)
                and (not root or message.thread == root)
                and (not seen or message.ephemeral_to in ("", seen))
            ),
            key=lambda message: float(message.ts),
        )

    def now(self, message: Message) -> Message:
        """The same message as it is by now."""
        return self._world.messages[message.channel, message.ts]

    async def wait_for(
        self,
        wanted: Wanted = None,
        *,
        button: str = "",
        channel: str = "",
        thread: Message | str | None = None,
        after: Message | None = None,
        who: str = "",
        timeout: float = SECONDS,
    ) -> Message:
        """The newest message of the bot that fits: words in it (case does not matter), or a predicate.

        `button`: it has a control of this label or action_id. `after`: posted later than this one.
        `who`: whispers count only if they are to this person; without it whispers to anybody count.
        """

        def fits(message: Message) -> bool:
            return (
                message.bot
                and _fits(message, wanted)
                and (not button or _has(message, button))
                and (after is None or float(message.ts) > float(after.ts))
            )

        def found() -> Message | None:
            listed = self.messages(channel, thread=thread, who=who)
            return next((message for message in reversed(listed) if fits(message)), None)

        what = f"a Slack message of the bot with {wanted!r} {button and f'and a button {button!r}'}"
        return await self._world.until(found, what, timeout)

    async def wait_until(self, message: Message, wanted: Wanted, *, timeout: float = SECONDS) -> Message:
        """The message once it has become like this: an update of a card."""

        def found() -> Message | None:
            now = self._world.messages.get((message.channel, message.ts))
            return now if now is not None and _fits(now, wanted) else None

        return await self._world.until(found, f"message {message.ts} to become {wanted!r}", timeout)

    async def modal(self, who: str, *, errors: bool = False, timeout: float = SECONDS) -> Json:
        """The form that is open for this person; with `errors`, once it shows some."""

        def found() -> Json | None:
            mine = [modal for modal in self._world.modals.values() if modal["person"] == who]
            return next((modal for modal in reversed(mine) if modal.get("errors") or not errors), None)

        return await self._world.until(found, f"a form for {who}", timeout)

    async def no_modal(self, who: str, *, timeout: float = SECONDS) -> None:
        await self._world.until(
            lambda: all(modal["person"] != who for modal in self._world.modals.values()),
            f"no form for {who}",
            timeout,
        )

    async def home(self, who: str, *, timeout: float = SECONDS) -> list[Json]:
        return await self._world.until(lambda: self._world.homes.get(who), f"App Home of {who}", timeout)


def _typed(element: Json, given: str | None) -> Json:
    kind = element["type"]
    if kind in ("users_select", "datepicker"):
        return {"type": kind, "selected_user" if kind == "users_select" else "selected_date": given}
    if not kind.endswith(("select", "buttons")):
        return {"type": kind, "value": given}
    options = {option["value"]: option for option in element.get("options") or ()}
    return {"type": kind, "selected_option": options[given] if given is not None else None}


def _fits(message: Message, wanted: Wanted) -> bool:
    if wanted is None:
        return True
    return wanted.lower() in message.words.lower() if isinstance(wanted, str) else bool(wanted(message))


def _has(message: Message, button: str) -> bool:
    labels: list[Any] = [label.lower() for label in message.buttons]
    return button.lower() in labels or button in [item["action_id"] for item in message.controls]
