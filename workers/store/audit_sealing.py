"""The chain's rows: sealed and signed through the two functions that may, and read along."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from workers.audit_chain import Head, Link
from workers.store.door import Connection, Database

MOST_HALF_SEALED = 1_000


@dataclass(frozen=True, slots=True)
class Signed(Head):
    """A head as it is stored. Without a signature it is nobody's."""

    mac: bytes | None
    key_id: str | None


@dataclass(frozen=True, slots=True)
class Sealed:
    """The head before and after some entries became links; `old` is None for the first of all."""

    old: Signed | None
    new: Head


@dataclass(frozen=True, slots=True)
class Waiting:
    """What is not sealed yet, and for how many seconds the oldest has been waiting."""

    count: int
    seconds: float


async def waiting(db: Database, most: int) -> list[UUID]:
    """The tenants that have something to be sealed."""
    return [row[0] for row in await db.dispatch("select tenants_unsealed($1)", most)]


async def seal(c: Connection, most: int) -> Sealed | None:
    """Of the tenant that is set. Its head is unsigned until `sign`, in the same transaction."""
    row = await c.fetchrow("select * from seal_audit($1)", most)
    if row is None:
        return None
    old = None
    if row["old_seq"] is not None:
        old = Signed(row["old_seq"], row["old_hash"], row["old_at"], row["old_mac"], row["old_key"])
    return Sealed(old, Head(row["new_seq"], row["new_hash"], row["new_at"]))


async def sign(c: Connection, head: Head, mac: bytes, key_id: str) -> bool:
    """False: the head is another one by now."""
    done: bool = await c.fetchval(
        "select sign_audit($1, $2, $3, $4, $5)", head.seq, head.hash, head.at, mac, key_id
    )
    return done


async def restart(c: Connection, entry: bytes, seq: int, prev: bytes) -> Head | None:
    """This entry is the next link and the head, unsigned until `sign`. None: it is not the next any more."""
    row = await c.fetchrow("select * from restart_audit($1, $2, $3)", entry, seq, prev)
    return Head(row["new_seq"], row["new_hash"], row["new_at"]) if row else None


async def last(c: Connection, tenant: UUID) -> Link | None:
    """The last link that there is, whoever made it."""
    row = await c.fetchrow(
        "select id, at, entry, seal_seq, prev, hash from audit where tenant_id = $1"
        " and seal_seq is not null and hash is not null order by seal_seq desc, id desc limit 1",
        tenant,
    )
    return _link(row) if row else None


async def head(c: Connection, tenant: UUID) -> Signed | None:
    row = await c.fetchrow(
        "select seal_seq, hash, at, mac, key_id from audit_heads where tenant_id = $1", tenant
    )
    return Signed(row["seal_seq"], row["hash"], row["at"], row["mac"], row["key_id"]) if row else None


async def along_the_index(c: Connection) -> None:
    """For whoever goes along a chain in pages: each is read from where the last one ended. Without figures
    about the table, the planner would rather sort all that is left, for every page anew."""
    await c.execute("set local enable_bitmapscan = off; set local enable_sort = off")


async def links(c: Connection, tenant: UUID, after: tuple[int, int], most: int) -> list[Link]:
    """The next page of the chain, by number and id."""
    rows = await c.fetch(
        "select id, at, entry, seal_seq, prev, hash from audit where tenant_id = $1"
        " and seal_seq is not null and (seal_seq, id) > ($2, $3) order by seal_seq, id limit $4",
        tenant,
        *after,
        most,
    )
    return [_link(row) for row in rows]


async def span(
    c: Connection, tenant: UUID, since: datetime | None, until: datetime | None
) -> tuple[int, int] | None:
    """The numbers between which all lies that was written from `since` on and before `until`: a span of
    the chain without a hole. None where there is nothing."""
    row = await c.fetchrow(
        "select min(seal_seq) as first, max(seal_seq) as last from audit where tenant_id = $1"
        " and seal_seq is not null and ($2::timestamptz is null or at >= $2)"
        " and ($3::timestamptz is null or at < $3)",
        tenant,
        since,
        until,
    )
    return None if row["first"] is None else (row["first"], row["last"])


async def unsealed(c: Connection, tenant: UUID) -> Waiting:
    row = await c.fetchrow(
        "select count(*) as count, coalesce(extract(epoch from now() - min(at)), 0)::float8 as seconds"
        " from audit where tenant_id = $1 and hash is null",
        tenant,
    )
    return Waiting(row["count"], max(row["seconds"], 0.0))


async def half_sealed(c: Connection, tenant: UUID, most: int) -> list[int]:
    """Ids of rows with a part of a seal, which we never leave: somebody else did."""
    rows = await c.fetch(
        "select id from audit where tenant_id = $1 and num_nulls(seal_seq, prev, hash) in (1, 2)"
        " order by id limit $2",
        tenant,
        most,
    )
    return [row["id"] for row in rows]


def _link(row: Any) -> Link:
    return Link(row["id"], row["at"], row["entry"], row["seal_seq"], row["prev"] or b"", row["hash"] or b"")
