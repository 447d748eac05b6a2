"""Carries out what a flow decides of a hand-over: who is next is asked, told what is said, and told the end.

Whom to ask, and where they are, is found out before the transaction; what follows is a part of it.
The copies of a card are the run's messages, so "asked", "taken" and "resolved" reach each in that order.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import structlog

from bot.errors import PlatformError
from bot.reply import Button, Buttons, Paragraph, Reply, Style, Tone
from bot.text import for_card
from bot.turn import Account, Place
from flows.effects import HandOver, Relay, TakeBack
from flows.events import Event, Lapsed, Nobody, Offered, Passed, Resolved, Taken
from flows.run import Run
from workers import duty
from workers.approve import place_of
from workers.commit import Commit
from workers.duty import Asking
from workers.known import World
from workers.seen import Tools
from workers.store import codec, handoffs, people
from workers.store.door import Connection
from workers.store.handoffs import Handoff
from workers.store.outbox import Message
from workers.store.runs import Stored

log = structlog.get_logger()

TAKE, PASS, RESOLVE = "handoff.take", "handoff.pass", "handoff.resolve"
ACTIONS = (TAKE, PASS, RESOLVE)
MOST_COPIES = 20
NOT_THERE = "“{to}” is no group or rota of the policy here."
NOBODY_ON = "Nobody is on call right now."
NOT_REACHED = "I could not reach anybody who is on call."
NOT_TAKEN = "Nobody was free to take it in time."


@dataclass(frozen=True, slots=True)
class Reached:
    """Who is asked now, and where; without places nobody is, and `why` says so."""

    asked: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    entitled: tuple[str, ...] = ()
    places: tuple[Place, ...] = ()
    why: str = ""


async def reach(tools: Tools, tenant: UUID, run: Run, wanted: HandOver, world: World) -> Reached:
    """The next in line who can be reached. It may ask platforms, so no transaction is open."""
    policy = world.known.policy
    found = duty.line(policy.duty, wanted.to, datetime.now(UTC))
    if found is None:
        return Reached(why=NOT_THERE.format(to=wanted.to[:60]))
    asked = list(wanted.asked)
    for each in found:
        if each.token in asked:
            continue
        asked.append(each.token)
        if reached := await _reached(tools, tenant, run, each, world):
            names, entitled, places = reached
            return Reached(tuple(asked), names, entitled, places)
    why = NOBODY_ON if not found else NOT_TAKEN if wanted.asked else NOT_REACHED
    return Reached(tuple(asked), why=why)


async def _reached(
    tools: Tools, tenant: UUID, run: Run, asking: Asking, world: World
) -> tuple[tuple[str, ...], tuple[str, ...], tuple[Place, ...]] | None:
    """Names, who may take it, and where each copy goes."""
    group, policy = asking.group, world.known.policy
    if group.people and not group.places:
        return await _in_private(tools, tenant, run, group.people)
    spots = group.places or tools.rules.where(policy)
    async with tools.db.tenant(tenant) as c:
        places = [place for spot in spots if (place := await place_of(c, tenant, spot)) is not None]
    entitled = group.people or (() if group.places else tuple(sorted(tools.rules.who(policy))))
    return ((f"the group “{asking.token}”",), entitled, tuple(places[:MOST_COPIES])) if places else None


async def _in_private(
    tools: Tools, tenant: UUID, run: Run, emails: Sequence[str]
) -> tuple[tuple[str, ...], tuple[str, ...], tuple[Place, ...]] | None:
    """Each where they were last seen, or wherever else they have an account."""
    names, reached, places = list[str](), list[str](), list[Place]()
    for email in emails[:MOST_COPIES]:
        async with tools.db.tenant(tenant) as c:
            accounts = await handoffs.accounts(c, tenant, email)
        for person, name, account in accounts:
            if str(person) == run.requester.id:
                break  # nobody hands a matter to themselves
            if (place := await _direct(tools, account)) is not None:
                names.append(name)
                reached.append(email.lower())
                places.append(place)
                break
    return (tuple(names), tuple(reached), tuple(places)) if places else None


async def _direct(tools: Tools, account: Account) -> Place | None:
    """None where this platform cannot reach them just now: somebody else can be asked meanwhile."""
    client = tools.clients.get(account.platform)
    if client is None:
        return None
    try:
        return await client.direct(account)
    except PlatformError as error:
        log.warning("handoff.unreached", platform=account.platform, problem=str(error))
        return None


async def ask(
    c: Connection, tenant: UUID, commit: Commit, stored: Stored, run: Run, wanted: HandOver, reached: Reached
) -> None:
    """A copy of the card at each place, and the time until which one of them may take it."""
    event: Event
    if not reached.places:
        event = Nobody(wanted.key, reached.why)
    else:
        cards = tuple(f"{wanted.key}:offer:{number}" for number in range(len(reached.places)))
        handoff = Handoff(
            id=wanted.key,
            run_id=run.id,
            conversation=stored.conversation,
            requester=UUID(run.requester.id),
            asked=reached.entitled,
            cards=cards,
            card=wanted.card,
        )
        await handoffs.offer(c, tenant, handoff)
        drawn = card(handoff, "")
        for id, place in zip(cards, reached.places, strict=True):
            commit.messages.append(Message(id, "post", place, drawn))
        now: datetime = await c.fetchval("select now() + make_interval(secs => $1)", float(wanted.wait))
        commit.timers.append((lapse_id(wanted.key), now, {"_": "lapse", "handoff": wanted.key}))
        commit.note("handoff.asked", handoff=wanted.key, copies=len(cards), wait=wanted.wait)
        event = Offered(wanted.key, reached.asked, reached.names)
    commit.events.append((stored.conversation, f"handoff:{wanted.key}:asked", codec.to_json(event)))


def lapse_id(key: str) -> str:
    return f"{key}:lapse"


async def pass_on(c: Connection, tenant: UUID, commit: Commit, relay: Relay) -> None:
    """What the requester said, where the helper is. Order is kept: it is the run's queue of that channel."""
    handoff = await handoffs.by_id(c, tenant, relay.key)
    if handoff is not None and handoff.place is not None:
        commit.messages.append(Message(f"{relay.id}:relay", "post", handoff.place, relay.reply))


