"""What was asked back about a change, kept until it is answered, so that nothing is dropped in silence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from flows.items import LONGEST_WORDS, MOST_OPTIONS, Doubt
from flows.understanding import Change

MOST_KEPT = 10


@dataclass(frozen=True, slots=True)
class Open:
    """A question that waits. `number` is its message's, so that a button of an older question
    cannot answer it; `rest` are changes to ask about afterwards."""

    number: int
    question: str
    change: Change
    choices: tuple[str, ...]
    rest: tuple[Change, ...] = ()


def ask(number: int, doubts: Sequence[Doubt]) -> Open:
    """The first of them; the others wait."""
    first, *later = doubts
    rest = tuple(each.change for each in later[:MOST_KEPT])
    return Open(number, first.question, first.change, first.choices, rest)


def to_json(open: Open) -> dict[str, Any]:
    return {
        "number": open.number,
        "question": open.question,
        "change": _plain(open.change),
        "choices": list(open.choices),
        "rest": [_plain(each) for each in open.rest],
    }


def from_json(raw: Mapping[str, Any] | None) -> Open | None:
    if not raw:
        return None
    rest = tuple(_change(each) for each in raw["rest"])
    return Open(raw["number"], raw["question"], _change(raw["change"]), tuple(raw["choices"]), rest)


def picked(open: Open, at: int) -> Change:
    """The change as the person settled it."""
    change = open.change
    if change.candidates:
        change = replace(change, item=open.choices[at], candidates=(), known=True)
    return replace(change, confidence=max(change.confidence, 0.95))


def answered(open: Open, heard: Sequence[Change]) -> tuple[Change, ...]:
    """The changes to make when words came instead of a press: an answer to the question settles
    it, "make it three" is about what was asked, and anything else leaves the question open."""
    if any(change.op == "clear" for change in heard):
        return tuple(heard)
    if len(heard) == 1 and open.change.candidates:
        only = heard[0]
        if only.op in ("add", "set") and only.item in open.choices:
            chosen = picked(open, open.choices.index(only.item))
            quantity = only.quantity if only.quantity != 1 else chosen.quantity
            return (replace(chosen, quantity=quantity, options=(*chosen.options, *only.options)), *open.rest)
        if only.op == "set" and not only.item:
            return (replace(open.change, quantity=only.quantity), *open.rest)
    if any(change.item and change.item == open.change.item for change in heard):
        return (*heard, *open.rest)
    return (*heard, open.change, *open.rest)


def _plain(change: Change) -> dict[str, Any]:
    """As JSON would give it back, with the lengths that a run may keep."""
    return {name: _kept(value) for name, value in asdict(change).items()}


def _kept(value: Any) -> Any:
    match value:
        case str():
            return value[:LONGEST_WORDS]
        case tuple():
            return [each[:LONGEST_WORDS] for each in value[:MOST_OPTIONS]]
    return value


def _change(raw: Mapping[str, Any]) -> Change:
    fields: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in raw.items()
    }
    return Change(**fields)
