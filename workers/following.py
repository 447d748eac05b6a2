"""What is written beside a thread, in a chat with us alone, may belong to what is open in one of its threads.

In Slack every message that is in no thread begins a conversation, in direct messages too, where people
simply go on writing. What means nothing by itself, and changes or fills something there, is heard there.
A yes is not: it could carry out what somebody did not mean.
"""

from __future__ import annotations

from dataclasses import replace

from bot.reply import Reply
from bot.turn import PersonId, Said, Turn
from flows import router
from flows.understanding import Meaning
from integrations.models.base import ModelUnavailable
from workers.advance import heard, read
from workers.commit import Commit
from workers.seen import Seen, Tools, finish
from workers.store import codec, runs
from workers.store.conversations import Claimed
from workers.store.outbox import Message
from workers.store.people import Person
from workers.store.runs import Stored

FRESH = 3600.0  # seconds since it moved: people have an older one no longer in mind
NEVER = ("yes", "no")
ANSWERS = ("cancel", "repeat", "restart")
ALONE = ("unknown", "value", "route", *NEVER, *ANSWERS)
ELSE = 0.2  # surer than that a sentence means something by itself
THERE = "Something of yours is open in a thread of this chat. Please answer there."


async def continued(
    tools: Tools, claimed: Claimed, seen: Seen, turn: Turn, person: Person, meaning: Meaning
) -> Commit | None:
    """None: it stands alone, as everything does where nothing is open."""
    act = turn.act
    if not isinstance(act, Said) or not turn.place.private or not turn.place.thread or seen.files:
        return None
    if meaning.intent not in ALONE or meaning.about == "smalltalk":
        return None
    async with tools.db.tenant(claimed.tenant) as c:
        found = await runs.open_beside(c, claimed.tenant, person.id, turn.place, claimed.key, FRESH)
    if not found:
        return None
    commit, newest, reply = Commit(), found[0], THERE
    if (there := await _meant(tools, claimed, seen, found, act.text, meaning)) is not None:
        event = heard(seen, newest.run, PersonId(str(person.id)), person.name, act.text, there)
        commit.events.append((newest.conversation, f"beside:{turn.id}", codec.to_json(event)))
        reply = f"I take that for your open /{newest.run.flow}, in its thread."
    elif meaning.intent not in (*NEVER, *ANSWERS) or meaning.confidence < router.PLAIN:
        return None
    commit.messages.append(Message(f"say:{turn.id}", "post", turn.place, Reply(reply)))
    return await finish(tools, claimed, seen, commit)


async def _meant(
    tools: Tools, claimed: Claimed, seen: Seen, found: list[Stored], text: str, alone: Meaning
) -> Meaning | None:
    """What it means to the step that waits in the newest; None where that would merely ask again. Which of
    several is to be cancelled is not guessed. `alone`: what it means without any."""
    if alone.intent in NEVER and alone.confidence >= router.PLAIN:
        return None
    stored = found[0]
    flow = await tools.library.flow(tools.db, claimed.tenant, stored.run.flow, stored.run.flow_version)
    try:
        there = await read(tools, text, replace(seen, stored=stored, flow=flow), stored, flow)
    except ModelUnavailable:
        return None
    if there.intent in ANSWERS:
        return there if len(found) == 1 and there.confidence >= router.PLAIN else None
    # Whatever is said fits where words are asked for: there it must mean nothing else.
    filled = [each.text.lower() not in NEVER for each in there.values]
    fits = alone.route_confidence < ELSE and bool(filled) and all(filled)
    changes = any(each.known for each in there.changes)
    return there if there.intent == "value" and (fits or changes) else None
