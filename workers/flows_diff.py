"""`countersign flows diff`: what a version of a flow would do otherwise than the active one.

Which runs wait now, and every decision of the newest recorded runs that would come out another way.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from flows.compare import Changed, changes, counted
from flows.errors import FlowError
from flows.flow import Flow
from flows.loader import load_stored
from flows.policy import Policy
from flows.policy_file import stored_policy
from flows.replay import differing, replay, transplant
from flows.scene import Known
from integrations import tools
from workers import record
from workers.store import definitions, history, tenants
from workers.store.door import Connection
from workers.store.history import Kept
from workers.tools import cards

LAST = 200
MOST_LAST = 5_000
MOST_EXAMPLES = 3
MOST_SHOWN = 12  # lines of one example


@dataclass(frozen=True, slots=True)
class Waiting:
    """Runs that wait at a step of some version. `there`: the draft has that step too."""

    version: str
    step: str
    runs: int
    there: bool


@dataclass(frozen=True, slots=True)
class Diff:
    """`inexact` are runs that no longer decide as they did, because the code changed since;
    `unplayable` those whose version or policy cannot be read any more."""

    flow: str
    active: str
    draft: str
    waiting: tuple[Waiting, ...]
    runs: int
    decisions: int
    changed: tuple[Changed, ...]
    inexact: tuple[str, ...]
    unplayable: int

    @property
    def decided_otherwise(self) -> int:
        """Decisions that differ in anything."""
        return len({(each.run, each.number) for each in self.changed})

    @property
    def touches(self) -> bool:
        return bool(self.waiting or self.changed)


async def diff(
    c: Connection, tenant: UUID, active: str, draft: Flow, version: str, flow: str, last: int
) -> Diff:
    """Reads only. `active` is the version that counts now; `version` is the draft's."""
    waiting = await history.waiting(c, tenant, flow)
    recorded = await history.newest(c, tenant, flow, min(last, MOST_LAST))
    there = draft.steps if waiting else {}
    waits = tuple(Waiting(old, step, runs, step in there) for old, step, runs in waiting)
    if not recorded or active == version:
        return Diff(flow, active, version, waits, 0, 0, (), (), 0)
    versions = {active} | {of for _, of, _ in recorded}
    flows = {of: found for of in versions if (found := await _flow(c, tenant, flow, of))}
    policies = await _policies(c, tenant, [rows for *_, rows in recorded])
    today = await _today(c, tenant, policies)
    base = flows.get(active)
    if base is None or today is None:
        return Diff(flow, active, version, waits, 0, 0, (), (), len(recorded))
    return _played(
        Diff(flow, active, version, waits, 0, 0, (), (), 0), recorded, flows, base, draft, today, policies
    )


def _played(
    empty: Diff,
    recorded: Sequence[tuple[str, str, list[Kept]]],
    flows: Mapping[str, Flow],
    base: Flow,
    draft: Flow,
    today: Known,
    policies: Mapping[str, Policy],
) -> Diff:
    runs, decisions, unplayable = 0, 0, 0
    changed, inexact = list[Changed](), list[str]()
    for run, version, rows in recorded:
        own = flows.get(version)
        began = record.began(run, empty.flow, version, rows)
        if own is None or began is None or record.policies_of(rows) - set(policies):
            unplayable += 1
            continue
        events = record.recorded(rows, today, policies)
        if differing(replay(own, began, events)):
            inexact.append(run)
        old = [pair[1] for pair in transplant(own, base, began, events)]
        new = [pair[1] for pair in transplant(own, draft, began, events)]
        changed += changes(run, old, new)
        runs, decisions = runs + 1, decisions + sum(1 for each in old if each.decided)
    return Diff(
        empty.flow, empty.active, empty.draft, empty.waiting,
        runs, decisions, tuple(changed), tuple(inexact), unplayable,
    )  # fmt: skip


async def _flow(c: Connection, tenant: UUID, flow: str, version: str) -> Flow | None:
    definition = await definitions.flow_definition(c, tenant, flow, version)
    try:
        return load_stored(definition, tools()) if definition else None
    except FlowError:
        return None


