"""Any flow, talked to in memory: the offline reader, the engine, tools that answer as a test says."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from bot.reply import Buttons, Reply, Select
from flows.effects import (
    AskApproval,
    Call,
    CancelTimer,
    Change,
    Effect,
    Read,
    Release,
    Say,
    SetTimer,
    Whisper,
)
from flows.events import Approved, Chose, Entered, Event, Expired, Failed, Finished, Fired, Heard, Rejected
from flows.flow import Flow
from flows.run import Run
from flows.scene import Known
from flows.understanding import Meaning
from integrations.models.offline.reader import read
from tests.flows.builders import ADA, KNOWN, advance, flow_of, run_of
from workers import understand
from workers.known import World

TODAY = "2026-11-18"  # a Wednesday
Answer = Mapping[str, Any] | Event | None


class Chat:
    """`tools` answers a call by its tool: a result, a failure, or None for no answer yet."""

    def __init__(
        self,
        flow: Flow | str,
        tools: Mapping[str, Callable[[Call], Answer] | Answer] | None = None,
        *,
        known: Known = KNOWN,
        flows: Mapping[str, Flow] | None = None,
        opening: str = "",
        slots: Mapping[str, Any] | None = None,
    ) -> None:
        self.flow = flow_of(flow) if isinstance(flow, str) else flow
        self.tools = tools or {}
        self.known = known
        self.world = World({self.flow.id: self.flow, **(flows or {})}, known, {})
        self.run: Run = run_of(self.flow, opening).with_slots(slots or {})
        self.calls: list[Call] = []
        self.asked: list[AskApproval] = []
        self.timers: list[SetTimer | CancelTimer] = []
        self.others: list[Effect] = []
        self.replies: list[Reply] = []
        self.first = self.happen(Entered())

    def say(self, text: str) -> list[str]:
        return self.happen(Heard(ADA, "Ada", text, self._read(text), at=1.0, today=TODAY))

    def press(self, label: str) -> list[str]:
        """The newest control of that label."""
        for reply in reversed(self.replies):
            for name, action, value in controls(reply):
                if name == label:
                    _, at, picked = value.split("|", 2)
                    return self.happen(Chose(ADA, "Ada", action.removeprefix("run."), picked, at))
        raise AssertionError(f"there is nothing called {label} to press")

    def wake(self) -> list[str]:
        return self.happen(Fired(self.run.waiting))

    def approve(self) -> list[str]:
        return self.happen(Approved("a1", self.run.waiting, "Grace"))

    def reject(self, reason: str = "") -> list[str]:
        return self.happen(Rejected("a1", self.run.waiting, "Grace", reason))

    def expire(self) -> list[str]:
        return self.happen(Expired("a1", self.run.waiting))

    def happen(self, event: Event) -> list[str]:
        said: list[str] = []
        todo: list[Event] = [event]
        while todo:
            self.run, effects = advance(self.flow, self.run, todo.pop(0), self.known)
            for effect in effects:
                said += self._shown(effect)
                todo += self._answered(effect)
        return said

    def _read(self, text: str) -> Meaning:
        run = None if self.run.over else self.run
        asked = understand.question(text, self.world, run, self.flow if run else None, TODAY)
        return understand.meaning(read(asked))

    def _shown(self, effect: Effect) -> list[str]:
        match effect:
            case Say(reply=reply):
                self.replies.append(reply)
                labels = [label for label, _, _ in controls(reply)]
                return [f"{reply.text} [{' | '.join(labels)}]" if labels else reply.text]
            case Change(reply=reply):
                return [f"(changed) {reply.text}"]
            case Whisper(reply=reply):
                return [f"(whispered) {reply.text}"]
        return []

    def _answered(self, effect: Effect) -> list[Event]:
        match effect:
            case Read(by=by, name=name, text=text):
                return [Heard(by, name, text, self._read(text), opening=True, at=1.0, today=TODAY)]
            case Call():
                return self._called(effect)
            case AskApproval():
                self.asked.append(effect)
            case Release():
                return self._called(self.asked[-1].call)
            case SetTimer() | CancelTimer():
                self.timers.append(effect)
            case Say() | Change() | Whisper():
                pass
            case _:
                self.others.append(effect)
        return []

    def _called(self, call: Call) -> list[Event]:
        self.calls.append(call)
        answer: Any = self.tools.get(call.tool)
        answer = answer(call) if callable(answer) else answer
        if isinstance(answer, Mapping):
            return [Finished(call.key, answer)]
        return [answer] if isinstance(answer, Failed) else []


def controls(reply: Reply) -> list[tuple[str, str, str]]:
    """Label, action and value of all that can be pressed."""
    found: list[tuple[str, str, str]] = []
    for block in reply.blocks:
        match block:
            case Buttons(buttons=buttons):
                found += [(each.label, each.action, each.value) for each in buttons]
            case Select(action=action, options=options):
                found += [(each.label, action, each.value) for each in options]
    return found


def failed(code: str, sentence: str = "It did not work.") -> Callable[[Call], Failed]:
    return lambda call: Failed(call.key, code, sentence)
