"""person_keys: one key for each person, under which the audit keeps what is personal of them."""

from __future__ import annotations

from uuid import UUID

from bot.secrets import Spot, Vault, new_key
from workers.store.door import Connection


async def of(c: Connection, tenant: UUID, person: UUID, vault: Vault) -> Vault:
    """The person's key, made when it is first needed. Nobody keeps it: it may be destroyed at any time."""
    found = await known(c, tenant, person, vault)
    if found is not None:
        return found
    fresh = vault.seal(new_key(), spot(tenant, person))
    await c.execute(
        "insert into person_keys (tenant_id, person_id, sealed_key) values ($1, $2, $3)"
        " on conflict do nothing",
        tenant,
        person,
        fresh,
    )
    # Of two who made one at a time the first counts, for both.
    made = await known(c, tenant, person, vault)
    assert made is not None
    return made


async def known(c: Connection, tenant: UUID, person: UUID, vault: Vault) -> Vault | None:
    """None where there is none, or none any more. Raises `SecretUnreadable`."""
    sealed: str | None = await c.fetchval(
        "select sealed_key from person_keys where tenant_id = $1 and person_id = $2", tenant, person
    )
    return None if sealed is None else Vault(vault.open(sealed, spot(tenant, person)))


async def destroy(c: Connection, tenant: UUID, person: UUID) -> bool:
    """What was sealed under it is unreadable from now on, in every copy. False: there was none."""
    found = await c.fetchval(
        "delete from person_keys where tenant_id = $1 and person_id = $2 returning 1", tenant, person
    )
    return found is not None


def spot(tenant: UUID, person: UUID) -> Spot:
    return Spot(str(tenant), "person_keys", str(person), "sealed_key")
