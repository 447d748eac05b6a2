"""Hand an approval to somebody else: a delegation for this one alone, with a card of their own.

Whoever hands it on may still decide it themselves, but the two count once, as with every stand-in: so
nobody makes two voices of one, and nobody is locked out by a colleague who is away after all. Who asked
for it, gets it, wrote its rules or made it what it is never decides it, whoever hands it to them.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

from bot.errors import PlatformError
from bot.platforms.base import Profile
from bot.reply import Field, Form, Reply
from bot.text import for_card
from bot.turn import Account, Place, Submitted, Turn
from flows.approval_delegation import Lent, closes_a_circle
from flows.approval_quorum import Refused, judge_press
from workers import audit_notes, cards
from workers.approvers import beside, holding, private, questions, situation, standins, words
from workers.approvers.holding import Held
from workers.approvers.situation import Known
from workers.commit import Commit
from workers.seen import Seen, Tools, tell, write_all
from workers.store import approvals, people
from workers.store import beside as kept
from workers.store.approvals import Approval
from workers.store.conversations import Claimed
from workers.store.door import Connection
from workers.store.outbox import Message
from workers.store.people import Person

WHO = "person"
MOST, LONGEST = 10, 200
FIRST = 5_000  # cards are numbered, and those that were handed on begin here
NAME = "Name somebody."
NOBODY = "I know nobody of that name. Name them by their e-mail address, as they use it here."
SEVERAL = "More than one person is called that. Name them by their e-mail address."
A_BOT = "That is a program. Only people decide."
YOURSELF = "That is yourself. Name somebody else."
NEVER = "{name} may never decide this one: whoever asks for something, gets it, or wrote its rules does not."
AGREED = "{name} has agreed already, and each person counts once."
CIRCLE = "That would make a circle: {name} let you decide in their stead, or somebody did for them."
ENOUGH = "This was handed on often enough. Decide it, or reject it with a reason."
STILL_NOT = "{name} could not decide it even so: {why}"
UNREACHED = "I could not write to {name} in private, so they decide it where it was asked, or not at all."


def form(id: str, typed: str = "", error: str = "", back: str = "") -> Form:
    field = Field(WHO, "Who should decide", kind="person", max_length=LONGEST, value=typed, error=error)
    intro = (
        "They get a card of their own and may decide in your stead. You may still, too; the two of you count"
        " once."
    )
    return Form(beside.HAND, id, "Hand on", (field,), "Hand on", intro, back)


async def submitted(tools: Tools, claimed: Claimed, seen: Seen, turn: Turn, person: Person) -> Commit:
    """Somebody was named. Platforms are asked before there is a transaction."""
    act, commit, tenant = turn.act, Commit(), claimed.tenant
    assert isinstance(act, Submitted)
    named = act.answers.get(WHO, "").strip().removeprefix("@")[:LONGEST]
    to = await _who(tools, tenant, turn, named)
    async with holding.turn_of(tools, claimed, act.value) as c:
        found = await holding.held(c, tools, tenant, act.value, turn, person, seen.world, deciding=True)
        if isinstance(found, str):
            tell(commit, turn, Reply(found))
        elif isinstance(to, str):
            commit.answer = form(act.value, named, to)
        else:
            fresh = await _try(c, tenant, commit, found, turn, person, to, seen)
            if isinstance(fresh, str):
                commit.answer = form(act.value, named, fresh)
            else:
                holding.show(commit, turn, seen, fresh)
        await write_all(tools, c, claimed, seen, commit)
    return commit


async def _who(tools: Tools, tenant: UUID, turn: Turn, named: str) -> Person | str:
    """By the platform's own list, by address, or by a name that only one person has; or why nobody."""
    if not named:
        return NAME
    async with tools.db.tenant(tenant) as c:
        found = await standins.find(c, tenant, turn.account, named)
    if len(found) == 1:
        return found[0]
    if found:
        return SEVERAL
    account = replace(turn.account, user=named)
    profile = await _profile(tools, turn, account)
    if profile is None:
        return NOBODY
    if profile.is_bot:
        return A_BOT
    async with tools.db.tenant(tenant) as c:
        return await people.remember(c, tenant, account, profile)


async def _profile(tools: Tools, turn: Turn, account: Account) -> Profile | None:
    """Of somebody who never spoke to us, where the platform gave their id."""
    client = tools.clients.get(account.platform)
    if client is None or "@" in account.user or not account.user.isalnum() or not account.user.isascii():
        return None
    try:
        return await client.profile(account, turn.place)
    except PlatformError:
        return None


