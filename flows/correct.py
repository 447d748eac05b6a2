""" "Actually, the title is …": back to what depended on it, and nothing that was done is done again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from flows.effects import Effect, Withdraw
from flows.events import Entered, Event, Heard
from flows.flow import Flow
from flows.outcome import GoTo, Outcome, Stay
from flows.run import Run
from flows.scene import Scene, say
from flows.scopes import scope_of
from flows.slots import Fit, Slot, fit, in_words
from flows.steps.approve import Approve
from flows.steps.base import Asking, Closing, Step
from flows.steps.branch import Branch
from flows.steps.choice import Choice
from flows.steps.confirm import Confirm
from flows.steps.gather import Gather
from flows.steps.handoff import Handoff
from flows.steps.input import Input
from flows.steps.message import Message
from flows.steps.subflow import Subflow
from flows.steps.tool import Tool
from flows.steps.wait import Wait
from flows.understanding import Value

SURE = 0.75
KEPT = ".kept"


@dataclass(frozen=True, slots=True)
class _Given:
    """A slot that some other step gathers, and what it is to hold now."""

    step: Step
    slot: Slot
    value: Any
    sure: float
    words: str


def correct(flow: Flow, scene: Scene, heard: Heard) -> Outcome | None:
    """What a correction of another step's slots leads to; None where there is none."""
    step = flow.step(scene.run.step)
    given: list[_Given] = []
    for value in heard.meaning.values:
        giver = _giver(flow, value.slot, scope_of(step.id))
        if giver is None or giver.id == step.id or value.confidence < SURE:
            continue
        slot = _slot(giver, value.slot, scene)
        found = _fits(slot, value, heard.today)
        if found.value is None:
            return Stay((say(f"{slot.called.capitalize()}: {found.problem}"), *_again(step, scene)))
        sure = min(value.confidence, found.confidence)
        given.append(_Given(giver, slot, found.value, sure, value.words))
    if not given:
        return None
    news = [each for each in given if scene.run.slots.get(each.slot.name) != each.value]
    if not news:
        same = "; ".join(f"{each.slot.called} is {in_words(each.slot, each.value)}" for each in given)
        return Stay((say(f"That is so already: {same}."), *_again(step, scene)))
    return _changed(flow, scene, news)


def kept(run: Run, event: Event) -> Outcome | None:
    """Where a step leads that was done before a correction and that the correction does not touch."""
    held = run.slots.get(KEPT)
    if not isinstance(event, Entered) or not isinstance(held, Mapping):
        return None
    following = held["steps"].get(run.step)
    if following is None or run.step == held["until"]:
        return None
    rest = {step: to for step, to in held["steps"].items() if step != run.step}
    return GoTo(following, (), {KEPT: {**held, "steps": rest} if rest else None})


def arrived(run: Run) -> Mapping[str, Any]:
    """Back at the step at which the correction was heard, nothing more is skipped."""
    held = run.slots.get(KEPT)
    return {KEPT: None} if isinstance(held, Mapping) and held["until"] == run.step else {}


def _giver(flow: Flow, slot: str, scope: str) -> Step | None:
    for step in flow.steps.values():
        if scope_of(step.id) != scope:
            continue
        if isinstance(step, Gather) and any(each.name == slot for each in step.slots):
            return step
        if isinstance(step, Choice) and step.save == slot:
            return step
    return None


def _slot(step: Step, name: str, scene: Scene) -> Slot:
    if isinstance(step, Gather):
        return next(slot for slot in step.slots if slot.name == name)
    assert isinstance(step, Choice)
    return Slot(name, "choice", options=tuple((label, value) for label, value, _ in step.offered(scene)))


def _fits(slot: Slot, value: Value, today: str) -> Fit:
    found = fit(slot, value.text, today)
    return Fit(problem=f"I need {slot.example}.") if found.places else found


