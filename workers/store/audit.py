"""audit: who did what, in exact bytes, only ever added to; what is personal is sealed in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from bot.secrets import Spot, Vault
from flows.approval import canonical
from workers.store import person_keys
from workers.store.door import Connection

MOST_BYTES = 64 * 1024
LONGEST = 2_000  # characters of a personal value; more is cut, and says so
OPERATOR = "operator"  # whoever types commands at the machine


@dataclass(frozen=True, slots=True)
class Personal:
    """A name, a reason, somebody's words: kept sealed under the key of the person whose it is, so that
    destroying the key erases it, and the entry's bytes stay what they were."""

    person: UUID
    text: str = field(repr=False)


Noted = tuple[str, Mapping[str, Any]]


async def record(
    c: Connection, tenant: UUID, what: str, *, vault: Vault | None = None, **details: Any
) -> None:
    """One entry, in the transaction of what it tells of.

    `details` are ids, codes and amounts; whatever is personal is `Personal`.
    """
    await record_all(c, tenant, [(what, details)], vault)


async def record_all(c: Connection, tenant: UUID, noted: Sequence[Noted], vault: Vault | None) -> None:
    """All in one round trip. Without a vault nothing personal is kept but whose it was."""
    if not noted:
        return
    keys = await _keys(c, tenant, noted, vault)
    entries = [_bytes(tenant, what, details, keys) for what, details in noted]
    if len(entries) == 1:
        await c.execute("insert into audit (tenant_id, entry) values ($1, $2)", tenant, entries[0])
    else:
        await c.execute(
            "insert into audit (tenant_id, entry) select $1, e from unnest($2::bytea[])"
            " with ordinality as t(e, at) order by at",
            tenant,
            entries,
        )


async def entry(c: Connection, tenant: UUID, what: str, vault: Vault | None, **details: Any) -> bytes:
    """The bytes that `record` would write, for whoever writes them otherwise."""
    return _bytes(tenant, what, details, await _keys(c, tenant, [(what, details)], vault))


async def _keys(
    c: Connection, tenant: UUID, noted: Sequence[Noted], vault: Vault | None
) -> dict[UUID, Vault]:
    """The key of everybody who is told of, in one order: two who note crosswise never wait for each other."""
    if vault is None:
        return {}
    people = {v.person for _, details in noted for v in details.values() if isinstance(v, Personal)}
    return {person: await person_keys.of(c, tenant, person, vault) for person in sorted(people)}


def _bytes(tenant: UUID, what: str, details: Mapping[str, Any], keys: Mapping[UUID, Vault]) -> bytes:
    entry = {name: _kept(tenant, name, value, keys) for name, value in details.items() if value is not None}
    found = canonical({"what": what, **entry})
    if len(found) > MOST_BYTES:
        raise ValueError(f"An entry of the audit has at most {MOST_BYTES} bytes: {what}")
    return found


def _kept(tenant: UUID, name: str, value: Any, keys: Mapping[UUID, Vault]) -> Any:
    if not isinstance(value, Personal):
        return value
    key = keys.get(value.person)
    if key is None:
        return {"of": str(value.person)}
    text = value.text if len(value.text) <= LONGEST else value.text[: LONGEST - 1] + "…"
    readable = text.encode("utf-8", "replace").decode()  # half a surrogate pair has no bytes
    return {"of": str(value.person), "sealed": key.seal(readable, spot(tenant, value.person, name))}


def spot(tenant: UUID, person: UUID, name: str) -> Spot:
    """Where a personal value belongs: under another name, or as another's, it does not open."""
    return Spot(str(tenant), "audit", str(person), name)
