"""What every step is, and how its fields are read from a file, collecting every mistake."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol, runtime_checkable

from flows import conditions, durations, templates, tone_file
from flows.conditions import Condition
from flows.effects import Effect
from flows.errors import Mistake, TemplateError
from flows.events import Event
from flows.outcome import Outcome
from flows.scene import Scene
from flows.show import Show, parse_show
from flows.templates import Argument, Text
from flows.understanding import Expected

# Slots that the engine fills itself, and names that templates are given.
OURS = frozenset(
    {"requester", "run", "item", "error", "doubt", "begun", "heard", "option", "policy", "conversation"}
)
SLOT = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,59}\Z")


class Step(Protocol):
    """Its fields, then what it does. `targets` are the steps it may go to, `fills` the slots it sets,
    `reads` the slots it reads, `waits` whether it ever waits for somebody or something."""

    kind: ClassVar[str]
    waits: ClassVar[bool]
    id: str

    @property
    def targets(self) -> Mapping[str, str]: ...
    @property
    def fills(self) -> frozenset[str]: ...
    @property
    def reads(self) -> frozenset[str]: ...

    def run(self, scene: Scene, event: Event) -> Outcome: ...


@runtime_checkable
class Expecting(Protocol):
    """A step that asks for typed slots: what it wants to hear now."""

    def expects(self, scene: Scene) -> Expected | None: ...


@runtime_checkable
class Asking(Protocol):
    """A step that can ask its question once more, as it now stands."""

    def again(self, scene: Scene) -> tuple[Effect, ...]: ...


@runtime_checkable
class Helping(Protocol):
    """A step that can say what would be right."""

    def help(self, scene: Scene) -> tuple[Effect, ...]: ...


@runtime_checkable
class Closing(Protocol):
    """A step whose card can be drawn without what could be pressed, with what became of it."""

    def closed(self, scene: Scene, words: str) -> Effect: ...


@dataclass(slots=True)
class Fields:
    """The raw fields of one step; every getter notes what is wrong instead of raising."""

    file: str
    step: str
    raw: Mapping[str, Any]
    lines: Mapping[str, int]
    following: str
    mistakes: list[Mistake] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)
    texts: set[str] = field(default_factory=set)  # where words stand, which may have variants

    def wrong(self, name: str, problem: str, right: str = "") -> None:
        line = self.lines.get(name, self.lines.get("", 0))
        self.mistakes.append(Mistake(self.file, line, self.step, name, problem, right))

    def take(self, name: str, default: Any = None) -> Any:
        self.seen.add(name)
        return self.raw.get(name, default)

    def string(self, name: str, default: str = "", required: bool = False) -> str:
        value = self.take(name)
        if value is None:
            if required:
                self.wrong(name, "is missing", f'{name}: "…"')
            return default
        if not isinstance(value, str):
            kind = {"list": "a list", "dict": "a mapping", "bool": "true or false"}.get(
                type(value).__name__, "a number"
            )
            self.wrong(name, f"must be a text, not {kind}", f'{name}: "…"')
            return default
        return value

    def text(self, name: str, default: str = "", required: bool = False) -> Text:
        source = self.string(name, default, required)
        self.texts.add(name)
        try:
            return templates.text(source if name in self.raw else tone_file.usual(source))
        except TemplateError as error:
            self.wrong(name, str(error))
            return templates.text("")

    def condition(self, name: str, required: bool = False) -> Condition | None:
        source = self.string(name, "", required)
        return self.parsed(name, source) if source else None

    def parsed(self, name: str, source: str) -> Condition | None:
        try:
            return conditions.parse(source)
        except TemplateError as error:
            self.wrong(name, str(error))
            return None

    def argument(self, name: str) -> Argument:
        try:
            return templates.argument(self.take(name, {}))
        except TemplateError as error:
            self.wrong(name, str(error))
            return templates.argument({})

    def strings(self, name: str, required: bool = False) -> tuple[str, ...]:
        value = self.take(name)
        if value is None:
            if required:
                self.wrong(name, "is missing", f"{name}: [items]")
            return ()
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            self.wrong(name, "must be a list of names", f"{name}: [items]")
            return ()
        return tuple(value)

    def slots(self, name: str) -> tuple[str, ...]:
        """Names under which something is kept: at least one, none of them ours."""
        found = self.strings(name, required=True)
        if not found and isinstance(self.raw.get(name), list):
            self.wrong(name, "names no slot", f"{name}: [items]")
        return tuple(each for each in found if self.slot(name, each))

    def slot(self, name: str, value: str) -> bool:
        """Whether it can be the name of a slot; noted as a mistake where not."""
        if not SLOT.match(value):
            self.wrong(name, f"{value!r} is no name for a slot", "a short word of letters, digits and _")
        elif value in OURS or value.startswith("sure_"):
            self.wrong(name, f"{value!r} is a name that the engine uses itself", "another name")
        else:
            return True
        return False

    def save(self) -> str:
        """The slot that a result is kept in; empty: it is not kept."""
        name = self.string("save")
        return name if not name or self.slot("save", name) else ""

    def boolean(self, name: str) -> bool:
        value = self.take(name, False)
        if not isinstance(value, bool):
            self.wrong(name, f"must be true or false, not {value!r}", f"{name}: true")
            return False
        return value

    def mapping(self, name: str) -> Mapping[str, Any]:
        value = self.take(name, {})
        if not isinstance(value, Mapping):
            self.wrong(name, "must be a mapping", f"{name}: {{a: b}}")
            return {}
        return value

    def show(self, name: str = "show") -> Show:
        value = self.take(name, [])
        self.texts.add(name)
        try:
            return parse_show(value)
        except TemplateError as error:
            self.wrong(name, str(error), 'show: [{facts: {Total: "{{ total }}"}}]')
            return Show(())

    @staticmethod
    def none() -> Text:
        """No words."""
        return templates.text("")

    @staticmethod
    def nothing_shown() -> Show:
        return Show(())

    def on_error(self) -> Mapping[str, str]:
        """A failure's code, or `*`, and the step it leads to."""
        found = self.mapping("on_error")
        for code, step in found.items():
            if not isinstance(step, str) or not step:
                self.wrong("on_error", f"{code!r} must name a step", f"{code}: some_step")
        return {str(code): str(step) for code, step in found.items()}

    def whole(self, name: str, default: int, least: int, most: int) -> int:
        value = self.take(name, default)
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            self.wrong(name, f"must be a whole number, {least} to {most}", f"{name}: {max(default, least)}")
            return default
        return value

    def duration(self, name: str, default: str = "") -> int:
        """In seconds; 0 where nothing is said."""
        value = self.string(name, default)
        try:
            return durations.seconds(value) if value else 0
        except TemplateError as error:
            self.wrong(name, str(error), f'{name}: "2 days"')
            return 0

    def target(self, name: str) -> str:
        """A step's id; the following step where none is named."""
        return self.string(name) or self.following

    def finish(self) -> Sequence[Mistake]:
        """Unknown fields are mistakes too."""
        known = self.seen | {"id", "type"}
        for name in self.raw:
            if name not in known:
                close = difflib.get_close_matches(name, sorted(known), 1)
                self.wrong(name, "is not a field of this step", close[0] if close else "")
        return self.mistakes
