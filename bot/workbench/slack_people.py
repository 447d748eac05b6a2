"""What a person does in Slack: it is stored as their client would, and the bot is told."""

from __future__ import annotations

import json
import secrets
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from bot.workbench import cast, slack_events, slack_text, slack_views
from bot.workbench.cast import Json, Person
from bot.workbench.courier import Courier, Outcome, Parcel
from bot.workbench.slack_blocks import view_problems
from bot.workbench.slack_chat import content
from bot.workbench.slack_world import SlackError, SlackWorld

MOST_TYPED = 40_000
TROUBLE = {
    0: "The app did not answer in time (operation_timeout)",
    404: "The app does not know this (dispatch_unknown)",
}


class NotPossible(Exception):
    """A person cannot do this; the message is for them."""


class SlackPeople:
    def __init__(self, world: SlackWorld, courier: Courier) -> None:
        self.world = world
        self._courier = courier
        world.announce = self._echo

    # ── words ──
    def say(
        self, who: Person, channel_id: str, typed: str, thread_ts: str = "", files: Sequence[Json] = ()
    ) -> Json:
        """Posts, or sends a slash command; the bot's answer comes on its own later."""
        channel = self._channel(who, channel_id)
        if not typed.strip() and not files:
            raise NotPossible("there is nothing to send")
        if len(typed) > MOST_TYPED:
            raise NotPossible(f"a message holds at most {MOST_TYPED:,} characters")
        text, blocks = slack_text.sent(typed)
        with self.world.store.change():
            try:
                root = self.world.root_for_reply(channel.id, thread_ts)
            except SlackError:
                raise NotPossible("that thread is not there") from None
            message: Json = {
                "type": "message",
                "channel": channel.id,
                "ts": self.world.next_ts(),
                "client_msg_id": str(uuid.uuid4()),
                "team": cast.TEAM,
                "user": who.slack,
                "text": text,
                "blocks": blocks,
            }
            if files:
                message |= {"subtype": "file_share", "files": list(files), "upload": False}
            if root is not None:
                message |= {"thread_ts": root["ts"], "parent_user_id": root["user"]}
            self.world.add(message)
            for parcel in slack_events.said(message, channel, self.world.store.clock()):
                self._courier.post(parcel)
        return message

    async def command(self, who: Person, channel_id: str, typed: str) -> str:
        """A slash command; what the app answers at once is shown to this person, or to the channel."""
        channel = self._channel(who, channel_id)
        name, _, text = typed.strip().partition(" ")
        if name.lower() not in {known["command"] for known in cast.COMMANDS}:
            raise NotPossible(f"{name[:40]} is not a command here")
        trigger = self.world.new_trigger(who.slack)
        hook = self.world.new_hook(channel.id, who.slack)
        parcel = slack_events.command(who, channel, name.lower(), text.strip(), trigger, hook)
        outcome = await self._ask(parcel)
        self._show_answer(outcome, channel.id, who)
        return trigger

    def _show_answer(self, outcome: Outcome, channel: str, who: Person) -> None:
        said = outcome.body.decode(errors="replace").strip()
        if not said:
            return
        try:
            answer = json.loads(said) if said.startswith("{") else {"text": said}
            text, blocks = content(answer)
        except (ValueError, SlackError):
            return
        whisper = answer.get("response_type") != "in_channel"
        self.world.add(
            self.world.by_bot(channel, text, blocks, ephemeral_to=who.slack if whisper else None),
        )

    # ── presses ──
    def pressing(self, who: Person, message: Json, action: Json, state: Json | None = None) -> Parcel:
        """The request of one press, ready to be sent; each has its own trigger and time."""
        complete = {**element_of(message, action), **action, "action_ts": self.world.next_ts()}
        trigger = self.world.new_trigger(who.slack)
        hook = self.world.new_hook(message["channel"], who.slack, message)
        return slack_events.pressed(who, message, complete, state or {}, trigger, hook)

    async def press(self, who: Person, message: Json, action: Json, state: Json | None = None) -> Outcome:
        """`message` is what the person sees: it may be older than what is there now."""
        return await self._ask(self.pressing(who, message, action, state))

    async def press_in_view(self, who: Person, view_id: str, action: Json, state: Json) -> Outcome:
        """A control of an open modal; without an id, of this person's App Home."""
        home = self.world.store.get("home", who.id)
        view = slack_views.outside(self._view(who, view_id)) if view_id else home
        if view is None:
            raise NotPossible("App Home was not opened yet")
        trigger = self.world.new_trigger(who.slack)
        complete = {**element_of(view, action), **action, "action_ts": self.world.next_ts()}
        return await self._ask(slack_events.pressed_in_view(who, view, complete, state, trigger))

    async def submit(self, who: Person, view_id: str, values: Json) -> None:
        """Slack's own checks first, then the app's: errors keep the modal open."""
        kept = self._view(who, view_id)
        missing = _missing(kept, values)
        if missing:
            slack_views.with_errors(self.world, kept, missing)
            return
        trigger = self.world.new_trigger(who.slack, view=view_id)
        parcel = slack_events.submitted(who, slack_views.outside(kept), values, trigger)
        outcome = await self._ask(parcel)
        with self.world.store.change():
            self._after_submission(who, kept, outcome)

    def _after_submission(self, who: Person, kept: Json, outcome: Outcome) -> None:
        try:
            answer = json.loads(outcome.body) if outcome.body.strip() else {}
        except ValueError:
            answer = {"response_action": "not JSON"}
        match answer:
            case {"response_action": "errors", "errors": dict(errors)}:
                slack_views.with_errors(self.world, kept, _of_inputs(kept, errors))
            case {"response_action": "update", "view": dict(view)} if not view_problems(view):
                slack_views.replace(self.world, kept, view)
            case {"response_action": "push", "view": dict(view)} if not view_problems(view):
                slack_views.push(self.world, who.slack, view)
            case {"response_action": "clear"}:
                for view in slack_views.stack(self.world, who.slack):
                    slack_views.close(self.world, view)
            case {"response_action": _}:
                raise NotPossible("The app's answer to this form is not one that Slack understands")
            case _:
                slack_views.close(self.world, kept)

    async def close(self, who: Person, view_id: str) -> None:
        kept = self._view(who, view_id)
        slack_views.close(self.world, kept)
        if kept["notify_on_close"]:
            await self._courier.send(slack_events.closed(who, slack_views.outside(kept)))

    # ── the rest ──
    async def shortcut(self, who: Person, message: Json, callback: str) -> None:
        if callback not in {known["callback_id"] for known in cast.SHORTCUTS}:
            raise NotPossible("there is no such shortcut")
        trigger = self.world.new_trigger(who.slack)
        hook = self.world.new_hook(message["channel"], who.slack, message)
        at = self.world.next_ts()
        await self._ask(slack_events.shortcut(who, message, callback, trigger, hook, at))

    def open_home(self, who: Person) -> None:
        view = self.world.store.get("home", who.id)
        at = self.world.store.clock()
        self._courier.post(slack_events.home_opened(who, view, self.world.next_ts(), at))

    def react(self, who: Person, message: Json, name: str) -> None:
        at = self.world.store.clock()
        parcel = slack_events.reaction(who, message, name.strip(":")[:100], self.world.next_ts(), at)
        self._courier.post(parcel)

    def stop(self, who: Person, channel_id: str, thread: str) -> None:
        """Slack's own button, which is there only while the session is processing."""
        channel = self._channel(who, channel_id)
        session = self.world.store.get("session", f"{channel.id}:{thread}") or {}
        if session.get("status") != "processing":
            raise NotPossible("there is nothing to stop here")
        growing = [
            each["ts"]
            for each in self.world.messages(channel.id)
            if each.get("streaming") and each.get("thread_ts") == thread
        ]
        ts, at = self.world.next_ts(), self.world.store.clock()
        self._courier.post(slack_events.stopped(who, channel.id, thread, growing, ts, at))

    # ── looking up ──
    def message(self, who: Person, channel_id: str, ts: str) -> Json:
        message = self.world.message(self._channel(who, channel_id).id, ts)
        if message is None or message.get("ephemeral_to", who.slack) != who.slack:
            raise NotPossible("that message is not there")
        return message

    def _channel(self, who: Person, id: str) -> cast.Channel:
        channel = cast.CHANNELS.get(id)
        if channel is None or who.slack not in channel.members:
            raise NotPossible(f"{who.name} is not in that channel")
        return channel

    def _view(self, who: Person, view_id: str) -> Json:
        kept = self.world.store.get("view", view_id)
        if kept is None or kept["person"] != who.slack:
            raise NotPossible("that form is not open")
        return kept

    async def _ask(self, parcel: Parcel) -> Outcome:
        outcome = await self._courier.send(parcel)
        if not outcome.ok:
            said = TROUBLE.get(outcome.status, f"The app answered {outcome.status} (dispatch_failed)")
            raise NotPossible(said)
        return outcome

    def _echo(self, message: Json) -> None:
        self._courier.post(slack_events.echo(message, self.world.store.clock()))


