"""The pages that whoever's run it is may read: what the tool that answers is handed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Coroutine, Mapping
from typing import Any
from uuid import UUID

from integrations.knowledge.models import Looked, Passage
from workers.knowledge.access import of_place
from workers.knowledge.embedders import Embedders
from workers.knowledge.search import search
from workers.known import Library
from workers.store import documents, runs, tenants
from workers.store.door import Database

Wait = Callable[[Coroutine[Any, Any, Any]], Any]
MOST = 6


class Models:
    """The models of a process, made when somebody first asks: importing their client takes a second."""

    def __init__(self, settings: Mapping[str, str]) -> None:
        self._settings = settings
        self._made: Embedders | None = None
        self._lock = threading.Lock()

    def get(self) -> Embedders:
        """Raises `NotConfigured`."""
        with self._lock:
            if self._made is None:
                self._made = Embedders(self._settings)
            return self._made


class Shelf:
    """Who asks, and where, is the run's: no argument of a call can change what may be read. `wait` blocks."""

    def __init__(
        self, db: Database, tenant: UUID, run: str, library: Library, models: Models, wait: Wait
    ) -> None:
        self._db, self._tenant, self._run = db, tenant, run
        self._library, self._models, self._wait = library, models, wait

    def look(self, question: str) -> Looked:
        """Raises `NotConfigured` where EMBEDDINGS names what is not there."""
        found: Looked = self._wait(self._look(question, self._models.get()))
        return found

    async def _look(self, question: str, embedders: Embedders) -> Looked:
        async with self._db.tenant(self._tenant) as c:
            _, pages = await documents.model(c, self._tenant)
            access = await self._access(c) if pages else ()
        if not pages:
            return Looked((), any_pages=False)
        found = await search(self._db, self._tenant, embedders, question, access, MOST)
        passages = tuple(
            Passage(
                each.shown.title,
                each.shown.path,
                each.shown.body,
                _address(each.shown.link),
                each.covered,
                each.near,
            )
            for each in found.passages
        )
        return Looked(passages, found.model)

    async def _access(self, c: Any) -> tuple[str, ...]:
        stored = await runs.by_id(c, self._tenant, self._run)
        assert stored is not None
        version = await tenants.policy_version(c, self._tenant)
        policy = await self._library.policy(c, self._tenant, version) if version else None
        groups = policy.duty.groups if policy else {}
        return of_place(stored.place, stored.run.requester.email, groups)


def _address(link: str) -> str:
    return link if link.startswith(("https://", "http://")) and len(link) <= 2_000 else ""
