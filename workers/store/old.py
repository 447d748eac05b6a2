"""Dropping what is over and old, a little at a time. Ages in seconds, by the database's clock.

Every function takes a bounded bite of one tenant's rows, and says how many they were.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from bot.reply import Reply
from workers.store import codec, history
from workers.store.door import Connection

LOCK = "countersign:retention"
RUNS_AT_ONCE = 100  # each with some effects, an approval and its decisions: below a thousand rows together


@dataclass(frozen=True, slots=True)
class Bite:
    """`last` is how far the walk has come, `more` whether there is anything beyond."""

    count: int
    last: int
    more: bool


async def mine(c: Connection) -> bool:
    """Whether this transaction is the only one of all engines that drops anything just now."""
    found: bool = await c.fetchval("select pg_try_advisory_xact_lock(hashtextextended($1, 0))", LOCK)
    return found


async def inbox(c: Connection, tenant: UUID, age: float, after: int, most: int) -> Bite:
    """Walks along the ids, which is the order of arrival; so it needs no index of its own."""
    row = await c.fetchrow(
        "with page as (select id, received_at from inbox where tenant_id = $1 and id > $2"
        "  order by id limit $3),"
        " gone as (delete from inbox i where i.tenant_id = $1 and i.id = any(array(select id from page))"
        "  and i.state <> 0 and coalesce(i.done_at, i.received_at) < now() - make_interval(secs => $4)"
        "  returning 1)"
        " select (select count(*) from gone) as gone, count(*) as seen, coalesce(max(id), $2) as last,"
        " coalesce(max(received_at) < now() - make_interval(secs => $4), false) as old from page",
        tenant,
        after,
        most,
        age,
    )
    return Bite(row["gone"], row["last"], row["old"] and row["seen"] == most)


async def inbox_bodies(c: Connection, tenant: UUID, age: float, after: int, most: int) -> Bite:
    """Empties what was heard and dealt with; `last` stops before the first that is still needed."""
    row = await c.fetchrow(
        "with page as (select id, state, done_at, exists (select 1 from unheard u where u.tenant_id = $1"
        "  and u.row_id = i.id and u.tried_at > now() - interval '1 day') as unheard from inbox i"
        "  where tenant_id = $1 and id > $2 order by id limit $3),"
        " gone as (update inbox i set payload = '', answer = null where i.tenant_id = $1"
        "  and i.id = any(array(select id from page where not unheard)) and i.state = 1"
        "  and i.done_at < now() - make_interval(secs => $4) and i.payload <> '' returning 1)"
        " select (select count(*) from gone) as gone, count(*) as seen, coalesce(max(id), $2) as last,"
        " min(id) filter (where state = 0 or unheard"
        "  or (state = 1 and done_at >= now() - make_interval(secs => $4))) as needed from page",
        tenant,
        after,
        most,
        age,
    )
    needed = row["needed"]
    last = row["last"] if needed is None else needed - 1
    return Bite(row["gone"], last, needed is None and row["seen"] == most)


async def outbox_bodies(c: Connection, tenant: UUID, age: float, back: float, most: int) -> int:
    """Empties what was said, as far `back` as is asked for.

    What could not be said is kept: somebody may have it said again.
    """
    count: int = await c.fetchval(
        "with page as (select id from outbox where tenant_id = $1 and state in ('sent', 'dropped')"
        "  and sent_at < now() - make_interval(secs => $2) and sent_at > now() - make_interval(secs => $5)"
        "  and content <> $4::jsonb limit $3),"
        " gone as (update outbox o set content = $4::jsonb, then_turn = null where o.tenant_id = $1"
        "  and o.id = any(array(select id from page)) returning 1) select count(*) from gone",
        tenant,
        age,
        most,
        codec.dumps(Reply("")),
        back,
    )
    return count


async def outbox(c: Connection, tenant: UUID, age: float, most: int) -> int:
    """Not where a run is still open: what it said may have to be changed yet."""
    count: int = await c.fetchval(
        "with page as (select id from outbox o where tenant_id = $1"
        "  and state in ('sent', 'failed', 'dropped') and sent_at < now() - make_interval(secs => $2)"
        "  and not exists (select 1 from runs r"
        "   where r.tenant_id = $1 and r.conversation = o.conversation and r.status = 'waiting')"
        "  order by sent_at limit $3),"
        " gone as (delete from outbox o where o.tenant_id = $1 and o.id = any(array(select id from page))"
        "  returning 1)"
        " select count(*) from gone",
        tenant,
        age,
        most,
    )
    return count


async def timers(c: Connection, tenant: UUID, age: float, most: int) -> int:
    count: int = await c.fetchval(
        "with page as (select id from timers where tenant_id = $1 and state <> 'set'"
        "  and fire_at < now() - make_interval(secs => $2) limit $3),"
        " gone as (delete from timers t where t.tenant_id = $1 and t.id = any(array(select id from page))"
        "  returning 1)"
        " select count(*) from gone",
        tenant,
        age,
        most,
    )
    return count


async def runs(c: Connection, tenant: UUID, age: float) -> int:
    """With their effects and approvals, children first. Not while anything of them is under way."""
    rows = await c.fetch(
        "select r.id from runs r where r.tenant_id = $1 and r.finished_at is not null"
        " and r.finished_at < now() - make_interval(secs => $2)"
        " and not exists (select 1 from effects e left join approvals a on a.tenant_id = e.tenant_id"
        "  and a.effect_key = e.key where e.tenant_id = $1 and e.run_id = r.id"
        "  and (e.state in ('held', 'queued', 'running', 'waiting') or a.state = 'pending'"
        "   or coalesce(a.decided_at, a.expires_at) >= now() - make_interval(secs => $2)))"
        " order by r.finished_at limit $3 for update of r skip locked",
        tenant,
        age,
        RUNS_AT_ONCE,
    )
    ids = [row["id"] for row in rows]
    if not ids:
        return 0
    asked = await c.fetch(
        "select a.id from effects e join approvals a on a.tenant_id = e.tenant_id and a.effect_key = e.key"
        " where e.tenant_id = $1 and e.run_id = any($2)",
        tenant,
        ids,
    )
    approvals = [row["id"] for row in asked]
    await c.fetchval("select drop_decisions($1)", approvals)
    await c.execute(
        "delete from approval_cards where tenant_id = $1 and approval_id = any($2)", tenant, approvals
    )
    await c.execute("delete from approvals where tenant_id = $1 and id = any($2)", tenant, approvals)
    await c.execute("delete from effects where tenant_id = $1 and run_id = any($2)", tenant, ids)
    await history.drop_of(c, tenant, ids)
    await c.execute("delete from handoffs where tenant_id = $1 and run_id = any($2)", tenant, ids)
    await c.execute("delete from runs where tenant_id = $1 and id = any($2)", tenant, ids)
    return len(ids)


async def days(c: Connection, tenant: UUID, otherwise: int) -> int:
    """How many days this tenant wants things kept; `otherwise` where it does not say."""
    found: int = await c.fetchval(
        "select coalesce((settings->>'retention_days')::int, $2) from tenants where tenant_id = $1",
        tenant,
        otherwise,
    )
    return found
