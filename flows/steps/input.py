"""input: ask until a slot is filled; a list can be added to, changed and shortened."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from bot.reply import Reply, Style
from flows import doubts, offers
from flows.conditions import Condition
from flows.doubts import Open
from flows.effects import Change as Replace
from flows.effects import Effect, Read
from flows.events import Chose, Entered, Event, Heard
from flows.items import Applied, Doubt, apply, items_key
from flows.outcome import GoTo, Outcome, Stay
from flows.repairs import MISSES, misunderstood
from flows.scene import Scene, say, with_buttons
from flows.steps import slot_fields
from flows.steps.base import Fields
from flows.steps.gather import Gather
from flows.templates import Text, items_in_words
from flows.tone import said
from flows.understanding import Change

CARD = "doubt.card"
NO_CHOICE = "-"
MORE = said("Say what to change, or “that's all” to go on.")


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
    tries: int
    on_error: Mapping[str, str]
    next: str

    @classmethod
    def parse(cls, fields: Fields) -> Input | Gather:
        """A list of items where `gather` is a name alone; typed slots where it says of which type."""
        raw = fields.take("gather")
        on_error, tries = fields.on_error(), fields.whole("tries", 3, 1, 20)
        if slot_fields.is_typed(raw):
            if fields.take("offered") is not None:
                fields.wrong("offered", "is for a list of items", "options, or a step of type choice")
            return Gather(
                id=fields.step,
                slots=slot_fields.parse(fields, raw),
                ask=fields.text("ask"),
                refill=fields.boolean("refill"),
                tries=tries,
                on_error=on_error,
                next=fields.target("next"),
            )
        gather = fields.slots("gather")
        if len(gather) > 1:
            right = ", ".join(f"{{slot: {name}, type: text}}" for name in gather)
            fields.wrong(
                "gather", "names more than one slot without a type", f"gather: [{gather[0]}] or [{right}]"
            )
        return cls(
            id=fields.step,
            gather=gather[0] if gather else "items",
            ask=fields.text("ask", "What would you like?"),
            offered=fields.condition("offered"),
            refill=fields.boolean("refill"),
            tries=tries,
            on_error=on_error,
            next=fields.target("next"),
        )

    @property
    def targets(self) -> Mapping[str, str]:
        return {"": self.next} | {f"on {code}": step for code, step in self.on_error.items()}

    @property
    def fills(self) -> frozenset[str]:
        return frozenset({self.gather}) | ({"error"} if self.on_error else frozenset())

    @property
    def reads(self) -> frozenset[str]:
        return self.ask.names | (self.offered.names if self.offered else frozenset())

    def run(self, scene: Scene, event: Event) -> Outcome:
        open = doubts.from_json(scene.run.slots.get("doubt"))
        match event:
            case Entered() if scene.run.unread:
                who = scene.run.requester
                return Stay((Read(who.id, who.name, scene.run.unread),))
            case Entered() if open:
                return Stay((self._card(scene, open),))
            case Entered() if self._filled(scene):
                return GoTo(self.next)
            case Entered():
                return self._asked(scene)
            case Heard(meaning=meaning) if meaning.changes:
                closed = (self._closed(scene, open, ""),) if open else ()
                changes = doubts.answered(open, meaning.changes) if open else meaning.changes
                return self._changed(scene, changes, closed, meaning.leftover)
            case Heard(meaning=meaning) if open:
                if meaning.intent == "no" or (meaning.intent == "yes" and len(open.choices) == 1):
                    return self._settled(scene, open, "0" if meaning.intent == "yes" else NO_CHOICE)
                return Stay((self._card(scene, open, "Sorry, I did not get that. "),))
            case Heard(opening=True):
                return self._asked(scene)
            case Heard(meaning=meaning) if meaning.intent in ("yes", "no"):
                return GoTo(self.next) if self._filled(scene) else self._asked(scene)
            case Heard(text=text):
                excuse = f"I found nothing to order in “{text[:200]}”."
                gone = misunderstood(scene, self.id, self.tries, self.on_error, excuse)
                if gone is not None:
                    return gone
                if self.on_error:
                    misses = {**(scene.run.slots.get(MISSES) or {})}
                    slots = {MISSES: {**misses, self.id: misses.get(self.id, 0) + 1}}
                    more = self._offered(scene)
                    return Stay((offers.menu(excuse, more, self.ask.render(scene.values)),), slots)
                return Stay((offers.menu(excuse, self._offered(scene), self.ask.render(scene.values)),))
            case Chose(choice="pick", value=value):
                number, _, at = value.partition(".")
                if open is None or number != str(open.number):
                    return Stay((say(said("That is settled already.")),))
                return self._settled(scene, open, at)
        return Stay()

    def help(self, scene: Scene) -> tuple[Effect, ...]:
        """What can be chosen from, where that is known."""
        offered = self._offered(scene)
        return (offers.menu("", offered, ""),) if offered else ()

    def again(self, scene: Scene) -> tuple[Effect, ...]:
        """The question as it now stands, once more."""
        open = doubts.from_json(scene.run.slots.get("doubt"))
        if open:
            return (self._card(scene, open),)
        if self._filled(scene):
            return (say(f"So far: {items_in_words(scene.run.slots[self.gather])}. " + MORE),)
        return (say(self.ask.render(scene.values)),)

    def _filled(self, scene: Scene) -> bool:
        return bool(scene.run.slots.get(self.gather)) and not self.refill

    def _offered(self, scene: Scene) -> Sequence[Any]:
        found = self.offered.value(scene.values) if self.offered else ()
        return found if isinstance(found, list | tuple) else ()

    def _asked(self, scene: Scene) -> Outcome:
        return Stay((say(self.ask.render(scene.values)),))

    def _settled(self, scene: Scene, open: Open, at: str) -> Outcome:
        """A doubt was answered: make the change, or leave it."""
        if at.isdecimal() and len(at) < 3 and int(at) < len(open.choices):
            word = "Yes." if len(open.choices) == 1 else f"{open.choices[int(at)]}."
            closed = self._closed(scene, open, word)
            return self._changed(scene, (doubts.picked(open, int(at)), *open.rest), (closed,))
        closed = self._closed(scene, open, "No." if len(open.choices) == 1 else "None of these.")
        return self._changed(scene, open.rest, (closed,))

    def _changed(
        self, scene: Scene, changes: Sequence[Change], before: tuple[Effect, ...] = (), leftover: str = ""
    ) -> Outcome:
        """The list with these changes; asks back where something is in doubt."""
        key = items_key(self.gather)
        held = scene.run.slots
        applied = apply(changes, held.get(self.gather) or (), held.get(key) or {}, bar=scene.known.bar)
        slots: dict[str, Any] = {self.gather: list(applied.items), key: applied.sure, "doubt": None}
        note = f"I did not understand “{leftover[:200]}”, so I left it out." if leftover else ""
        if all(_passing(each, applied, scene.known.bar) for each in applied.doubts) and applied.items:
            left = ", ".join(f"“{each.change.words or each.change.item}”" for each in applied.doubts)
            note = f"I did not understand {left[:300]}, so I left it out." if left else note
            return GoTo(self.next, (*before, say(note)) if note else before, slots)
        asking = [each for each in applied.doubts if each.choices]
        told = self._told(scene, applied, asking, note)
        if asking:
            # Numbered by messages: a press on an older card never answers a newer question.
            open = doubts.ask(scene.run.said + len(told), asking)
            return Stay((*before, *told, self._card(scene, open)), slots | {"doubt": doubts.to_json(open)})
        return Stay((*before, *told), slots)

    def _told(self, scene: Scene, applied: Applied, asking: Sequence[Doubt], note: str) -> tuple[Effect, ...]:
        """What was noted and what was not, in one message, before any question."""
        unknown = [each for each in applied.doubts if each.unknown]
        problems = [each.question for each in applied.doubts if not each.unknown and not each.choices]
        if unknown:
            names = " or ".join(f"“{each.change.item or each.change.words}”" for each in unknown)
            problems.append(f"I do not know {names[:300]}.")
        parts = [f"Noted: {'; '.join(applied.done)}."] if applied.done else []
        parts += [*problems, note] if note else problems
        if asking:
            return (say(" ".join(parts)),) if parts else ()
        more: str = "What would you like instead? Say “that's all” to go on without it."
        if not unknown:
            more = MORE
        ending = more if applied.items and not self.refill else self.ask.render(scene.values)
        if not applied.items and not applied.doubts:
            parts = ["The list is empty now."]
        return (offers.menu(" ".join(parts), self._offered(scene) if unknown else (), ending),)

    def _card(self, scene: Scene, open: Open, before: str = "") -> Effect:
        """The question, with a button for each answer."""
        only = len(open.choices) == 1
        labels = ("Yes",) if only else open.choices
        first = Style.PRIMARY if only else Style.PLAIN
        buttons = [
            scene.button(label, "pick", f"{open.number}.{at}", first) for at, label in enumerate(labels)
        ]
        none = scene.button("No" if only else "None of these", "pick", f"{open.number}.{NO_CHOICE}")
        return with_buttons(before + open.question, *buttons, none, name=CARD)

    def _closed(self, scene: Scene, open: Open, answer: str) -> Effect:
        """The question's card without its buttons, with the answer."""
        return Replace(CARD, Reply(f"{open.question} {answer}".strip()))


def _passing(doubt: Doubt, applied: Applied, bar: float) -> bool:
    """Words that are hardly an order, beside some that are: said, but nothing to stop for."""
    return doubt.unknown and doubt.change.confidence < bar and bool(applied.done)
