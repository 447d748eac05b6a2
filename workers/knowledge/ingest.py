"""Reads a source in: what is new or changed is read and kept, what is gone is removed, the rest is left.

Safe to break off at any moment and to begin again: each portion of documents is one transaction.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

import structlog

from integrations.documents.blocks import Document, Unreadable
from integrations.documents.chunking import chunks as pieces_of
from integrations.models.base import ModelUnavailable
from integrations.models.embedding import Embedder
from workers.knowledge.apart import Apart
from workers.knowledge.embedders import Embedders
from workers.knowledge.item import Item, NotFetched, Skipped, Source, digest
from workers.knowledge.words import telling
from workers.store import chunks, documents
from workers.store.documents import Kept
from workers.store.door import Connection, Database

log = structlog.get_logger()

PORTION = 128  # pieces that are kept in one transaction, a document at least
MOST_UNSAVED = 64  # documents
LONGEST_URI = 1_000
TRIES = 3

Told = Callable[[str, int, int | None], None]


@dataclass(slots=True)
class Summary:
    """`skipped`: what was left out, each with why. `late`: pieces that have no vector yet."""

    read: int = 0
    unchanged: int = 0
    removed: int = 0
    pieces: int = 0
    late: int = 0
    seconds: float = 0.0
    skipped: list[tuple[str, str]] = field(default_factory=list)
    notes: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Ready:
    """A document and its pieces, to be kept in place of `before`."""

    document: documents.New
    pieces: tuple[chunks.New, ...]
    before: int | None


def _nobody(what: str, done: int, total: int | None) -> None:
    """Nobody watches."""


async def ingest(
    db: Database,
    tenant: UUID,
    embedders: Embedders,
    source: Source,
    access: Sequence[str],
    told: Told = _nobody,
    reader: Apart | None = None,
) -> Summary:
    """One at a time for each tenant. Raises `NotFetched` where the source as a whole cannot be read."""
    began = time.monotonic()
    async with db.alone(f"countersign:ingest:{tenant}"), reader or Apart() as apart:
        reading = _Reading(db, tenant, embedders, source, tuple(access), apart)
        try:
            await reading.run(told)
        except BaseException:
            await reading.leave()
            raise
    reading.summary.seconds = time.monotonic() - began
    return reading.summary


class _Reading:
    def __init__(
        self,
        db: Database,
        tenant: UUID,
        embedders: Embedders,
        source: Source,
        access: tuple[str, ...],
        apart: Apart,
    ) -> None:
        self._db, self._tenant, self._embedders = db, tenant, embedders
        self._source, self._access, self._apart = source, access, apart
        self.summary = Summary()
        self._known: dict[str, Kept] = {}
        self._seen: set[str] = set()
        self._ready: list[_Ready] = []
        self._saving: asyncio.Task[None] | None = None

    async def run(self, told: Told) -> None:
        async with self._db.tenant(self._tenant) as c:
            self._known = dict(await documents.known(c, self._tenant, self._source.name))
        done = 0
        async for item in self._source.items():
            await self._take(item)
            done += 1
            told(item.uri, done, self._source.total)
        await self._save()
        await self._saved()
        await self._remove()

    async def leave(self) -> None:
        if self._saving is not None:
            self._saving.cancel()
            await asyncio.gather(self._saving, return_exceptions=True)

    async def _take(self, item: Item | Skipped) -> None:
        if isinstance(item, Skipped):
            self._skip(item.uri, item.why)
            if not item.gone:
                self._seen.add(item.uri)
            return
        if len(item.uri) > LONGEST_URI:
            self._skip(item.uri, "its name is too long")
            return
        about = (*self._access, item.link, item.title, item.media)
        if item.stamp and self._unchanged(item.uri, digest(item.stamp.encode(), *about)):
            return
        try:
            data = await item.load()
        except NotFetched as problem:
            self._keep(item.uri)  # as it was the last time
            self._skip(item.uri, str(problem))
            return
        hash = digest(item.stamp.encode() if item.stamp else data, *about)
        if self._unchanged(item.uri, hash):
            return
        try:
            found = await self._apart.read(item.name, data, item.media)
        except Unreadable as problem:
            self._skip(item.uri, str(problem))
            return
        for document in found:
            await self._add(item, document, hash, len(data))

    def _unchanged(self, uri: str, hash: bytes) -> bool:
        kept = self._known.get(uri)
        if kept is None or kept.hash != hash or uri in self._seen:
            return False
        self._seen.add(uri)
        self.summary.unchanged += 1
        return True

    def _keep(self, uri: str) -> None:
        """All that was read of it before, several documents of one file among them."""
        self._seen |= {each for each in self._known if each == uri or each.startswith(f"{uri}#")}

    def _skip(self, uri: str, why: str) -> None:
        self.summary.skipped.append((uri, why))

    async def _add(self, item: Item, document: Document, hash: bytes, size: int) -> None:
        uri = item.uri
        if document.uri:
            uri = f"{item.uri}#{document.uri}"
            hash = digest(repr(document.blocks).encode(), document.title, *self._access, item.link)
            if self._unchanged(uri, hash):
                return
        if uri in self._seen:
            return
        self._seen.add(uri)
        title = " ".join((item.title or document.title or uri).split())[:300]
        found = [
            chunks.New(each.position, each.path, each.body, telling(f"{title} {each.path} {each.body}"))
            for each in await asyncio.to_thread(pieces_of, document)
        ]
        new = documents.New(
            self._source.name, uri, title, item.link, item.name.rpartition(".")[2][:20], hash, self._access,
            size,
        )  # fmt: skip
        before = self._known.get(uri)
        self._ready.append(_Ready(new, tuple(found), before.id if before else None))
        self.summary.read += 1
        self.summary.pieces += len(found)
        self.summary.notes += [(uri, note) for note in document.notes]
        waiting = sum(len(each.pieces) for each in self._ready)
        if waiting >= PORTION or len(self._ready) >= MOST_UNSAVED:
            await self._save()

    async def _save(self) -> None:
        """Beside the reading of the next: one portion at a time."""
        await self._saved()
        ready, self._ready = self._ready, []
        if ready:
            self._saving = asyncio.create_task(self._store(ready))

    async def _saved(self) -> None:
        if self._saving is not None:
            saving, self._saving = self._saving, None
            await saving

    async def _remove(self) -> None:
        """What was there the last time and is not any more, or can no longer be read."""
        gone = [kept.id for uri, kept in self._known.items() if uri not in self._seen]
        for at in range(0, len(gone), PORTION):
            async with self._db.tenant(self._tenant) as c:
                await documents.hold(c, self._tenant, self._embedders.current.name)
                await drop(c, self._tenant, gone[at : at + PORTION])
        self.summary.removed += len(gone)

    async def _store(self, ready: list[_Ready]) -> None:
        vectors: dict[str, list[list[float]]] = {}
        texts = [
            f"{each.document.title} {piece.path}\n{piece.body}" for each in ready for piece in each.pieces
        ]
        for _ in range(TRIES):
            wanted = await self._models()
            for embedder in wanted:
                if embedder.name not in vectors:
                    vectors[embedder.name] = await self._embedded(embedder, texts)
            async with self._db.tenant(self._tenant) as c:
                active = await documents.hold(c, self._tenant, self._embedders.current.name)
                if active in vectors or self._embedders.named(active) is None:
                    await self._write(c, ready, vectors)
                    return
        raise NotFetched("the model of the vectors was changed again and again in the meantime")

    async def _models(self) -> list[Embedder]:
        """The one that is set, and the one by which questions are asked until that one is complete."""
        async with self._db.tenant(self._tenant) as c:
            active, _ = await documents.model(c, self._tenant)
        before = self._embedders.named(active) if active else None
        found = {each.name: each for each in (self._embedders.current, before) if each is not None}
        return list(found.values())

    async def _embedded(self, embedder: Embedder, texts: list[str]) -> list[list[float]]:
        """Empty where the model does not answer: whoever looks after the vectors makes them later."""
        try:
            return await embedder.embed(texts)
        except ModelUnavailable as problem:
            log.warning("knowledge.no_vectors", model=embedder.name, problem=str(problem)[:200])
            if embedder is self._embedders.current:
                self.summary.late += len(texts)
            return []

    async def _write(self, c: Connection, ready: list[_Ready], vectors: dict[str, list[list[float]]]) -> None:
        tenant = self._tenant
        await drop(c, tenant, [each.before for each in ready if each.before is not None])
        ids: list[int] = []
        words: Counter[str] = Counter()
        for each in ready:
            document = await documents.add(c, tenant, each.document)
            ids += await chunks.add(c, tenant, document, each.document.access, each.pieces)
            for piece in each.pieces:
                words.update(piece.words)
        await documents.counted(c, tenant, len(ids))
        await chunks.count_words(c, tenant, words)
        for model, made in vectors.items():
            if made:
                await chunks.add_vectors(c, tenant, model, list(zip(ids, made, strict=True)))


async def drop(c: Connection, tenant: UUID, ids: Sequence[int]) -> None:
    """Documents with all that hangs on them, and what was counted of them; inside of `documents.hold`."""
    if ids:
        pieces, words = await chunks.forget(c, tenant, ids)
        await documents.drop(c, tenant, ids)
        await documents.counted(c, tenant, -pieces)
        await chunks.count_words(c, tenant, words)
