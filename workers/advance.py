"""Moves a run by one event: decides, asks the model where something has to be read, writes all of it."""

from __future__ import annotations

import time
from dataclasses import replace

from bot import faults, tracing
from bot.reply import Reply
from bot.turn import PersonId, Turn
from flows.arms import taken
from flows.engine import advance
from flows.events import Event, Heard
from flows.flow import Flow
from flows.run import Run
from flows.understanding import Meaning
from integrations.models.base import ModelUnavailable
from workers import record, understand, waits
from workers.commit import Commit
from workers.effects import Sink
from workers.seen import Seen, Tools, write_all
from workers.store.conversations import Claimed
from workers.store.runs import Stored


async def read(tools: Tools, text: str, seen: Seen, stored: Stored | None, flow: Flow | None) -> Meaning:
    run = stored.run if stored else None
    today = waits.day(arrived(seen), run.requester.time_zone) if run else ""
    asked = understand.question(text, seen.world, run, flow, today)
    await faults.point("F12")
    with tracing.span("model"):
        return understand.meaning(await tools.reader.read(asked))


def arrived(seen: Seen) -> float:
    """When it came to us, in epoch seconds: deciding has no clock, so the event carries it."""
    return time.time() - seen.row.age


def heard(
    seen: Seen, run: Run, by: PersonId, name: str, text: str, meaning: Meaning, *, opening: bool = False
) -> Heard:
    at = arrived(seen)
    return Heard(by, name, text, meaning, opening, at, waits.day(at, run.requester.time_zone))


async def advance_run(
    tools: Tools, claimed: Claimed, seen: Seen, stored: Stored, flow: Flow, event: Event, turn: Turn | None
) -> Commit:
    """Decides, asks the model where the run wants something read, and writes all of it."""
    run, known = stored.run, seen.world.known
    pending: list[Event] = [event]
    sink = Sink(stored, turn)
    while pending:
        before, happened = run, pending.pop(0)
        run, effects = advance(flow, before, happened, known)
        sink.commit.history.append(
            record.kept(stored.version, len(sink.commit.history), before, happened, run, effects, known)
        )
        for wanted in sink.take(effects):
            try:
                meaning = await read(tools, wanted.text, seen, replace(stored, run=run), flow)
            except ModelUnavailable:
                meaning = Meaning("unknown", 0.0)
            pending.append(heard(seen, run, wanted.by, wanted.name, wanted.text, meaning, opening=True))
    commit = sink.commit
    commit.runs.append((stored, run))
    if run.arms and run.over and not stored.run.over:
        commit.taken = taken(flow, run)
    await faults.point("F13")
    async with tools.db.turn(claimed.tenant, claimed.key, claimed.fence, tools.lease) as c:
        await sink.settle(c, claimed.tenant, run, flow, seen.world, tools.rules, event)
        if turn is not None and turn.wants_answer and commit.answer is None:
            commit.answer = sink.newest_card() or Reply("Done.")
        await write_all(tools, c, claimed, seen, commit)
    return commit
