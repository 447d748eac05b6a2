"""Who looked at the bot's own page lately: it is shown anew to them when what stands on it changes."""

from __future__ import annotations

from sqlalchemy import ForeignKeyConstraint, Index, PrimaryKeyConstraint, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB

from workers.store.columns import NOW, column, metadata, tenant, time

# One row for each account, so it grows with the people and not with what they do.
home_views = Table(
    "home_views",
    metadata,
    tenant(),
    column("platform", Text),
    column("workspace", Text),
    column("user_id", Text, "personal", "people.id"),
    column("person_id", Uuid, "personal", "people.id"),
    column("place", JSONB, "personal", "people.id"),
    time("looked_at", NOW),
    PrimaryKeyConstraint("tenant_id", "platform", "workspace", "user_id"),
    ForeignKeyConstraint(["tenant_id", "person_id"], ["people.tenant_id", "people.id"]),
    Index("home_views_lately", "tenant_id", "looked_at"),
)

APPEND_ONLY: frozenset[str] = frozenset()
