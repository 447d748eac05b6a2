"""handoffs: who was asked to take a matter over, who has it, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

import orjson

from bot.reply import Reply
from bot.turn import Account, Place
from workers.store import codec
from workers.store.door import Caller, Connection

State = Literal["offered", "taken", "resolved", "passed", "lapsed", "withdrawn"]


@dataclass(frozen=True, slots=True)
class Handoff:
    """One asking. `asked` are the e-mail addresses of those who may take it; empty: whoever is where
    it was asked, but the requester. `cards` are the outbox ids of the copies, `place` is where the
    helper speaks, `words` why it ended."""

    id: str
    run_id: str
    conversation: str
    requester: UUID
    asked: tuple[str, ...]
    cards: tuple[str, ...]
    card: Reply
    state: State = "offered"
    passed: tuple[str, ...] = ()
    helper: UUID | None = None
    place: Place | None = None
    words: str = ""


@dataclass(frozen=True, slots=True)
class Helping:
    """One that is in somebody's hands: whose, where they speak, and the conversation of the run."""

    id: str
    conversation: str
    helper: UUID
    place: Place


def channel_of(place: Place) -> str:
    return f"{place.platform}:{place.workspace}:{place.channel}"


async def offer(c: Connection, tenant: UUID, handoff: Handoff) -> None:
    await c.execute(
        "insert into handoffs (tenant_id, id, run_id, conversation, requester, asked, cards, card)"
        " values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict do nothing",
        tenant,
        handoff.id,
        handoff.run_id,
        handoff.conversation,
        handoff.requester,
        orjson.dumps(handoff.asked).decode(),
        orjson.dumps(handoff.cards).decode(),
        codec.dumps(handoff.card),
    )


async def by_id(c: Connection, tenant: UUID, id: str, *, lock: bool = False) -> Handoff | None:
    query = "select * from handoffs where tenant_id = $1 and id = $2"
    return _handoff(await c.fetchrow(query + (" for update" if lock else ""), tenant, id))


async def conversation_of(c: Connection, tenant: UUID, id: str) -> str | None:
    """That of the run."""
    found: str | None = await c.fetchval(
        "select conversation from handoffs where tenant_id = $1 and id = $2", tenant, id
    )
    return found


async def take(c: Connection, tenant: UUID, id: str, helper: UUID, place: Place) -> bool:
    """The one conditional update that settles who was first."""
    row = await c.fetchval(
        "update handoffs set state = 'taken', helper = $3, place = $4, channel = $5, taken_at = now()"
        " where tenant_id = $1 and id = $2 and state = 'offered' returning 1",
        tenant,
        id,
        helper,
        codec.dumps(place),
        channel_of(place),
    )
    return row is not None


async def end(
    c: Connection, tenant: UUID, id: str, state: State, words: str = "", *, of: Sequence[State]
) -> bool:
    """It is over, if it still is one `of` these states; False: something else was first."""
    row = await c.fetchval(
        "update handoffs set state = $3, words = $4, ended_at = now()"
        " where tenant_id = $1 and id = $2 and state = any($5) returning 1",
        tenant,
        id,
        state,
        words[:500],
        list(of),
    )
    return row is not None


async def passes(c: Connection, tenant: UUID, id: str, email: str) -> None:
    """One of several who were asked will not take it."""
    await c.execute(
        "update handoffs set passed = (passed - $3) || to_jsonb($3::text) where tenant_id = $1 and id = $2",
        tenant,
        id,
        email,
    )


async def lapse(c: Connection, tenant: UUID, id: str) -> bool:
    """Nobody took it. False where somebody did, or it is over."""
    return await end(c, tenant, id, "lapsed", of=("offered",))


async def helping(c: Caller, tenant: UUID, place: Place) -> list[Helping]:
    """What is in somebody's hands in this channel, the longest first."""
    rows = await c.fetch("select * from helping($1, $2)", tenant, channel_of(place))
    return [Helping(row["id"], row["conversation"], row["helper"], codec.loads(row["place"])) for row in rows]


async def accounts(c: Connection, tenant: UUID, email: str) -> list[tuple[UUID, str, Account]]:
    """Person, name and account of whoever has this address, where they were last seen first."""
    rows = await c.fetch(
        "select p.id, p.name, a.platform, a.workspace, a.user_id from people p join accounts a"
        " on a.tenant_id = p.tenant_id and a.person_id = p.id where p.tenant_id = $1 and p.email = $2"
        " order by a.seen_at desc limit 10",
        tenant,
        email.lower(),
    )
    return [
        (row["id"], row["name"], Account(row["platform"], row["workspace"], row["user_id"])) for row in rows
    ]


def _handoff(row: Mapping[str, Any] | None) -> Handoff | None:
    if row is None:
        return None
    return Handoff(
        id=row["id"],
        run_id=row["run_id"],
        conversation=row["conversation"],
        requester=row["requester"],
        asked=tuple(orjson.loads(row["asked"])),
        cards=tuple(orjson.loads(row["cards"])),
        card=codec.loads(row["card"]),
        state=row["state"],
        passed=tuple(orjson.loads(row["passed"])),
        helper=row["helper"],
        place=codec.loads(row["place"]) if row["place"] else None,
        words=row["words"] or "",
    )
