"""What calls looked like before anybody decided about them, what became of them, and what that allows."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Double,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from workers.store.columns import NOW, column, metadata, partial, serial, tenant, time

# A row for each call under a rule that may learn, written with it. Numbers and names of ours: whose call
# it was is not kept here, so nothing of it is anybody's. It outlives its effect.
learned_actions = Table(
    "learned_actions",
    metadata,
    tenant(),
    column("effect_key", Text),
    serial(),
    column("evidence", Text),
    column("tool", Text),
    column("features", JSONB),
    column("score", Double),
    # The chance it had to be judged by somebody, and whether it ran alone.
    column("chance", Double, server_default=text("1")),
    column("alone", Boolean, server_default=text("false")),
    # Drawn to be looked at afterwards; `asked`: somebody was.
    column("drawn", Boolean, server_default=text("false")),
    column("asked", Boolean, server_default=text("false")),
    column("bulk", Boolean, server_default=text("false")),
    column("edited", JSONB, nullable=True),
    column("verdict", Boolean, nullable=True),
    column("why", Text, server_default=""),
    time("settled_at", nullable=True),
    time("at", NOW),
    PrimaryKeyConstraint("tenant_id", "effect_key"),
    Index("learned_actions_evidence", "tenant_id", "evidence", "id"),
    partial("learned_actions_open", "settled_at is null", "tenant_id", "id"),
)

# What the evidence allows, for each thing that it is about.
bars = Table(
    "bars",
    metadata,
    tenant(),
    column("evidence", Text),
    column("tool", Text),
    column("risk", Text),
    column("rule", Text),
    column("flow", Text),
    column("step", Text),
    column("state", Text, server_default="collecting"),
    column("subject", Text, server_default=""),
    column("error", Double, server_default=text("0")),
    column("confidence", Double, server_default=text("0")),
    column("cut", Double, nullable=True),
    column("decided", Integer, server_default="0"),
    column("wrong", Integer, server_default="0"),
    column("bound", Double, server_default=text("1")),
    column("calibrator", JSONB, server_default=text("'{}'")),
    column("watch", JSONB, server_default=text("'{}'")),
    # How far the watch has looked; from where on evidence counts, and audits and failures count.
    column("watched", BigInteger, server_default="0"),
    column("counts_from", BigInteger, server_default="0"),
    column("stands_from", BigInteger, server_default="0"),
    column("told", Boolean, server_default=text("false")),
    column("reason", Text, server_default=""),
    time("changed_at", NOW),
    time("seen_at", NOW),
    PrimaryKeyConstraint("tenant_id", "evidence"),
    Index("bars_tool", "tenant_id", "tool", "risk"),
)

# Whether a tenant lets anything run alone by experience. No row: it does not.
learning = Table(
    "learning",
    metadata,
    tenant(),
    column("allowed", Boolean, server_default=text("false")),
    time("changed_at", NOW),
    PrimaryKeyConstraint("tenant_id"),
)

APPEND_ONLY: frozenset[str] = frozenset()
