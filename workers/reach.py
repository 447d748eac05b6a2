"""Another service's client, for a tool that asks several: of the same tenant, with that tenant's account."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any
from uuid import UUID

from bot.errors import CountersignError
from integrations import services as integrations
from integrations.errors import NotConfigured
from workers.clients import Clients
from workers.services import PARTS, Services
from workers.store import services
from workers.store.door import Database
from workers.store.services import Kept

# Of these nothing can be read for somebody else's sake: no tool of several services may pay.
READABLE = frozenset({"jira", "github", "notion"})

Await = Callable[[Coroutine[Any, Any, Kept]], Kept]


class Reach:
    """`wait` runs what the database answers, and waits for it; `clients` are those of this thread."""

    def __init__(self, tenant: UUID, db: Database, known: Services, clients: Clients, wait: Await) -> None:
        self._tenant, self._db, self._known = tenant, db, known
        self._clients, self._wait = clients, wait

    def __call__(self, service: str) -> Any:
        """Raises `NotConfigured`."""
        found = next((each for each in integrations() if each.name == service), None)
        if found is None or service not in READABLE or service in PARTS:
            raise NotConfigured(service, "is no service that can be read here")
        try:
            connected = self._known.connected(self._tenant, self._wait(self._kept(service)))
        except CountersignError as problem:
            raise NotConfigured(service.capitalize(), f"cannot be used: {problem}") from None
        return self._clients.get(found, self._tenant, connected)

    async def _kept(self, service: str) -> Kept:
        async with self._db.tenant(self._tenant) as c:
            return await services.kept(c, self._tenant, service)
