"""approvals: one question to people, decided once, used once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from bot.reply import Reply
from flows import approval_stages
from flows.approval_stages import Terms
from workers.store import approval_terms, codec
from workers.store.door import Connection


@dataclass(frozen=True, slots=True)
class Approval:
    """As stored. `card` is what was shown, without its buttons; `expires_at` is part of the digest.

    `terms` say who has to agree, and are too; None for what was asked before they were kept. `tier`
    is how often it was escalated.
    """

    id: str
    effect_key: str
    run_id: str
    conversation: str
    step: str
    tool: str
    requester: UUID
    account: str
    flow_version: str
    policy_version: str
    digest: bytes
    code: str
    rule: str
    because: str
    words: str
    card: Reply
    state: str
    expires_at: datetime
    decided_by: UUID | None = None
    reason: str | None = None
    terms: Terms | None = None
    tier: int = 0


# What a row of `approvals` holds, with its terms beside it.
_ROW = (
    "select a.*, t.terms, coalesce(t.tier, 0) as tier from approvals a left join approval_terms t"
    " on t.tenant_id = a.tenant_id and t.approval_id = a.id"
)


async def ask(c: Connection, tenant: UUID, approval: Approval) -> None:
    await c.execute(
        "insert into approvals (tenant_id, id, effect_key, run_id, conversation, step, tool, requester,"
        " account, flow_version, policy_version, digest, code, rule, because, words, card, expires_at)"
        " values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)"
        " on conflict do nothing",
        tenant,
        approval.id,
        approval.effect_key,
        approval.run_id,
        approval.conversation,
        approval.step,
        approval.tool,
        approval.requester,
        approval.account,
        approval.flow_version,
        approval.policy_version,
        approval.digest,
        approval.code,
        approval.rule,
        approval.because,
        approval.words,
        codec.dumps(approval.card),
        approval.expires_at,
    )
    if approval.terms is not None:
        await approval_terms.keep(c, tenant, approval.id, approval.terms)


async def card_posted(c: Connection, tenant: UUID, approval_id: str, outbox_id: str) -> None:
    """One more copy of the card, to be changed when it is decided."""
    await c.execute(
        "insert into approval_cards (tenant_id, approval_id, outbox_id) values ($1, $2, $3)"
        " on conflict do nothing",
        tenant,
        approval_id,
        outbox_id,
    )


async def cards(c: Connection, tenant: UUID, approval_id: str) -> list[tuple[str, Any]]:
    """Id and place of every copy."""
    rows = await c.fetch(
        "select o.id, o.place from approval_cards a join outbox o on o.tenant_id = a.tenant_id"
        " and o.id = a.outbox_id where a.tenant_id = $1 and a.approval_id = $2 order by o.seq",
        tenant,
        approval_id,
    )
    return [(row["id"], codec.loads(row["place"])) for row in rows]


async def by_id(c: Connection, tenant: UUID, id: str, *, lock: bool = False) -> Approval | None:
    query = f"{_ROW} where a.tenant_id = $1 and a.id = $2"
    return _approval(await c.fetchrow(query + (" for update of a" if lock else ""), tenant, id))


async def of_effect(c: Connection, tenant: UUID, key: str) -> Approval | None:
    """The approval that an effect stands under, locked. None: it needed none."""
    return _approval(
        await c.fetchrow(
            f"{_ROW} where a.tenant_id = $1 and a.effect_key = $2 and a.state <> 'changed' for update of a",
            tenant,
            key,
        )
    )


async def decide(
    c: Connection, tenant: UUID, id: str, verdict: str, person: UUID | None, reason: str
) -> bool:
    """The one conditional update that settles it; True for whoever came first.

    A verdict of people counts only before the expiry, by the database's clock; `expired` only after it.
    """
    row = await c.fetchval(
        "update approvals set state = $3, decided_by = $4, reason = nullif($5, ''), decided_at = now()"
        " where tenant_id = $1 and id = $2 and state = 'pending'"
        " and case when $3 = 'expired' then expires_at <= now()"
        "  when $3 = 'withdrawn' then true else expires_at > now() end returning 1",
        tenant,
        id,
        verdict,
        person,
        reason[:2000],
    )
    return row is not None


async def is_open(c: Connection, approval: Approval) -> bool:
    """Still to be decided, and in time, by the database's clock; whether or not it was told already."""
    in_time: bool = await c.fetchval("select $1::timestamptz > now()", approval.expires_at)
    return approval.state == "pending" and in_time


async def use(c: Connection, tenant: UUID, id: str) -> bool:
    """Used up, in the transaction that claims the effect. False: it was used or never given."""
    row = await c.fetchval(
        "update approvals set state = 'used', used_at = now() where tenant_id = $1 and id = $2"
        " and state = 'approved' returning 1",
        tenant,
        id,
    )
    return row is not None


async def void(c: Connection, tenant: UUID, id: str) -> None:
    """What was approved is not what would run: it counts for nothing any more."""
    await c.execute(
        "update approvals set state = 'void' where tenant_id = $1 and id = $2 and state = 'approved'",
        tenant,
        id,
    )


async def note(
    c: Connection, tenant: UUID, id: str, person: UUID, platform: str, verdict: str, outcome: str
) -> None:
    """Every press is kept, whether it counted or not."""
    await c.execute(
        "insert into decisions (tenant_id, approval_id, person_id, platform, verdict, outcome)"
        " values ($1, $2, $3, $4, $5, $6)",
        tenant,
        id,
        person,
        platform,
        verdict,
        outcome,
    )


async def pending(c: Connection, tenant: UUID, most: int = 20) -> list[Approval]:
    rows = await c.fetch(
        f"{_ROW} where a.tenant_id = $1 and a.state = 'pending' order by a.created_at limit $2",
        tenant,
        most,
    )
    return [found for row in rows if (found := _approval(row)) is not None]


def _approval(row: Mapping[str, Any] | None) -> Approval | None:
    if row is None:
        return None
    values = dict(row)
    for unused in ("tenant_id", "created_at", "decided_at", "used_at"):
        values.pop(unused)
    values["card"] = codec.loads(values["card"])
    if values["terms"] is not None:
        values["terms"] = approval_stages.from_json(orjson.loads(values["terms"]))
    return Approval(**values)