async def _policies(c: Connection, tenant: UUID, runs: Sequence[Sequence[Kept]]) -> dict[str, Policy]:
    wanted = {version for rows in runs for version in record.policies_of(rows)}
    now = await tenants.policy_version(c, tenant)
    found = {}
    for version in wanted | ({now} if now else set()):
        document = await definitions.policy_document(c, tenant, version)
        if document is not None:
            found[version] = stored_policy(document)
    return found


async def _today(c: Connection, tenant: UUID, policies: Mapping[str, Policy]) -> Known | None:
    """What is not recorded is as it is now: the tools."""
    now = await tenants.policy_version(c, tenant)
    return Known(policies[now], cards()) if now and now in policies else None


# ── in words ─────────────────────────────────────────────────────────────────────────────


def summary(found: Diff) -> str:
    """One line, for who is about to activate it."""
    waits = sum(each.runs for each in found.waiting)
    own = "it has" if waits == 1 else "they have"
    who = f"{_many(waits, 'run')} waiting now will finish on the version {own}" if waits else "no run waits"
    return (
        f"{found.flow} {found.active[:8]} → {found.draft[:8]}: {who};"
        f" {found.decided_otherwise} of {_many(found.decisions, 'recorded decision')} would change."
    )


def report(found: Diff) -> list[str]:
    lines = [f"{found.flow}: {found.active} (active) → {found.draft}"]
    if found.active == found.draft:
        lines.append("That is the active version, so nothing changes.")
    lines += _waiting(found)
    lines.append(
        f"{_many(found.runs, 'recorded run')} played through both, {_many(found.decisions, 'decision')}."
    )
    if found.unplayable:
        lines.append(
            f"{_many(found.unplayable, 'recorded run')} cannot be played: its version cannot be read."
        )
    if found.inexact:
        names = ", ".join(found.inexact[:MOST_EXAMPLES]) + (
            " …" if len(found.inexact) > MOST_EXAMPLES else ""
        )
        lines.append(
            f"{_many(len(found.inexact), 'run')} ({names}) would not be decided today as it was then, even on"
            " its own version: the code changed since. Both versions are played with the code of today."
        )
    for (kind, step), group in counted(found.changed).items():
        lines.append(f"{_titles(kind)} at {step or 'the start'}: {_many(len(group), 'time')}")
        for each in group[:MOST_EXAMPLES]:
            lines += _example(each)
        if len(group) > MOST_EXAMPLES:
            lines.append(f"    … and {len(group) - MOST_EXAMPLES} more")
    if not found.changed:
        lines.append("No recorded decision would change.")
    return lines


def _waiting(found: Diff) -> list[str]:
    lines = []
    for each in found.waiting:
        stay = "finishes on it" if each.runs == 1 else "finish on it"
        there = "" if each.there else "; the draft has no such step"
        lines.append(
            f"{_many(each.runs, 'run')} of {each.version[:8]} at {each.step or 'the start'}: {stay}{there}"
        )
    return lines or ["No run waits."]


def _titles(kind: str) -> str:
    return {
        "approval": "Approval asked or not",
        "called": "Tool called or not",
        "arguments": "Arguments",
        "ends": "How it ends",
        "goes to": "Where it goes",
        "said": "What is said",
        "otherwise": "What else happens",
        "stops": "The recording has no answer",
    }[kind]


def _example(each: Changed) -> list[str]:
    lines = [f"    run {each.run}, turn {each.turn}"]
    lines += [f"      - {line}" for line in _short(each.before)]
    return lines + [f"      + {line}" for line in _short(each.after)]


def _short(lines: Sequence[str]) -> list[str]:
    flat = [one for line in lines for one in line.splitlines()] or ["nothing"]
    return flat if len(flat) <= MOST_SHOWN else [*flat[:MOST_SHOWN], "…"]


def _many(count: int, what: str) -> str:
    return f"{count} {what}" + ("" if count == 1 else "s")
