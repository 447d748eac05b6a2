"""unheard: what listeners of extensions are still to hear. A row is there from before the turn is
written until the listener is done, so whoever dies in between leaves it for somebody else."""

from __future__ import annotations

from uuid import UUID

from workers.store.door import Connection
from workers.store.inbox import Row

MOST_TRIES = 5  # an event that takes the process down each time is given up


async def expect(c: Connection, tenant: UUID, row: int) -> None:
    await c.execute(
        "insert into unheard (tenant_id, row_id) values ($1, $2) on conflict do nothing", tenant, row
    )


async def heard(c: Connection, tenant: UUID, row: int) -> None:
    await c.execute("delete from unheard where tenant_id = $1 and row_id = $2", tenant, row)


async def late(c: Connection, tenant: UUID, quiet: float, most: int) -> list[Row]:
    """Events that were dealt with, and that nobody has heard to the end for `quiet` seconds.

    Each is whoever asked's for as long again. What is not dealt with yet stays: it is heard when it
    is. What is put aside, gone, emptied, a day old, or was tried too often is not wanted any more.
    """
    await c.execute(
        "delete from unheard u where u.tenant_id = $1 and u.tried_at < now() - make_interval(secs => $2)"
        " and (u.tries >= $3 or u.tried_at < now() - interval '1 day'"
        "  or not exists (select 1 from inbox i where i.tenant_id = $1"
        "   and i.id = u.row_id and i.state < 2 and i.payload <> ''))",
        tenant,
        quiet,
        MOST_TRIES,
    )
    rows = await c.fetch(
        "with late as (select u.row_id from unheard u join inbox i on i.tenant_id = u.tenant_id"
        "  and i.id = u.row_id where u.tenant_id = $1 and i.state = 1"
        "  and u.tried_at < now() - make_interval(secs => $2)"
        "  order by u.row_id limit $3 for update of u skip locked),"
        " taken as (update unheard u set tried_at = now(), tries = tries + 1 from late"
        "  where u.tenant_id = $1 and u.row_id = late.row_id returning u.row_id)"
        " select i.id, i.source, i.dedupe, i.kind, i.payload, i.attempts, i.trace from inbox i"
        " join taken on taken.row_id = i.id where i.tenant_id = $1 order by i.id",
        tenant,
        quiet,
        most,
    )
    return [Row(**dict(row)) for row in rows]