async def take_back(c: Connection, tenant: UUID, commit: Commit, effect: TakeBack) -> None:
    """Nobody is to take it any more; whoever has it is told. Nothing, where it is over already."""
    before = await handoffs.by_id(c, tenant, effect.key, lock=True)
    if before is None or not await handoffs.end(
        c, tenant, effect.key, effect.state, effect.words, of=("offered", "taken")
    ):
        return
    commit.cancelled_timers.append(lapse_id(effect.key))
    commit.note("handoff.taken_back", handoff=effect.key, state=effect.state)
    if before.place is not None:
        words = f"{for_card(effect.words)} What you write here is passed on no longer."
        commit.messages.append(Message(f"{effect.key}:back", "post", before.place, Reply(words)))
    await show(c, tenant, commit, effect.key)


async def after(c: Connection, tenant: UUID, commit: Commit, event: Event) -> None:
    """In the run's own conversation, behind the press: every copy shows what became of it."""
    match event:
        case Taken(key=key) | Resolved(key=key) | Passed(key=key):
            commit.cancelled_timers.append(lapse_id(key))
            await show(c, tenant, commit, key)
        case Lapsed(key=key):
            await show(c, tenant, commit, key)


async def show(c: Connection, tenant: UUID, commit: Commit, key: str) -> None:
    handoff = await handoffs.by_id(c, tenant, key)
    if handoff is None:
        return
    helper = await people.by_id(c, tenant, handoff.helper) if handoff.helper else None
    drawn = card(handoff, helper.name if helper else "")
    rows = await c.fetch(
        "select id, place from outbox where tenant_id = $1 and id = any($2) order by seq",
        tenant,
        list(handoff.cards),
    )
    for row in rows:
        commit.messages.append(
            Message(
                f"{row['id']}:{handoff.state}", "update", codec.loads(row["place"]), drawn, target=row["id"]
            )
        )


def card(handoff: Handoff, helper: str) -> Reply:
    """What whoever was asked sees now, with what they may press. Foreign words stand in its blocks
    as they are; who has it stands last, in words of ours."""
    name = for_card(helper) or "Somebody"
    take = Button("I take it", TAKE, handoff.id, Style.PRIMARY)
    leave = Button("Not me", PASS, handoff.id)
    done = Button("Resolve", RESOLVE, handoff.id, Style.PRIMARY)
    on = Button("Pass it on", PASS, handoff.id)
    blocks = handoff.card.blocks
    match handoff.state:
        case "offered":
            buttons = (take, leave) if handoff.asked else (take,)
            return Reply(handoff.card.text, (*blocks, Buttons(buttons)))
        case "taken":
            words = f"Taken by {name}."
            shown = (*blocks, Paragraph(words, Tone.GOOD), Buttons((done, on)))
            return Reply(f"{words} {handoff.card.text}", shown)
        case "resolved":
            words, tone = handoff.words or f"Resolved by {name}.", Tone.GOOD
        case "passed":
            words, tone = handoff.words or "Left to the next.", Tone.SUBTLE
        case "withdrawn":
            words, tone = handoff.words or "It is not needed any more.", Tone.SUBTLE
        case _:
            words, tone = "Nobody took it in time, so the next was asked.", Tone.SUBTLE
    words = for_card(words)
    return Reply(f"{words} {handoff.card.text}", (*blocks, Paragraph(words, tone)))


async def lapsed(c: Connection, tenant: UUID, commit: Commit, key: str, conversation: str) -> None:
    """The time is over. Nothing, where somebody took it after all."""
    if await handoffs.lapse(c, tenant, key):
        commit.events.append((conversation, f"handoff:{key}:lapsed", codec.to_json(Lapsed(key))))
        commit.note("handoff.lapsed", handoff=key)


_RESOLVES = re.compile(r"\s*/?resolved?\s*[.!]*\s*\Z", re.IGNORECASE)


def resolves(text: str) -> bool:
    return _RESOLVES.match(text) is not None
