"""Which of the newest recorded calls another policy would decide otherwise. Reads only.

Each event of a recorded run is decided once as it was and once by the other policy, from the run as it
stood then; so one decision that differs does not blur those after it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from uuid import UUID

from flows.effects import AskApproval, Call, Effect
from flows.engine import advance
from flows.errors import FlowError
from flows.flow import Flow
from flows.loader import load_stored
from flows.policy import Policy
from flows.policy_facts import Facts
from flows.policy_file import stored_policy
from flows.replay import Recorded, stored
from flows.run import Run
from flows.scene import Known
from integrations import tools
from workers import past, record
from workers.store import definitions, tenants
from workers.store.door import Connection
from workers.store.history import Kept, newest
from workers.tools import cards

LAST, MOST_LAST = 200, 5_000
MOST_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Otherwise:
    """One recorded call; `before` and `after` say how it was decided, and would be, in words."""

    run: str
    step: str
    tool: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Diff:
    """`calls` is how many were looked at; `unplayable` runs cannot be read any more."""

    active: str
    draft: str
    calls: int
    changed: tuple[Otherwise, ...]
    unplayable: int
    pending: int


async def diff(c: Connection, tenant: UUID, draft: Policy, last: int) -> Diff:
    """`pending` approvals were asked for under another version than the draft's."""
    active = await tenants.policy_version(c, tenant) or ""
    pending: int = await c.fetchval(
        "select count(*) from approvals where tenant_id = $1 and state in ('pending', 'approved')"
        " and policy_version <> $2",
        tenant,
        draft.version,
    )
    calls, unplayable, changed = 0, 0, list[Otherwise]()
    policies: dict[str, Policy] = {}
    flows: dict[tuple[str, str], Flow | None] = {}
    for flow_id in sorted(await definitions.active_flows(c, tenant)):
        for run, version, rows in await newest(c, tenant, flow_id, min(last, MOST_LAST)):
            flow = await _flow(c, tenant, flow_id, version, flows)
            known = await _known(c, tenant, rows, policies)
            began = record.began(run, flow_id, version, rows)
            if flow is None or known is None or began is None:
                unplayable += 1
                continue
            events = record.recorded(rows, known, policies)
            found = await _run(c, tenant, flow, began, events, draft, await _times(c, tenant, run))
            calls += len(found)
            changed += [each for each in found if each.before != each.after]
            if calls >= last:
                break
    return Diff(active, draft.version, calls, tuple(changed), unplayable, pending)


async def _run(
    c: Connection,
    tenant: UUID,
    flow: Flow,
    began: Run,
    events: Sequence[Recorded],
    draft: Policy,
    times: Sequence[datetime],
) -> list[Otherwise]:
    """Every call of the run: by its own policy, and by the draft."""
    run, found, turn = began, list[Otherwise](), events[0].turn if events else 0
    for number, each in enumerate(events):
        if each.turn != turn:
            run, turn = stored(run), each.turn
        after, effects = advance(flow, run, each.event, each.known)
        at = times[number] if number < len(times) else datetime.now(UTC)
        known = await _as_of(c, tenant, replace(each.known, policy=draft), after, effects, at)
        _, others = advance(flow, run, each.event, known)
        one, other = decision(effects), decision(others)
        if one or other:
            tool, _ = one or other or ("", "")
            found.append(Otherwise(began.id, after.step, tool, _told(one), _told(other)))
        run = after
    return found


async def _as_of(
    c: Connection, tenant: UUID, known: Known, after: Run, effects: Sequence[Effect], at: datetime
) -> Known:
    """With the clocks and the ledger as they were then."""
    known = past.known_at(replace(known, facts=Facts(assume=True)), at.timestamp())
    rules = [rule for rule in known.policy.rules if rule.rests_on_past]
    if not rules:
        return known
    about = past.spent(after, past.calls_of(effects), known)
    found = {each.key: await past.past_of(c, tenant, each, rules, at) for each in about}
    return replace(known, facts=replace(known.facts, past=found))


def decision(effects: Sequence[Effect]) -> tuple[str, str] | None:
    """The tool that is called and how; None where none is."""
    for effect in effects:
        match effect:
            case Call(tool=tool):
                return tool, "runs alone"
            case AskApproval(call=Call(tool=tool)):
                return tool, "is asked about"
    return None


def _told(found: tuple[str, str] | None) -> str:
    return found[1] if found else "is not called"


async def _flow(
    c: Connection, tenant: UUID, flow: str, version: str, cache: dict[tuple[str, str], Flow | None]
) -> Flow | None:
    key = (flow, version)
    if key not in cache:
        definition = await definitions.flow_definition(c, tenant, flow, version)
        try:
            cache[key] = load_stored(definition, tools()) if definition else None
        except FlowError:
            cache[key] = None
    return cache[key]


async def _known(
    c: Connection, tenant: UUID, rows: Sequence[Kept], policies: dict[str, Policy]
) -> Known | None:
    """What is not recorded is as it is now: the tools. None where a policy cannot be read any more."""
    for version in record.policies_of(rows) - policies.keys():
        document = await definitions.policy_document(c, tenant, version)
        if document is None:
            return None
        try:
            policies[version] = stored_policy(document)
        except FlowError:
            return None
    return Known(next(iter(policies.values())), cards()) if policies else None


async def _times(c: Connection, tenant: UUID, run: str) -> list[datetime]:
    rows = await c.fetch(
        "select at from history where tenant_id = $1 and run_id = $2 order by seq", tenant, run
    )
    return [row["at"] for row in rows]


# ── in words ─────────────────────────────────────────────────────────────────────────────


def report(found: Diff) -> list[str]:
    if found.active == found.draft:
        return [f"{found.draft} is the active policy already, so nothing changes."]
    lines = [f"policy {found.active or '(none)'} (active) → {found.draft}"]
    lines.append(
        f"Of {_many(found.calls, 'recorded call')}, {len(found.changed)} would be decided otherwise."
    )
    for each in found.changed[:MOST_SHOWN]:
        lines.append(f"    {each.tool} at {each.step} of run {each.run}: {each.before} → {each.after}")
    if len(found.changed) > MOST_SHOWN:
        lines.append(f"    … and {len(found.changed) - MOST_SHOWN} more")
    if found.unplayable:
        lines.append(f"{_many(found.unplayable, 'recorded run')} cannot be read any more.")
    if found.pending:
        what = _many(found.pending, "approval")
        was = "was" if found.pending == 1 else "were"
        lines.append(
            f"{what} that {was} asked for under another version become void: nothing of it will run."
        )
    return lines


def _many(count: int, what: str) -> str:
    return f"{count} {what}" + ("" if count == 1 else "s")
