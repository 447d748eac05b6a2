"""What was read of the files of one conversation: what the tool that answers from files is handed."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any
from uuid import UUID

from integrations.files.models import Paper
from workers.store import files
from workers.store.door import Database

Wait = Callable[[Coroutine[Any, Any, Any]], Any]


class Drawer:
    """Which conversation is the run's: no argument of a call can name another. `wait` blocks."""

    def __init__(self, db: Database, tenant: UUID, conversation: str, wait: Wait) -> None:
        self._db, self._tenant, self._conversation, self._wait = db, tenant, conversation, wait

    def latest(self) -> tuple[Paper, ...]:
        """Those of the last message of which something was read."""
        found: tuple[Paper, ...] = self._wait(self._latest())
        return found

    async def _latest(self) -> tuple[Paper, ...]:
        async with self._db.tenant(self._tenant) as c:
            read = await files.latest(c, self._tenant, self._conversation)
        return tuple(Paper(each.name, each.words) for each in read)
