"""A run of somebody who is being forgotten is ended by its own conversation, in its order."""

from __future__ import annotations

from typing import Any

from bot.turn import PersonId
from flows.understanding import Meaning
from workers.advance import advance_run, heard
from workers.commit import Commit
from workers.forget.steps import CANCEL
from workers.forget.subject import GONE
from workers.seen import Seen, Tools, finish
from workers.store import runs
from workers.store.conversations import Claimed

__all__ = ["CANCEL", "asked"]


async def asked(tools: Tools, claimed: Claimed, seen: Seen, raw: dict[str, Any]) -> Commit:
    """As if its person had said “cancel”: what waits for an approver is withdrawn and its cards say so.
    What is on its way stays so, which the receipt names."""
    async with tools.db.tenant(claimed.tenant) as c:
        stored = await runs.by_id(c, claimed.tenant, str(raw["run"]))
        if stored is None or stored.run.over or stored.conversation != claimed.key:
            stored = None
        flow = None
        if stored is not None:
            flow = await tools.library.flow(c, claimed.tenant, stored.run.flow, stored.run.flow_version)
    if stored is None or flow is None:
        return await finish(tools, claimed, seen, Commit())
    by = PersonId(stored.run.requester.id)
    event = heard(seen, stored.run, by, GONE, "cancel", Meaning("cancel", 1.0))
    return await advance_run(tools, claimed, seen, stored, flow, event, None)
