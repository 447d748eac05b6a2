"""What is remembered of a run that is over, and how it answers "the usual" in another one.

Only what its person filled in is kept, never what a service or a model said: a ticket or a page that gives
orders would otherwise be heard again and again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from flows.flow import Flow
from flows.memory_words import Again
from flows.policy import ToolCard
from flows.run import Run
from flows.scopes import scope_of
from flows.slots import Slot, in_words
from flows.steps.choice import Choice
from flows.steps.confirm import Confirm
from flows.steps.gather import Gather
from flows.steps.input import Input
from flows.steps.tool import Tool
from flows.templates import items_in_words
from flows.understanding import Change, Meaning, Value

MOST_SLOTS, MOST_ITEMS, MOST_OPTIONS = 20, 50, 20
LONGEST_VALUE, LONGEST_BODY = 300, 1_000
LATELY = 20  # runs among which "the usual" is looked for
SURE = 0.9  # it is shown for a yes before anything is done with it
UNSURE = 0.4  # no step would show it, so it is asked about at once
KINDS = frozenset(
    {"text", "number", "integer", "list", "choice", "yes_no"}
)  # of slots that are taken up again


@dataclass(frozen=True, slots=True)
class Remembered:
    """One run as it is remembered. `day` is when, as one says it."""

    flow: str
    outcome: str
    body: str
    slots: Mapping[str, Any]
    day: str = ""


def of_run(flow: Flow, run: Run) -> Remembered | None:
    """None where nothing was done, or nothing filled in that would help another time."""
    if run.status not in ("done", "failed"):
        return None
    slots: dict[str, Any] = {}
    said: list[str] = []
    for step in flow.steps.values():
        if scope_of(step.id):
            continue
        for name, kept, words in _given(step, run.slots):
            if name not in slots and len(slots) < MOST_SLOTS:
                slots[name] = kept
                said.append(words)
    if not slots:
        return None
    return Remembered(run.flow, run.status, f"{run.flow}: {'; '.join(said)}"[:LONGEST_BODY], slots)


def _given(step: Any, slots: Mapping[str, Any]) -> list[tuple[str, Any, str]]:
    """Slot, value and words of what its person filled in at this step."""
    if isinstance(step, Input):
        items = _items(slots.get(step.gather))
        return [(step.gather, items, items_in_words(items))] if items else []
    if isinstance(step, Gather):
        found = [(slot, slots.get(slot.name)) for slot in step.slots]
        return [
            (slot.name, kept, f"{slot.called} {in_words(slot, value)}")
            for slot, value in found
            if (kept := _plain(value)) is not None and slot.type != "email"
        ]
    if isinstance(step, Choice) and step.save and step.options and isinstance(slots.get(step.save), str):
        value = slots[step.save][:LONGEST_VALUE]
        return [(step.save, value, f"{step.save.replace('_', ' ')} {value}")]
    return []


def _items(raw: Any) -> list[dict[str, Any]]:
    """Nothing where one of them is not what an item is."""
    if not isinstance(raw, list | tuple) or len(raw) > MOST_ITEMS:
        return []
    found = []
    for item in raw:
        if not isinstance(item, Mapping) or not isinstance(item.get("name"), str):
            return []
        options = [str(each)[:LONGEST_VALUE] for each in item.get("options") or ()][:MOST_OPTIONS]
        quantity = item.get("quantity")
        if not isinstance(quantity, int) or not item["name"]:
            return []
        found.append({"name": item["name"][:LONGEST_VALUE], "quantity": quantity, "options": options})
    return found


def _plain(value: Any) -> Any:
    match value:
        case bool() | int() | float():
            return value
        case str() if value:
            return value[:LONGEST_VALUE]
        case list() | tuple() if value and all(isinstance(each, str) for each in value):
            return [each[:LONGEST_VALUE] for each in value[:MOST_ITEMS]]
    return None


# ── "the usual" ──────────────────────────────────────────────────────────────────────────


def meant(again: Again, newest_first: Sequence[Remembered]) -> Remembered | None:
    """The last one that was done; of "the usual" what was wanted most often lately, of equals the newest."""
    done = [each for each in newest_first if each.outcome == "done"][:LATELY]
    if not done or not again.usual:
        return done[0] if done else None
    often = [sum(other.slots == each.slots for other in done) for each in done]
    return done[often.index(max(often))]


def can_be_filled(flow: Flow, run: Run) -> bool:
    """Whether the step that hears it takes anything of the kind."""
    step = flow.steps.get(run.step)
    if isinstance(step, Confirm):
        step = flow.steps.get(step.change)
    return isinstance(step, Input | Gather)


def filled(
    meaning: Meaning, again: Again, memory: Remembered, flow: Flow, run: Run, cards: Mapping[str, ToolCard]
) -> Meaning | None:
    """The sentence as if its person had said all of it; `meaning` is what the rest of it meant.

    None where the step that hears it has no use for it. What no later step shows for a yes is only as sure
    as a guess, so that it is asked about.
    """
    step = flow.steps.get(run.step)
    sure = SURE if step is not None and shown_first(flow, step.id, cards) else UNSURE
    if isinstance(step, Confirm):
        step = flow.steps.get(step.change)
    changes: tuple[Change, ...] = ()
    values: tuple[Value, ...] = ()
    if isinstance(step, Input):
        changes = tuple(
            Change(
                "add", item["name"], item["quantity"], tuple(item["options"]),
                words=again.words, confidence=sure,
            )
            for item in _items(memory.slots.get(step.gather))
        )  # fmt: skip
    elif isinstance(step, Gather):
        said = {each.slot for each in meaning.values}
        values = tuple(
            Value(slot.name, text, again.words, sure)
            for slot in step.slots
            if slot.name not in said and (text := _as_said(slot, memory.slots.get(slot.name)))
        )
    if not changes and not values:
        return None
    return replace(
        meaning,
        intent="value",
        confidence=sure,
        changes=(*changes, *meaning.changes),
        values=(*values, *meaning.values),
        leftover="",
    )


def _as_said(slot: Slot, value: Any) -> str:
    """Empty for what is not taken up again: a date that has passed, somebody's address, nothing."""
    kept = _plain(value)
    if kept is None or slot.type not in KINDS:
        return ""
    return in_words(slot, kept)


def shown_first(flow: Flow, start: str, cards: Mapping[str, ToolCard]) -> bool:
    """Whether every way from here to a call that changes something leads past a step that asks for a yes."""
    if isinstance(flow.steps.get(start), Confirm):
        return True
    todo, seen = list(flow.steps[start].targets.values()), {start}
    while todo:
        id = todo.pop()
        if not id or id in seen:
            continue
        seen.add(id)
        step = flow.steps.get(id)
        if step is None or isinstance(step, Confirm):
            continue
        if isinstance(step, Tool):
            card = cards.get(step.call)
            if card is None or card.risk != "read":
                return False
        todo += step.targets.values()
    return True


def said_of(memory: Remembered) -> str:
    """It, as one line that its person reads."""
    what = memory.body.partition(": ")[2] or memory.body
    return f"{what} ({memory.day})" if memory.day else what
