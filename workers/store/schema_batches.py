"""How requests are put before people: queued for a while, alone, or several in one card."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
)
from sqlalchemy.dialects.postgresql import JSONB

from workers.store.columns import NOW, column, metadata, partial, tenant, time


def _approval() -> ForeignKeyConstraint:
    columns = ["approvals.tenant_id", "approvals.id"]
    return ForeignKeyConstraint(["tenant_id", "approval_id"], columns, ondelete="CASCADE")


def _batch() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(["tenant_id", "batch_id"], ["batches.tenant_id", "batches.id"])


batches = Table(
    "batches",
    metadata,
    tenant(),
    column("id", Text),
    column("conversation", Text),
    column("version", Integer, server_default="0"),
    time("made_at", NOW),
    PrimaryKeyConstraint("tenant_id", "id"),
)

# `digest` is the approval's own as it was shown; `outlier` says why it stands apart, empty where it
# does not; `row` is what its line on the card says.
batch_members = Table(
    "batch_members",
    metadata,
    tenant(),
    column("batch_id", Text),
    column("approval_id", Text),
    column("number", Integer),
    column("digest", LargeBinary),
    column("outlier", Text, server_default=""),
    column("row", JSONB, "personal", "approvals.requester"),
    PrimaryKeyConstraint("tenant_id", "batch_id", "approval_id"),
    UniqueConstraint("tenant_id", "approval_id", name="batch_members_approval"),
    _batch(),
    _approval(),
)

# A decision that was one of several at once: nobody learns from it.
batch_decisions = Table(
    "batch_decisions",
    metadata,
    tenant(),
    column("approval_id", Text),
    column("person_id", Uuid, "personal", "people.id"),
    column("batch_id", Text),
    time("at", NOW),
    PrimaryKeyConstraint("tenant_id", "approval_id", "person_id"),
    _batch(),
    _approval(),
    ForeignKeyConstraint(["tenant_id", "person_id"], ["people.tenant_id", "people.id"]),
)

# One row for each request. `sure` is the confidence in thousandths, `stake` what is at stake in
# hundredths of its currency's unit; `people` are the keys of whom it is put to, and `approvers` is
# the name of their group, for figures; `latest`: shown by then, whatever else waits.
approval_queue = Table(
    "approval_queue",
    metadata,
    tenant(),
    column("approval_id", Text),
    column("grp", Text, server_default=""),
    column("state", Text, server_default="shown"),
    column("approvers", Text, server_default=""),
    column("people", JSONB, "personal", "people.id"),
    column("sure", Integer, nullable=True),
    column("stake", BigInteger, server_default="0"),
    column("first_time", Integer, server_default="0"),
    time("asked_at", NOW),
    time("latest", nullable=True),
    time("shown_at", nullable=True),
    column("batch_id", Text, nullable=True),
    PrimaryKeyConstraint("tenant_id", "approval_id"),
    _approval(),
    partial("approval_queue_waiting", "state = 'waiting'", "tenant_id", "grp"),
    Index("approval_queue_shown", "tenant_id", "shown_at"),
)

APPEND_ONLY = frozenset({"batch_decisions"})
