"""knowledge: finding among 100,000 pieces by words and vectors, against looking at every one; reading in."""

from __future__ import annotations

import asyncio
import resource
import tempfile
import time
from collections import Counter
from pathlib import Path
from uuid import UUID

import asyncpg

from integrations.models.embedding_offline import vector
from tests.bench.bed import SECRET, Bed
from tests.bench.harness import Report, at_least, at_most, percentile
from tests.bench.made_pages import Language, Meaning, pages
from workers.knowledge.access import EVERYBODY
from workers.knowledge.embedders import Embedders
from workers.knowledge.from_files import Files
from workers.knowledge.ingest import ingest
from workers.knowledge.search import search
from workers.knowledge.words import telling
from workers.store import chunks, tenants
from workers.store.door import Database
from workers.store.dsn import app_dsn

PIECES = 100_000
ACCESS = (EVERYBODY,)


async def run(bed: Bed, report: Report) -> None:
    address = await bed.database()
    db = await Database.open(app_dsn(address, SECRET), size=6)
    admin = await asyncpg.connect(address, command_timeout=3_600)
    try:
        await _reading(report, db)
        await _finding(report, db, admin)
    finally:
        await admin.close()
        await db.close()


# ── finding ──────────────────────────────────────────────────────────────────────────────


async def _finding(report: Report, db: Database, admin: asyncpg.Connection) -> None:
    tenant = await tenants.create(db, "Many pages")
    count = report.pick(PIECES, 20_000)
    language = Language(7)
    texts = await _fill(admin, tenant, count, language)
    questions = [language.question(texts[number * 97 % count]) for number in range(report.pick(200, 60))]
    what = f"hybrid retrieval among {count:,}"
    await _asking(report, db, tenant, Embedders({}), questions, what)
    meaning = Meaning(count)
    await _exchange(admin, tenant, meaning)
    meaning.know(questions)
    await _asking(report, db, tenant, Embedders({}, meaning), questions, f"{what}, as by a model of meaning")


async def _asking(
    report: Report,
    db: Database,
    tenant: UUID,
    embedders: Embedders,
    questions: list[tuple[str, str]],
    what: str,
) -> None:
    await _warm(db, tenant, embedders, questions[:20])
    took, found = [], []
    for question, _ in questions:
        began = time.perf_counter()
        found.append(await search(db, tenant, embedders, question, ACCESS))
        took.append((time.perf_counter() - began) * 1e3)
    kept, first = [], []
    for (question, source), answer in zip(questions, found, strict=True):
        exact = await search(db, tenant, embedders, question, ACCESS, exact=True)
        ids = {each.shown.id for each in answer.passages}
        wanted = {each.shown.id for each in exact.passages}
        kept.append(len(ids & wanted) / max(len(wanted), 1))
        first.append(any(each.shown.path == source for each in answer.passages))
    report.add(f"{what}, p50", "ms", [percentile(took, 50)])
    report.add(f"{what}, p95", "ms", [percentile(took, 95)], at_most(60))
    report.add("recall@5 against looking at every piece", "", [sum(kept) / len(kept)], at_least(0.98))
    report.add("the piece that the question is about, in the first five", "", [sum(first) / len(first)])


async def _warm(db: Database, tenant: UUID, embedders: Embedders, questions: list[tuple[str, str]]) -> None:
    for question, _ in questions:
        await search(db, tenant, embedders, question, ACCESS)


