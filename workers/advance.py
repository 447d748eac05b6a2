"""Moves a run by one event: decides, asks the model where something has to be read, writes all of it."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass, field, replace

from bot import faults, tracing
from bot.reply import Reply
from bot.turn import PersonId, Shortcut, Turn
from flows.arms import taken
from flows.effects import Digress, Resume
from flows.engine import start
from flows.events import Entered, Event, Heard, Resumed
from flows.flow import Flow
from flows.opening import opening
from flows.run import Run
from flows.understanding import Meaning
from integrations.models.base import ModelUnavailable, Question
from workers import before, learning, learning_turn, past, record, streams_end, understand, waits
from workers.approvers import groups
from workers.commit import Commit
from workers.effects import Sink
from workers.files import joining, listing
from workers.learning import Proposal
from workers.memory import turning
from workers.seen import Seen, Tools, write_all
from workers.store import runs
from workers.store.conversations import Claimed
from workers.store.files import Read
from workers.store.runs import Stored

MOST_LEGS = 6  # a run, one begun in between, and those come back to
MOST_TRIES = 5  # to decide anew because somebody else used up a limit in between


async def read(
    tools: Tools, text: str, seen: Seen, stored: Stored | None, flow: Flow | None,
    claimed: Claimed | None = None,
) -> Meaning:  # fmt: skip
    """`claimed`: what is remembered may be taken up by it."""
    run = stored.run if stored else None
    today = waits.day(arrived(seen), run.requester.time_zone) if run else ""
    asked = understand.question(text, seen.world, run, flow, today)
    await faults.point("F12")
    if claimed is None or tools.memory is None:
        return await _meaning(tools, asked, seen.files)
    asked = await turning.told(tools, claimed, seen, stored, asked)
    found = await _meaning(tools, asked, seen.files)
    if stored is None or flow is None:
        return found

    async def rest(words: str) -> Meaning:
        return await _meaning(tools, replace(asked, text=words))

    return await turning.taken_up(tools, claimed, seen, stored, flow, asked, found, rest)


async def _meaning(tools: Tools, asked: Question, files: tuple[Read, ...] = ()) -> Meaning:
    with tracing.span("model"):
        return await listing.heard(tools.reader, asked, files)


def arrived(seen: Seen) -> float:
    """When it came to us, in epoch seconds: deciding has no clock, so the event carries it."""
    return time.time() - seen.row.age


def heard(
    seen: Seen, run: Run, by: PersonId, name: str, text: str, meaning: Meaning, *, opening: bool = False
) -> Heard:
    at = arrived(seen)
    return Heard(by, name, text, meaning, opening, at, waits.day(at, run.requester.time_zone))


@dataclass(slots=True)
class _Leg:
    """One run that this turn moves: the one that heard, one begun in between, one come back to."""

    stored: Stored
    run: Run
    flow: Flow
    event: Event
    sink: Sink
    steps: list[past.Step] = field(default_factory=list)  # those that lead to a call
    proposals: list[Proposal] = field(default_factory=list)  # calls by which may be learned


async def advance_run(
    tools: Tools, claimed: Claimed, seen: Seen, stored: Stored, flow: Flow, event: Event, turn: Turn | None
) -> Commit:
    """As `_advanced`, and again where somebody used up a limit in the meantime."""
    for _ in range(MOST_TRIES):
        with suppress(past.Moved):
            return await _advanced(tools, claimed, seen, stored, flow, event, turn)
    return await _advanced(tools, claimed, seen, stored, flow, event, turn)


async def _advanced(
    tools: Tools, claimed: Claimed, seen: Seen, stored: Stored, flow: Flow, event: Event, turn: Turn | None
) -> Commit:
    """Decides, asks the model where the run wants something read, and writes all of it.

    A flow that is begun in the middle of another, and the other when it is come back to, are moved
    in the same turn and written in the same transaction.
    """
    commit = Commit()
    todo = [_Leg(stored, stored.run, flow, event, Sink(stored, turn, commit))]
    legs: list[_Leg] = []
    while todo and len(legs) < MOST_LEGS:
        leg = todo.pop(0)
        await _walk(tools, claimed, seen, leg, commit)
        legs.append(leg)
        commit.runs = [each for each in commit.runs if each[1].id != leg.run.id]
        commit.runs.append((leg.stored, leg.run))
        if leg.run.arms and leg.run.over and not leg.stored.run.over:
            commit.taken = (*commit.taken, *taken(leg.flow, leg.run))
        for wanted in leg.sink.elsewhere:
            if other := await _other(tools, claimed, seen, legs, wanted, turn, commit):
                todo.append(other)
    for leg in legs:
        await leg.sink.reach(tools, claimed.tenant, leg.run, seen.world)
        await turning.propose(tools, claimed.tenant, leg.stored, leg.flow, leg.run, commit)
    await faults.point("F13")
    if asking := [leg.run.requester.id for leg in legs if leg.sink.asks]:
        await groups.refresh(tools, claimed.tenant, seen.world.known.policy, asking)
    async with tools.db.turn(claimed.tenant, claimed.key, claimed.fence, tools.lease) as c:
        await past.hold(c, claimed.tenant, [step for leg in legs for step in leg.steps])
        proposals = [each for leg in legs for each in leg.proposals]
        policy = seen.world.known.policy
        await learning_turn.hold(c, claimed.tenant, commit, proposals, policy, tools.rules)
        for leg in legs:
            commit.spent += [each for step in leg.steps for each in past.spent_of(step)]
            await leg.sink.settle(c, claimed.tenant, leg.run, leg.flow, seen.world, tools.rules, leg.event)
            await streams_end.expect(tools, c, claimed, leg.stored, leg.flow, commit)
            await streams_end.take_over(tools, c, claimed.tenant, leg.stored, leg.flow, leg.event, commit)
            await turning.ended(tools, c, claimed.tenant, leg.stored, leg.flow, leg.run, leg.event)
        if turn is not None and turn.wants_answer and commit.answer is None:
            cards = [card for leg in legs if (card := leg.sink.newest_card())]
            commit.answer = cards[-1] if cards else Reply("Done.")
        await write_all(tools, c, claimed, seen, commit)
    return commit


async def _walk(tools: Tools, claimed: Claimed, seen: Seen, leg: _Leg, commit: Commit) -> None:
    """One event of one run, with all that it wants read on the way."""
    known = past.known_at(seen.world.known, arrived(seen))
    pending: list[Event] = [leg.event]
    number = sum(each.run == leg.run.id for each in commit.history)
    while pending:
        before, happened = leg.run, pending.pop(0)
        step = await past.decide(tools.db, claimed.tenant, leg.flow, before, happened, known, tools.rules)
        step, proposals = await learning.weighed(tools, claimed.tenant, seen.world, step)
        leg.proposals += proposals
        leg.run, effects = step.after, step.effects
        if past.calls_of(effects):
            leg.steps.append(step)
        commit.history.append(
            record.kept(leg.stored.version, number, before, happened, leg.run, effects, step.known)
        )
        number += 1
        for wanted in leg.sink.take(effects):
            try:
                now = replace(leg.stored, run=leg.run)
                sent = await joining.of_opening(tools, claimed, seen, now)
                meaning = await read(tools, wanted.text, sent, now, leg.flow, claimed)
            except ModelUnavailable:
                meaning = Meaning("unknown", 0.0)
            pending.append(heard(seen, leg.run, wanted.by, wanted.name, wanted.text, meaning, opening=True))


async def _other(
    tools: Tools,
    claimed: Claimed,
    seen: Seen,
    legs: list[_Leg],
    wanted: Digress | Resume,
    turn: Turn | None,
    commit: Commit,
) -> _Leg | None:
    """The run that is to be moved next in this turn; None where it is gone or over.

    One that was moved in this turn goes on from there: it is not stored yet.
    """
    leg = legs[-1]
    if isinstance(wanted, Digress):
        flow = seen.world.flows.get(wanted.flow)
        if flow is None:
            return None
        parent, text = leg.run, opening(flow, wanted.text)
        run = replace(
            start(flow, f"r{seen.row.id}", parent.requester, text, wanted.confidence, wanted.words),
            returns_to=parent.id,
            depth=parent.depth + 1,
        )
        if before.wanted(flow):
            told = await before.conversation(tools, claimed.tenant, claimed.key, seen, _pointed_at(turn))
            run = replace(run, conversation=told)
        stored = Stored(run, leg.stored.conversation, leg.stored.place, 0)
        return _Leg(stored, run, flow, Entered(), Sink(stored, turn, commit))
    if moved := next((each for each in reversed(legs) if each.run.id == wanted.run), None):
        sink = Sink(moved.stored, turn, commit)
        return None if moved.run.over else _Leg(moved.stored, moved.run, moved.flow, Resumed(), sink)
    async with tools.db.tenant(claimed.tenant) as c:
        back = await runs.by_id(c, claimed.tenant, wanted.run)
        if back is None or back.run.over or back.conversation != leg.stored.conversation:
            return None
        flow = await tools.library.flow(c, claimed.tenant, back.run.flow, back.run.flow_version)
    return _Leg(back, back.run, flow, Resumed(), Sink(back, turn, commit))


def _pointed_at(turn: Turn | None) -> str:
    return turn.act.text if turn is not None and isinstance(turn.act, Shortcut) else ""
