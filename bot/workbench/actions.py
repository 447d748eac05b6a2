"""What the page asks for (`Action` in protocol.ts): somebody acts, or trouble is made."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from bot.workbench import cast
from bot.workbench.cast import Json, Person
from bot.workbench.courier import Courier
from bot.workbench.faults import BadFault, Faults
from bot.workbench.files import Files
from bot.workbench.slack_people import NotPossible, SlackPeople
from bot.workbench.store import Store
from bot.workbench.teams_people import TeamsPeople
from bot.workbench.trouble import Trouble

Done = Json
Do = Callable[[Person, Json], Awaitable[Done]]


class Actions:
    """Every method takes who acts and the action as it came; what it returns joins `{"ok": true}`."""

    def __init__(
        self,
        store: Store,
        slack: SlackPeople,
        teams: TeamsPeople,
        courier: Courier,
        faults: Faults,
        trouble: Trouble,
        files: Files | None = None,
    ) -> None:
        self._store = store
        self._slack = slack
        self._teams = teams
        self._courier = courier
        self._faults = faults
        self._trouble = trouble
        self._files = files
        self._known: dict[str, Do] = {
            "slack.say": self._slack_say,
            "slack.press": self._slack_press,
            "slack.submit": self._slack_submit,
            "slack.close": self._slack_close,
            "slack.shortcut": self._slack_shortcut,
            "slack.home": self._slack_home,
            "slack.react": self._slack_react,
            "teams.say": self._teams_say,
            "teams.press": self._teams_press,
            "teams.install": self._teams_install,
            "slack.stop": self._slack_stop,
            "teams.stop": self._teams_stop,
            "teams.judge": self._teams_judge,
            "resend": self._resend,
            "fault": self._fault,
            "trouble": self._make_trouble,
        }

    async def perform(self, action: Any) -> Done:
        if not isinstance(action, dict):
            raise NotPossible("an action is an object")
        do = self._known.get(str(action.get("type")))
        if do is None:
            raise NotPossible("there is no such action")
        who = cast.PERSONS.get(str(action.get("as") or cast.GRACE.id))
        if who is None:
            raise NotPossible("there is no such person")
        try:
            return {"ok": True, **(await do(who, action))}
        except (KeyError, TypeError) as error:
            raise NotPossible(f"{action['type']} lacks a field or has a wrong one: {error}") from None

    # ── Slack ──
    async def _slack_say(self, who: Person, action: Json) -> Done:
        typed, channel = _words(action, "text"), _words(action, "channel")
        thread = str(action.get("thread_ts") or "")
        if typed.lstrip().startswith("/"):
            name = typed.strip().partition(" ")[0]
            if thread:
                raise NotPossible(f"{name[:40]} is not supported in threads. Sorry!")
            await self._slack.command(who, channel, typed)
            return {"channel": channel}
        files = (
            [self._files.in_slack(each) for each in self._files.of(action.get("files"))]
            if self._files
            else []
        )
        message = self._slack.say(who, channel, typed, thread, files)
        return {"channel": message["channel"], "ts": message["ts"]}

    async def _slack_press(self, who: Person, action: Json) -> Done:
        """On a message; without its `ts` on the modal of `view_id`, or else on App Home."""
        pressed, state = dict(action["action"]), dict(action.get("state") or {})
        values = dict(state.get("values", state))
        if not action.get("ts"):
            await self._slack.press_in_view(who, str(action.get("view_id") or ""), pressed, values)
            return {}
        message = self._slack.message(who, _words(action, "channel"), _words(action, "ts"))
        await self._slack.press(who, message, pressed, values)
        return {}

    async def _slack_submit(self, who: Person, action: Json) -> Done:
        await self._slack.submit(who, _words(action, "view_id"), dict(action["values"]))
        return {}

    async def _slack_close(self, who: Person, action: Json) -> Done:
        await self._slack.close(who, _words(action, "view_id"))
        return {}

    async def _slack_shortcut(self, who: Person, action: Json) -> Done:
        message = self._slack.message(who, _words(action, "channel"), _words(action, "ts"))
        await self._slack.shortcut(who, message, _words(action, "callback_id"))
        return {}

    async def _slack_home(self, who: Person, action: Json) -> Done:
        self._slack.open_home(who)
        return {}

    async def _slack_react(self, who: Person, action: Json) -> Done:
        message = self._slack.message(who, _words(action, "channel"), _words(action, "ts"))
        self._slack.react(who, message, _words(action, "name"))
        return {}

    # ── Teams ──
    async def _teams_say(self, who: Person, action: Json) -> Done:
        root = str(action.get("root") or "")
        place = _words(action, "conversation")
        kind = cast.CHATS[place].kind if place in cast.CHATS else ""
        kept = self._files.of(action.get("files")) if self._files else []
        files = [self._files.in_teams(each, kind) for each in kept] if self._files else []
        activity, note = self._teams.say(who, place, _words(action, "text"), root, files)
        said = {"conversation": activity["conversation"], "id": activity["id"]}
        return said | ({"note": note} if note else {})

    async def _teams_press(self, who: Person, action: Json) -> Done:
        activity = self._teams.activity(who, _words(action, "conversation"), _words(action, "id"))
        if action.get("kind") == "submit":
            await self._teams.submit(who, activity, action.get("data"))
            return {}
        note = await self._teams.execute(
            who, activity, str(action.get("verb") or ""), action.get("data") or {}
        )
        return {"note": note} if note else {}

    async def _teams_install(self, who: Person, action: Json) -> Done:
        self._teams.installed(who, _words(action, "conversation"))
        return {}

    # ── what a model writes ──
    async def _slack_stop(self, who: Person, action: Json) -> Done:
        self._slack.stop(who, _words(action, "channel"), _words(action, "thread_ts"))
        return {}

    async def _teams_stop(self, who: Person, action: Json) -> Done:
        activity = self._teams.activity(who, _words(action, "conversation"), _words(action, "id"))
        self._teams.stop(who, activity)
        return {}

    async def _teams_judge(self, who: Person, action: Json) -> Done:
        activity = self._teams.activity(who, _words(action, "conversation"), _words(action, "id"))
        await self._teams.judge(who, activity, _words(action, "reaction"), str(action.get("text") or ""))
        return {}

    # ── the wire, and trouble ──
    async def _resend(self, who: Person, action: Json) -> Done:
        again = self._store.wire_again(int(action["wire"]))
        if again is None:
            raise NotPossible("that cannot be sent again")
        outcome = await self._courier.send_again(again)
        return {"note": f"Sent again, byte for byte: the bot answered {outcome.status or outcome.problem}."}

    async def _fault(self, who: Person, action: Json) -> Done:
        if action.get("clear"):
            self._faults.clear()
            return {}
        try:
            self._faults.add(action)
        except (BadFault, ValueError) as error:
            raise NotPossible(str(error)) from None
        return {}

    async def _make_trouble(self, who: Person, action: Json) -> Done:
        return {"note": await self._trouble.make(_words(action, "what"), who, action)}


def _words(action: Json, name: str) -> str:
    value = action[name]
    if not isinstance(value, str):
        raise TypeError(f"{name} has to be a string")
    return value
