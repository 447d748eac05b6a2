"""Whose manager Entra is asked for, and where what it said is kept: under the person's own term."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from workers.store import directory, links
from workers.store.door import Connection, Database

MOST = 10  # asked for at one time; the others at the next press


def term_of(person: UUID) -> str:
    return f"manager:{person}"


def as_members(workspace: str, boss: tuple[str, str] | None) -> tuple[str, ...]:
    """An account and an address of one person, who is found by either."""
    if boss is None:
        return ()
    account, email = boss
    return (f"teams|{workspace}|{account}", *((email,) if email else ()))


async def wanted(db: Database, tenant: UUID, requesters: Sequence[str]) -> dict[str, str]:
    """The term of each whose manager is needed and was told us by nobody, and their name at Entra."""
    async with db.tenant(tenant) as c:
        waiting = await c.fetch(
            "select requester, max(created_at) as newest from approvals where tenant_id = $1"
            " and state = 'pending' group by requester order by newest desc limit $2",
            tenant,
            MOST,
        )
        people = list(dict.fromkeys([*map(UUID, requesters), *(row["requester"] for row in waiting)]))[:MOST]
        found = {}
        for person in people:
            if name := await _name(c, tenant, person):
                found[term_of(person)] = name
    return found


async def _name(c: Connection, tenant: UUID, person: UUID) -> str:
    """Their object id in Entra, else their verified address; empty where the table of managers has them."""
    linked = links.live_with(person, await links.around(c, tenant, [person]))
    rows = await c.fetch(
        "select p.email, a.user_id from people p left join accounts a on a.tenant_id = p.tenant_id"
        " and a.person_id = p.id and a.platform = 'teams' where p.tenant_id = $1 and p.id = any($2)",
        tenant,
        list(linked),
    )
    emails = [row["email"] for row in rows if row["email"]]
    if await directory.manager_of(c, tenant, emails):
        return ""
    return next((row["user_id"] for row in rows if row["user_id"]), emails[0] if emails else "")