def _changed(flow: Flow, scene: Scene, news: list[_Given]) -> Outcome:
    run, step = scene.run, flow.step(scene.run.step)
    slots: dict[str, Any] = {}
    for each in news:
        name = each.slot.name
        sure = {name: {"confidence": round(each.sure, 3), "words": each.words[:200]}}
        slots |= {name: each.value, f"sure_{name}": sure}
    told = "; ".join(f"{each.slot.called} is now {in_words(each.slot, each.value)}" for each in news)
    trail = tuple(id for id in run.trail if scope_of(id) == scope_of(step.id))
    since = [_last(trail, each.step.id) for each in news]
    if all(at < 0 for at in since):  # said before it is asked for
        return Stay((say(f"Noted: {told}."), *_again(step, scene)), slots)
    after = trail[min(at for at in since if at >= 0) + 1 :]
    changed = _spread(flow, after, {each.slot.name for each in news})
    touched = [id for id in after if depends(flow.steps[id]) & changed]
    for each in news:  # what a choice led to may be another way now
        if isinstance(each.step, Choice) and any(option.goto for option in each.step.options):
            touched.insert(0, each.step.id)
    late = _too_late(flow, scene, after, touched)
    if late:
        return Stay((say(f"It is too late to change that: {late}."), *_again(step, scene)))
    if not touched and not isinstance(step, Asking | Confirm):
        return Stay((say(f"Changed: {told}."),), slots)
    target = touched[0] if touched else step.id
    before: list[Effect] = [Withdraw(run.waiting)] if run.held else []
    if isinstance(step, Closing) and step.id in run.cards:
        before.append(step.closed(scene, "Changed, see below."))
    for id in touched:
        gone = [name for name in _produced(flow.steps[id]) if name not in slots]
        slots |= dict.fromkeys(gone) | dict.fromkeys(f"sure_{name}" for name in gone)
    held = {"until": step.id, "steps": _skipped(flow, trail, target, touched, changed)}
    return GoTo(_way(target, news), (*before, say(f"Changed: {told}.")), {**slots, KEPT: held})


def _way(target: str, news: list[_Given]) -> str:
    """A choice whose answer was corrected leads on at once, as if it had been pressed."""
    for each in news:
        if isinstance(each.step, Choice) and each.step.id == target:
            chosen = next((option for option in each.step.options if option.value == each.value), None)
            return (chosen.goto if chosen else "") or each.step.next
    return target


def _spread(flow: Flow, after: tuple[str, ...], changed: set[str]) -> set[str]:
    """All slots that rest on the changed ones, by whatever way."""
    while True:
        more = {
            name
            for id in after
            if depends(flow.steps[id]) & changed
            for name in _produced(flow.steps[id])
            if name not in changed
        }
        if not more:
            return changed
        changed |= more


def depends(step: Step) -> frozenset[str]:
    """The slots on whose values, and not only whose wording, the outcome of a step rests."""
    match step:
        case Gather() | Message() | Handoff():
            return frozenset()
        case Input():
            return step.offered.names if step.offered else frozenset()
        case Choice():
            found = step.source.names if step.source else frozenset[str]()
            return found.union(*(option.label.names for option in step.options))
        case Tool():
            return step.arguments.names
        case Wait():
            return step.until.names if step.until else frozenset()
    return step.reads


def _produced(step: Step) -> frozenset[str]:
    return step.fills - {"error", "heard"} if isinstance(step, Tool | Choice | Subflow) else frozenset()


def _too_late(flow: Flow, scene: Scene, after: tuple[str, ...], touched: list[str]) -> str:
    """Which tool that changed something rests on it: that cannot be undone by changing a word."""
    run = scene.run
    for id in touched:
        step = flow.steps[id]
        if not isinstance(step, Tool) or isinstance(step, Approve):
            continue
        card = scene.known.tools.get(step.call)
        if card is None or card.risk == "read":
            continue
        if id == run.step:
            if run.waiting and not run.held and not run.timed:
                return f"{step.call} is being carried out with it"
        elif any(done in run.did for done in (step.call, f"{step.call} (perhaps)")):
            return f"{step.call} was carried out with it"
    return ""


def _skipped(
    flow: Flow, trail: tuple[str, ...], target: str, touched: list[str], changed: set[str]
) -> dict[str, str]:
    """Steps behind the target that were done and stay as they are, with where each of them led."""
    behind = trail[max(_last(trail, target), 0) :]
    found = {}
    for id, following in pairwise(behind):
        step = flow.steps[id]
        asks = isinstance(step, Branch | Confirm | Gather | Input)
        told = isinstance(step, Message) and bool(step.reads & changed)
        back = id.endswith("+") and id[:-1] in touched  # out of a flow that is run anew
        if id not in touched and not asks and not told and not back:
            found[id] = following
    return found


def _last(trail: tuple[str, ...], id: str) -> int:
    return max((at for at, each in enumerate(trail) if each == id), default=-1)


def _again(step: Step, scene: Scene) -> tuple[Effect, ...]:
    return step.again(scene) if isinstance(step, Asking) else ()
