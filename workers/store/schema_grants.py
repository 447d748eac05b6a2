"""Standing grants: what somebody let run alone, who agreed to it, and what ran under it."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    ForeignKeyConstraint,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
)
from sqlalchemy.dialects.postgresql import JSONB

from workers.store.columns import NOW, column, metadata, serial, tenant, time


def _person(name: str) -> ForeignKeyConstraint:
    return ForeignKeyConstraint(["tenant_id", name], ["people.tenant_id", "people.id"])


def _grant(ondelete: str | None = None) -> ForeignKeyConstraint:
    return ForeignKeyConstraint(
        ["tenant_id", "grant_id"], ["grants.tenant_id", "grants.id"], ondelete=ondelete
    )


# Bounds are like those of a policy, and nobody's money. `steps`: what each flow's steps with this tool
# looked like; `meaning`: what the tool took and did; `terms`: who had to agree.
grants = Table(
    "grants",
    metadata,
    tenant(),
    serial(),
    column("tool", Text),
    column("meaning", Text),
    column("requester", Text, "personal", "people.id", server_default=""),
    column("recipient", Text, "personal", "people.id", server_default=""),
    column("account", Text, server_default=""),
    column("each_most", BigInteger, nullable=True),
    column("currency", Text, server_default=""),
    column("total_most", BigInteger, nullable=True),
    column("calls_most", Integer),
    column("per", Text),
    column("steps", JSONB),
    column("policy_version", Text),
    column("terms", JSONB, "personal", "people.id"),
    column("state", Text, server_default="proposed"),
    column("proposed_by", Uuid, "personal", "people.id", nullable=True),
    column("conversation", Text),
    column("place", JSONB),
    time("made_at", NOW),
    time("ends"),
    time("active_at", nullable=True),
    time("ended_at", nullable=True),
    column("ended_by", Uuid, "personal", "people.id", nullable=True),
    column("why", Text, "personal", "people.id", nullable=True),
    PrimaryKeyConstraint("tenant_id", "id"),
    _person("proposed_by"),
    _person("ended_by"),
    Index("grants_of_tool", "tenant_id", "tool", "state"),
)

# A yes that counted; `seat` is in whose stead it was said, mostly the person's own.
grant_votes = Table(
    "grant_votes",
    metadata,
    tenant(),
    column("grant_id", BigInteger),
    column("person_id", Uuid, "personal", "people.id"),
    column("seat", Uuid, "personal", "people.id"),
    column("stage", Integer),
    column("platform", Text),
    time("at", NOW),
    PrimaryKeyConstraint("tenant_id", "grant_id", "person_id"),
    UniqueConstraint("tenant_id", "grant_id", "seat", name="grant_votes_seat"),
    _grant(),
    _person("person_id"),
    _person("seat"),
)

# Written with the call that ran under it, and dropped with it.
grant_uses = Table(
    "grant_uses",
    metadata,
    tenant(),
    column("effect_key", Text),
    column("grant_id", BigInteger),
    time("at", NOW),
    PrimaryKeyConstraint("tenant_id", "effect_key"),
    _grant(),
    ForeignKeyConstraint(
        ["tenant_id", "effect_key"], ["effects.tenant_id", "effects.key"], ondelete="CASCADE"
    ),
    Index("grant_uses_of_grant", "tenant_id", "grant_id", "at"),
)

APPEND_ONLY = frozenset({"grant_votes"})
