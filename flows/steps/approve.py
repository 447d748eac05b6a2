"""approve: a question that somebody entitled has to answer before the run goes on."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from flows import templates
from flows.effects import AskApproval, Call, Release
from flows.errors import TemplateError
from flows.events import Approved, Entered, Event, Expired, Heard, Rejected
from flows.outcome import GoTo, Outcome, Stay
from flows.policy import Outcome as Ruling
from flows.policy import Verdict
from flows.policy_scene import ruled
from flows.scene import Scene, say
from flows.steps.base import Fields
from flows.steps.decided import rejection
from flows.steps.tool import Tool
from flows.templates import Argument, Text

CALL = "flow.approve"
MOST_FACTS, MOST_PEOPLE = 20, 50
LONGEST = 2_000
EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,190}\Z")


@dataclass(frozen=True, slots=True)
class Approve(Tool):
    """A call that does nothing but can only run once it was approved: so digest, cards, expiry and
    audit are those of every approval. Its arguments are the question and the facts, as shown."""

    kind: ClassVar[str] = "approve"

    question: Text
    facts: tuple[tuple[Text, Text], ...]
    approvers: tuple[str, ...]
    expires: int
    if_rejected: str
    if_expired: str

    @classmethod
    def parse(cls, fields: Fields) -> Approve:
        question, facts = fields.text("question", required=True), _facts(fields)
        names = question.names.union(*(label.names | value.names for label, value in facts))
        minutes = fields.whole("expires_minutes", 0, 1, 43_200) if fields.take("expires_minutes") else 0
        return cls(
            id=fields.step,
            call=CALL,
            arguments=Argument({}, names),
            save=fields.save(),
            rests_on=fields.strings("rests_on"),
            working=fields.none(),
            pending=fields.none(),
            pending_show=fields.nothing_shown(),
            times=0,
            after=0,
            on_error=fields.on_error(),
            next=fields.target("if_approved"),
            question=question,
            facts=facts,
            approvers=_people(fields),
            expires=minutes * 60,
            if_rejected=fields.string("if_rejected"),
            if_expired=fields.string("if_expired"),
        )

    @property
    def targets(self) -> Mapping[str, str]:
        named = {"rejected": self.if_rejected, "expired": self.if_expired}
        onward = {"approved": self.next} | {label: step for label, step in named.items() if step}
        return onward | {f"on {code}": step for code, step in self.on_error.items()}

    def run(self, scene: Scene, event: Event) -> Outcome:
        match event:
            case Entered():
                return self._asked(scene)
            case Approved(name=name):
                return Stay((Release(scene.run.waiting), say(f"{name} approved it.")), self._said(True, name))
            case Rejected(name=name, reason=reason) if self.if_rejected:
                why = f": “{reason.strip()}”" if reason.strip() else ""
                sentence = f"{name} rejected it{why}."
                error = {"code": "rejected", "sentence": sentence, **rejection(event)}
                return GoTo(self.if_rejected, (), {"error": error, **self._said(False, name, reason)})
            case Expired() if self.if_expired:
                error = {"code": "expired", "sentence": "Nobody decided in time."}
                return GoTo(self.if_expired, (), {"error": error, **self._said(False, "")})
            case Heard() if not scene.run.held:
                return Stay((say("It is approved; one moment."),))
        # The base class, by its name: a dataclass with slots is made twice, which `super` would not know.
        return Tool.run(self, scene, event)

    def given(self, values: Mapping[str, Any]) -> Any:
        facts = [(label.render(values), value.render(values)) for label, value in self.facts]
        return {
            "question": self.question.render(values),
            "facts": [{"label": label, "value": value} for label, value in facts if value],
            "approvers": list(self.approvers),
        }

    def _asked(self, scene: Scene) -> Outcome:
        card = scene.known.tools.get(self.call)
        if card is None:
            return self._failed(scene, "denied", f"There is no tool {self.call} here.")
        given = self.given(scene.values)
        texts = (given["question"], *(part for fact in given["facts"] for part in fact.values()))
        if not given["question"] or any(len(text) > LONGEST for text in texts):
            return self._failed(
                scene, "too_long", f"What is to be approved has more than {LONGEST} characters."
            )
        call = Call(scene.run.key(self.id), self.call, given, self.id)
        decided = ruled(scene, card, call, self.rests_on)
        if decided.invalid:
            return self._failed(scene, "invalid", decided.invalid)
        if decided.verdict.outcome is Ruling.DENY:
            return self._failed(scene, "denied", f"That is not allowed here. {decided.verdict.because}")
        verdict = Verdict(Ruling.ASK, "flow", "This step of the flow is for a second person to decide.")
        asked = AskApproval(call, verdict, decided.words, decided.confidence, self.expires)
        return Stay((asked, say("I have asked for approval and go on as soon as somebody decided.")))

    def _kept(self, result: Mapping[str, Any]) -> Mapping[str, Any]:
        return {}  # what was decided is kept when it is decided

    def _said(self, approved: bool, name: str, reason: str = "") -> Mapping[str, Any]:
        decided = {"approved": approved, "by": name, "reason": reason.strip()[:1_000]}
        return {self.save: decided} if self.save else {}


def _people(fields: Fields) -> tuple[str, ...]:
    found = fields.strings("approvers")
    if len(found) > MOST_PEOPLE or not all(EMAIL.match(each) for each in found):
        right = "approvers: [grace@example.com]"
        fields.wrong("approvers", f"must be at most {MOST_PEOPLE} e-mail addresses", right)
        return ()
    return tuple(each.lower() for each in found)


def _facts(fields: Fields) -> tuple[tuple[Text, Text], ...]:
    raw, right = fields.mapping("facts"), 'facts: {Customer: "{{ customer.name }}"}'
    if len(raw) > MOST_FACTS or not all(isinstance(value, str | int) for value in raw.values()):
        fields.wrong("facts", f"must be at most {MOST_FACTS} labels with a text each", right)
        return ()
    try:
        return tuple((templates.text(str(label)), templates.text(str(value))) for label, value in raw.items())
    except TemplateError as error:
        fields.wrong("facts", str(error), right)
        return ()
