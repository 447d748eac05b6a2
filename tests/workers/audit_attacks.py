"""What somebody with every right in the database may do to a sealed chain; each answers with the row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from tests.conftest import SECRET
from workers import audit_chain
from workers.audit_chain import Link, digest
from workers.audit_seal import seal, signer
from workers.audit_verify import Verdict, walked
from workers.store import audit, audit_sealing, tenants
from workers.store.door import Database

KEYS = signer(SECRET)
LINKS = 8


async def note(db: Database, tenant: UUID, *whats: str) -> None:
    for what in whats:
        async with db.tenant(tenant) as c:
            await audit.record(c, tenant, what, key=what)


async def chain_of(db: Database, tenant: UUID) -> list[Link]:
    async with db.tenant(tenant) as c:
        return await audit_sealing.links(c, tenant, (-(2**62), 0), 10_000)


@dataclass
class There:
    """A tenant with a sealed chain, another one beside it, and all rights in the database."""

    db: Database
    tenant: UUID
    other: UUID
    superuser: Any

    async def run(self, query: str, *arguments: Any) -> None:
        await self.superuser.execute(query, self.tenant, *arguments)

    async def links(self, tenant: UUID | None = None) -> list[Link]:
        return await chain_of(self.db, tenant or self.tenant)

    async def put(self, link: Link) -> None:
        """The row of this id, as the link says; its own hash is made to fit."""
        await self.run(
            "update audit set seal_seq = $3, prev = $4, hash = $5, entry = $6, at = $7"
            " where tenant_id = $1 and id = $2",
            link.id, link.seq, link.prev, digest(self.tenant, link), link.entry, link.at,
        )  # fmt: skip

    async def verdict(self, tenant: UUID | None = None, kept: audit_chain.Head | None = None) -> Verdict:
        return await walked(self.db, tenant or self.tenant, KEYS, kept)


async def sealed_pair(db: Database, tenant: UUID, superuser: Any) -> There:
    other = await tenants.create(db, "Other")
    for each in (tenant, other):
        await note(db, each, *(f"n{number}" for number in range(LINKS)))
        await seal(db, each, KEYS)
    return There(db, tenant, other, superuser)


# ── tampering: what is done, and which row has to be named ───────────────────────────────

Attack = Callable[[There, list[Link]], Any]


async def edited(there: There, links: list[Link]) -> Link:
    await there.run("update audit set entry = entry || ' ' where tenant_id = $1 and id = $2", links[3].id)
    return links[3]


async def redated(there: There, links: list[Link]) -> Link:
    await there.run(
        "update audit set at = at - interval '1 microsecond' where tenant_id = $1 and id = $2", links[3].id
    )
    return links[3]


async def edited_with_its_hash(there: There, links: list[Link]) -> Link:
    one = links[3]
    await there.put(Link(one.id, one.at, b'{"what":"nothing"}', one.seq, one.prev, b""))
    return one


async def deleted(there: There, links: list[Link]) -> Link:
    await there.run("delete from audit where tenant_id = $1 and id = $2", links[3].id)
    return links[3]


async def first_deleted(there: There, links: list[Link]) -> Link:
    await there.run("delete from audit where tenant_id = $1 and id = $2", links[0].id)
    return links[0]


async def unsealed(there: There, links: list[Link]) -> Link:
    """Taken out of the chain, to be sealed anew at its end."""
    await there.run(
        "update audit set seal_seq = null, prev = null, hash = null where tenant_id = $1 and id = $2",
        links[3].id,
    )
    return links[3]


async def _insert(there: There, one: Link) -> Link:
    """A new row that claims the place of this one, and whose own hash fits."""
    row = await there.superuser.fetchrow(
        "insert into audit (tenant_id, at, entry, seal_seq, prev, hash) values ($1, $2, $3, $4, $5, '')"
        " returning id", there.tenant, one.at, b'{"what":"put in"}', one.seq, one.prev,
    )  # fmt: skip
    link = Link(row["id"], one.at, b'{"what":"put in"}', one.seq, one.prev, b"")
    await there.put(link)
    return link


async def inserted(there: There, links: list[Link]) -> Link:
    return await _insert(there, links[3])


async def inserted_after_the_head(there: There, links: list[Link]) -> Link:
    last = links[-1]
    return await _insert(there, Link(0, last.at, b"", last.seq + 1, last.hash, b""))


async def inserted_with_a_part_of_a_seal(there: There, links: list[Link]) -> Link:
    id = await there.superuser.fetchval(
        "insert into audit (tenant_id, entry, hash) values ($1, 'x', 'h') returning id", there.tenant
    )
    return Link(id, links[0].at, b"x", 0, b"", b"h")


async def numbers_swapped(there: There, links: list[Link]) -> Link:
    one, two = links[2], links[5]
    await there.run("update audit set seal_seq = $3 where tenant_id = $1 and id = $2", one.id, two.seq)
    await there.run("update audit set seal_seq = $3 where tenant_id = $1 and id = $2", two.id, one.seq)
    return one


async def contents_swapped(there: There, links: list[Link]) -> Link:
    one, two = links[2], links[5]
    change = "update audit set entry = $3 where tenant_id = $1 and id = $2"
    await there.run(change, one.id, two.entry)
    await there.run(change, two.id, one.entry)
    return one


async def places_swapped(there: There, links: list[Link]) -> Link:
    one, two = links[2], links[5]
    change = "update audit set seal_seq = $3, prev = $4, hash = $5 where tenant_id = $1 and id = $2"
    await there.run(change, one.id, two.seq, two.prev, two.hash)
    await there.run(change, two.id, one.seq, one.prev, one.hash)
    return one


async def tail_cut(there: There, links: list[Link]) -> Link:
    await there.run("delete from audit where tenant_id = $1 and seal_seq > 5")
    return links[5]


async def everything_cut(there: There, links: list[Link]) -> Link:
    await there.run("delete from audit where tenant_id = $1")
    return links[0]


async def chains_swapped(there: There, links: list[Link]) -> Link:
    """With the heads, as somebody would who knows of them."""
    spare = UUID(int=1)
    await there.superuser.execute("set session_replication_role = replica")
    for table in ("audit", "audit_heads"):
        for old, new in ((there.tenant, spare), (there.other, there.tenant), (spare, there.other)):
            await there.superuser.execute(
                f"update {table} set tenant_id = $2 where tenant_id = $1",
                old, new,
            )  # fmt: skip
    await there.superuser.execute("set session_replication_role = origin")
    return (await there.links())[0]


async def one_of_another_chain(there: There, links: list[Link]) -> Link:
    theirs = (await there.links(there.other))[3]
    await there.run("delete from audit where tenant_id = $1 and id = $2", links[3].id)
    await there.run(
        "insert into audit (tenant_id, id, at, entry, seal_seq, prev, hash) overriding system value"
        " values ($1, $2, $3, $4, $5, $6, $7)",
        theirs.id, theirs.at, theirs.entry, theirs.seq, theirs.prev, theirs.hash,
    )  # fmt: skip
    return theirs


async def rewritten_to_the_end(there: There, links: list[Link]) -> Link:
    """One entry is another, and every hash from there on is made anew."""
    prev = links[2].hash
    for link in links[3:]:
        fresh = Link(link.id, link.at, link.entry.replace(b"n3", b"x3"), link.seq, prev, b"")
        await there.put(fresh)
        prev = digest(there.tenant, fresh)
    return links[-1]


async def head_gone(there: There, links: list[Link]) -> Link:
    await there.run("delete from audit_heads where tenant_id = $1")
    return links[-1]


async def tail_cut_with_a_head_of_their_own(there: There, links: list[Link]) -> Link:
    await tail_cut(there, links)
    await there.run("update audit_heads set seal_seq = 5, hash = $2 where tenant_id = $1", links[4].hash)
    return links[4]


async def dated_back(there: There, links: list[Link]) -> Link:
    """An entry of today that says it is of last year, sealed as any other."""
    id = await there.superuser.fetchval(
        "insert into audit (tenant_id, at, entry) values ($1, now() - interval '1 year', '{}') returning id",
        there.tenant,
    )
    await seal(there.db, there.tenant, KEYS)
    return next(link for link in await there.links() if link.id == id)


ATTACKS: dict[str, tuple[Attack, str]] = {
    "an entry is edited": (edited, "edited"),
    "the date of one is edited": (redated, "edited"),
    "one is edited and its hash made anew": (edited_with_its_hash, "edited"),
    "one is edited and every hash after it made anew": (rewritten_to_the_end, "edited"),
    "one is deleted": (deleted, "deleted"),
    "the first is deleted": (first_deleted, "deleted"),
    "one is taken out to be sealed again at the end": (unsealed, "deleted"),
    "one is inserted": (inserted, "inserted"),
    "one is inserted after the head": (inserted_after_the_head, "inserted"),
    "one is inserted with a part of a seal": (inserted_with_a_part_of_a_seal, "inserted"),
    "two numbers are swapped": (numbers_swapped, "reordered"),
    "two contents are swapped": (contents_swapped, "reordered"),
    "two places are swapped": (places_swapped, "reordered"),
    "the tail is cut": (tail_cut, "tail cut"),
    "all is cut": (everything_cut, "tail cut"),
    "the tail is cut and the head with it": (tail_cut_with_a_head_of_their_own, "head"),
    "the head is deleted": (head_gone, "head"),
    "two chains are swapped": (chains_swapped, "chains swapped"),
    "one entry is taken from another chain": (one_of_another_chain, "chains swapped"),
    "the clock went back": (dated_back, "clock"),
}