def element_of(message: Json, action: Mapping[str, Any]) -> Json:
    """The pressed control's words as they stand on the card, which Slack sends along."""
    for block in message.get("blocks") or ():
        for element in (*(block.get("elements") or ()), block.get("accessory"), block.get("element")):
            if isinstance(element, dict) and element.get("action_id") == action.get("action_id"):
                kept = {name: element[name] for name in ("type", "text", "style", "value") if name in element}
                return {"block_id": block["block_id"], **kept}
    return {"block_id": secrets.token_urlsafe(4)[:5]}


def _missing(view: Json, values: Json) -> dict[str, str]:
    missing = {}
    for block in view["blocks"]:
        if block.get("type") == "input" and not block.get("optional"):
            value = (values.get(block["block_id"]) or {}).get(block["element"]["action_id"]) or {}
            if not any(value.get(name) for name in value if name != "type"):
                missing[block["block_id"]] = "Please complete this required field."
    return missing


def _of_inputs(view: Json, errors: Mapping[str, object]) -> dict[str, str]:
    inputs = {block["block_id"] for block in view["blocks"] if block.get("type") == "input"}
    known = {name: str(text)[:300] for name, text in errors.items() if name in inputs}
    if not known:
        raise NotPossible("The app reported errors for fields that the form does not have")
    return known