async def _fill(
    admin: asyncpg.Connection, tenant: UUID, count: int, language: Language
) -> list[tuple[str, str]]:
    """As reading in would leave it; written by the superuser, with the index built at the end."""
    await admin.execute("drop index chunk_vectors_384")
    document = await admin.fetchval(
        "insert into documents (tenant_id, source, uri, title, media, hash, access)"
        " values ($1, 'bench', 'x', 'Page', 'md', '\\x00', $2) returning id",
        tenant,
        list(ACCESS),
    )
    words: Counter[str] = Counter()
    texts: list[tuple[str, str]] = []
    mark = str(tenant)[: chunks.MARK]
    for at in range(0, count, 5_000):
        rows, vectors = [], []
        for number in range(at, min(at + 5_000, count)):
            body = language.piece()
            told = telling(body)
            words.update(told)
            texts.append((body, str(number)))
            lexemes = " ".join(f"'{mark}{word}'" for word in sorted(told))
            rows.append((tenant, document, number, str(number), body, lexemes, list(ACCESS)))
            vectors.append(chunks.literal(vector(body)))
        await admin.execute("create temp table given (n int, v text)")
        await admin.copy_records_to_table("given", records=list(enumerate(vectors)))
        await admin.executemany(
            "insert into chunks (tenant_id, document_id, position, path, body, words, access)"
            " values ($1, $2, $3, $4, $5, $6::text::tsvector, $7)",
            rows,
        )
        await admin.execute(
            "insert into chunk_vectors (tenant_id, model, chunk_id, dimension, access, embedding)"
            " select $1, 'offline:words-1', k.id, 384, k.access, g.v::halfvec from given g"
            " join chunks k on k.tenant_id = $1 and k.position = $2 + g.n",
            tenant,
            at,
        )
        await admin.execute("drop table given")
    await admin.executemany(
        "insert into chunk_words (tenant_id, word, chunks) values ($1, $2, $3)",
        [(tenant, word, often) for word, often in sorted(words.items())],
    )
    await admin.execute(
        "insert into knowledge (tenant_id, model, chunks) values ($1, 'offline:words-1', $2)", tenant, count
    )
    await _index(admin)
    return texts


async def _exchange(admin: asyncpg.Connection, tenant: UUID, meaning: Meaning) -> None:
    """Its vectors instead of those that are there."""
    await admin.execute("drop index chunk_vectors_384; delete from chunk_vectors")
    await admin.execute("create temp table given (n int, v text)")
    for at in range(0, len(meaning.pieces), 10_000):
        rows = enumerate(meaning.pieces[at : at + 10_000], at)
        await admin.copy_records_to_table("given", records=[(n, chunks.literal(v)) for n, v in rows])
    await admin.execute(
        "insert into chunk_vectors (tenant_id, model, chunk_id, dimension, access, embedding)"
        " select $1, $2, k.id, 384, k.access, g.v::halfvec from given g"
        " join chunks k on k.tenant_id = $1 and k.position = g.n",
        tenant,
        meaning.name,
    )
    await admin.execute("drop table given")
    await admin.execute("update knowledge set model = $2 where tenant_id = $1", tenant, meaning.name)
    await _index(admin)


async def _index(admin: asyncpg.Connection) -> None:
    """Built once everything is there; and all of it on the disk, so that nothing is written while it is
    measured."""
    began = time.monotonic()
    await admin.execute("vacuum chunk_vectors")
    await admin.execute("set maintenance_work_mem = '512MB'")
    await admin.execute(
        "create index chunk_vectors_384 on chunk_vectors using hnsw"
        " ((embedding::halfvec(384)) halfvec_ip_ops) where dimension = 384"
    )
    print(f"  index of the vectors built in {time.monotonic() - began:.0f} s", flush=True)
    for each in (
        "vacuum analyze chunks",
        "vacuum analyze chunk_vectors",
        "analyze chunk_words",
        "checkpoint",
    ):
        await admin.execute(each)


# ── reading in ───────────────────────────────────────────────────────────────────────────


async def _reading(report: Report, db: Database) -> None:
    count = report.pick(1_000, 200)
    with tempfile.TemporaryDirectory(prefix="countersign-bench-") as folder:
        root = Path(folder)
        await asyncio.to_thread(pages, root, count)
        tenant = await tenants.create(db, "Reads in")
        embedders = Embedders({})
        first = await ingest(db, tenant, embedders, Files(root), ACCESS)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        child = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        again = await ingest(db, tenant, embedders, Files(root), ACCESS)
    assert (first.read, again.unchanged, first.skipped) == (count, count, [])
    report.add(f"reading in {count:,} mixed pages", "pages/s", [count / first.seconds])
    report.add("pieces of them", "", [float(first.pieces)])
    report.add("peak memory of the process that reads in", "MB", [peak])
    report.add("peak memory of the largest process beside it", "MB", [child])
    report.add(
        "a second time, nothing changed", "% of the first", [again.seconds / first.seconds * 100], at_most(2)
    )
