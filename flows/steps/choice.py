"""choice: one of several, by a press or in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from bot.reply import Block
from flows import asking, templates
from flows.asking import MOST_OPTIONS
from flows.conditions import Condition
from flows.effects import Effect, Say
from flows.errors import TemplateError
from flows.events import Chose, Entered, Event, Heard
from flows.matching import match
from flows.outcome import Finish, GoTo, Outcome, Stay
from flows.repairs import MISSES, misunderstood
from flows.scene import Scene, say
from flows.show import Show
from flows.steps.base import Fields
from flows.templates import Argument, Text
from flows.tone import said
from flows.understanding import Expected

RIGHT = "options: [{label: High, value: high}] or from: projects"
LONGEST_LABEL = 200
CANDIDATES = ".candidates"


@dataclass(frozen=True, slots=True)
class Option:
    """`goto` is empty where the choice leads on as the step says."""

    label: Text
    value: Any
    goto: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """The options are written down, or read from a list with `label` and `value` of each."""

    kind: ClassVar[str] = "choice"
    waits: ClassVar[bool] = True

    id: str
    text: Text
    show: Show
    options: tuple[Option, ...]
    source: Condition | None
    label: Text
    value: Argument
    save: str
    tries: int
    on_error: Mapping[str, str]
    next: str

    @classmethod
    def parse(cls, fields: Fields) -> Choice:
        raw = fields.take("options", [])
        source = fields.condition("from")
        label = fields.text("label", "{{ option.label or option.name }}")
        value = fields.argument("value") if fields.take("value") is not None else _VALUE
        options = _options(fields, raw)
        save = fields.save()
        if bool(raw) == bool(source):
            fields.wrong("", "needs `options` to choose from, or `from`, and not both", RIGHT)
        elif not save and not all(option.goto for option in options):
            fields.wrong("save", "is missing, so the choice would be lost", "save: severity")
        return cls(
            id=fields.step,
            text=fields.text("text", required=True),
            show=fields.show(),
            options=options,
            source=source,
            label=label,
            value=value,
            save=save,
            tries=fields.whole("tries", 3, 1, 20),
            on_error=fields.on_error(),
            next=fields.target("next"),
        )

    @property
    def targets(self) -> Mapping[str, str]:
        onward = {} if self.options and all(each.goto for each in self.options) else {"": self.next}
        named = {each.label.source: each.goto for each in self.options if each.goto}
        return onward | named | {f"on {code}": step for code, step in self.on_error.items()}

    @property
    def fills(self) -> frozenset[str]:
        return frozenset({self.save} if self.save else ()) | {"error"}

    @property
    def reads(self) -> frozenset[str]:
        found = self.text.names | self.show.names
        for option in self.options:
            found |= option.label.names
        if self.source:
            found |= self.source.names | (self.label.names | self.value.names) - {"option"}
        return found

    def expects(self, scene: Scene) -> Expected | None:
        labels = tuple(label for label, _, _ in self.offered(scene))
        return Expected(self.save or self.id, "choice", self.text.render(scene.values), labels)

    def run(self, scene: Scene, event: Event) -> Outcome:
        match event:
            case Entered():
                return self._entered(scene)
            case Heard(opening=True):
                return Stay((self._card(scene),))
            case Heard():
                return self._heard(scene, event)
            case Chose(choice="answer", value=value):
                offered = self.offered(scene)
                at = asking.place(value, "", len(offered))
                if at is None:
                    return Stay((say(said("That is not one of these any more.")), self._card(scene)))
                return self._taken(scene, offered, at, 1.0, offered[at][0])
        return Stay()

    def again(self, scene: Scene) -> tuple[Effect, ...]:
        return (self._card(scene),)

    def closed(self, scene: Scene, words: str) -> Effect:
        """The same card, with what became of it in place of what could be pressed."""
        return asking.answered(self.id, self.text.render(scene.values), words, self._drawn(scene))

    def _entered(self, scene: Scene) -> Outcome:
        fresh = {MISSES: {k: v for k, v in (scene.run.slots.get(MISSES) or {}).items() if k != self.id}}
        if self.offered(scene):
            return Stay((self._card(scene),), fresh | {CANDIDATES: None})
        error: dict[str, Any] = {"code": "empty", "sentence": "There is nothing to choose from."}
        target = self.on_error.get("empty", self.on_error.get("*", ""))
        if target:
            return GoTo(target, (), {"error": error})
        return Finish("failed", (say(error["sentence"]),), {"error": error})

    def offered(self, scene: Scene) -> list[tuple[str, Any, str]]:
        """Label, value and where it leads; each label once, cut to what a platform shows."""
        found: list[tuple[str, Any, str]] = []
        if self.source is None:
            found = [(each.label.render(scene.values), each.value, each.goto) for each in self.options]
        else:
            rows = self.source.value(scene.values)
            for row in rows[:MOST_OPTIONS] if isinstance(rows, list | tuple) else ():
                mapped = row if isinstance(row, Mapping) else {"label": row, "value": row}
                values = {**scene.values, "option": mapped}
                value = self.value.resolve(values)
                label = self.label.render(values)
                found.append((label or str(value), row if value is None else value, ""))
        return [(label[:LONGEST_LABEL], value, goto) for label, value, goto in found if label.strip()]

    def _heard(self, scene: Scene, heard: Heard) -> Outcome:
        offered = self.offered(scene)
        labels = [label for label, _, _ in offered]
        wanted = self.save or self.id
        read = next((each for each in heard.meaning.values if each.slot == wanted), None)
        if read and read.text in labels and read.confidence >= scene.known.bar:
            return self._taken(scene, offered, labels.index(read.text), read.confidence, read.words)
        narrowed = [at for at in scene.run.slots.get(CANDIDATES) or () if at < len(labels)]
        if narrowed:
            found = match(heard.text, [labels[at] for at in narrowed])
            if len(found.at) == 1:
                return self._taken(scene, offered, narrowed[found.at[0]], found.confidence, heard.text)
        found = match(heard.text, labels)
        if len(found.at) == 1 and found.confidence >= scene.known.bar:
            return self._taken(scene, offered, found.at[0], found.confidence, heard.text)
        if found.at:
            return self._between(scene, labels, found.at, heard.text)
        why = f"“{heard.text.strip()[:80]}” is none of these: {', '.join(labels[:12])}."
        gone = misunderstood(scene, self.id, self.tries, self.on_error, why, heard.text)
        if gone is not None:
            return gone
        misses = {**(scene.run.slots.get(MISSES) or {})}
        misses[self.id] = misses.get(self.id, 0) + 1
        return Stay((say(why), self._card(scene)), {MISSES: misses, CANDIDATES: None})

    def _between(self, scene: Scene, labels: Sequence[str], places: Sequence[int], text: str) -> Outcome:
        """Several may be meant: those alone are offered again."""
        few = [labels[at] for at in places[: asking.MOST_BUTTONS]]
        question = f"Which one do you mean by “{text.strip()[:80]}”: {', '.join(few)}?"
        buttons = tuple(scene.button(labels[at][:75], "answer", str(at)) for at in places[:5])
        card = asking.with_answers(f"{self.id}.which", question, buttons)
        return Stay((card,), {CANDIDATES: list(places[: asking.MOST_BUTTONS])})

    def _taken(
        self, scene: Scene, offered: Sequence[tuple[str, Any, str]], at: int, sure: float, words: str
    ) -> Outcome:
        label, value, goto = offered[at]
        slots: dict[str, Any] = {CANDIDATES: None}
        if self.save:
            slots[self.save] = value
            slots[f"sure_{self.save}"] = {
                self.save: {"confidence": round(sure, 3), "words": words[:200]},
            }
        return GoTo(goto or self.next, (self.closed(scene, f"{label}."),), slots)

    def _drawn(self, scene: Scene) -> tuple[Block, ...]:
        return self.show.blocks(scene.values)

    def _card(self, scene: Scene) -> Effect:
        labels = [label for label, _, _ in self.offered(scene)]
        text = self.text.render(scene.values)
        found = asking.card(scene, self.id, text, labels, "answer", "", self._drawn(scene))
        assert isinstance(found, Say)
        return found


_VALUE = templates.argument("{{ option.value }}")


def _options(fields: Fields, raw: Any) -> tuple[Option, ...]:
    if not isinstance(raw, list) or len(raw) > MOST_OPTIONS:
        fields.wrong("options", f"must be a list of at most {MOST_OPTIONS} options", RIGHT)
        return ()
    found: list[Option] = []
    for each in raw:
        match each:
            case str() | int() if not isinstance(each, bool) and str(each).strip():
                found.append(_option(fields, str(each), each, ""))
            case {"label": str(label), **rest} if label.strip() and rest.keys() <= {"value", "goto"}:
                goto = rest.get("goto", "")
                value = rest.get("value", label)
                if not isinstance(goto, str) or not isinstance(value, str | int | bool):
                    fields.wrong(
                        "options", f"{label[:40]!r} needs a plain value and the name of a step", RIGHT
                    )
                    continue
                found.append(_option(fields, label, value, goto))
            case _:
                fields.wrong("options", "has an option without a label", RIGHT)
    labels = [option.label.source.casefold() for option in found]
    if len(set(labels)) < len(labels):
        fields.wrong("options", "has a label twice", RIGHT)
    return tuple(found)


def _option(fields: Fields, label: str, value: Any, goto: str) -> Option:
    try:
        return Option(templates.text(label), value, goto)
    except TemplateError as error:
        fields.wrong("options", str(error), RIGHT)
        return Option(templates.text(""), value, goto)
