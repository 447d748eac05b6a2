"""person_links: rows of `people` that are one human, though no e-mail address says so.

A link takes rights away (one person, counted once, excluded with every account) as soon as it is
made. What it gives it gives only to an account that has no verified address of its own, and only
while it stands. Once it has ended it goes on taking for longer than any approval can wait: so
nobody unlinks in order to approve what their other account asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from workers.store.door import Connection

COUNTS_ON = 31 * 86_400.0  # seconds; an approval waits for 30 days at most


@dataclass(frozen=True, slots=True)
class Link:
    one: UUID
    other: UUID
    live: bool


async def around(c: Connection, tenant: UUID, people: Iterable[UUID]) -> list[Link]:
    """Every link that still counts of these people, and of those whom they lead to."""
    rows = await c.fetch(
        "with recursive near(id) as ("
        "  select unnest($2::uuid[]) union"
        "  select case when l.one = n.id then l.other else l.one end from near n join person_links l"
        "   on l.tenant_id = $1 and n.id in (l.one, l.other)"
        "   and (l.ended_at is null or l.ended_at > now() - make_interval(secs => $3)))"
        " select distinct l.one, l.other, l.ended_at is null as live from person_links l join near n"
        "  on l.tenant_id = $1 and l.one = n.id"
        " where l.ended_at is null or l.ended_at > now() - make_interval(secs => $3)",
        tenant,
        list(set(people)),
        COUNTS_ON,
    )
    return [Link(row["one"], row["other"], row["live"]) for row in rows]


def roots(people: Iterable[UUID], links: Sequence[Link]) -> Mapping[UUID, UUID]:
    """For everybody who is named, the one who stands for the whole human: the smallest id."""
    root = {each: each for each in people}
    for link in links:
        root.setdefault(link.one, link.one)
        root.setdefault(link.other, link.other)
    changed = True
    while changed:
        changed = False
        for link in links:
            least = min(root[link.one], root[link.other])
            for each in (link.one, link.other):
                if root[each] != least:
                    root[each] = least
                    changed = True
    return root


def live_with(person: UUID, links: Sequence[Link]) -> frozenset[UUID]:
    """Who is the same human by links that stand, themselves included."""
    standing = [link for link in links if link.live]
    root = roots([person], standing)
    return frozenset(each for each, least in root.items() if least == root[person])


async def add(c: Connection, tenant: UUID, one: UUID, other: UUID) -> None:
    await c.execute(
        "insert into person_links (tenant_id, one, other) values ($1, $2, $3)", tenant, one, other
    )


async def end(c: Connection, tenant: UUID, person: UUID) -> list[UUID]:
    """Every link of this very account's person ends; with whom."""
    rows = await c.fetch(
        "update person_links set ended_at = now() where tenant_id = $1 and $2 in (one, other)"
        " and ended_at is null returning case when one = $2 then other else one end as other",
        tenant,
        person,
    )
    return [row["other"] for row in rows]
