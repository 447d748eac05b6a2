"""input: ask until a slot is filled; a list can be added to, changed and shortened."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, ClassVar

from bot.reply import Style
from flows.conditions import Condition
from flows.effects import Effect, Read
from flows.events import Chose, Entered, Event, Heard
from flows.items import Doubt, apply, items_key
from flows.outcome import GoTo, Outcome, Stay
from flows.scene import Scene, say, with_buttons
from flows.steps.base import Fields
from flows.templates import Text
from flows.understanding import Change


@dataclass(frozen=True, slots=True)
class Input:
    """`gather` names the slot. `offered` reads the names that can be chosen from.

    `refill`: asks even though the slot is filled, because something in it has to change.
    """

    kind: ClassVar[str] = "input"
    waits: ClassVar[bool] = True

    id: str
    gather: str
    ask: Text
    offered: Condition | None
    refill: bool
    next: str

    @classmethod
    def parse(cls, fields: Fields) -> Input:
        gather = fields.strings("gather", required=True)
        if len(gather) > 1:
            fields.wrong("gather", "names more than one slot", f"gather: [{gather[0]}]")
        return cls(
            id=fields.step,
            gather=gather[0] if gather else "items",
            ask=fields.text("ask", "What would you like?"),
            offered=fields.condition("offered"),
            refill=bool(fields.take("refill", False)),
            next=fields.target("next"),
        )

    @property
    def targets(self) -> Mapping[str, str]:
        return {"": self.next}

    @property
    def fills(self) -> frozenset[str]:
        return frozenset({self.gather})

    @property
    def reads(self) -> frozenset[str]:
        return self.ask.names | (self.offered.names if self.offered else frozenset())

    def run(self, scene: Scene, event: Event) -> Outcome:
        match event:
            case Entered() if scene.run.unread:
                who = scene.run.requester
                return Stay((Read(who.id, who.name, scene.run.unread),))
            case Entered() if scene.run.slots.get(self.gather) and not self.refill:
                return GoTo(self.next)
            case Entered():
                return Stay((say(self.ask.render(scene.values)),))
            case Heard(meaning=meaning) if meaning.intent in ("yes", "no") and scene.run.slots.get("doubt"):
                return self._settled(scene, "0" if meaning.intent == "yes" else "")
            case Heard(meaning=meaning) if meaning.changes:
                return self.heard(scene, meaning.changes)
            case Heard(opening=True, text=text) if len(text.split()) < 3:
                return Stay((say(self.ask.render(scene.values)),))
            case Heard() if scene.run.slots.get(self.gather) and not self.refill:
                return GoTo(self.next, (say("I found no change in that, so the list stays as it is."),))
            case Heard(text=text):
                excuse = f"I could not find anything to order in “{text[:200]}”. "
                return Stay((say(excuse + self.ask.render(scene.values)),))
            case Chose(choice="pick", value=value):
                return self._settled(scene, value)
        return Stay()

    def heard(self, scene: Scene, changes: Sequence[Change]) -> Outcome:
        """The list with these changes; asks back about the first that is in doubt."""
        offered = self.offered.value(scene.values) if self.offered else ()
        names = [
            str(each.get("name", each)) if isinstance(each, Mapping) else str(each) for each in offered or ()
        ]
        sure_key = items_key(self.gather)
        applied = apply(
            changes,
            scene.run.slots.get(self.gather) or (),
            scene.run.slots.get(sure_key) or {},
            bar=scene.known.bar,
            offered=names,
        )
        slots: dict[str, Any] = {self.gather: list(applied.items), sure_key: applied.sure, "doubt": None}
        if applied.doubts:
            doubt = applied.doubts[0]
            if doubt.choices:
                slots["doubt"] = {"change": asdict(doubt.change), "choices": list(doubt.choices)}
            return Stay(self._questions(scene, applied.done, applied.doubts), slots)
        if not applied.items:
            return Stay((say("The list is empty now. " + self.ask.render(scene.values)),), slots)
        return GoTo(self.next, slots=slots)

    def _questions(self, scene: Scene, done: Sequence[str], doubts: Sequence[Doubt]) -> tuple[Effect, ...]:
        first = doubts[0]
        text = f"Noted: {'; '.join(done)}. " if done else ""
        text += " ".join(each.question for each in (doubts if not first.choices else doubts[:1]))
        if not first.choices:
            return (say(text),)
        if len(first.choices) == 1:
            yes = scene.button("Yes", "pick", "0", Style.PRIMARY)
            return (with_buttons(text, yes, scene.button("No", "pick", "")),)
        picks = [scene.button(name, "pick", str(at)) for at, name in enumerate(first.choices)]
        return (with_buttons(text, *picks, scene.button("None of these", "pick", "")),)

    def _settled(self, scene: Scene, picked: str) -> Outcome:
        """A doubt was answered: make the change, or leave it."""
        doubt = scene.run.slots.get("doubt")
        if not doubt:
            return Stay((say("That is settled already."),))
        if not picked.isdigit() or int(picked) >= len(doubt["choices"]):
            rest = scene.run.slots.get(self.gather)
            return (
                GoTo(self.next, slots={"doubt": None})
                if rest
                else Stay((say("All right. " + self.ask.render(scene.values)),), {"doubt": None})
            )
        raw = doubt["change"]
        change = Change(**{**raw, **{k: tuple(raw[k]) for k in ("options", "remove_options", "candidates")}})
        if change.candidates:
            change = replace(change, item=doubt["choices"][int(picked)], candidates=(), known=True)
        return self.heard(scene, (replace(change, confidence=max(change.confidence, 0.95)),))
