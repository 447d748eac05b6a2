"""Flows that begin by the clock."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Integer, PrimaryKeyConstraint, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB

from workers.store.columns import NOW, column, metadata, partial, tenant, time

# `conversation` is where it is posted and where its timer is. `occurrence` counts those that were
# begun: whoever begins one says which, so that it is begun once.
schedules = Table(
    "schedules",
    metadata,
    tenant(),
    column("id", Text),
    column("conversation", Text, "personal", "accounts.user_id"),
    column("place", JSONB, "personal", "accounts.user_id"),
    column("account", JSONB, "personal", "accounts.user_id"),
    column("requester", Uuid, "personal", "people.id"),
    column("flow", Text),
    column("request", Text, "personal", "schedules.requester"),
    column("rule", Text),
    column("state", Text, server_default="on"),
    column("reason", Text, server_default=""),
    column("occurrence", Integer, server_default="0"),
    time("next_at"),
    time("created_at", NOW),
    time("ended_at", nullable=True),
    PrimaryKeyConstraint("tenant_id", "id"),
    ForeignKeyConstraint(["tenant_id", "conversation"], ["conversations.tenant_id", "conversations.key"]),
    ForeignKeyConstraint(["tenant_id", "requester"], ["people.tenant_id", "people.id"]),
    CheckConstraint("state in ('on','paused','stopped')", name="schedules_state"),
    partial("schedules_of_person", "state <> 'stopped'", "tenant_id", "requester"),
)

APPEND_ONLY: frozenset[str] = frozenset()
