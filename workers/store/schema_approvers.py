"""Who decides: terms and votes of approvals, stand-ins, accounts of one person, managers and groups."""

from __future__ import annotations

from sqlalchemy import (
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

from workers.store.columns import NOW, column, metadata, serial, tenant, time

APPEND_ONLY = frozenset({"approval_votes"})


def _person(name: str) -> ForeignKeyConstraint:
    return ForeignKeyConstraint(["tenant_id", name], ["people.tenant_id", "people.id"])


def _approval() -> ForeignKeyConstraint:
    columns = ["approvals.tenant_id", "approvals.id"]
    return ForeignKeyConstraint(["tenant_id", "approval_id"], columns, ondelete="CASCADE")


# `terms` as they are sealed; `tier`: how often it was escalated.
approval_terms = Table(
    "approval_terms",
    metadata,
    tenant(),
    column("approval_id", Text),
    column("terms", JSONB, "personal", "approvals.requester"),
    column("tier", Integer, server_default="0"),
    PrimaryKeyConstraint("tenant_id", "approval_id"),
    _approval(),
)

# A yes that counted; `seat` is in whose stead it was said, mostly the person's own.
approval_votes = Table(
    "approval_votes",
    metadata,
    tenant(),
    column("approval_id", Text),
    column("person_id", Uuid, "personal", "people.id"),
    column("seat", Uuid, "personal", "people.id"),
    column("stage", Integer),
    column("platform", Text),
    time("at", NOW),
    PrimaryKeyConstraint("tenant_id", "approval_id", "person_id"),
    UniqueConstraint("tenant_id", "approval_id", "seat", name="approval_votes_seat"),
    _approval(),
    _person("person_id"),
    _person("seat"),
)

# Two rows of `people` that are one human. What ended goes on counting for a while: see `links.py`.
person_links = Table(
    "person_links",
    metadata,
    tenant(),
    serial(),
    column("one", Uuid, "personal", "people.id"),
    column("other", Uuid, "personal", "people.id"),
    time("made_at", NOW),
    time("ended_at", nullable=True),
    PrimaryKeyConstraint("tenant_id", "id"),
    _person("one"),
    _person("other"),
    Index("person_links_one", "tenant_id", "one"),
    Index("person_links_other", "tenant_id", "other"),
)

link_codes = Table(
    "link_codes",
    metadata,
    tenant(),
    column("code_hash", LargeBinary),
    column("person_id", Uuid, "personal", "people.id"),
    column("account", JSONB, "personal", "people.id"),
    time("made_at", NOW),
    time("expires_at"),
    time("used_at", nullable=True),
    PrimaryKeyConstraint("tenant_id", "code_hash"),
    _person("person_id"),
    Index("link_codes_person", "tenant_id", "person_id", "made_at"),
)

link_tries = Table(
    "link_tries",
    metadata,
    tenant(),
    serial(),
    column("person_id", Uuid, "personal", "people.id"),
    time("at", NOW),
    PrimaryKeyConstraint("tenant_id", "id"),
    _person("person_id"),
    Index("link_tries_person", "tenant_id", "person_id", "at"),
)

delegations = Table(
    "delegations",
    metadata,
    tenant(),
    serial(),
    column("person_id", Uuid, "personal", "people.id"),
    column("delegate", Uuid, "personal", "people.id"),
    time("begins"),
    time("ends"),
    time("ended_at", nullable=True),
    column("ended_by", Uuid, "personal", "people.id", nullable=True),
    PrimaryKeyConstraint("tenant_id", "id"),
    _person("person_id"),
    _person("delegate"),
    Index("delegations_person", "tenant_id", "person_id", "ends"),
    Index("delegations_delegate", "tenant_id", "delegate", "ends"),
)

managers = Table(
    "managers",
    metadata,
    tenant(),
    column("email", Text, "personal", "people.id"),
    column("manager", Text, "personal", "people.id"),
    time("set_at", NOW),
    PrimaryKeyConstraint("tenant_id", "email"),
)

# Who was in a group of somebody else's directory when it was last asked.
directory = Table(
    "directory",
    metadata,
    tenant(),
    column("term", Text),
    column("members", JSONB, "personal", "people.id"),
    time("asked_at"),
    column("problem", Text, server_default=""),
    PrimaryKeyConstraint("tenant_id", "term"),
)

pushers = Table(
    "pushers",
    metadata,
    tenant(),
    column("kind", Text),
    column("name", Text),
    column("version", Text),
    column("email", Text, "personal", "people.id"),
    time("at", NOW),
    PrimaryKeyConstraint("tenant_id", "kind", "name", "version"),
)