async def _try(
    c: Connection,
    tenant: UUID,
    commit: Commit,
    found: Held,
    turn: Turn,
    person: Person,
    to: Person,
    seen: Seen,
) -> Reply | str:
    try:
        async with holding.attempt(c):
            return await _hand(c, tenant, commit, found, turn, person, to, seen)
    except NotEntitled as error:
        return str(error)


async def _hand(
    c: Connection,
    tenant: UUID,
    commit: Commit,
    found: Held,
    turn: Turn,
    person: Person,
    to: Person,
    seen: Seen,
) -> Reply | str:
    """The card as it is then, or why not."""
    approval, policy = found.approval, seen.world.known.policy
    terms = found.known.terms
    now = await c.fetchval("select now()")
    everybody = [person.id, to.id]
    known = await situation.known(c, tenant, approval, terms, policy, now, everybody)
    if refused := refusal(known, person.id, to, len(known.beside.handings)):
        return refused
    number = len(known.beside.handings) + 1
    await kept.hand(c, tenant, approval.id, number, person.id, to.id)
    known = await situation.known(c, tenant, approval, terms, policy, now, everybody)
    # Their copy of the card is a place where it was asked.
    judged = judge_press(known.situation(to.id, here=True), known.humans.key(to.id), approving=True)
    if isinstance(judged, Refused):
        raise NotEntitled(STILL_NOT.format(name=for_card(to.name), why=judged.because))
    event = {
        "_": questions.EVENT, "approval": approval.id, "mark": f"handed{number}", "to": str(to.id),
        "by": str(person.id),
    }  # fmt: skip
    commit.events.append((approval.conversation, f"approval:{approval.id}:handed:{number}", event))
    noted = audit_notes.press(approval, person, turn.account, "handed on")
    commit.note("approval.handed_on", number=number, to=str(to.id), **noted)
    return await questions.redrawn(c, tenant, found)


class NotEntitled(Exception):
    """What was written is taken back: it would have made nobody an approver."""


def refusal(known: Known, by: UUID, to: Person, handed: int) -> str:
    """Why it cannot be handed to this person, or nothing."""
    key, name = known.humans.key, for_card(to.name)
    if key(to.id) == key(by):
        return YOURSELF
    if key(to.id) in known.excluded:
        return NEVER.format(name=name)
    if any(key(to.id) in (vote.by, vote.seat) for vote in known.votes):
        return AGREED.format(name=name)
    lent = [Lent(key(each.person), key(each.delegate)) for each in known.lent]
    if closes_a_circle(lent, Lent(key(by), key(to.id))):
        return CIRCLE.format(name=name)
    return ENOUGH if handed >= MOST else ""


async def post(
    c: Connection, tenant: UUID, commit: Commit, approval: Approval, known: Known,
    raw: dict[str, Any], there: tuple[Account, Place] | None,
) -> None:  # fmt: skip
    """In the run's own conversation: a card of their own, which changes with the others."""
    by = await people.by_id(c, tenant, UUID(raw["by"]))
    to = await people.by_id(c, tenant, UUID(raw["to"]))
    if by is None or to is None:
        return
    if there is None:
        sorry = UNREACHED.format(name=for_card(to.name))
        event = {"_": private.TELL, "person": raw["by"], "words": sorry,
                 "id": f"{approval.id}:{raw['mark']}:unreached"}  # fmt: skip
        commit.events.append((approval.conversation, event["id"], event))
        return
    account, place = there
    drawn = cards.asking(approval.card, approval.id, words.standing(known))
    text = f"{for_card(by.name)} asks you to decide this in their stead. {approval.card.text}"
    number = FIRST + int(raw["mark"].removeprefix("handed"))
    id = f"{approval.id}:{number}"
    commit.messages.append(Message(id, "post", place, Reply(text, drawn.blocks, drawn.mentions), account))
    commit.copies.append((approval.id, id))


async def reached(tools: Tools, tenant: UUID, raw: dict[str, Any]) -> tuple[Account, Place] | None:
    """Where they can be written to, asked with no transaction open."""
    async with tools.db.tenant(tenant) as c:
        approval = await approvals.by_id(c, tenant, raw["approval"])
        account = await private.account_of(c, tenant, UUID(raw["to"])) if approval else None
    place = await private.private(tools, account) if account else None
    return (account, place) if account and place else None
