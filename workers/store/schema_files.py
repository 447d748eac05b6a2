"""What people sent along: messages whose files are still to be read, and what was read of each."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Index, Integer, PrimaryKeyConstraint, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB

from workers.store.columns import LONG_AGO, NOW, column, metadata, partial, tenant, time

# One row for each message. No foreign key to people or conversations: each is dropped in its own time.
file_turns = Table(
    "file_turns",
    metadata,
    tenant(),
    column("key", Text),
    column("conversation", Text, "personal", "accounts.user_id"),
    column("person_id", Uuid, "personal", "people.id"),
    column("turn", JSONB, "personal", "people.id"),
    column("state", Text, server_default="waiting"),
    column("attempts", Integer, server_default="0"),
    time("lease_until", LONG_AGO),
    time("created_at", NOW),
    time("read_at", nullable=True),
    PrimaryKeyConstraint("tenant_id", "key"),
    CheckConstraint("state in ('waiting','read')", name="file_turns_state"),
    Index("file_turns_at", "tenant_id", "created_at"),
)

files = Table(
    "files",
    metadata,
    tenant(),
    column("key", Text),
    column("number", Integer),
    column("conversation", Text, "personal", "accounts.user_id"),
    column("person_id", Uuid, "personal", "people.id"),
    column("name", Text, "personal", "people.id"),
    column("kind", Text),
    column("words", Text, "personal", "people.id", server_default=""),
    column("notes", Text, "personal", "people.id", server_default=""),
    column("problem", Text, server_default=""),
    time("read_at", NOW),
    PrimaryKeyConstraint("tenant_id", "key", "number"),
    partial("files_lately", "words <> ''", "tenant_id", "conversation", "read_at"),
    Index("files_at", "tenant_id", "read_at"),
)

APPEND_ONLY: frozenset[str] = frozenset()
