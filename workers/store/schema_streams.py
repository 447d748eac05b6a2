"""Messages that grow while a model writes them, and what people think of what was written."""

from __future__ import annotations

from sqlalchemy import Boolean, CheckConstraint, PrimaryKeyConstraint, Table, Text, Uuid, text
from sqlalchemy.dialects.postgresql import JSONB

from workers.store.columns import NOW, column, metadata, partial, tenant, time

# A preview of an effect's result. No foreign key to effects: retention drops both, each in its own time.
streams = Table(
    "streams",
    metadata,
    tenant(),
    column("key", Text),
    column("conversation", Text, "personal", "accounts.user_id"),
    column("place", JSONB, "personal", "accounts.user_id"),
    column("requester", Uuid, "personal", "people.id"),
    column("account", JSONB, "personal", "accounts.user_id", nullable=True),
    column("listener", Text),
    column("state", Text, server_default="live"),
    column("messages", JSONB, server_default=text("'[]'")),
    column("words", Text, "personal", "accounts.user_id", server_default=""),
    time("starting_at", nullable=True),
    time("until", NOW),
    column("final", Text, nullable=True),
    time("stopped_at", nullable=True),
    time("started_at", NOW),
    time("closed_at", nullable=True),
    PrimaryKeyConstraint("tenant_id", "key"),
    CheckConstraint("state in ('live','resting','closed')", name="streams_state"),
    partial("streams_open", "state <> 'closed'", "tenant_id", "conversation"),
)

feedback = Table(
    "feedback",
    metadata,
    tenant(),
    column("conversation", Text, "personal", "accounts.user_id"),
    column("message", Text),
    column("person_id", Uuid, "personal", "people.id"),
    column("up", Boolean),
    column("words", Text, "personal", "people.id", server_default=""),
    column("said", Text, nullable=True),
    time("at", NOW),
    PrimaryKeyConstraint("tenant_id", "conversation", "message", "person_id"),
)

APPEND_ONLY: frozenset[str] = frozenset()
