"""What comes to an approval beside its decision: changes of the call, questions, people it was handed to."""

from __future__ import annotations

from sqlalchemy import Boolean, ForeignKeyConstraint, Integer, PrimaryKeyConstraint, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB

from workers.store.columns import NOW, column, metadata, tenant, time

APPEND_ONLY = frozenset({"approval_edits", "approval_handings"})


def _person(name: str) -> ForeignKeyConstraint:
    return ForeignKeyConstraint(["tenant_id", name], ["people.tenant_id", "people.id"])


def _approval(name: str = "approval_id") -> ForeignKeyConstraint:
    return ForeignKeyConstraint(
        ["tenant_id", name], ["approvals.tenant_id", "approvals.id"], ondelete="CASCADE"
    )


# Somebody changed the call: `approval_id` is over, `into_id` stands in its place. `dictates`: they made it
# more, or for somebody else, so that they do not decide what it is now. `changes`: field, before, after.
approval_edits = Table(
    "approval_edits",
    metadata,
    tenant(),
    column("approval_id", Text),
    column("into_id", Text),
    column("person_id", Uuid, "personal", "people.id"),
    column("dictates", Boolean),
    column("changes", JSONB, "personal", "approvals.requester"),
    time("at", NOW),
    PrimaryKeyConstraint("tenant_id", "into_id"),
    _approval(),
    _approval("into_id"),
    _person("person_id"),
)

approval_questions = Table(
    "approval_questions",
    metadata,
    tenant(),
    column("approval_id", Text),
    column("number", Integer),
    column("person_id", Uuid, "personal", "people.id"),
    column("question", Text, "personal", "approval_questions.person_id"),
    time("at", NOW),
    column("answer", Text, "personal", "approvals.requester", nullable=True),
    time("answered_at", nullable=True),
    PrimaryKeyConstraint("tenant_id", "approval_id", "number"),
    _approval(),
    _person("person_id"),
)

# `person_id` lets `delegate` decide this one in their stead.
approval_handings = Table(
    "approval_handings",
    metadata,
    tenant(),
    column("approval_id", Text),
    column("number", Integer),
    column("person_id", Uuid, "personal", "people.id"),
    column("delegate", Uuid, "personal", "people.id"),
    time("at", NOW),
    PrimaryKeyConstraint("tenant_id", "approval_id", "number"),
    _approval(),
    _person("person_id"),
    _person("delegate"),
)

# Who opened a form, and whether they did so where approvers were asked: a form is sent off from nowhere.
approval_openings = Table(
    "approval_openings",
    metadata,
    tenant(),
    column("approval_id", Text),
    column("person_id", Uuid, "personal", "people.id"),
    column("here", Boolean),
    time("at", NOW),
    PrimaryKeyConstraint("tenant_id", "approval_id", "person_id"),
    _approval(),
    _person("person_id"),
)
