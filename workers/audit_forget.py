"""What erasing a person means for the audit: their key is destroyed, their entries stay what they were."""

from __future__ import annotations

from uuid import UUID

from workers.store import audit, person_keys
from workers.store.door import Connection


async def forget_person(c: Connection, tenant: UUID, person: UUID, by: str = audit.OPERATOR) -> bool:
    """In the transaction given. Names, reasons and words of theirs can be read by nobody afterwards,
    in exports that were made before as little as here; the chain verifies as before.

    False where nothing of theirs was ever kept. Who has several ids, since they were known by two
    before an address joined them, is forgotten under each.
    """
    gone = await person_keys.destroy(c, tenant, person)
    if gone:
        await audit.record(c, tenant, "person.forgotten", person=str(person), by=by)
    return gone
