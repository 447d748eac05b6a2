"""Asks whichever model there is what a sentence meant, and puts the answer in the mind's words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flows.flow import Flow
from flows.run import Run
from flows.scene import scene
from flows.steps.confirm import Confirm
from flows.steps.input import Input
from flows.understanding import Change, Meaning, Value
from integrations.models import base
from integrations.models.base import FlowChoice, Item, Product, Question, Reading
from workers.known import World


def question(text: str, world: World, run: Run | None, flow: Flow | None) -> Question:
    """The sentence with what is needed to read it: what is asked for, the list so far, what is offered."""
    choices = tuple(FlowChoice(each.id, each.description, each.examples) for each in world.flows.values())
    if run is None or flow is None:
        return Question(text, choices)
    step = flow.steps.get(run.step)
    slot, kind, products = "", "", tuple[Product, ...]()
    if isinstance(step, Confirm):
        kind = "yes_no"
        step = flow.steps.get(step.change, step)
    if isinstance(step, Input):
        slot, kind = step.gather, kind or "items"
        offered = step.offered.value(scene(run, world.known).values) if step.offered else None
        products = tuple(_product(each) for each in offered or ())
    items = tuple(
        Item(each["name"], each["quantity"], tuple(each["options"])) for each in run.slots.get(slot) or ()
    )
    return Question(text, choices, slot, kind, items=items, products=products)


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
