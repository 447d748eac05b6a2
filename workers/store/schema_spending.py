"""What calls were about, so that a policy can count them; and the policy that is only tried out."""

from __future__ import annotations

from sqlalchemy import BigInteger, ForeignKeyConstraint, Index, PrimaryKeyConstraint, Table, Text, Uuid

from workers.store.columns import NOW, column, metadata, tenant, time

# A row for each call that changes something, written with its effect and dropped with it.
spending = Table(
    "spending",
    metadata,
    tenant(),
    column("effect_key", Text),
    column("tool", Text),
    column("risk", Text),
    column("requester", Uuid, "personal", "people.id"),
    column("recipient", Text, "personal", "spending.requester", server_default=""),
    column("amount", BigInteger, "money", "spending.requester", nullable=True),
    column("currency", Text, server_default=""),
    time("at", NOW),
    PrimaryKeyConstraint("tenant_id", "effect_key"),
    ForeignKeyConstraint(
        ["tenant_id", "effect_key"], ["effects.tenant_id", "effects.key"], ondelete="CASCADE"
    ),
    Index("spending_lately", "tenant_id", "at"),
    Index("spending_of_person", "tenant_id", "requester", "tool"),
)

# At most one of a tenant is there at a time.
shadow_policies = Table(
    "shadow_policies",
    metadata,
    tenant(),
    column("version", Text),
    time("since", NOW),
    PrimaryKeyConstraint("tenant_id", "version"),
    ForeignKeyConstraint(["tenant_id", "version"], ["policies.tenant_id", "policies.version"]),
)

APPEND_ONLY: frozenset[str] = frozenset()
