"""A flow as one person gets it, what they were shown of its variants, and what came of it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from flows.effects import Effect
from flows.events import Chose, Event, Heard
from flows.flow import Flow
from flows.run import Run
from flows.scene import Known
from flows.variants import arm_of, assigned

Outcome = Literal["done", "cancelled", "failed", "rejected", "expired", "handed_over", "complaint"]
Advanced = tuple[Run, tuple[Effect, ...]]
Advance = Callable[[Flow, Run, Event, Known], Advanced]

# What the guardrail watches. An approval that nobody decided says nothing about the wording.
BAD = frozenset({"cancelled", "failed", "rejected", "handed_over", "complaint"})
COMPLAINTS = frozenset(
    {"this is wrong", "that is wrong", "that's wrong", "thats wrong", "wrong", "not helpful", "this is bad"}
)
THUMBS_DOWN = frozenset({"👎", ":-1:", ":thumbsdown:"})
SURE = 0.6


def as_seen(flow: Flow, arms: Mapping[str, str]) -> Flow:
    """The flow without variants: of each step the way that these arms make. Steps never learn of it."""
    if not flow.experiments:
        return flow
    steps = dict(flow.steps)
    for id, ways in flow.ways.items():
        way = tuple(arms[each.name] for each in flow.experiments if each.step == id)
        steps[id] = ways[way]
    return replace(flow, steps=steps, experiments=(), ways={})


def arms_of(flow: Flow, run: Run, stopped: Collection[str]) -> dict[str, str]:
    """The arm of each experiment that this run is in, whether it has been shown yet or not."""
    person = str(run.requester.id)
    return {each.name: arm_of(each, person, run.arms, stopped) for each in flow.experiments}


def for_run(flow: Flow, run: Run, stopped: Collection[str]) -> Flow:
    """The flow as the person of this run gets it."""
    return as_seen(flow, arms_of(flow, run, stopped)) if flow.experiments else flow


def advanced(decide: Advance, flow: Flow, run: Run, event: Event, known: Known) -> Advanced:
    """`decide`, on the flow as this person gets it, noting the arms that made a difference.

    Deciding is pure, so one can look: a run was shown an arm from the first event on that would
    have been answered otherwise in another arm, and not before. The question is the same whichever arm
    one is in, so those who are counted differ in nothing but the arm.
    """
    if not flow.experiments or run.over:
        return decide(flow, run, event, known)
    mine = arms_of(flow, run, known.stopped)
    after, effects = decide(as_seen(flow, mine), run, event, known)
    shown = {
        each.name: mine[each.name]
        for each in flow.experiments
        if each.name not in run.arms
        and any(
            decide(as_seen(flow, {**mine, each.name: arm}), run, event, known) != (after, effects)
            for arm in each.arms
            if arm != mine[each.name]
        )
    }
    complained = after.complained or (bool(run.arms) and complains(event, run))
    if shown or complained != after.complained:
        after = replace(after, arms={**after.arms, **shown}, complained=complained)
    return after, effects


def complains(event: Event, run: Run) -> bool:
    """The person it is for says that it is wrong, or wants to start over."""
    match event:
        case Heard(by=by) | Chose(by=by) if by != run.requester.id:
            return False
        case Heard(text=text, meaning=meaning):
            said = text.strip().lower().rstrip(".! ").replace("’", "'")
            over = meaning.intent == "restart" and meaning.confidence >= SURE and not meaning.changes
            return over or said in COMPLAINTS or text.strip() in THUMBS_DOWN
        case Chose(choice=choice):
            return choice in ("wrong", "thumbs_down")
    return False


@dataclass(frozen=True, slots=True)
class Taken:
    """One experiment of a run that is over: whose it was, under which arm, and what came of it."""

    person: str
    experiment: str
    series: str
    control: str
    arms: tuple[str, ...]
    arm: str
    outcome: Outcome
    good: bool
    bad: bool


def taken(flow: Flow, run: Run) -> tuple[Taken, ...]:
    """What a run that is over says of the arms it was shown.

    Who got the control in place of a stopped arm is left out: nobody drew that lot.
    """
    if not run.over or not run.arms:
        return ()
    outcome, good = outcome_of(flow, run), reached(flow, run)
    person = str(run.requester.id)
    return tuple(
        Taken(
            person, each.name, each.series, each.control, tuple(each.arms), arm, outcome, good, outcome in BAD
        )
        for each in flow.experiments
        if (arm := run.arms.get(each.name)) and arm == assigned(each, person)
    )


def outcome_of(flow: Flow, run: Run) -> Outcome:
    if run.complained:
        return "complaint"
    if any(step.kind == "handoff" and run.entries.get(step.id) for step in flow.steps.values()):
        return "handed_over"
    if run.status == "done":
        return "done"
    error = run.slots.get("error")
    match error.get("code") if isinstance(error, Mapping) else "":
        case "rejected":
            return "rejected"
        case "expired":
            return "expired"
    return "failed" if run.status == "failed" else "cancelled"


def reached(flow: Flow, run: Run) -> bool:
    """Whether the flow's goal was met: that it is done, or that it came to a step."""
    return run.status == "done" if flow.goal == "done" else bool(run.entries.get(flow.goal))
