"""`countersign experiments …`: what each command prints, and its exit status."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from uuid import UUID

from bot.errors import ConfigurationError
from bot.settings import Settings
from flows.flow import Flow
from flows.loader import load_stored
from flows.variants import Experiment
from workers import ops
from workers.evidence import Interval
from workers.experiments import GUARDRAIL, OPERATOR, Arm, ReadOut, read_out
from workers.store import audit, definitions, experiments
from workers.store.door import Connection, Database
from workers.store.experiments import Tally

LONGEST_REASON = 500
HOLDS = "A person counts once, by their first run that is over. All of this holds however often you look."

Work = Callable[[Connection, UUID], Awaitable[int]]


def list_all(settings: Settings, tenant: str = "") -> int:
    return _with(settings, tenant, _list)


def show(settings: Settings, name: str, tenant: str = "") -> int:
    async def work(c: Connection, whose: UUID) -> int:
        there = await _there(c, whose)
        tallies = await experiments.tallies(c, whose, name)
        if name not in there:
            if not tallies:
                raise _unknown(name, there)
            _say(f"{name} is in no active flow any more.", *_earlier(tallies))
            return 0
        experiment, flow = there[name]
        found = read_out(experiment, flow.goal, tallies, await experiments.states(c, whose, name))
        ends = await experiments.outcomes(c, whose, name, experiment.series, found.epoch)
        _say(*told(found, ends, await experiments.under_way(c, whose, name)))
        return 0

    return _with(settings, tenant, work)


def stop(settings: Settings, name: str, arm: str, reason: str, tenant: str = "") -> int:
    if len(reason) > LONGEST_REASON or not reason.isprintable():
        raise ConfigurationError(f"A reason is one line of at most {LONGEST_REASON} characters.")

    async def work(c: Connection, whose: UUID) -> int:
        experiment = await _one(c, whose, name)
        arms = [each for each in experiment.arms if each != experiment.control] if not arm else [arm]
        if experiment.control in arms:
            raise ConfigurationError(
                f"{arm} is the control, which people get where one is stopped. Change the flow instead."
            )
        _known(experiment, arms)
        for each in arms:
            if await experiments.stop(c, whose, name, each, OPERATOR, reason):
                await audit.record(
                    c,
                    whose,
                    "experiment.stopped",
                    experiment=name,
                    arm=each,
                    by=OPERATOR,
                    reason=reason or None,
                )
                _say(f"{name}: nobody new gets {each}; they get {experiment.control}.")
            else:
                _say(f"{name}: {each} was stopped before.")
        return 0

    return _with(settings, tenant, work)


def start(settings: Settings, name: str, arm: str, tenant: str = "") -> int:
    async def work(c: Connection, whose: UUID) -> int:
        experiment = await _one(c, whose, name)
        arms = [arm] if arm else list(experiment.arms)
        _known(experiment, arms)
        started = await experiments.start(c, whose, name, arms)
        for each in started:
            await audit.record(c, whose, "experiment.started", experiment=name, arm=each, by=OPERATOR)
        if started:
            _say(f"{name}: {', '.join(started)} is given out again, and counting begins anew.")
        else:
            _say(f"{name}: nothing of that was stopped.")
        return 0

    return _with(settings, tenant, work)


async def _list(c: Connection, tenant: UUID) -> int:
    there = await _there(c, tenant)
    tallies = await experiments.tallies(c, tenant)
    states = await experiments.states(c, tenant)
    for name, (experiment, flow) in there.items():
        mine = [each for each in tallies if each.experiment == name]
        found = read_out(experiment, flow.goal, mine, [each for each in states if each.experiment == name])
        _say(f"{name}  {', '.join(_short(found, each) for each in found.arms)}")
    gone = sorted({each.experiment for each in tallies} - set(there))
    for name in gone:
        _say(f"{name}  (in no active flow any more)")
    if not there and not gone:
        _say("No flow has variants: text: {variants: {a: …, b: …}}")
    return 0


# ── what is said ─────────────────────────────────────────────────────────────────────────


def told(found: ReadOut, ends: Mapping[str, Mapping[str, int]], under_way: Mapping[str, int]) -> list[str]:
    """A read-out in lines."""
    lines = [f"{found.experiment.name}  goal: {found.goal}"]
    head = (
        "",
        "share",
        "people",
        "came to it",
        "rate, 95 %",
        f"against {found.experiment.control}",
        "bad end",
    )
    rows: list[tuple[str, ...]] = [head, *(_row(found, arm) for arm in found.arms)]
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    for row in rows:
        lines.append(
            "  " + "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip()
        )
    for arm in found.arms:
        if arm.stopped:
            by = "the guardrail" if arm.stopped.by == GUARDRAIL else "hand"
            why = f": {arm.stopped.reason}" if arm.stopped.reason else ""
            lines.append(
                f"  {arm.name} was stopped by {by} on {arm.stopped.changed_at:%Y-%m-%d %H:%M} UTC{why}."
            )
    for name in found.experiment.arms:
        parts = [f"{outcome.replace('_', ' ')} {count}" for outcome, count in ends.get(name, {}).items()]
        parts += [f"not over yet {under_way[name]}"] if name in under_way else []
        if parts:
            lines.append(f"  {name}: {', '.join(parts)}")
    return [*lines, *_earlier(found.earlier), f"  {HOLDS}"]


def _row(found: ReadOut, arm: Arm) -> tuple[str, ...]:
    name = f"{arm.name} (control)" if arm.name == found.experiment.control else arm.name
    against = (
        f"{_points(arm.good.rate, found)} ({_range(arm.against, plus=True)}): {arm.verdict}"
        if arm.against
        else ""
    )
    rate = f"{_percent(arm.good.rate)} ({_range(arm.rate)})" if arm.good.of else ""
    counts = (str(arm.good.of), str(arm.good.hits), rate, against, str(arm.bad.hits))
    return (name, _percent(arm.share), *counts)


def _points(rate: float, found: ReadOut) -> str:
    control = next(arm for arm in found.arms if arm.name == found.experiment.control)
    return f"{100 * (rate - control.good.rate):+.0f}"


def _range(interval: Interval, *, plus: bool = False) -> str:
    sign = "+" if plus else ""
    return f"{100 * interval.low:{sign}.0f} to {100 * interval.high:{sign}.0f} %"


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def _short(found: ReadOut, arm: Arm) -> str:
    more = " (control)" if arm.name == found.experiment.control else " stopped" if arm.stopped else ""
    verdict = f" {arm.verdict}" if arm.verdict in ("better", "worse") else ""
    return f"{arm.name} {arm.good.of}{more}{verdict}"


def _earlier(tallies: Sequence[Tally]) -> list[str]:
    return [
        f"  before, with {each.series}: {each.arm} {each.people} people,"
        f" {each.good} came to it, {each.bad} to a bad end"
        for each in tallies
    ]


# ── finding them ─────────────────────────────────────────────────────────────────────────


class _Whatever(frozenset[str]):
    """Every tool there is or was: it is looked at, not run."""

    def __contains__(self, tool: object) -> bool:
        return True


async def _there(c: Connection, tenant: UUID) -> dict[str, tuple[Experiment, Flow]]:
    """Every experiment of the active flows, by name."""
    found: dict[str, tuple[Experiment, Flow]] = {}
    for id, version in (await definitions.active_flows(c, tenant)).items():
        definition = await definitions.flow_definition(c, tenant, id, version)
        flow = load_stored(definition or {}, _Whatever())
        found.update({each.name: (each, flow) for each in flow.experiments})
    return found


async def _one(c: Connection, tenant: UUID, name: str) -> Experiment:
    there = await _there(c, tenant)
    if name not in there:
        raise _unknown(name, there)
    return there[name][0]


def _unknown(name: str, there: Mapping[str, object]) -> ConfigurationError:
    known = ", ".join(there) or "none: no active flow has variants"
    return ConfigurationError(f"There is no experiment {name!r}. There are: {known}.")


def _known(experiment: Experiment, arms: Sequence[str]) -> None:
    for arm in arms:
        if arm not in experiment.arms:
            raise ConfigurationError(
                f"{experiment.name} has no variant {arm!r}: {', '.join(experiment.arms)}."
            )


def _with(settings: Settings, tenant: str, work: Work) -> int:
    async def run(db: Database) -> int:
        whose = await ops.whose(db, tenant)
        async with db.tenant(whose) as c:
            return await work(c, whose)

    return ops.with_database(settings, run)


def _say(*lines: str) -> None:
    sys.stdout.write("".join(f"{line}\n" for line in lines))
