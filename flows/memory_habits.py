"""What somebody wants again and again, and when to propose it. It is never done without a yes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.turn import PersonId
from flows.events import Heard
from flows.flow import Flow
from flows.run import Run
from flows.steps.choice import Choice
from flows.steps.confirm import Confirm
from flows.steps.gather import Gather
from flows.steps.input import Input
from flows.steps.tool import Tool
from flows.understanding import Change, Meaning, Value

MOST = 20
LONGEST = 120
SURE = 0.95  # a press on a button that says it
# Names of slots by which money moves or somebody is named: they are never proposed.
NEVER = ("amount", "price", "total", "sum", "currency", "email", "mail", "recipient", "customer", "account",
         "payment", "payee", "iban", "card", "assignee", "to", "owner")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Wanted:
    """Of `about`, a product or a slot, somebody wants `wish`."""

    about: str
    wish: str


def of_items(flow: Flow, slots: Mapping[str, Any]) -> tuple[tuple[Wanted, ...], tuple[str, ...]]:
    """What was wanted of each product of a finished run, and which products there were."""
    wanted: list[Wanted] = []
    about: list[str] = []
    for item in _items(flow, slots):
        name = str(item["name"])[:LONGEST]
        if name in about or len(about) >= MOST:
            continue
        about.append(name)
        wanted += [Wanted(name, str(each)[:LONGEST]) for each in item.get("options") or ()][:MOST]
    return tuple(wanted), tuple(about)


def of_edit(flow: Flow, step: str, fields: Sequence[tuple[str, ...]]) -> tuple[Wanted, ...]:
    """What whoever approves changed: only where a field of the call is a slot of the flow and nothing
    else, and never what it costs or whom it is for."""
    tool = flow.steps.get(step)
    if not isinstance(tool, Tool):
        return ()
    given = _slots(flow)
    found = []
    for label, _, after in (each[:3] for each in fields if len(each) >= 3):
        slot = label.strip().lower().replace(" ", "_")
        if slot in given and slot in tool.arguments.names and not is_sensitive(slot) and after.strip():
            found.append(Wanted(slot, after.strip()[:LONGEST]))
    return tuple(found[:MOST])


def is_sensitive(slot: str) -> bool:
    parts = slot.lower().replace("-", "_").split("_")
    return any(part in NEVER for part in parts)


def may_propose(flow: Flow, before: Run, after: Run) -> bool:
    """Whether it has just come to where what was said is shown, and can still be changed."""
    step = flow.steps.get(after.step)
    if after.over or after.held or not isinstance(step, Input | Confirm):
        return False
    anew = before.step != after.step or before.entries.get(after.step) != after.entries.get(after.step)
    return anew or _items(flow, before.slots) != _items(flow, after.slots)


def proposed(flow: Flow, run: Run, habits: Sequence[Wanted]) -> Wanted | None:
    """The first that fits: a product that was named without any wish, or a slot that was filled otherwise."""
    items = {item["name"]: item for item in _items(flow, run.slots)}
    given = _slots(flow)
    for habit in habits:
        item = items.get(habit.about)
        if item is not None and not item.get("options"):
            return habit
        value, open = run.slots.get(habit.about), habit.about in given and not is_sensitive(habit.about)
        if open and isinstance(value, str) and not _same(value, habit):
            return habit
    return None


def accepted(run: Run, flow: Flow, habit: Wanted, by: PersonId, name: str) -> Heard:
    """As if its person had said it."""
    words = f"{habit.wish}, as usual"
    if any(item["name"] == habit.about for item in _items(flow, run.slots)):
        change = Change("option", habit.about, 0, (habit.wish,), words=words, confidence=SURE)
        return Heard(by, name, words, Meaning("value", SURE, changes=(change,)))
    value = Value(habit.about, habit.wish, words, SURE)
    return Heard(by, name, words, Meaning("value", SURE, values=(value,)))


def _same(value: str, habit: Wanted) -> bool:
    return value.strip().lower() == habit.wish.strip().lower()


def _slots(flow: Flow) -> frozenset[str]:
    """Typed slots and choices that its person fills in."""
    found: set[str] = set()
    for step in flow.steps.values():
        if isinstance(step, Gather):
            found |= {slot.name for slot in step.slots if slot.type != "email"}
        elif isinstance(step, Choice) and step.save and step.options:
            found.add(step.save)
    return frozenset(found)


def _items(flow: Flow, slots: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    found: list[Mapping[str, Any]] = []
    for step in flow.steps.values():
        if isinstance(step, Input):
            raw = slots.get(step.gather)
            for item in raw if isinstance(raw, list | tuple) else ():
                if isinstance(item, Mapping) and isinstance(item.get("name"), str) and item not in found:
                    found.append(item)
    return found
