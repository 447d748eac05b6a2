"""documents, knowledge: what was read in, and by which model a tenant's questions are asked."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from workers.store.door import Connection, Database


@dataclass(frozen=True, slots=True)
class Kept:
    """A document that is there: its id, and the hash of what it was made from."""

    id: int
    hash: bytes


@dataclass(frozen=True, slots=True)
class New:
    """A document to be kept. `access`: who may find it, as `workers.knowledge.access` writes it."""

    source: str
    uri: str
    title: str
    link: str
    media: str
    hash: bytes
    access: tuple[str, ...]
    size: int


@dataclass(frozen=True, slots=True)
class Source:
    source: str
    documents: int
    chunks: int
    access: tuple[str, ...]


async def known(c: Connection, tenant: UUID, source: str) -> Mapping[str, Kept]:
    rows = await c.fetch(
        "select id, uri, hash from documents where tenant_id = $1 and source = $2", tenant, source
    )
    return {row["uri"]: Kept(row["id"], row["hash"]) for row in rows}


async def add(c: Connection, tenant: UUID, document: New) -> int:
    found: int = await c.fetchval(
        "insert into documents (tenant_id, source, uri, title, link, media, hash, access, size)"
        " values ($1, $2, $3, $4, $5, $6, $7, $8, $9) returning id",
        tenant,
        document.source,
        document.uri,
        document.title,
        document.link,
        document.media,
        document.hash,
        list(document.access),
        document.size,
    )
    return found


async def drop(c: Connection, tenant: UUID, ids: Collection[int]) -> None:
    """With their chunks and vectors. How often words are in chunks, `chunks.forget` counts before."""
    await c.execute("delete from documents where tenant_id = $1 and id = any($2)", tenant, list(ids))


async def sources(c: Connection, tenant: UUID) -> Sequence[Source]:
    rows = await c.fetch(
        "select d.source, count(distinct d.id) as documents, count(k.id) as chunks,"
        " (array_agg(d.access order by d.id desc))[1:1] as access from documents d"
        " left join chunks k on k.tenant_id = d.tenant_id and k.document_id = d.id"
        " where d.tenant_id = $1 group by d.source order by d.source",
        tenant,
    )
    return [Source(row["source"], row["documents"], row["chunks"], tuple(row["access"][0])) for row in rows]


async def of_source(c: Connection, tenant: UUID, source: str) -> list[int]:
    rows = await c.fetch("select id from documents where tenant_id = $1 and source = $2", tenant, source)
    return [row["id"] for row in rows]


# ── by which model questions are asked ───────────────────────────────────────────────────


async def any_of(db: Database, tenant: UUID) -> bool:
    """Whether there are pages from which a question can be answered."""
    async with db.tenant(tenant) as c:
        _, pages = await model(c, tenant)
    return pages > 0


async def model(c: Connection, tenant: UUID) -> tuple[str, int]:
    """The model of which every chunk has a vector, and how many chunks; empty where nothing was read in."""
    row: Any = await c.fetchrow("select model, chunks from knowledge where tenant_id = $1", tenant)
    return (row["model"], row["chunks"]) if row else ("", 0)


async def hold(c: Connection, tenant: UUID, first: str) -> str:
    """The same, until the end of this transaction nobody else changes it; `first` where there is none."""
    await c.execute(
        "insert into knowledge (tenant_id, model) values ($1, $2) on conflict do nothing", tenant, first
    )
    found: str = await c.fetchval("select model from knowledge where tenant_id = $1 for update", tenant)
    return found


async def switch(c: Connection, tenant: UUID, name: str) -> None:
    await c.execute("update knowledge set model = $2, changed_at = now() where tenant_id = $1", tenant, name)


async def counted(c: Connection, tenant: UUID, more: int) -> None:
    await c.execute(
        "update knowledge set chunks = greatest(chunks + $2, 0) where tenant_id = $1", tenant, more
    )
