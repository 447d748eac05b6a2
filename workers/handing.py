"""What people do about a matter that is handed over: take it, leave it, talk, and say that it is resolved."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from bot.reply import Reply
from bot.text import for_card
from bot.turn import PersonId, Place, Pressed, Said, Turn
from flows.events import Passed, Resolved, Spoke, Taken
from workers import handoffs as carried
from workers.advance import advance_run
from workers.commit import Commit
from workers.handoffs import PASS, RESOLVE, resolves
from workers.seen import Seen, Tools, finish, tell, write_all
from workers.store import codec, conversations, handoffs, outbox, people
from workers.store.conversations import Claimed
from workers.store.door import Connection
from workers.store.handoffs import Handoff, Helping
from workers.store.outbox import Message
from workers.store.people import Person

GONE = "I do not know this any more, so the button changes nothing."
OWN = "You asked for help with this yourself, so somebody else has to take it."
NOT_ASKED = "Only those who were asked can take this."
NOT_HERE = "This can only be taken where it was asked."
BUSY = (
    "You have another matter in this chat. Resolve that one or pass it on first, so that nothing is mixed up."
)
WORDS_ONLY = "I pass on words only. Please send anything else to them yourself."
HELD = "{name} has this, and only what {name} writes is passed on."
TOO_LATE = {
    "resolved": "This is resolved already.",
    "passed": "This went on to somebody else.",
    "lapsed": "It took too long, so somebody else was asked.",
    "withdrawn": "This is not needed any more.",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """What the presser is told; `settled`: the card says it already. `yours`: what is said below it."""

    reply: Reply
    settled: bool = False
    yours: str = ""


# ── presses ──────────────────────────────────────────────────────────────────────────────


async def pressed(tools: Tools, claimed: Claimed, seen: Seen, turn: Turn, person: Person) -> Commit:
    act = turn.act
    assert isinstance(act, Pressed)
    return await _settle(tools, claimed, seen, turn, person, act.action, act.value)


async def _settle(
    tools: Tools, claimed: Claimed, seen: Seen, turn: Turn, person: Person, action: str, key: str
) -> Commit:
    """Decided where it is pressed, by one conditional update; the run hears of it as an event."""
    commit, tenant = Commit(), claimed.tenant
    async with tools.db.turn(tenant, claimed.key, claimed.fence, tools.lease) as c:
        found = await handoffs.conversation_of(c, tenant, key)
        if found and found != claimed.key:
            await conversations.lock(c, tenant, sorted({found, claimed.key}))
        handoff = await handoffs.by_id(c, tenant, key, lock=True)
        answer = await _answer(c, tenant, commit, turn, person, action, handoff)
        if turn.wants_answer:
            commit.answer = answer.reply
        elif not answer.yours:
            tell(commit, turn, answer.reply)
        if answer.yours and handoff is not None:
            words = Reply(answer.yours, mentions=(turn.account.user,))
            commit.messages.append(Message(f"{handoff.id}:{action}:{person.id}", "post", turn.place, words))
        await write_all(tools, c, claimed, seen, commit)
    return commit


async def _answer(
    c: Connection,
    tenant: UUID,
    commit: Commit,
    turn: Turn,
    person: Person,
    action: str,
    handoff: Handoff | None,
) -> Answer:
    if handoff is None:
        return Answer(Reply(GONE))
    if refused := await _refusal(c, tenant, turn, person, handoff):
        return Answer(Reply(refused))
    match action, handoff.state:
        case "handoff.take", "offered":
            return await _take(c, tenant, commit, turn, person, handoff)
        case "handoff.take", "taken" if has_it(handoff, person):
            return Answer(Reply("You have it already."))
        case "handoff.pass", "offered":
            return await _leave(c, tenant, commit, person, handoff)
        case "handoff.resolve" | "handoff.pass", "taken" if has_it(handoff, person):
            return await _end(c, tenant, commit, person, handoff, action)
    return Answer(Reply(await _too_late(c, tenant, handoff)))


async def _take(
    c: Connection, tenant: UUID, commit: Commit, turn: Turn, person: Person, handoff: Handoff
) -> Answer:
    place = turn.place
    if place.thread is None and any(
        each.helper == person.id and each.place.thread is None
        for each in await handoffs.helping(c, tenant, place)
    ):
        return Answer(Reply(BUSY))
    if not await handoffs.take(c, tenant, handoff.id, person.id, place):
        return Answer(Reply(GONE))
    event = Taken(handoff.id, person_id(person), person.name, person.email)
    commit.events.append((handoff.conversation, f"handoff:{handoff.id}:taken", codec.to_json(event)))
    commit.note("handoff.taken", handoff=handoff.id, by=str(person.id), surface=turn.account.platform)
    asker = await people.by_id(c, tenant, handoff.requester)
    who = for_card(asker.name) if asker else "whoever asked"
    now = await handoffs.by_id(c, tenant, handoff.id)
    assert now is not None
    yours = (
        f"You have this now. What you write here goes to {who}, and their answers come here."
        " Write “resolve” or press Resolve when it is done."
    )
    return Answer(carried.card(now, person.name), True, yours)


async def _leave(c: Connection, tenant: UUID, commit: Commit, person: Person, handoff: Handoff) -> Answer:
    """One will not take it; when all who were asked will not, the next are asked."""
    email = person.email.lower()
    if email not in handoff.asked:
        return Answer(Reply(NOT_ASKED))
    await handoffs.passes(c, tenant, handoff.id, email)
    commit.note("handoff.left", handoff=handoff.id, by=str(person.id))
    if set(handoff.asked) - {*handoff.passed, email}:
        return Answer(Reply("Noted; the others are still asked."))
    await handoffs.end(c, tenant, handoff.id, "passed", f"{person.name} cannot take it.", of=("offered",))
    _tell_run(commit, handoff, "passed", Passed(handoff.id, person.name))
    return Answer(Reply("Noted; the next is asked."))


async def _end(
    c: Connection, tenant: UUID, commit: Commit, person: Person, handoff: Handoff, action: str
) -> Answer:
    if action == PASS:
        words = f"{person.name} has passed it on."
        await handoffs.end(c, tenant, handoff.id, "passed", words, of=("taken",))
        _tell_run(commit, handoff, "passed", Passed(handoff.id, person.name))
        commit.note("handoff.passed", handoff=handoff.id, by=str(person.id))
        done = "Passed on to the next. What is written here is passed on no longer."
    else:
        await handoffs.end(c, tenant, handoff.id, "resolved", of=("taken",))
        _tell_run(commit, handoff, "resolved", Resolved(handoff.id, person.name))
        commit.note("handoff.resolved", handoff=handoff.id, by=str(person.id))
        done = "Resolved, thank you. What is written here is passed on no longer."
    now = await handoffs.by_id(c, tenant, handoff.id)
    assert now is not None
    return Answer(carried.card(now, person.name), True, done)


def _tell_run(commit: Commit, handoff: Handoff, what: str, event: Passed | Resolved) -> None:
    commit.events.append((handoff.conversation, f"handoff:{handoff.id}:{what}", codec.to_json(event)))


async def _refusal(c: Connection, tenant: UUID, turn: Turn, person: Person, handoff: Handoff) -> str:
    """Why this person has no say in it, or nothing."""
    if person.id == handoff.requester:
        return OWN
    if not await people.reachable(c, tenant, handoff.requester):
        return "I know whoever asked for this under another name by now, so it has to be asked for again."
    if handoff.state == "taken" and has_it(handoff, person):
        return ""
    if handoff.asked:
        return "" if person.email and person.email.lower() in handoff.asked else NOT_ASKED
    places = [place for _, place in await outbox.places(c, tenant, list(handoff.cards))]
    here = any(p.platform == turn.place.platform and p.channel == turn.place.channel for p in places)
    return "" if here else NOT_HERE


async def _too_late(c: Connection, tenant: UUID, handoff: Handoff) -> str:
    if handoff.state == "taken" and handoff.helper is not None:
        by = await people.by_id(c, tenant, handoff.helper)
        return f"{by.name if by else 'Somebody else'} has this already."
    return TOO_LATE.get(handoff.state, "Nobody has taken this yet.")


def has_it(matter: Handoff | Helping, person: Person) -> bool:
    """Only whoever has it speaks in it, passes it on, or says that it is resolved."""
    return matter.helper == person.id


def person_id(person: Person) -> PersonId:
    return PersonId(str(person.id))


# ── words ────────────────────────────────────────────────────────────────────────────────


async def overheard(
    tools: Tools, claimed: Claimed, seen: Seen, turn: Turn, person: Person, text: str
) -> Commit | None:
    """Words that are for a person: passed on, and read by nobody else. None: they are for us."""
    if not isinstance(turn.act, Said):
        return None
    stored = seen.stored
    if stored is not None and stored.run.helper:
        return await _in_the_thread(tools, claimed, seen, turn, person, text)
    if stored is not None or not (seen.engaged or turn.place.private):
        return None
    mine = meant(await handoffs.helping(tools.db, claimed.tenant, turn.place), turn.place, person, text)
    if mine is None:
        return None
    if not has_it(mine, person):
        return await _not_theirs(tools, claimed, seen, turn, mine)
    if resolves(text):
        return await _settle(tools, claimed, seen, turn, person, RESOLVE, mine.id)
    return await _passed_on(tools, claimed, seen, turn, person, text, mine)


def meant(there: list[Helping], place: Place, person: Person, text: str) -> Helping | None:
    """The matter of this thread; in a chat without threads, or outside of any, the only one that this
    person has there. A command is for us."""
    for each in there:
        if each.place.thread == place.thread and place.thread is not None:
            return each
    theirs = [each for each in there if each.helper == person.id]
    command = text.lstrip().startswith("/") and not resolves(text)
    return theirs[0] if place.private and len(theirs) == 1 and not command else None


async def _in_the_thread(
    tools: Tools, claimed: Claimed, seen: Seen, turn: Turn, person: Person, text: str
) -> Commit | None:
    """In the thread of whoever asked. A helper who writes there is read by them as it is."""
    stored, flow = seen.stored, seen.flow
    assert stored is not None
    assert flow is not None
    run = stored.run
    if run.helper == str(person.id):
        if resolves(text):
            return await _settle(tools, claimed, seen, turn, person, RESOLVE, run.handoff)
        return await finish(tools, claimed, seen, Commit())
    if run.requester.id != str(person.id):
        return None
    if not text.strip():
        return await _only_words(tools, claimed, seen, turn)
    event = Spoke(run.handoff, person_id(person), person.name, text)
    return await advance_run(tools, claimed, seen, stored, flow, event, turn)


async def _passed_on(
    tools: Tools, claimed: Claimed, seen: Seen, turn: Turn, person: Person, text: str, mine: Helping
) -> Commit:
    if not text.strip():
        return await _only_words(tools, claimed, seen, turn)
    commit = Commit()
    event = Spoke(mine.id, person_id(person), person.name, text)
    commit.events.append((mine.conversation, f"said:{turn.id}", codec.to_json(event)))
    return await finish(tools, claimed, seen, commit)


async def _only_words(tools: Tools, claimed: Claimed, seen: Seen, turn: Turn) -> Commit:
    commit = Commit()
    tell(commit, turn, Reply(WORDS_ONLY))
    return await finish(tools, claimed, seen, commit)


async def _not_theirs(tools: Tools, claimed: Claimed, seen: Seen, turn: Turn, mine: Helping) -> Commit:
    """Somebody else in the helper's thread: their words are nobody's business but that thread's."""
    commit = Commit()
    assert isinstance(turn.act, Said)
    if turn.act.mentioned:
        async with tools.db.tenant(claimed.tenant) as c:
            helper = await people.by_id(c, claimed.tenant, mine.helper)
        tell(commit, turn, Reply(HELD.format(name=for_card(helper.name) if helper else "Somebody")))
    return await finish(tools, claimed, seen, commit)
