"""Conversations in which nothing has happened for long: runs that nobody finishes, and empty rows.

Found in pages along the keys, so that it needs no index of its own and no turn pays for it. What
is found is looked at again by whoever acts on it, under the conversation's lock.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from workers.store.door import Connection

# Every table whose rows hang on a conversation by a foreign key; a test compares.
HANGING = ("inbox", "outbox", "runs", "schedules", "timers")

# Of conversation k, for so many seconds ($3): no run of it was moved, nothing was said in it, and nothing
# is under way. $4 is the event that is being dealt with, which does not count.
QUIET = """
not exists (select 1 from runs r where r.tenant_id = $1 and r.conversation = k.key and r.status = 'waiting'
  and r.updated_at > now() - make_interval(secs => $3))
and not exists (select 1 from outbox o where o.tenant_id = $1 and o.conversation = k.key
  and (o.created_at > now() - make_interval(secs => $3) or o.state in ('queued', 'sending')))
and not exists (select 1 from inbox i where i.tenant_id = $1 and i.conversation = k.key and i.state = 0
  and i.id <> $4)
and not exists (select 1 from timers t where t.tenant_id = $1 and t.conversation = k.key and t.state = 'set')
"""
# Money on its way, a request for approval, a question whether something was carried out.
NOTHING_OPEN = """
not exists (select 1 from runs r join effects e on e.tenant_id = r.tenant_id and e.run_id = r.id
  left join approvals a on a.tenant_id = e.tenant_id and a.effect_key = e.key
  where r.tenant_id = $1 and r.conversation = k.key and r.status = 'waiting'
  and (e.state in ('held', 'queued', 'running', 'waiting') or a.state = 'pending'
   or (e.state in ('unknown', 'dead') and e.settled is null and e.risk <> 'read')))
"""


@dataclass(frozen=True, slots=True)
class Page:
    """A part of a walk along the conversations. `found`: those that are meant, with what is to be known
    of each; `last` is how far it has come, `more` whether there is anything beyond."""

    found: tuple[tuple[str, str], ...]
    last: str
    more: bool


async def abandoned(c: Connection, tenant: UUID, age: float, after: str, most: int) -> Page:
    """Of the next conversations with an open run, those that are idle, with the newest run's version."""
    rows = await c.fetch(
        "select k.key, (select r.id || ':' || r.version from runs r where r.tenant_id = $1"  # noqa: S608
        "  and r.conversation = k.key and r.status = 'waiting' order by r.started_at desc limit 1) as run,"
        f" ({QUIET} and {NOTHING_OPEN}) as idle"
        " from (select distinct conversation as key from runs where tenant_id = $1 and status = 'waiting'"
        "  and conversation > $2 order by conversation limit $5) k order by k.key",
        tenant,
        after,
        age,
        0,
        most,
    )
    found = tuple((row["key"], row["run"]) for row in rows if row["idle"])
    return Page(found, rows[-1]["key"] if rows else after, len(rows) == most)


async def still(c: Connection, tenant: UUID, conversation: str, age: float, row: int) -> bool:
    """Whether it is so now, under the lock of the conversation, `row` being dealt with."""
    found: bool = await c.fetchval(
        f"select {QUIET} and {NOTHING_OPEN} from (select $2::text as key) k",  # noqa: S608 (constants)
        tenant,
        conversation,
        age,
        row,
    )
    return found


# Nobody holds it, nothing is due in it, and nothing hangs on it. `ready_at` is the row's own: an event that
# came while we waited for the row has changed it.
UNUSED = (
    "k.ready_at = 'infinity' and k.lease_until < now() and k.created_at < now() - make_interval(secs => $3)"
)
NOTHING_HANGS = " and ".join(
    f"not exists (select 1 from {table} h where h.tenant_id = $1 and h.conversation = k.key)"  # noqa: S608
    for table in HANGING
)


async def drop(c: Connection, tenant: UUID, age: float, after: str, most: int) -> Page:
    """Of the next conversations, those that are older and of which nothing is left, are dropped.

    The rows are locked first, skipping those that anybody uses, and only then it is looked, with
    fresh eyes, whether anything hangs on them: whatever arrives takes the row's lock before
    anything else, so it is either seen here, or waits, and makes the row anew.
    """
    keys = [
        row["key"]
        for row in await c.fetch(
            "select key from conversations where tenant_id = $1 and key > $2 order by key limit $3",
            tenant,
            after,
            most,
        )
    ]
    locked = await c.fetch(
        "select k.key from conversations k where k.tenant_id = $1 and k.key = any($2)"  # noqa: S608
        f" and {UNUSED} and {NOTHING_HANGS} order by k.key for update skip locked",
        tenant,
        keys,
        age,
    )
    gone = await c.fetch(
        f"delete from conversations k where k.tenant_id = $1 and k.key = any($2) and {UNUSED}"  # noqa: S608
        f" and {NOTHING_HANGS} returning k.key",
        tenant,
        [row["key"] for row in locked],
        age,
    )
    found = tuple((row["key"], "") for row in gone)
    return Page(found, keys[-1] if keys else after, len(keys) == most)
