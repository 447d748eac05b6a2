"""spending: what each call was about, so that limits and first times can be told. Written with its effect."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from workers.store.door import Connection


@dataclass(frozen=True, slots=True)
class Spent:
    """One call. `amount` in minor units, None where no money moves; `recipient` empty where nobody in
    particular is reached."""

    key: str
    tool: str
    risk: str
    requester: UUID
    recipient: str = ""
    amount: int | None = None
    currency: str = ""


@dataclass(frozen=True, slots=True)
class Scope:
    """Which calls are counted together: those of the last `seconds` that fit all that is not empty.
    `tool` is a pattern, in which only * and ? mean anything but themselves."""

    seconds: int
    tool: str = ""
    risks: tuple[str, ...] = ()
    exact_tool: str = ""
    requester: UUID | None = None
    recipient: str = ""
    currency: str = ""


async def note(c: Connection, tenant: UUID, spent: Spent) -> None:
    """In the transaction that intends the effect. One that is there already is left alone."""
    await c.execute(
        "insert into spending (tenant_id, effect_key, tool, risk, requester, recipient, amount, currency)"
        " values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict do nothing",
        tenant,
        spent.key,
        spent.tool,
        spent.risk,
        spent.requester,
        spent.recipient,
        spent.amount,
        spent.currency,
    )


async def change(c: Connection, tenant: UUID, spent: Spent) -> None:
    """What a held call is about now that somebody changed it."""
    await c.execute(
        "update spending set recipient = $3, amount = $4, currency = $5"
        " where tenant_id = $1 and effect_key = $2",
        tenant,
        spent.key,
        spent.recipient,
        spent.amount,
        spent.currency,
    )


async def alone(c: Connection, tenant: UUID) -> None:
    """Until the end of this transaction nobody else of the tenant counts and intends: two at once cannot
    both find that there is room for them."""
    await c.execute("select pg_advisory_xact_lock(hashtextextended($1, 0))", f"spending:{tenant}")


async def used(
    c: Connection, tenant: UUID, scope: Scope, but: str, before: datetime | None = None
) -> tuple[int, int]:
    """Minor units and calls in the scope, without the call `but`. `before`: as it was then.

    What may have happened, or may still, counts: all but what was taken back or failed for certain.
    """
    row = await c.fetchrow(
        "select coalesce(sum(s.amount) filter (where s.currency = $8), 0)::bigint as amount,"
        " count(*) as calls from spending s join effects e on e.tenant_id = s.tenant_id"
        " and e.key = s.effect_key where s.tenant_id = $1 and s.effect_key <> $2"
        " and s.at > coalesce($10, now()) - make_interval(secs => $3) and ($10::timestamptz is null or"
        " s.at < $10) and ($4 = '' or s.tool like $4) and (cardinality($5::text[]) = 0 or s.risk = any($5))"
        " and ($6 = '' or s.tool = $6) and ($7::uuid is null or s.requester = $7)"
        " and ($9 = '' or s.recipient = $9) and e.state not in ('withdrawn', 'failed')",
        tenant,
        but,
        float(scope.seconds),
        _like(scope.tool),
        list(scope.risks),
        scope.exact_tool,
        scope.requester,
        scope.currency,
        scope.recipient,
        before,
    )
    return row["amount"], row["calls"]


async def first(
    c: Connection, tenant: UUID, requester: UUID, tool: str, recipient: str, but: str,
    before: datetime | None = None,
) -> tuple[bool, bool]:  # fmt: skip
    """Whether this person never called this tool, and never called it for this recipient."""
    row = await c.fetchrow(
        "select count(*) as calls, count(*) filter (where s.recipient = $5) as same"
        " from spending s join effects e on e.tenant_id = s.tenant_id and e.key = s.effect_key"
        " where s.tenant_id = $1 and s.effect_key <> $2 and s.requester = $3 and s.tool = $4"
        " and ($6::timestamptz is null or s.at < $6) and e.state not in ('withdrawn', 'failed')",
        tenant,
        but,
        requester,
        tool,
        recipient,
        before,
    )
    return row["calls"] == 0, row["same"] == 0


async def shadow(c: Connection, tenant: UUID) -> str | None:
    """The version of the policy that is only tried out."""
    found: str | None = await c.fetchval(
        "select version from shadow_policies where tenant_id = $1 order by since desc limit 1", tenant
    )
    return found


async def keep_shadow(c: Connection, tenant: UUID, version: str | None) -> None:
    """None: nothing is tried out any more."""
    await c.execute("delete from shadow_policies where tenant_id = $1", tenant)
    if version is not None:
        await c.execute("insert into shadow_policies (tenant_id, version) values ($1, $2)", tenant, version)


def _like(pattern: str) -> str:
    """A pattern of a rule as `like` reads it."""
    quoted = "".join(f"\\{each}" if each in "\\%_" else each for each in pattern)
    return quoted.replace("*", "%").replace("?", "_")
