"""Matters that a person has taken over."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Index, PrimaryKeyConstraint, Table, Text, Uuid, text
from sqlalchemy.dialects.postgresql import JSONB

from workers.store.columns import NOW, column, metadata, partial, tenant, time

# A row for each time that somebody is asked. No foreign key to runs: retention drops both, the runs first.
handoffs = Table(
    "handoffs",
    metadata,
    tenant(),
    column("id", Text),
    column("run_id", Text),
    column("conversation", Text, "personal", "accounts.user_id"),
    column("requester", Uuid, "personal", "people.id"),
    column("asked", JSONB, "personal", "people.id"),
    column("passed", JSONB, "personal", "people.id", server_default=text("'[]'")),
    column("cards", JSONB),
    column("card", JSONB, "personal", "handoffs.requester"),
    column("state", Text, server_default="offered"),
    column("helper", Uuid, "personal", "people.id", nullable=True),
    column("place", JSONB, "personal", "handoffs.helper", nullable=True),
    column("channel", Text, "personal", "handoffs.helper", nullable=True),
    column("words", Text, "personal", "handoffs.requester", nullable=True),
    time("created_at", NOW),
    time("taken_at", nullable=True),
    time("ended_at", nullable=True),
    PrimaryKeyConstraint("tenant_id", "id"),
    CheckConstraint(
        "state in ('offered','taken','resolved','passed','lapsed','withdrawn')", name="handoffs_state"
    ),
    partial("handoffs_taken", "state = 'taken'", "tenant_id", "channel"),
    Index("handoffs_of_run", "tenant_id", "run_id"),
)

APPEND_ONLY: frozenset[str] = frozenset()
