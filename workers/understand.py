"""Asks whichever model there is what a sentence meant, and puts the answer in the mind's words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flows.arms import for_run
from flows.flow import Flow
from flows.run import Run
from flows.scene import scene
from flows.scopes import scope_of, within
from flows.steps.base import Expecting
from flows.steps.choice import Choice
from flows.steps.confirm import Confirm
from flows.steps.gather import Gather
from flows.steps.input import Input
from flows.understanding import Change, Expected, Meaning, Value
from integrations.models import base
from integrations.models.base import FlowChoice, Item, Product, Question, Reading, SlotKind
from workers.known import World

MOST_SLOTS = 30


def question(text: str, world: World, run: Run | None, flow: Flow | None, today: str = "") -> Question:
    """The sentence with what is needed to read it: what is asked for, the list so far, what is offered.

    `today` is the date where the person is.
    """
    choices = tuple(FlowChoice(each.id, each.description, each.examples) for each in world.flows.values())
    if run is None or flow is None:
        return Question(text, choices)
    flow = for_run(flow, run, world.known.stopped)
    step, inner = flow.steps.get(run.step), within(run)
    if isinstance(step, Expecting):
        return _typed(text, choices, step.expects(scene(run, world.known)), run, flow, today)
    slot, kind, products = "", "", tuple[Product, ...]()
    if isinstance(step, Confirm):
        kind = "yes_no"
        step = flow.steps.get(step.change, step)
    if isinstance(step, Input):
        slot, kind = step.gather, kind or "items"
        offered = step.offered.value(scene(run, world.known).values) if step.offered else None
        products = tuple(_product(each) for each in offered or ())
    items = tuple(
        Item(each["name"], each["quantity"], tuple(each["options"])) for each in inner.slots.get(slot) or ()
    )
    known = slots_of(flow, run)
    return Question(text, choices, slot, kind, items=items, products=products, slots=known, today=today)


def _typed(
    text: str, flows: tuple[FlowChoice, ...], expected: Expected | None, run: Run, flow: Flow, today: str
) -> Question:
    wanted = expected or Expected("", "")
    return Question(
        text,
        flows,
        wanted.slot,
        wanted.type,
        wanted.prompt,
        choices=wanted.choices,
        slots=slots_of(flow, run),
        today=today,
    )


def slots_of(flow: Flow, run: Run) -> tuple[SlotKind, ...]:
    """Every typed slot of the flow, in its order."""
    found = []
    scope, run = scope_of(run.step), within(run)
    for step in flow.steps.values():
        if scope_of(step.id) != scope:
            continue
        if isinstance(step, Gather):
            for slot in step.slots:
                filled = run.slots.get(slot.name) is not None
                found.append(SlotKind(slot.name, slot.called, slot.type, slot.labels, filled))
        elif isinstance(step, Choice) and step.save:
            labels = tuple(option.label.source for option in step.options if not option.label.names)
            called = step.save.replace("_", " ")
            found.append(SlotKind(step.save, called, "choice", labels, run.slots.get(step.save) is not None))
    return tuple(found[:MOST_SLOTS])


def _product(raw: Mapping[str, Any]) -> Product:
    return Product(
        str(raw.get("id", raw["name"])),
        raw["name"],
        tuple(raw.get("aliases", ())),
        tuple(raw.get("variants", ())),
    )


def meaning(reading: Reading) -> Meaning:
    return Meaning(
        intent=reading.intent.value,
        confidence=reading.confidence,
        route=reading.route,
        route_confidence=reading.route_confidence,
        route_words=reading.route_words,
        runner_up=reading.runner_up,
        changes=tuple(_change(change, reading.confidence) for change in reading.changes),
        values=tuple(Value(each.slot, each.text, each.words, each.confidence) for each in reading.values),
        leftover=reading.leftover,
        again=reading.again,
        about=reading.about.value,
    )


def _change(change: base.Change, whole: float) -> Change:
    """No surer than the sentence it stands in."""
    return Change(
        op=change.op.value,
        item=change.item,
        quantity=change.quantity,
        options=change.options,
        remove_options=change.remove_options,
        known=change.known,
        candidates=change.candidates,
        words=change.words,
        confidence=min(change.confidence, whole),
    )
