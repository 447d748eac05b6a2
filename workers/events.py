"""What we tell ourselves: results, decisions, deadlines, and webhooks."""

from __future__ import annotations

import orjson

from flows.events import Event, Expired
from workers import abandoned, approve, deliveries, handoffs, home, schedules, settling
from workers.advance import advance_run
from workers.approvers import actions, batch, clock, grants_said
from workers.commit import Commit
from workers.files import turn as file_turn
from workers.forget import cancelling
from workers.seen import Seen, Tools, finish, write_all
from workers.store import codec, homes, inbox, runs
from workers.store.conversations import Claimed


async def heard(tools: Tools, claimed: Claimed, seen: Seen) -> Commit:
    raw = orjson.loads(seen.row.payload)
    if seen.row.kind == inbox.DELIVERY:
        commit = Commit()
        async with tools.db.turn(claimed.tenant, claimed.key, claimed.fence, tools.lease) as c:
            await deliveries.received(c, claimed.tenant, seen.row.source, raw, commit)
            await write_all(tools, c, claimed, seen, commit)
        return commit
    if raw["_"] == deliveries.HAPPENED:
        return await deliveries.tell(tools, claimed, seen, raw)
    if raw["_"] == schedules.DUE:
        return await schedules.due(tools, claimed, seen, raw)
    if raw["_"] == "lapse":
        return await _lapsed(tools, claimed, seen, raw["handoff"])
    if raw["_"] == abandoned.ABANDONED:
        return await abandoned.end(tools, claimed, seen, raw)
    if raw["_"] == cancelling.CANCEL:
        return await cancelling.asked(tools, claimed, seen, raw)
    if raw["_"] == "expire":
        return await _expired(tools, claimed, seen, raw["approval"])
    if raw["_"] == homes.AGAIN:
        return await home.again(tools, claimed, seen, raw)
    if raw["_"] == settling.AGAIN:
        return await settling.again(tools, claimed, seen, raw)
    if raw["_"] in batch.EVENTS:
        return await batch.heard(tools, claimed, seen, raw)
    if raw["_"] in grants_said.EVENTS:
        return await grants_said.heard(tools, claimed, seen, raw)
    if raw["_"] == actions.EVENT:
        return await actions.heard(tools, claimed, seen, raw)
    if raw["_"] in file_turn.EVENTS:
        return await file_turn.heard(tools, claimed, seen, raw)
    if raw["_"] in clock.EVENTS:
        return await clock.heard(tools, claimed, seen, raw)
    event: Event = codec.from_json(raw)
    stored, flow = seen.stored, seen.flow
    key = getattr(event, "key", "") or getattr(event, "timer", "")
    run_id = key.rpartition(":")[0].rpartition(":")[0]
    if key and (stored is None or stored.run.id != run_id):
        async with tools.db.tenant(claimed.tenant) as c:
            stored = await runs.by_id(c, claimed.tenant, run_id)
            flow = (
                await tools.library.flow(c, claimed.tenant, stored.run.flow, stored.run.flow_version)
                if stored
                else None
            )
    if stored is None or flow is None:
        return await finish(tools, claimed, seen, Commit())
    return await advance_run(tools, claimed, seen, stored, flow, event, None)


async def _expired(tools: Tools, claimed: Claimed, seen: Seen, id: str) -> Commit:
    commit = Commit()
    async with tools.db.turn(claimed.tenant, claimed.key, claimed.fence, tools.lease) as c:
        approval = await approve.expire(c, claimed.tenant, commit, id)
        if approval:
            event = codec.to_json(Expired(id, approval.effect_key))
            commit.events.append((claimed.key, f"approval:{id}:expired", event))
        await write_all(tools, c, claimed, seen, commit)
    return commit


async def _lapsed(tools: Tools, claimed: Claimed, seen: Seen, key: str) -> Commit:
    commit = Commit()
    async with tools.db.turn(claimed.tenant, claimed.key, claimed.fence, tools.lease) as c:
        await handoffs.lapsed(c, claimed.tenant, commit, key, claimed.key)
        await write_all(tools, c, claimed, seen, commit)
    return commit
