"""What a press says of a call beside yes and no: it is taken from what the press has noted in the audit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from workers.store import learning
from workers.store.door import Connection

LONGEST = 80


async def overhear(c: Connection, tenant: UUID, noted: Iterable[tuple[str, Mapping[str, Any]]]) -> None:
    """Which fields were changed before it was approved; and that several were decided at once."""
    for what, details in noted:
        key = str(details.get("approval", "")).removesuffix(":approval")
        match what:
            case "approval.edited" if key:
                fields = details.get("fields") or ("?",)
                await learning.edited(c, tenant, key, [str(each)[:LONGEST] for each in fields])
            case "approval.decided" | "approval.counted" if key and (
                details.get("bulk") or details.get("batch")
            ):
                await learning.in_bulk(c, tenant, key)
