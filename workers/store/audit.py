"""audit: who did what, in exact bytes, only ever added to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flows.approval import canonical
from workers.store.door import Connection


async def record(c: Connection, tenant: UUID, what: str, **details: Any) -> None:
    """One entry, in the transaction of what it tells of.

    `details` are ids, codes and amounts; whatever is personal is sealed under the person's key
    first (`workers.secrets`), so that destroying the key erases it and the entry stays.
    """
    entry: Mapping[str, Any] = {"what": what, **{k: v for k, v in details.items() if v is not None}}
    await c.execute("insert into audit (tenant_id, entry) values ($1, $2)", tenant, canonical(entry))
