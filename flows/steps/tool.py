"""tool: call a service, once; where the policy says so, a person decides first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from bot.reply import Reply
from flows import durations
from flows.effects import AskApproval, Call, Change, Effect, Release, Say, SetTimer, Withdraw
from flows.errors import TemplateError
from flows.events import (
    Approved,
    Began,
    Edited,
    Entered,
    Event,
    Expired,
    Failed,
    Finished,
    Fired,
    Heard,
    Progressed,
    Rejected,
)
from flows.material import exact
from flows.outcome import Finish, GoTo, Outcome, Stay
from flows.policy import Outcome as Ruling
from flows.policy import Verdict
from flows.policy_scene import ruled
from flows.scene import NOTHING_CHARGED, Scene, say
from flows.show import Show
from flows.steps.base import Fields
from flows.steps.decided import change, edited, rejection
from flows.templates import Argument, Text
from flows.tone import said

# Nobody knows, somebody said no, or what would have run was not what was approved.
NEVER_AGAIN = frozenset({"unknown", "rejected", "expired", "denied", "sealed", "no_place", "invalid"})
TRIED = ".tried"
MOST_TIMES = 10
LONGEST_PROGRESS = 200
NOTHING_MORE: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class Tool:
    """`rests_on` names the slots whose confidence is the confidence of the call.

    `times` it is tried again `after` so many seconds where it failed for certain: each time is a new
    generation with a key of its own. What was refused, or may have happened, is never tried again.

    `on_error` maps a failure's code (or `rejected`, `expired`, `denied`, `*`) to a step; without
    one, the failure is said and the run ends. `pending` is said when it is to be completed outside.
    """

    kind: ClassVar[str] = "tool"
    waits: ClassVar[bool] = True

    id: str
    call: str
    arguments: Argument
    save: str
    rests_on: tuple[str, ...]
    working: Text
    pending: Text
    pending_show: Show
    times: int
    after: int
    on_error: Mapping[str, str]
    next: str

    @classmethod
    def parse(cls, fields: Fields) -> Tool:
        times, after = _retry(fields)
        return cls(
            id=fields.step,
            call=fields.string("call", required=True),
            arguments=fields.argument("with"),
            save=fields.save(),
            rests_on=fields.strings("rests_on"),
            working=fields.text("working"),
            pending=fields.text("pending", "This is to be completed outside: follow the link."),
            pending_show=fields.show("pending_show"),
            times=times,
            after=after,
            on_error=fields.on_error(),
            next=fields.target("next"),
        )

    @property
    def targets(self) -> Mapping[str, str]:
        return {"": self.next} | {f"on {code}": step for code, step in self.on_error.items()}

    @property
    def fills(self) -> frozenset[str]:
        return frozenset({self.save} if self.save else ()) | {"error", "edited"}

    @property
    def reads(self) -> frozenset[str]:
        later = (self.pending.names | self.pending_show.names) - {self.save}
        return self.arguments.names | self.working.names | later

    def run(self, scene: Scene, event: Event) -> Outcome:
        run = scene.run
        match event:
            case Entered():
                return self._entered(scene)
            case Approved(name=name):
                return Stay((Release(run.waiting), say(f"{name} approved it. Working on it now.")))
            case Rejected(name=name, reason=reason):
                why = f": “{reason.strip()}”" if reason.strip() else ""
                return self._failed(scene, "rejected", f"{name} rejected it{why}.", rejection(event))
            case Edited():
                return Stay((edited(event),), {"edited": change(event)})
            case Expired():
                sentence = "Nobody decided in time, so it expired. That is no rejection: you may ask again."
                return self._failed(scene, "expired", sentence)
            case Finished(result=result):
                closed = self._closed(scene, "This link has been used.")
                return GoTo(self.next, closed, {**self._kept(result), **self._counted(scene, 0)})
            case Began(result=result):
                values = {**scene.values, self.save: result}
                blocks = self.pending_show.blocks(values)
                slots = {**self._kept(result), "begun": run.waiting}
                return Stay((Say("pending", Reply(self.pending.render(values), blocks)),), slots)
            case Progressed(text=text):
                return self._progressed(scene, text)
            case Failed(code=code, sentence=sentence):
                return self._failed(scene, code, sentence)
            case Fired():
                return GoTo(self.id)
            case Heard() if run.timed:
                return Stay((say("I am about to try that again. Say “cancel” to leave it."),))
            case Heard() if run.held:
                return Stay((say("This waits for an approver. Say “cancel” to take it back."),))
            case Heard() if self._begun(scene):
                return Stay((say("This waits for you: please follow the link above."),))
            case Heard():
                return Stay((say(said("I am working on that right now; one moment.")),))
        return Stay()

    def given(self, values: Mapping[str, Any]) -> Any:
        """The arguments of the call."""
        return self.arguments.resolve(values)

    def _entered(self, scene: Scene) -> Outcome:
        run = scene.run
        card = scene.known.tools.get(self.call)
        if card is None:
            return self._failed(scene, "denied", f"There is no tool {self.call} here.")
        call = Call(run.key(self.id), self.call, exact(self.given(scene.values)), self.id)
        decided = ruled(scene, card, call, self.rests_on)
        verdict = decided.verdict
        if decided.invalid:
            return self._failed(scene, "invalid", decided.invalid)
        if verdict.outcome is Ruling.DENY:
            return self._denied(scene, verdict, decided.noted)
        working = self.working.render(scene.values)
        said: tuple[Effect, ...] = (say(working, name=self._told),) if working else ()
        if verdict.outcome is Ruling.ASK:
            waiting = say(f"This needs a second person's approval: {verdict.because} I have asked.")
            asked = AskApproval(call, verdict, decided.words, decided.confidence)
            return Stay((*decided.noted, asked, waiting))
        return Stay((*decided.noted, call, *said))

    def _denied(self, scene: Scene, verdict: Verdict, noted: tuple[Effect, ...]) -> Outcome:
        outcome = self._failed(scene, "denied", f"That is not allowed here. {verdict.because}")
        return replace(outcome, effects=(*noted, *outcome.effects)) if noted else outcome

    @property
    def _told(self) -> str:
        """The message that says what is being done, by which it can be changed."""
        return f"{self.id}.working"

    def _progressed(self, scene: Scene, text: str) -> Outcome:
        """How far it is stands in the message that said what is being done; without one, nowhere."""
        working = self.working.render(scene.values)
        if not working or self._told not in scene.run.cards:
            return Stay()
        return Stay((Change(self._told, Reply(f"{working}\n{text[:LONGEST_PROGRESS]}")),))

    def cancelled(self, scene: Scene) -> Outcome:
        """The person wants it undone: possible while held, or while only reading."""
        run = scene.run
        if run.held:
            nothing = "Nothing was charged." if scene.nothing == NOTHING_CHARGED else scene.nothing
            taken = f"Cancelled, and the request for approval is withdrawn. {nothing}"
            return Finish("cancelled", (Withdraw(run.waiting), say(taken)))
        if run.timed:
            return Finish("cancelled", (say(scene.cancelled),))
        card = scene.known.tools.get(self.call)
        if card is not None and card.risk == "read":
            return Finish("cancelled", (say(scene.cancelled),))
        if self._begun(scene):
            left = "I cannot take the link back. If you leave it alone, nothing happens."
            return Stay((say(left),))
        return Stay((say("It is too late to cancel: it is being carried out right now."),))

    def _kept(self, result: Mapping[str, Any]) -> Mapping[str, Any]:
        return {self.save: dict(result)} if self.save else {}

    def _closed(self, scene: Scene, words: str) -> tuple[Effect, ...]:
        """The message with the link, without it: nobody is to follow it a second time."""
        return (Change("pending", Reply(words)),) if self._begun(scene) else ()

    def _begun(self, scene: Scene) -> bool:
        """It has begun, and is to be completed outside."""
        run = scene.run
        return bool(run.waiting) and run.slots.get("begun") == run.waiting

    def _failed(
        self, scene: Scene, code: str, sentence: str, more: Mapping[str, str] = NOTHING_MORE
    ) -> Outcome:
        error: dict[str, Any] = {"code": code, "sentence": sentence, **more}
        tried = (scene.run.slots.get(TRIED) or {}).get(self.id, 0)
        if tried < self.times and code not in NEVER_AGAIN:
            return self._again(scene, sentence, tried + 1)
        step = self.on_error.get(code, self.on_error.get("*", ""))
        closed = self._closed(scene, "This link is no longer open.")
        if step:
            return GoTo(step, closed, {"error": error, **self._counted(scene, 0)})
        nothing = " Nothing was done." if code in ("rejected", "expired", "denied", "invalid") else ""
        return Finish("failed", (*closed, say(sentence + nothing)), {"error": error})

    def _again(self, scene: Scene, sentence: str, number: int) -> Outcome:
        """It failed for certain, and the flow says to try again: said, and then a new generation."""
        closed = self._closed(scene, "This link is no longer open.")
        when = f"in {durations.in_words(self.after)}" if self.after else "now"
        said = say(f"{sentence} I will try again {when} ({number} of {self.times}).")
        slots = self._counted(scene, number)
        if not self.after:
            return GoTo(self.id, (*closed, said), slots)
        return Stay((*closed, said, SetTimer(scene.run.key(self.id), float(self.after))), slots)

    def _counted(self, scene: Scene, number: int) -> Mapping[str, Any]:
        """How often it was tried again since it was last settled."""
        tried = scene.run.slots.get(TRIED) or {}
        return {TRIED: {**tried, self.id: number}} if number or tried.get(self.id) else {}


def _retry(fields: Fields) -> tuple[int, int]:
    raw, right = fields.mapping("retry"), 'retry: {times: 2, after: "30 seconds"}'
    if not raw:
        return 0, 0
    times, after = raw.get("times"), raw.get("after", "")
    if isinstance(times, bool) or not isinstance(times, int) or not 1 <= times <= MOST_TIMES:
        fields.wrong("retry", f"needs a number of times, 1 to {MOST_TIMES}", right)
        return 0, 0
    if raw.keys() - {"times", "after"} or not isinstance(after, str):
        fields.wrong("retry", "has times and after, and nothing else", right)
        return 0, 0
    try:
        return times, durations.seconds(after) if after else 0
    except TemplateError as error:
        fields.wrong("retry", str(error), right)
        return 0, 0
