"""chunks, chunk_vectors, chunk_words: the pieces of documents, and what they are found by."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from workers.store.door import Connection

INDEXED = frozenset({384, 768, 1024, 1536})  # dimensions that there is an index for
MARK = 8  # letters of the tenant's id before each word
WIDE = 400  # how many neighbours the index keeps in view while it looks: vectors of words lie close together


@dataclass(frozen=True, slots=True)
class New:
    """A piece to be kept, with its words as `workers.knowledge.words` makes them."""

    position: int
    path: str
    body: str
    words: frozenset[str]


@dataclass(frozen=True, slots=True)
class Shown:
    """A piece as it is quoted."""

    id: int
    title: str
    link: str
    path: str
    body: str
    source: str


async def add(
    c: Connection, tenant: UUID, document: int, access: Sequence[str], pieces: Sequence[New]
) -> list[int]:
    """Their ids, in their order."""
    mark = str(tenant)[:MARK]
    rows = await c.fetch(
        "insert into chunks (tenant_id, document_id, position, path, body, words, access)"
        " select $1, $2, p.position, p.path, p.body, array_to_tsvector(string_to_array(p.words, ' ')), $7"
        " from unnest($3::int[], $4::text[], $5::text[], $6::text[]) as p(position, path, body, words)"
        " order by p.position returning id, position",
        tenant,
        document,
        [each.position for each in pieces],
        [each.path for each in pieces],
        [each.body for each in pieces],
        [" ".join(mark + word for word in sorted(each.words)) for each in pieces],
        list(access),
    )
    ids = {row["position"]: row["id"] for row in rows}
    return [ids[each.position] for each in pieces]


async def count_words(c: Connection, tenant: UUID, more: Counter[str]) -> None:
    """In how many more pieces each word is (fewer: below zero); in one order, so that two never wait
    for each other."""
    words = sorted(word for word in more if more[word])
    if words:
        await c.execute(
            "with n as (select * from unnest($2::text[], $3::bigint[]) as n(word, more)),"
            " there as (update chunk_words w set chunks = greatest(w.chunks + n.more, 0) from n"
            " where w.tenant_id = $1 and w.word = n.word returning w.word)"
            " insert into chunk_words (tenant_id, word, chunks) select $1, n.word, greatest(n.more, 0)"
            " from n where n.word not in (select word from there)",
            tenant,
            words,
            [more[word] for word in words],
        )


async def forget(c: Connection, tenant: UUID, documents: Collection[int]) -> tuple[int, Counter[str]]:
    """How many pieces these documents have, and in how many of them each word is: before they are dropped."""
    pieces = await c.fetchval(
        "select count(*) from chunks where tenant_id = $1 and document_id = any($2)", tenant, list(documents)
    )
    rows = await c.fetch(
        "select substr(word, $3) as word, count(*) as often from chunks,"
        " unnest(tsvector_to_array(words)) as word"
        " where tenant_id = $1 and document_id = any($2) group by 1",
        tenant,
        list(documents),
        MARK + 1,
    )
    return pieces, Counter({row["word"]: -row["often"] for row in rows})


# ── vectors ──────────────────────────────────────────────────────────────────────────────


def literal(vector: Sequence[float]) -> str:
    return f"[{','.join(f'{each:.5g}' for each in vector)}]"


async def add_vectors(
    c: Connection, tenant: UUID, model: str, vectors: Sequence[tuple[int, Sequence[float]]]
) -> None:
    """Of pieces that are there; of one that is gone by now, none."""
    if vectors:
        await c.execute(
            "insert into chunk_vectors (tenant_id, model, chunk_id, dimension, access, embedding)"
            " select $1, $2, k.id, $3, k.access, v.embedding::halfvec"
            " from unnest($4::bigint[], $5::text[]) as v(id, embedding)"
            " join chunks k on k.tenant_id = $1 and k.id = v.id on conflict do nothing",
            tenant,
            model,
            len(vectors[0][1]),
            [id for id, _ in vectors],
            [literal(vector) for _, vector in vectors],
        )


async def without_vector(c: Connection, tenant: UUID, model: str, most: int) -> list[tuple[int, str, str]]:
    """Pieces without a vector of this model: id, where it stands, text."""
    rows = await c.fetch(
        "select k.id, d.title, k.path, k.body from chunks k"
        " join documents d on d.tenant_id = k.tenant_id and d.id = k.document_id"
        " where k.tenant_id = $1 and not exists (select 1 from chunk_vectors v"
        " where v.tenant_id = $1 and v.model = $2 and v.chunk_id = k.id) order by k.id limit $3",
        tenant,
        model,
        most,
    )
    return [(row["id"], f"{row['title']} {row['path']}", row["body"]) for row in rows]


async def drop_other_vectors(c: Connection, tenant: UUID, model: str, most: int) -> int:
    done: str = await c.execute(
        "delete from chunk_vectors where ctid = any(array(select ctid from chunk_vectors"
        " where tenant_id = $1 and model <> $2 limit $3))",
        tenant,
        model,
        most,
    )
    return int(done.rpartition(" ")[2])


# ── finding ──────────────────────────────────────────────────────────────────────────────


async def rarity(c: Connection, tenant: UUID, words: Collection[str]) -> Mapping[str, int]:
    """In how many pieces each of these words is; what is in none is left out."""
    rows = await c.fetch(
        "select word, chunks from chunk_words where tenant_id = $1 and word = any($2) and chunks > 0",
        tenant,
        list(words),
    )
    return {row["word"]: row["chunks"] for row in rows}


async def saying(
    c: Connection,
    weights: Mapping[str, float],
    any_of: Collection[str],
    access: Sequence[str],
    each: int | None,
    most: int,
) -> dict[int, float]:
    """The pieces whose words weigh most, of those that hold one of `any_of`; at most `each` are looked
    at for a word (None: all)."""
    await c.execute("set local enable_seqscan = off")
    rows = await c.fetch(
        "select chunk, weight from chunks_that_hold($1, $2, $3, $4, $5, $6)",
        list(weights),
        list(weights.values()),
        list(any_of),
        list(access),
        each,
        most,
    )
    return {row["chunk"]: row["weight"] for row in rows}


async def weighing(
    c: Connection, tenant: UUID, weights: Mapping[str, float], ids: Collection[int]
) -> dict[int, float]:
    """What the words that these pieces hold weigh; what holds none is left out."""
    rows = await c.fetch(
        "select k.id, round(sum(w.weight)::numeric, 4)::double precision as weight from chunks k,"
        " unnest($3::text[], $4::double precision[]) as w(word, weight) where k.tenant_id = $1"
        " and k.id = any($2) and k.words @@ quote_literal($5 || w.word)::tsquery group by k.id",
        tenant,
        list(ids),
        list(weights),
        list(weights.values()),
        str(tenant)[:MARK],
    )
    return {row["id"]: row["weight"] for row in rows}


async def near(
    c: Connection,
    tenant: UUID,
    model: str,
    vector: Sequence[float],
    access: Sequence[str],
    most: int,
    *,
    exact: bool,
) -> dict[int, float]:
    """The nearest pieces and how near, 1 at most. `exact` looks at every vector of the tenant."""
    size = len(vector)
    if exact or size not in INDEXED:
        order = "(v.embedding <#> (select $4::text::halfvec)) + 0"  # read once, and not for each row
        where = ""
    else:
        order = f"(v.embedding::halfvec({size})) <#> (select $4::text::halfvec({size}))"
        where = f" and v.dimension = {size}"
        await c.execute(
            "set local enable_sort = off; set local enable_bitmapscan = off;"
            f" set local hnsw.ef_search = {WIDE}; set local hnsw.iterative_scan = 'relaxed_order';"
            " set local hnsw.max_scan_tuples = 20000"
        )
    rows = await c.fetch(
        f"select v.chunk_id, -(v.embedding <#> (select $4::text::halfvec)) as near from chunk_vectors v"  # noqa: S608  # numbers of ours
        f" where v.tenant_id = $1 and v.model = $2 and v.access && $3{where} order by {order} limit $5",
        tenant,
        model,
        list(access),
        literal(vector),
        most,
    )
    return {row["chunk_id"]: row["near"] for row in rows}


async def nearness(
    c: Connection, tenant: UUID, model: str, vector: Sequence[float], ids: Collection[int]
) -> dict[int, float]:
    """How near these pieces are; what has no vector of this model is left out."""
    rows = await c.fetch(
        "select v.chunk_id, -(v.embedding <#> (select $4::text::halfvec)) as near from chunk_vectors v"
        " where v.tenant_id = $1 and v.model = $2 and v.chunk_id = any($3)",
        tenant,
        model,
        list(ids),
        literal(vector),
    )
    return {row["chunk_id"]: row["near"] for row in rows}


async def shown(c: Connection, tenant: UUID, ids: Sequence[int], access: Sequence[str]) -> list[Shown]:
    """Of these, what may be found, in their order."""
    rows = await c.fetch(
        "select k.id, d.title, d.link, k.path, k.body, d.source from chunks k"
        " join documents d on d.tenant_id = k.tenant_id and d.id = k.document_id"
        " where k.tenant_id = $1 and k.id = any($2) and k.access && $3 and d.access && $3",
        tenant,
        list(ids),
        list(access),
    )
    found = {row["id"]: Shown(**dict(row)) for row in rows}
    return [found[id] for id in ids if id in found]
