"""Variants while the bot runs: outcomes are noted, an arm that does harm is stopped, all of it read out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

import structlog

from bot.metrics import metrics
from flows.arms import Taken
from flows.flow import Flow
from flows.variants import Experiment
from workers import evidence
from workers.evidence import ALPHA, Count, Interval
from workers.store import audit, experiments
from workers.store.door import Connection
from workers.store.experiments import State, Tally

log = structlog.get_logger()

GUARDRAIL = "guardrail"
OPERATOR = "operator"


async def ended(c: Connection, tenant: UUID, taken: Sequence[Taken]) -> None:
    """In the transaction in which runs end: what came of them, and whether an arm does harm."""
    once = {(each.experiment, each.series, each.person): each for each in reversed(taken)}
    noted = await experiments.note(c, tenant, list(once.values()))
    for each in noted:
        what = once[each.experiment, each.series, str(each.person)]
        if each.first and what.bad and what.arm != what.control:
            await guard(c, tenant, what, each.epoch)


async def guard(c: Connection, tenant: UUID, taken: Taken, epoch: int) -> bool:
    """Stops the arm when more people come to a bad end in it than in the control, beyond chance.

    Judged after every single outcome, so the judgement has to hold at every look.
    """
    found = await experiments.tallies(c, tenant, taken.experiment, taken.series, epoch)
    counts = {each.arm: Count(each.bad, each.people) for each in found}
    arm, control = counts.get(taken.arm, Count(0, 0)), counts.get(taken.control, Count(0, 0))
    if not evidence.rises(arm, control, share(len(taken.arms))):
        return False
    reason = f"{_of(arm)} came to a bad end, against {_of(control)} with {taken.control}"
    if not await experiments.stop(c, tenant, taken.experiment, taken.arm, GUARDRAIL, reason):
        return False
    await audit.record(
        c,
        tenant,
        "experiment.stopped",
        experiment=taken.experiment,
        arm=taken.arm,
        by=GUARDRAIL,
        series=taken.series,
        bad=arm.hits,
        people=arm.of,
        control_bad=control.hits,
        control_people=control.of,
    )
    log.warning("experiment.stopped", experiment=taken.experiment, arm=taken.arm, bad=arm.hits, people=arm.of)
    metrics().experiment_stopped()
    return True


def share(arms: int) -> float:
    """The chance to be wrong that each comparison has, so that all of an experiment together keep `ALPHA`."""
    return ALPHA / max(1, arms - 1)


def _of(count: Count) -> str:
    return f"{count.hits} of {count.of} people"


# ── reading out ──────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Arm:
    """`against`: its rate less the control's; None for the control, and while either has nobody."""

    name: str
    share: float
    stopped: State | None
    good: Count
    bad: Count
    runs: int
    rate: Interval
    against: Interval | None

    @property
    def verdict(self) -> str:
        if self.against is None:
            return ""
        if self.against.low > 0:
            return "better"
        return "worse" if self.against.high < 0 else "no difference shown yet"


@dataclass(frozen=True, slots=True)
class ReadOut:
    """One experiment as it stands; valid however often one looks. `earlier` are series that are over."""

    experiment: Experiment
    goal: str
    epoch: int
    arms: tuple[Arm, ...]
    earlier: tuple[Tally, ...]


def read_out(experiment: Experiment, goal: str, tallies: Sequence[Tally], states: Sequence[State]) -> ReadOut:
    """Pure: what the counts say of the experiment as the active version of its flow has it."""
    epoch = max((each.epoch for each in states), default=0)
    mine = {each.arm: each for each in tallies if (each.series, each.epoch) == (experiment.series, epoch)}
    stops = {each.arm: each for each in states if each.stopped}
    whole = sum(experiment.weights.values())
    good = {arm: _count(mine.get(arm), "good") for arm in experiment.arms}
    alpha = share(len(experiment.arms))
    control = good[experiment.control]
    arms = tuple(
        Arm(
            name=arm,
            share=weight / whole,
            stopped=stops.get(arm),
            good=good[arm],
            bad=_count(mine.get(arm), "bad"),
            runs=mine[arm].runs if arm in mine else 0,
            rate=evidence.rate_between(good[arm]),
            against=evidence.difference_between(good[arm], control, alpha)
            if arm != experiment.control and good[arm].of and control.of
            else None,
        )
        for arm, weight in experiment.weights.items()
    )
    earlier = tuple(each for each in tallies if (each.series, each.epoch) != (experiment.series, epoch))
    return ReadOut(experiment, goal, epoch, arms, earlier)


def _count(tally: Tally | None, what: str) -> Count:
    return Count(getattr(tally, what), tally.people) if tally else Count(0, 0)


# ── what a new version changes ───────────────────────────────────────────────────────────


def changes(before: Flow | None, after: Flow) -> list[str]:
    """What whoever pushes a flow should know of its experiments that go on under the same name."""
    old = {each.name: each for each in before.experiments} if before else {}
    found: list[str] = []
    for each in after.experiments:
        was = old.get(each.name)
        if was is None:
            continue
        if set(was.arms) != set(each.arms):
            arms = f"{', '.join(was.arms)} became {', '.join(each.arms)}"
            found.append(
                f"{each.name}: its variants changed ({arms})."
                " People are assigned anew, and counting begins anew."
            )
        elif was.series != each.series:
            found.append(
                f"{each.name}: its weights changed. Some people change over, and counting begins anew."
            )
        else:
            found += [_reworded(each, arm) for arm in _differing(was.arms, each.arms)]
    return found


def _differing(before: Mapping[str, object], after: Mapping[str, object]) -> list[str]:
    return [arm for arm in after if before[arm] != after[arm]]


def _reworded(experiment: Experiment, arm: str) -> str:
    return (
        f"{experiment.name}: variant {arm} differs under its old name, so what came of it before is"
        " counted with what comes now. Give it another name to begin anew."
    )
