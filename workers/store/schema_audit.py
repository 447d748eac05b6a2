"""The audit: its entries, the head of each tenant's chain, and the keys of those whom entries tell of."""

from __future__ import annotations

from sqlalchemy import BigInteger, LargeBinary, PrimaryKeyConstraint, Table, Text, Uuid

from workers.store.columns import NOW, column, metadata, partial, serial, tenant, time

APPEND_ONLY = frozenset({"audit", "audit_heads"})

person_keys = Table(
    "person_keys",
    metadata,
    tenant(),
    column("person_id", Uuid, "personal", "people.id"),
    column("sealed_key", Text, "secret"),
    PrimaryKeyConstraint("tenant_id", "person_id"),
)

audit = Table(
    "audit",
    metadata,
    tenant(),
    serial(),
    time("at", NOW),
    column("entry", LargeBinary, "personal", "person_keys.person_id"),
    column("seal_seq", BigInteger, nullable=True),
    column("prev", LargeBinary, nullable=True),
    column("hash", LargeBinary, nullable=True),
    PrimaryKeyConstraint("tenant_id", "id"),
    partial("audit_unsealed", "hash is null", "tenant_id", "id"),
    partial("audit_chain", "seal_seq is not null", "tenant_id", "seal_seq", "id"),
)

# One row for each tenant: the last link of its chain, signed with a key that the database never sees.
# The app adds none itself; both functions that write here are in migration 0010.
audit_heads = Table(
    "audit_heads",
    metadata,
    tenant(),
    column("seal_seq", BigInteger),
    column("hash", LargeBinary),
    time("at", NOW),
    column("mac", LargeBinary, nullable=True),
    column("key_id", Text, nullable=True),
    PrimaryKeyConstraint("tenant_id"),
)
