"""What is remembered of people: what came of their runs, as words and as vectors, their habits, and whether
they want that.

`scope` says where it was made, and so where it may be used: "private", or the channel's name.
"""

from __future__ import annotations

from pgvector.sqlalchemy import HALFVEC
from sqlalchemy import (
    BigInteger,
    Boolean,
    ForeignKeyConstraint,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from workers.store.columns import NOW, column, metadata, serial, tenant, time


def _of_person() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(
        ["tenant_id", "person_id"], ["people.tenant_id", "people.id"], ondelete="CASCADE"
    )


# One for each run that came to an end. `body` is what is said of it, `slots` what its person filled in.
memories = Table(
    "memories",
    metadata,
    tenant(),
    serial(),
    column("person_id", Uuid, "personal", "people.id"),
    column("run_id", Text),
    column("flow", Text),
    column("outcome", Text),
    column("body", Text, "personal", "memories.person_id"),
    column("slots", JSONB, "personal", "memories.person_id"),
    column("conversation", Text),
    column("scope", Text),
    time("made_at", NOW),
    PrimaryKeyConstraint("tenant_id", "id"),
    UniqueConstraint("tenant_id", "run_id", name="memories_run"),
    _of_person(),
    Index("memories_person", "tenant_id", "person_id", "made_at"),
    Index("memories_age", "tenant_id", "made_at"),
)

# The person stands before the model, so that those of one person lie together in the key: there is no
# index by distance, since a person's own are few enough to look at each.
memory_vectors = Table(
    "memory_vectors",
    metadata,
    tenant(),
    column("person_id", Uuid, "personal", "people.id"),
    column("model", Text),
    column("memory_id", BigInteger),
    column("scope", Text),
    column("dimension", Integer),
    column("embedding", HALFVEC, "personal", "memory_vectors.person_id"),
    PrimaryKeyConstraint("tenant_id", "person_id", "model", "memory_id"),
    ForeignKeyConstraint(
        ["tenant_id", "memory_id"], ["memories.tenant_id", "memories.id"], ondelete="CASCADE"
    ),
    _of_person(),
    Index("memory_vectors_memory", "tenant_id", "memory_id"),
)

# What somebody said again and again: of `about` (a product, or a slot) they want `wish`. `via` is "said",
# or "edited" where whoever approved changed it to that.
memory_habits = Table(
    "memory_habits",
    metadata,
    tenant(),
    serial(),
    column("person_id", Uuid, "personal", "people.id"),
    column("flow", Text),
    column("about", Text, "personal", "memory_habits.person_id"),
    column("wish", Text, "personal", "memory_habits.person_id"),
    column("via", Text),
    column("scope", Text),
    column("times", Integer, server_default=text("1")),
    time("last_at", NOW),
    PrimaryKeyConstraint("tenant_id", "id"),
    UniqueConstraint(
        "tenant_id", "person_id", "flow", "about", "wish", "via", "scope", name="memory_habits_what"
    ),
    _of_person(),
)

# Who does not want to be remembered, or wanted it once and wants it again.
memory_choices = Table(
    "memory_choices",
    metadata,
    tenant(),
    column("person_id", Uuid, "personal", "people.id"),
    column("off", Boolean),
    time("changed_at", NOW),
    PrimaryKeyConstraint("tenant_id", "person_id"),
    _of_person(),
)

APPEND_ONLY: frozenset[str] = frozenset()
