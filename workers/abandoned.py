"""Runs that nobody finishes: found by the keeper, ended in their own conversation, in its order."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flows.arms import taken
from flows.engine import advance
from flows.events import Abandoned
from workers import record
from workers.commit import Commit
from workers.effects import Sink
from workers.seen import Seen, Tools, write_all
from workers.store import idle, runs
from workers.store.conversations import Claimed
from workers.store.door import Connection
from workers.store.idle import Page
from workers.store.inbox import add_event

ABANDONED = "abandoned"
DAY = 86_400.0


async def find(c: Connection, tenant: UUID, days: int, after: str, most: int) -> Page:
    """The next page of conversations; those that are idle are asked to look at themselves, once a day."""
    page = await idle.abandoned(c, tenant, days * DAY, after, most)
    today = await c.fetchval("select current_date::text")
    for conversation, run in page.found:
        event = {"_": ABANDONED, "days": days}
        await add_event(c, tenant, conversation, f"{ABANDONED}:{run}:{today}", event)
    return page


async def end(tools: Tools, claimed: Claimed, seen: Seen, raw: dict[str, Any]) -> Commit:
    """All open runs of this conversation, if it is still so; the newest says it."""
    commit = Commit()
    days = int(raw["days"])
    async with tools.db.turn(claimed.tenant, claimed.key, claimed.fence, tools.lease) as c:
        if await idle.still(c, claimed.tenant, claimed.key, days * DAY, seen.row.id):
            for number, stored in enumerate(await runs.all_open(c, claimed.tenant, claimed.key)):
                await _end_one(tools, c, claimed, seen, commit, stored, Abandoned(days, aloud=not number))
        await write_all(tools, c, claimed, seen, commit)
    return commit


async def _end_one(
    tools: Tools,
    c: Connection,
    claimed: Claimed,
    seen: Seen,
    commit: Commit,
    stored: runs.Stored,
    event: Abandoned,
) -> None:
    flow = await tools.library.flow(c, claimed.tenant, stored.run.flow, stored.run.flow_version)
    run, effects = advance(flow, stored.run, event, seen.world.known)
    if not run.over:  # somebody else's turn, after all
        return
    sink = Sink(stored, None, commit)
    sink.take(effects)  # what waits behind it is ended in this very transaction, too
    commit.runs.append((stored, run))
    commit.history.append(record.kept(stored.version, 0, stored.run, event, run, effects, seen.world.known))
    if run.arms:
        commit.taken = (*commit.taken, *taken(flow, run))
    await sink.settle(c, claimed.tenant, run, flow, seen.world, tools.rules, event)
    commit.note("run.abandoned", run=run.id, flow=run.flow, step=run.step, days=event.days)
