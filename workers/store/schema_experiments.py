"""Which wording or steps people got, and what came of it."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    ForeignKeyConstraint,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    Uuid,
    text,
)

from workers.store.columns import NOW, column, metadata, tenant, time

experiments = Table(
    "experiments",
    metadata,
    tenant(),
    column("experiment", Text),
    column("arm", Text),
    column("stopped", Boolean, server_default=text("false")),
    # Grows with each new start, from which outcomes are counted anew.
    column("epoch", Integer, server_default="0"),
    column("stopped_by", Text, server_default=""),
    column("reason", Text, server_default=""),
    time("changed_at", NOW),
    PrimaryKeyConstraint("tenant_id", "experiment", "arm"),
)

# A row for each person: what came of their first run. They were assigned, not their runs.
experiment_outcomes = Table(
    "experiment_outcomes",
    metadata,
    tenant(),
    column("experiment", Text),
    column("series", Text),
    column("epoch", Integer, server_default="0"),
    column("person_id", Uuid, "personal", "people.id"),
    column("arm", Text, "personal", "experiment_outcomes.person_id"),
    column("outcome", Text, "personal", "experiment_outcomes.person_id"),
    column("good", Boolean, "personal", "experiment_outcomes.person_id"),
    column("bad", Boolean, "personal", "experiment_outcomes.person_id"),
    column("runs", Integer, "personal", "experiment_outcomes.person_id", server_default="1"),
    time("at", NOW),
    PrimaryKeyConstraint("tenant_id", "experiment", "series", "epoch", "person_id"),
    ForeignKeyConstraint(["tenant_id", "person_id"], ["people.tenant_id", "people.id"]),
    Index("experiment_outcomes_person", "tenant_id", "person_id"),
)

APPEND_ONLY: frozenset[str] = frozenset()
