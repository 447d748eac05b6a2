"""Every column that holds sealed values, and which of them an older key sealed."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from workers.store.door import Connection


@dataclass(frozen=True, slots=True)
class Sealed:
    """`row` is an expression for what names the row in `bot.secrets.Spot`."""

    table: str
    column: str
    row: str


SEALED = (
    Sealed("installations", "credentials", "platform || ':' || workspace"),
    Sealed("services", "sealed", "service"),
    Sealed("person_keys", "sealed_key", "person_id::text"),
    Sealed("web_issuers", "secret", "id"),
)


async def old(
    c: Connection, tenant: UUID, kind: Sealed, newest: str, after: str, most: int
) -> list[tuple[str, str]]:
    """Row and value of those that the newest key did not seal, in the order of their rows."""
    rows = await c.fetch(
        f"select {kind.row} as row, {kind.column} as sealed from {kind.table}"  # noqa: S608 (constants)
        f" where tenant_id = $1 and {kind.row} > $3 and not starts_with({kind.column}, 'v1.' || $2 || '.')"
        f" order by {kind.row} limit $4",
        tenant,
        newest,
        after,
        most,
    )
    return [(row["row"], row["sealed"]) for row in rows]


async def replace(c: Connection, tenant: UUID, kind: Sealed, row: str, sealed: str, fresh: str) -> bool:
    """Only what is still as it was read: somebody may have renewed it since."""
    found = await c.fetchval(
        f"update {kind.table} set {kind.column} = $4"  # noqa: S608 (constants)
        f" where tenant_id = $1 and {kind.row} = $2 and {kind.column} = $3 returning 1",
        tenant,
        row,
        sealed,
        fresh,
    )
    return found is not None
