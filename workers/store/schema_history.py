"""What happened to each run, so that it can be played again."""

from __future__ import annotations

from sqlalchemy import Integer, LargeBinary, PrimaryKeyConstraint, Table, Text
from sqlalchemy.dialects.postgresql import JSONB

from workers.store.columns import NOW, column, metadata, tenant, time

# No foreign key to runs: a row is written by the statement that writes its run, retention drops
# them together, and looking the run up again would cost every turn.
history = Table(
    "history",
    metadata,
    tenant(),
    column("run_id", Text),
    column("seq", Integer),
    column("event", LargeBinary, "personal", "runs.requester"),
    column("step_before", Text),
    column("step_after", Text),
    column("status", Text),
    column("digest", LargeBinary),
    column("decided", JSONB, "personal", "runs.requester"),
    column("began", JSONB, "personal", "runs.requester", nullable=True),
    column("known", JSONB),
    time("at", NOW),
    PrimaryKeyConstraint("tenant_id", "run_id", "seq"),
)

APPEND_ONLY: frozenset[str] = frozenset()
