"""A flow begins: where it was asked for, in the name of whoever asked."""

from __future__ import annotations

from dataclasses import replace

from bot.turn import PersonId, Shortcut, Turn
from flows.engine import start
from flows.events import Entered
from flows.opening import opening
from flows.run import Requester
from workers import before
from workers.advance import advance_run
from workers.commit import Commit
from workers.seen import Seen, Tools
from workers.store.conversations import Claimed
from workers.store.people import Person
from workers.store.runs import Stored


async def begin(
    tools: Tools,
    claimed: Claimed,
    seen: Seen,
    turn: Turn,
    person: Person,
    flow_id: str,
    text: str,
    confidence: float,
    words: str = "",
) -> Commit:
    """`confidence`: that it was this flow that they meant; `words`: what that rests on."""
    flow = seen.world.flows[flow_id]
    who = Requester(PersonId(str(person.id)), person.name, person.email, person.time_zone)
    run = start(flow, f"r{seen.row.id}", who, opening(flow, text), confidence, words)
    if before.wanted(flow):
        about = turn.act.text if isinstance(turn.act, Shortcut) else ""
        run = replace(
            run, conversation=await before.conversation(tools, claimed.tenant, claimed.key, seen, about)
        )
    stored = Stored(run, claimed.key, turn.place, 0)
    return await advance_run(tools, claimed, seen, stored, flow, Entered(), turn)
