"""/grants, the buttons of grants, and what a grant tells itself: the ways in from people and the clock."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import orjson

from bot.reply import Button, Buttons, Paragraph, Reply, Tone
from bot.text import for_card
from bot.turn import Pressed, Said, Turn
from flows.grants import EXAMPLE, Asked, Unclear, Wanted, in_words, of_call, understood
from flows.policy import Policy
from workers.approvers import grants_ended, grants_made
from workers.approvers.grants import names
from workers.approvers.grants_card import AGREE, DROP, OFFER, REVOKE
from workers.commit import Commit
from workers.seen import Seen, Tools, tell, write_all
from workers.store import approvals, conversations, grants, people
from workers.store.approvals import Approval
from workers.store.conversations import Claimed
from workers.store.door import Connection
from workers.store.grants import Grant
from workers.store.outbox import Message
from workers.store.people import Person
from workers.tools import cards

ACTIONS = frozenset({AGREE, DROP, REVOKE, OFFER})
EVENTS = frozenset({grants_ended.TOLD, grants_ended.OVER})
HOW = f"“/grants” lists them, “/grants add {EXAMPLE}” proposes one, “/grants revoke 3” ends one."
GONE = "I do not know this request any more."


async def pressed(tools: Tools, claimed: Claimed, seen: Seen, turn: Turn, person: Person) -> Commit:
    """Answered to the presser alone; the card changes by itself."""
    assert isinstance(turn.act, Pressed)
    tenant, commit = claimed.tenant, Commit()
    async with tools.db.turn(tenant, claimed.key, claimed.fence, tools.lease) as c:
        if turn.act.action == OFFER:
            said = await _from_approval(c, tenant, commit, claimed.key, turn.act.value, person, seen, tools)
        else:
            await _lock(c, tenant, claimed.key, turn.act.value)
            said = await grants_made.pressed(c, tenant, commit, turn, person, seen.world, tools.rules)
        tell(commit, turn, Reply(said.text))
        await write_all(tools, c, claimed, seen, commit)
    return commit


async def _lock(c: Connection, tenant: UUID, mine: str, value: str) -> None:
    """Both conversations in one order, before the grant's row: two who press never wait for each other."""
    if value.isascii() and value.isdecimal() and len(value) < 18:
        grant = await grants.by_id(c, tenant, int(value))
        if grant is not None and grant.conversation != mine:
            await conversations.lock(c, tenant, sorted({mine, grant.conversation}))


async def _from_approval(
    c: Connection,
    tenant: UUID,
    commit: Commit,
    conversation: str,
    approval_id: str,
    person: Person,
    seen: Seen,
    tools: Tools,
) -> grants_made.Said:
    """Such calls as this one: the same tool, requester and recipient, up to as much as this."""
    approval = await approvals.by_id(c, tenant, approval_id)
    wanted = await wanted_of(c, tenant, approval, seen.world.known.policy) if approval else None
    if wanted is None:
        return grants_made.Said(GONE)
    return await grants_made.propose(c, tenant, commit, conversation, wanted, person, seen.world, tools.rules)


async def wanted_of(c: Connection, tenant: UUID, approval: Approval, policy: Policy) -> Wanted | None:
    """None where the call is gone, or nobody has a verified address whom it could be kept to."""
    stored = await c.fetchval(
        "select arguments from effects where tenant_id = $1 and key = $2", tenant, approval.effect_key
    )
    requester = await people.by_id(c, tenant, approval.requester)
    card = cards().get(approval.tool)
    if stored is None or requester is None or card is None or not requester.email:
        return None
    arguments = orjson.loads(stored)
    try:
        amount, recipient = card.amount(arguments), card.recipient(arguments)
    except (ValueError, KeyError, TypeError):
        return None
    groups = policy.groups_of(requester.email)
    call = Asked(approval.tool, requester.email, groups, recipient, approval.account, amount)
    return of_call(call, requester.email)


async def offer(c: Connection, tenant: UUID, approval_id: str, turn: Turn, policy: Policy) -> list[Message]:
    """To whoever just approved something that may be granted: a button, to them alone."""
    approval = await approvals.by_id(c, tenant, approval_id)
    rule = next((each for each in policy.rules if approval and each.name == approval.rule), None)
    if approval is None or rule is None or not rule.grantable or approval.state != "approved":
        return []
    if await wanted_of(c, tenant, approval, policy) is None:
        return []
    text = "If such requests need nobody any more, you can propose to let them run alone for a time."
    button = Button("Let such run alone…", OFFER, approval.id)
    reply = Reply(text, (Paragraph(text, Tone.SUBTLE), Buttons((button,))))
    return [Message(f"offer:{turn.id}", "whisper", turn.place, reply, turn.account)]


async def said(tools: Tools, claimed: Claimed, seen: Seen, turn: Turn, person: Person) -> Commit:
    """/grants …"""
    assert isinstance(turn.act, Said)
    tenant, commit = claimed.tenant, Commit()
    rest = turn.act.text.strip().partition(" ")[2].strip()
    async with tools.db.turn(tenant, claimed.key, claimed.fence, tools.lease) as c:
        answer = await _answer(c, tenant, commit, claimed.key, rest, turn, person, seen, tools)
        tell(commit, turn, Reply(answer))
        await write_all(tools, c, claimed, seen, commit)
    return commit


async def _answer(
    c: Connection,
    tenant: UUID,
    commit: Commit,
    conversation: str,
    rest: str,
    turn: Turn,
    person: Person,
    seen: Seen,
    tools: Tools,
) -> str:
    word, _, more = rest.partition(" ")
    match word.lower():
        case "" | "list":
            await grants_ended.sweep(c, tenant, commit, seen.world, tools.rules)
            return await listed(c, tenant)
        case "revoke":
            number = more.strip()
            await _lock(c, tenant, conversation, number)
            act = Pressed(REVOKE, number)
            pressing = Turn(turn.id, turn.place, turn.account, act)
            done = await grants_made.pressed(c, tenant, commit, pressing, person, seen.world, tools.rules)
            return done.text
        case "add":
            wanted = understood(more)
            if isinstance(wanted, Unclear):
                return wanted.because
            made = await grants_made.propose(
                c, tenant, commit, conversation, wanted, person, seen.world, tools.rules
            )
            return made.text
    return HOW


async def listed(c: Connection, tenant: UUID) -> str:
    lines = [await line(c, tenant, grant) for grant in await grants.open_of(c, tenant)]
    return "\n".join(lines) or f"Nothing runs alone by a grant. {HOW}"


async def line(c: Connection, tenant: UUID, grant: Grant) -> str:
    scope = ", ".join(f"{label.lower()} {value}" for label, value in in_words(grant.scope, grant.limits))
    by = names(await grants.votes(c, tenant, grant.id))
    who = f"agreed by {by}" if grant.state == "active" else "waits for the approvers"
    return f"{grant.id}: {for_card(scope)}, until {grant.ends:%d %b %Y}, {who}"


# ── events ───────────────────────────────────────────────────────────────────────────────


async def heard(tools: Tools, claimed: Claimed, seen: Seen, raw: dict[str, Any]) -> Commit:
    tenant, commit = claimed.tenant, Commit()
    async with tools.db.turn(tenant, claimed.key, claimed.fence, tools.lease) as c:
        match raw["_"]:
            case grants_ended.TOLD:
                await grants_ended.told(c, tenant, commit, claimed.key, raw)
            case _:
                await grants_ended.over(c, tenant, commit, raw["grant"])
        await write_all(tools, c, claimed, seen, commit)
    return commit
