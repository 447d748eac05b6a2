"""How people want to be spoken to, what they let be learned from, and what the bot is called here."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    ForeignKeyConstraint,
    Index,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    Uuid,
    text,
)

from workers.store.columns import NOW, column, metadata, tenant, time

# Only of people who said something: who is not in it has the tone of everybody, and has consented to nothing.
preferences = Table(
    "preferences",
    metadata,
    tenant(),
    column("person_id", Uuid, "personal", "people.id"),
    column("tone", SmallInteger, server_default=text("5")),
    column("tuning", Boolean, server_default=text("false")),
    time("tuning_at", nullable=True),
    time("at", NOW),
    PrimaryKeyConstraint("tenant_id", "person_id"),
    ForeignKeyConstraint(["tenant_id", "person_id"], ["people.tenant_id", "people.id"]),
    CheckConstraint("tone between 1 and 10", name="preferences_tone"),
    Index("preferences_toned", "tenant_id", "person_id", postgresql_where=text("tone <> 5")),
)

brands = Table(
    "brands",
    metadata,
    tenant(),
    column("name", Text),
    column("voice", Text, server_default=""),
    time("at", NOW),
    PrimaryKeyConstraint("tenant_id"),
)

APPEND_ONLY: frozenset[str] = frozenset()
