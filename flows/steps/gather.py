"""input with typed slots: asks for one after another until each holds something that fits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from bot.reply import Style
from flows import asking
from flows.effects import Effect, Read
from flows.events import Chose, Entered, Event, Heard
from flows.outcome import GoTo, Outcome, Stay
from flows.repairs import MISSES, misunderstood
from flows.scene import Scene, say
from flows.slots import Fit, Slot, fit, in_words
from flows.templates import Text
from flows.tone import said
from flows.understanding import Expected

HARDLY = 0.3  # below this a reading is no more than a guess, and is not even asked about
NAMED = 0.75  # how sure a value must be that nobody asked for
SKIP = frozenset({"skip", "none", "no", "nothing", "leave it out", "leave it empty", "-", "n/a", "skip it"})
SKIPPED = ".skipped"
DOUBT = ".doubt"
NONE = "None of these"


@dataclass(frozen=True, slots=True)
class Gather:
    """`on_error` may send `misunderstood` elsewhere, after `tries` answers that did not fit."""

    kind: ClassVar[str] = "input"
    waits: ClassVar[bool] = True

    id: str
    slots: tuple[Slot, ...]
    ask: Text
    refill: bool
    tries: int
    on_error: Mapping[str, str]
    next: str

    @property
    def targets(self) -> Mapping[str, str]:
        return {"": self.next} | {f"on {code}": step for code, step in self.on_error.items()}

    @property
    def fills(self) -> frozenset[str]:
        return frozenset(slot.name for slot in self.slots) | {"error"}

    @property
    def reads(self) -> frozenset[str]:
        texts = [self.ask, *(text for slot in self.slots for text in (slot.ask, slot.refuse) if text)]
        return frozenset[str]().union(*(text.names for text in texts)) - {"heard"}

    def expects(self, scene: Scene) -> Expected | None:
        slot = self._open(scene)
        if slot is None:
            return None
        return Expected(slot.name, slot.type, self._question(scene, slot), slot.labels)

    def run(self, scene: Scene, event: Event) -> Outcome:
        match event:
            case Entered():
                if scene.run.unread:
                    who = scene.run.requester
                    return Stay((Read(who.id, who.name, scene.run.unread),), self._emptied(scene))
                return self._onward(scene, self._emptied(scene))
            case Heard():
                return self._heard(scene, event)
            case Chose(choice="pick" | "answer" as choice, value=value):
                return self._pressed(scene, choice, value)
        return Stay()

    def again(self, scene: Scene) -> tuple[Effect, ...]:
        """The question as it now stands, once more."""
        doubt = self._doubt(scene)
        slot = self._open(scene)
        if slot is None:
            return ()
        return (self._doubted(scene, doubt) if doubt else self._asking(scene, slot),)

    def help(self, scene: Scene) -> tuple[Effect, ...]:
        slot = self._open(scene)
        return (say(f"I am asking for {slot.example}."),) if slot else ()

    # what is open ---------------------------------------------------------------------------

    def _emptied(self, scene: Scene) -> dict[str, Any]:
        """On entering anew: nothing is in doubt; with `refill` everything is asked again."""
        gone: dict[str, Any] = {DOUBT: None}
        if misses := scene.run.slots.get(MISSES):
            gone[MISSES] = {step: count for step, count in misses.items() if step != self.id}
        if self.refill:
            skipped = scene.run.slots.get(SKIPPED) or {}
            names = {slot.name for slot in self.slots}
            gone |= dict.fromkeys(names) | {SKIPPED: {k: v for k, v in skipped.items() if k not in names}}
        return gone

    def _open(self, scene: Scene) -> Slot | None:
        held, skipped = scene.run.slots, scene.run.slots.get(SKIPPED) or {}
        for slot in self.slots:
            if held.get(slot.name) is None and slot.name not in skipped:
                return slot
        return None

    def _onward(self, scene: Scene, slots: Mapping[str, Any], *before: Effect) -> Outcome:
        """To the next question, or out of here."""
        now = _with(scene, slots)
        slot = self._open(now)
        if slot is None:
            return GoTo(self.next, before, slots)
        return Stay((*before, self._asking(now, slot)), slots)

    # what was heard -------------------------------------------------------------------------

    def _heard(self, scene: Scene, heard: Heard) -> Outcome:
        asked, doubt = self._open(scene), self._doubt(scene)
        if asked is None:
            return GoTo(self.next)
        meaning = heard.meaning
        if doubt and not heard.opening:
            if meaning.intent == "no" or (meaning.intent == "yes" and len(doubt["values"]) == 1):
                return self._settled(scene, doubt, 0 if meaning.intent == "yes" else None)
            picked = fit(_among(asked, doubt), heard.text)
            if picked.value is not None and len(doubt["values"]) > 1:
                return self._settled(scene, doubt, int(picked.value))
        taken: dict[str, Any] = {DOUBT: None}
        said: list[str] = []
        for slot in self.slots:
            value = next((each for each in meaning.values if each.slot == slot.name), None)
            sure_enough = NAMED if slot is not asked or heard.opening else scene.known.bar
            if value is None or (slot is not asked and value.confidence < sure_enough):
                continue
            if slot is asked and slot.type == "text" and heard.opening:
                continue
            found = fit(slot, value.text, heard.today)
            if found.value is None:
                if slot is asked and not heard.opening:
                    return self._refused(scene, slot, found, heard.text)
                continue
            sure = min(value.confidence, found.confidence)
            if sure < sure_enough:
                if slot.type == "choice" or sure < HARDLY:
                    continue
                if slot is asked and not heard.opening:
                    return self._in_doubt(scene, slot, [found.value], value.words, taken)
                continue
            taken |= _kept(slot, found.value, sure, value.words)
            said.append(f"{slot.called}: {in_words(slot, found.value)}")
        if asked.name not in taken and not (heard.opening and not heard.text.startswith("/")):
            return self._plain(scene, asked, heard, taken)
        return self._onward(scene, taken, *_noted(said if len(said) > 1 else []))

    def _plain(self, scene: Scene, slot: Slot, heard: Heard, taken: dict[str, Any]) -> Outcome:
        """Nobody read it: the words themselves, where they fit."""
        text, meaning = heard.text.strip(), heard.meaning
        if heard.opening:
            text = text.partition(" ")[2].strip()
            if slot.type != "text" or not text:
                return self._onward(scene, taken)
        if not slot.required and (meaning.intent == "no" or text.lower().rstrip(".!") in SKIP):
            skipped = {**(scene.run.slots.get(SKIPPED) or {}), slot.name: True}
            return self._onward(scene, taken | {SKIPPED: skipped})
        if slot.type == "yes_no" and meaning.intent in ("yes", "no"):
            if meaning.confidence < scene.known.bar:
                return self._in_doubt(scene, slot, [meaning.intent == "yes"], text, taken)
            kept = _kept(slot, meaning.intent == "yes", meaning.confidence, text)
            return self._onward(scene, taken | kept)
        found = fit(slot, text, heard.today)
        if found.places:
            values = [slot.options[at][1] for at in found.places]
            return self._in_doubt(scene, slot, values, text, taken)
        if found.value is None:
            if len(taken) > 1:
                return self._onward(scene, taken)
            return self._refused(scene, slot, found, text)
        if slot.type == "text" and meaning.intent in ("yes", "no") and not heard.opening:
            return self._in_doubt(scene, slot, [found.value], text, taken)
        return self._onward(scene, taken | _kept(slot, found.value, found.confidence, text))

    def _refused(self, scene: Scene, slot: Slot, found: Fit, text: str) -> Outcome:
        """What is wrong and what would be right; too often, and the flow may go elsewhere."""
        if found.places:
            return self._in_doubt(scene, slot, [slot.options[at][1] for at in found.places], text, {})
        why = found.problem
        if slot.refuse:
            why = slot.refuse.render({**scene.values, "heard": text[:200]})
        gone = misunderstood(scene, self.id, self.tries, self.on_error, why)
        if gone is not None:
            return gone
        misses = {**(scene.run.slots.get(MISSES) or {})}
        misses[self.id] = misses.get(self.id, 0) + 1
        buttons = (self._asking(scene, slot),) if slot.type in ("choice", "yes_no") else ()
        return Stay((say(why), *buttons), {MISSES: misses, DOUBT: None})

    # what is in doubt -----------------------------------------------------------------------

    @staticmethod
    def _doubt(scene: Scene) -> Mapping[str, Any] | None:
        found = scene.run.slots.get(DOUBT)
        return found if isinstance(found, Mapping) else None

    def _in_doubt(
        self, scene: Scene, slot: Slot, values: list[Any], words: str, taken: dict[str, Any]
    ) -> Outcome:
        doubt = {"slot": slot.name, "values": values[:5], "words": words[:200], "number": scene.run.said}
        return Stay((self._doubted(scene, doubt),), {**taken, DOUBT: doubt})

    def _doubted(self, scene: Scene, doubt: Mapping[str, Any]) -> Effect:
        slot = self._slot(doubt)
        labels = [in_words(slot, value) for value in doubt["values"]]
        prefix = f"{doubt['number']}."
        if len(labels) == 1:
            question = f"Did you mean “{labels[0]}” for {slot.called}?"
            return asking.card(
                scene, f"{self.id}.doubt", question, ["Yes", "No"], "pick", prefix, first=Style.PRIMARY
            )
        question = f"Which one do you mean by “{doubt['words'][:80]}”?"
        return asking.card(scene, f"{self.id}.doubt", question, [*labels, NONE], "pick", prefix)

    def _slot(self, doubt: Mapping[str, Any]) -> Slot:
        return next((slot for slot in self.slots if slot.name == doubt["slot"]), self.slots[0])

    def _settled(self, scene: Scene, doubt: Mapping[str, Any], at: int | None) -> Outcome:
        slot, question = self._slot(doubt), self._doubted(scene, doubt)
        text = question.reply.text if hasattr(question, "reply") else ""
        if at is None or not 0 <= at < len(doubt["values"]):
            closed = asking.answered(f"{self.id}.doubt", text, "No.")
            return self._onward(scene, {DOUBT: None}, closed)
        value = doubt["values"][at]
        closed = asking.answered(f"{self.id}.doubt", text, f"{in_words(slot, value)}.")
        return self._onward(scene, {DOUBT: None} | _kept(slot, value, 0.95, doubt["words"]), closed)

    def _pressed(self, scene: Scene, choice: str, value: str) -> Outcome:
        slot, doubt = self._open(scene), self._doubt(scene)
        settled = Stay((say(said("That is settled already.")),))
        if choice == "pick":
            prefix = f"{doubt['number']}." if doubt else "?"
            at = asking.place(value, prefix, 7)
            if doubt is None or at is None:
                return settled
            return self._settled(scene, doubt, at)
        labels = _labels(slot) if slot else ()
        at = asking.place(value, f"{slot.name}." if slot else "?", len(labels))
        if slot is None or at is None:
            return settled
        picked = at == 0 if slot.type == "yes_no" else slot.options[at][1]
        closed = asking.answered(f"{self.id}.{slot.name}", self._question(scene, slot), f"{labels[at]}.")
        kept = _kept(slot, picked, 1.0, labels[at])
        return self._onward(scene, {DOUBT: None} | kept, closed)

    # what is asked --------------------------------------------------------------------------

    def _question(self, scene: Scene, slot: Slot) -> str:
        text = (slot.ask or self.ask).render(scene.values) if slot.ask or len(self.slots) == 1 else ""
        optional = "" if slot.required else " Say “skip” to leave it out."
        return (text or f"What is the {slot.called}?") + optional

    def _asking(self, scene: Scene, slot: Slot) -> Effect:
        name = f"{self.id}.{slot.name}"
        return asking.card(scene, name, self._question(scene, slot), _labels(slot), "answer", f"{slot.name}.")


def _labels(slot: Slot) -> tuple[str, ...]:
    return ("Yes", "No") if slot.type == "yes_no" else slot.labels


def _kept(slot: Slot, value: Any, confidence: float, words: str) -> dict[str, Any]:
    """The value, and how sure we are of it, as `rests_on` reads it."""
    sure = {slot.name: {"confidence": round(confidence, 3), "words": words[:200]}}
    return {slot.name: value, f"sure_{slot.name}": sure}


def _noted(said: list[str]) -> tuple[Effect, ...]:
    return (say(f"Noted: {'; '.join(said)}."[:1000]),) if said else ()


def _among(slot: Slot, doubt: Mapping[str, Any]) -> Slot:
    """A choice between what is in doubt; its values are places."""
    labels = [(in_words(slot, value), at) for at, value in enumerate(doubt["values"])]
    return replace(slot, type="choice", options=tuple(labels))


def _with(scene: Scene, slots: Mapping[str, Any]) -> Scene:
    return replace(scene, run=scene.run.with_slots(slots), values={**scene.values, **slots})
