"""The requester takes it back by a button: the same as saying “cancel” to that very run."""

from __future__ import annotations

from bot.reply import Reply
from bot.turn import PersonId, Pressed, Turn
from flows.understanding import Meaning
from workers.advance import advance_run, heard
from workers.commit import Commit
from workers.seen import Seen, Tools, finish, tell
from workers.store import approvals, runs
from workers.store.conversations import Claimed
from workers.store.people import Person

DECIDED = "This is decided already, so there is nothing to take back."
NOT_YOURS = "Only whoever asked for it can take it back."
ELSEWHERE = "Say “cancel” where you asked for it."


async def pressed(tools: Tools, claimed: Claimed, seen: Seen, turn: Turn, person: Person) -> Commit:
    assert isinstance(turn.act, Pressed)
    tenant, commit = claimed.tenant, Commit()
    async with tools.db.tenant(tenant) as c:
        approval = await approvals.by_id(c, tenant, turn.act.value)
        stored = await runs.by_id(c, tenant, approval.run_id) if approval else None
        flow = None
        if stored is not None:
            flow = await tools.library.flow(c, tenant, stored.run.flow, stored.run.flow_version)
    refused = ""
    if approval is None or stored is None or flow is None or approval.state != "pending":
        refused = DECIDED
    elif stored.run.requester.id != str(person.id):
        refused = NOT_YOURS
    elif stored.run.waiting != approval.effect_key or not stored.run.held:
        refused = DECIDED
    elif stored.conversation != claimed.key:
        refused = ELSEWHERE
    if refused or stored is None or flow is None:
        tell(commit, turn, Reply(refused))
        return await finish(tools, claimed, seen, commit)
    event = heard(seen, stored.run, PersonId(str(person.id)), person.name, "cancel", Meaning("cancel", 1.0))
    return await advance_run(tools, claimed, seen, stored, flow, event, turn)
