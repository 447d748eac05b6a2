"""Events that listeners of extensions have not heard to the end yet; empty where there are none."""

from __future__ import annotations

from sqlalchemy import BigInteger, Integer, PrimaryKeyConstraint, Table

from workers.store.columns import NOW, column, metadata, tenant, time

# No foreign key to inbox: dropping old events would ask here for each.
unheard = Table(
    "unheard",
    metadata,
    tenant(),
    column("row_id", BigInteger),
    time("tried_at", NOW),
    column("tries", Integer, server_default="0"),
    PrimaryKeyConstraint("tenant_id", "row_id"),
)

APPEND_ONLY: frozenset[str] = frozenset()
