"""Who asked to be forgotten: how far it has come, its receipt, and keyed marks of what they were known by."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    ForeignKeyConstraint,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from workers.store.columns import NEVER, NOW, column, metadata, partial, tenant, time

# `subject` is what has to be looked for, `place` and `account` where the receipt goes: all three are emptied
# when it is done. `counts` and `kept` are the receipt: rows by table, and what stays until when.
forgettings = Table(
    "forgettings",
    metadata,
    tenant(),
    column("id", Text),
    column("person_id", Uuid, "personal", "people.id"),
    column("by", Text),
    column("block", Boolean, server_default=text("false")),
    column("state", Text, server_default="asked"),
    column("step", Integer, server_default="0"),
    column("position", Text, server_default=""),
    column("lap", Integer, server_default="1"),
    column("touched", Integer, server_default="0"),
    column("subject", JSONB, "personal", "people.id", server_default=text("'{}'")),
    column("place", JSONB, "personal", "people.id", nullable=True),
    column("account", JSONB, "personal", "people.id", nullable=True),
    column("counts", JSONB, server_default=text("'{}'")),
    column("kept", JSONB, server_default=text("'[]'")),
    time("asked_at", NOW),
    time("cut_at", nullable=True),
    time("done_at", nullable=True),
    # When to look again: what had to stay may go by then.
    time("again_at", NEVER),
    PrimaryKeyConstraint("tenant_id", "id"),
    ForeignKeyConstraint(["tenant_id", "person_id"], ["people.tenant_id", "people.id"]),
    CheckConstraint("state in ('asked','running','done')", name="forgettings_state"),
    partial("forgettings_open", "state <> 'done'", "tenant_id", "person_id"),
    partial("forgettings_again", "again_at < 'infinity'", "tenant_id", "again_at"),
)

# A hash with our key of an address or account that was forgotten: by it a second wish finds the first
# receipt, a restored backup is gone through anew, and a blocked account is known again.
forgotten_marks = Table(
    "forgotten_marks",
    metadata,
    tenant(),
    column("mark", LargeBinary, "personal", "people.id"),
    column("forgetting_id", Text),
    column("blocked", Boolean, server_default=text("false")),
    time("at", NOW),
    PrimaryKeyConstraint("tenant_id", "mark"),
)

APPEND_ONLY: frozenset[str] = frozenset()
