"""conversations: who works on which, and when it is to be looked at next."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from bot import faults
from workers.store.door import Connection, Database
from workers.store.outbox import HEAD


@dataclass(frozen=True, slots=True)
class Claimed:
    """A conversation that is ours until the lease runs out; `fence` proves it."""

    tenant: UUID
    key: str
    fence: int


async def claim(db: Database, owner: str, lease: float, most: int) -> list[Claimed]:
    """Conversations that are due and that nobody holds, the longest waiting first. `lease` in seconds."""
    rows = await db.dispatch("select * from claim_conversations($1, $2, $3)", owner, lease, most)
    return [Claimed(row["tenant_id"], row["key"], row["fence"]) for row in rows]


async def renew(db: Database, claimed: Claimed, lease: float) -> None:
    """Raises `Lost`."""
    async with db.turn(claimed.tenant, claimed.key, claimed.fence, lease):
        return


async def lock(c: Connection, tenant: UUID, keys: list[str]) -> None:
    """Takes the rows in one order, so that two who need the same two never wait for each other."""
    await c.execute(
        "insert into conversations (tenant_id, key) select $1, k from unnest($2::text[]) k order by k"
        " on conflict do nothing",
        tenant,
        keys,
    )
    await c.execute(
        "select 1 from conversations where tenant_id = $1 and key = any($2) order by key for update",
        tenant,
        keys,
    )


async def wake(c: Connection, tenant: UUID, key: str) -> None:
    """There is something to do here now."""
    await c.execute(
        "insert into conversations (tenant_id, key, ready_at) values ($1, $2, now())"
        " on conflict (tenant_id, key) do update set ready_at = least(conversations.ready_at, now())",
        tenant,
        key,
    )


async def set_aside(db: Database, claimed: Claimed, pause: float) -> None:
    """Gives it back with what waits in it, to be looked at again in `pause` seconds."""
    async with db.tenant(claimed.tenant) as c:
        await c.execute(
            "update conversations set lease_until = '-infinity', lease_owner = '',"
            " ready_at = now() + make_interval(secs => $4)"
            " where tenant_id = $1 and key = $2 and fence = $3",
            claimed.tenant,
            claimed.key,
            claimed.fence,
            pause,
        )


async def release(db: Database, claimed: Claimed, *, even_if_due: bool = True) -> bool:
    """Gives it back, to be looked at again when the next thing is due. False: it was kept, because
    something is due in it now and `even_if_due` is not set.

    What is due is looked up under the row's lock, so that an event which arrives at this very
    moment is either seen here or wakes the conversation afterwards.
    """
    async with db.tenant(claimed.tenant) as c:
        held = await c.fetchval(
            "select 1 from conversations where tenant_id = $1 and key = $2 and fence = $3 for update",
            claimed.tenant,
            claimed.key,
            claimed.fence,
        )
        if held is None:
            return True
        await faults.point("F16")
        return await c.fetchval(GIVE_BACK, claimed.tenant, claimed.key, even_if_due) is not None


# Messages are asked for too when the next look is set, but not before: those were just sent.
GIVE_BACK = f"""
update conversations set lease_until = '-infinity', lease_owner = '', ready_at = least(
  (select now() from inbox where tenant_id = $1 and conversation = $2 and state = 0 limit 1),
  (select min(o.not_before) from outbox o where o.tenant_id = $1 and o.conversation = $2 and {HEAD}),
  (select min(fire_at) from timers where tenant_id = $1 and conversation = $2 and state = 'set'),
  'infinity'::timestamptz)
where tenant_id = $1 and key = $2 and ($3 or not (
  exists (select 1 from inbox where tenant_id = $1 and conversation = $2 and state = 0)
  or exists (select 1 from timers where tenant_id = $1 and conversation = $2 and state = 'set'
    and fire_at <= now())))
returning 1
"""  # noqa: S608 (constants)
