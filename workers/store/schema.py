"""Every table, with the class of data in each column. Migrations say the same; a test compares.

Classes: `none` (nothing about anybody), `personal` (about a person), `secret` (opens something),
`money` (amounts and what they buy). A personal column names the path to its person, which is
what erasing follows.
"""

from __future__ import annotations

from typing import Any, Literal

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

DataClass = Literal["none", "personal", "secret", "money"]

metadata = MetaData()
NOW = text("now()")
NEVER = text("'infinity'::timestamptz")
LONG_AGO = text("'-infinity'::timestamptz")
NOT_OVER = "state in ('held','queued','running','waiting','unknown','dead')"


def _column(name: str, type_: Any, kind: DataClass = "none", path: str = "", **options: Any) -> Column[Any]:
    options.setdefault("nullable", False)
    return Column(name, type_, info={"class": kind, "path": path}, **options)


def _tenant() -> Column[Any]:
    return _column("tenant_id", Uuid)


def _serial() -> Column[Any]:
    return Column("id", BigInteger, Identity(always=True), nullable=False, info={"class": "none", "path": ""})


def _time(name: str, default: Any = None, nullable: bool = False) -> Column[Any]:
    return _column(name, DateTime(timezone=True), server_default=default, nullable=nullable)


def _partial(name: str, where: str, *columns: str) -> Index:
    return Index(name, *columns, postgresql_where=text(where))


tenants = Table(
    "tenants",
    metadata,
    _tenant(),
    _column("name", Text),
    _column("paused", Boolean, server_default=text("false")),
    _column("policy_version", Text, nullable=True),
    _column("settings", JSONB, server_default=text("'{}'")),
    _time("created_at", NOW),
    PrimaryKeyConstraint("tenant_id"),
)

installations = Table(
    "installations",
    metadata,
    _tenant(),
    _column("platform", Text),
    _column("workspace", Text),
    _column("bot_user", Text, server_default=""),
    _column("via", Text, server_default=""),
    _column("credentials", Text, "secret", nullable=True),
    _time("installed_at", NOW),
    _time("removed_at", nullable=True),
    PrimaryKeyConstraint("tenant_id", "platform", "workspace"),
    # The one key that does not begin with the tenant: a workspace belongs to one tenant only.
    Index("installations_one_tenant", "platform", "workspace", unique=True),
)

people = Table(
    "people",
    metadata,
    _tenant(),
    _column("id", Uuid, "personal", "people.id", server_default=text("gen_random_uuid()")),
    _column("name", Text, "personal", "people.id"),
    _column("email", Text, "personal", "people.id", server_default=""),
    _column("time_zone", Text, "personal", "people.id", server_default="UTC"),
    _time("created_at", NOW),
    PrimaryKeyConstraint("tenant_id", "id"),
    Index("people_email", "tenant_id", "email", unique=True, postgresql_where=text("email <> ''")),
)

person_keys = Table(
    "person_keys",
    metadata,
    _tenant(),
    _column("person_id", Uuid, "personal", "people.id"),
    _column("sealed_key", Text, "secret"),
    PrimaryKeyConstraint("tenant_id", "person_id"),
)

accounts = Table(
    "accounts",
    metadata,
    _tenant(),
    _column("platform", Text),
    _column("workspace", Text),
    _column("user_id", Text, "personal", "people.id"),
    _column("person_id", Uuid, "personal", "people.id"),
    _column("name", Text, "personal", "people.id"),
    _column("direct", JSONB, "personal", "people.id", nullable=True),
    _time("seen_at", NOW),
    PrimaryKeyConstraint("tenant_id", "platform", "workspace", "user_id"),
    ForeignKeyConstraint(["tenant_id", "person_id"], ["people.tenant_id", "people.id"]),
    Index("accounts_person", "tenant_id", "person_id"),
)

conversations = Table(
    "conversations",
    metadata,
    _tenant(),
    _column("key", Text, "personal", "accounts.user_id"),
    _column("fence", BigInteger, server_default="0"),
    _column("lease_owner", Text, server_default=""),
    _time("lease_until", LONG_AGO),
    _time("ready_at", NEVER),
    _column("seq", BigInteger, server_default="0"),
    _time("created_at", NOW),
    PrimaryKeyConstraint("tenant_id", "key"),
    _partial("conversations_ready", "ready_at < 'infinity'", "ready_at"),
)

inbox = Table(
    "inbox",
    metadata,
    _tenant(),
    _serial(),
    _column("source", Text),
    _column("dedupe", Text),
    _column("conversation", Text, "personal", "accounts.user_id"),
    _column("kind", Text),
    _column("payload", LargeBinary, "personal", "accounts.user_id"),
    _column("state", SmallInteger, server_default="0"),
    _column("attempts", Integer, server_default="0"),
    _column("answer", JSONB, "personal", "accounts.user_id", nullable=True),
    _column("error", Text, nullable=True),
    _column("trace", Text, nullable=True),
    _time("received_at", NOW),
    _time("done_at", nullable=True),
    PrimaryKeyConstraint("tenant_id", "id"),
    UniqueConstraint("tenant_id", "source", "dedupe", name="inbox_once"),
    ForeignKeyConstraint(["tenant_id", "conversation"], ["conversations.tenant_id", "conversations.key"]),
    _partial("inbox_waiting", "state = 0", "tenant_id", "conversation", "id"),
    _partial("inbox_dead", "state = 2", "tenant_id", "id"),
)

flow_versions = Table(
    "flow_versions",
    metadata,
    _tenant(),
    _column("flow", Text),
    _column("version", Text),
    _column("definition", JSONB),
    _time("created_at", NOW),
    PrimaryKeyConstraint("tenant_id", "flow", "version"),
)

active_flows = Table(
    "active_flows",
    metadata,
    _tenant(),
    _column("flow", Text),
    _column("version", Text),
    _time("activated_at", NOW),
    PrimaryKeyConstraint("tenant_id", "flow"),
    ForeignKeyConstraint(
        ["tenant_id", "flow", "version"],
        ["flow_versions.tenant_id", "flow_versions.flow", "flow_versions.version"],
    ),
)

policies = Table(
    "policies",
    metadata,
    _tenant(),
    _column("version", Text),
    _column("document", JSONB),
    _time("created_at", NOW),
    PrimaryKeyConstraint("tenant_id", "version"),
)

runs = Table(
    "runs",
    metadata,
    _tenant(),
    _column("id", Text),
    _column("conversation", Text, "personal", "accounts.user_id"),
    _column("place", JSONB, "personal", "accounts.user_id"),
    _column("flow", Text),
    _column("flow_version", Text),
    _column("requester", Uuid, "personal", "people.id"),
    _column("state", JSONB, "personal", "runs.requester"),
    _column("status", Text),
    _column("version", Integer, server_default="0"),
    _time("started_at", NOW),
    _time("updated_at", NOW),
    _time("finished_at", nullable=True),
    PrimaryKeyConstraint("tenant_id", "id"),
    ForeignKeyConstraint(["tenant_id", "conversation"], ["conversations.tenant_id", "conversations.key"]),
    ForeignKeyConstraint(["tenant_id", "requester"], ["people.tenant_id", "people.id"]),
    ForeignKeyConstraint(
        ["tenant_id", "flow", "flow_version"],
        ["flow_versions.tenant_id", "flow_versions.flow", "flow_versions.version"],
    ),
    _partial("runs_open", "status = 'waiting'", "tenant_id", "conversation"),
    Index("runs_of_person", "tenant_id", "requester", "started_at"),
    _partial("runs_over", "finished_at is not null", "tenant_id", "finished_at"),
)

effects = Table(
    "effects",
    metadata,
    _tenant(),
    _column("key", Text),
    _column("run_id", Text),
    _column("conversation", Text, "personal", "accounts.user_id"),
    _column("step", Text),
    _column("tool", Text),
    _column("arguments", LargeBinary, "money", "runs.requester"),
    _column("policy_version", Text),
    _column("risk", Text),
    _column("state", Text),
    _column("attempts", Integer, server_default="0"),
    _column("fence", BigInteger, server_default="0"),
    _time("lease_until", LONG_AGO),
    _time("not_before", NOW),
    _time("began_at", nullable=True),
    _time("published_at", nullable=True),
    _column("external_id", Text, nullable=True),
    _column("result", JSONB, "money", "runs.requester", nullable=True),
    _column("error_code", Text, nullable=True),
    _column("error", Text, nullable=True),
    _column("trace", Text, nullable=True),
    _time("created_at", NOW),
    _time("finished_at", nullable=True),
    _column("settled", Text, nullable=True),
    PrimaryKeyConstraint("tenant_id", "key"),
    ForeignKeyConstraint(["tenant_id", "run_id"], ["runs.tenant_id", "runs.id"]),
    CheckConstraint(
        "state in ('held','queued','running','waiting','done','failed','unknown','dead','withdrawn')",
        name="effects_state",
    ),
    _partial("effects_due", "state in ('queued','running')", "not_before"),
    Index("effects_of_run", "tenant_id", "run_id"),
    _partial("effects_open", NOT_OVER, "tenant_id", "state", "tool"),
    _partial("effects_external", "external_id is not null", "tenant_id", "external_id"),
)

outbox = Table(
    "outbox",
    metadata,
    _tenant(),
    _column("id", Text),
    _column("conversation", Text, "personal", "accounts.user_id"),
    _column("seq", BigInteger),
    _column("kind", Text),
    _column("place", JSONB, "personal", "accounts.user_id"),
    _column("account", JSONB, "personal", "accounts.user_id", nullable=True),
    _column("target", Text, nullable=True),
    _column("trigger", Text, nullable=True),
    _column("content", JSONB, "personal", "accounts.user_id"),
    _column("then_turn", JSONB, "personal", "accounts.user_id", nullable=True),
    _column("state", Text, server_default="queued"),
    _column("attempts", Integer, server_default="0"),
    _time("not_before", NOW),
    _time("tried_at", nullable=True),
    _time("expires_at", NEVER),
    _column("external_id", Text, nullable=True),
    _column("thread", Text, nullable=True),
    _column("error", Text, nullable=True),
    _time("created_at", NOW),
    _time("sent_at", nullable=True),
    _column("trace", Text, nullable=True),
    PrimaryKeyConstraint("tenant_id", "id"),
    UniqueConstraint("tenant_id", "conversation", "seq", name="outbox_order"),
    ForeignKeyConstraint(["tenant_id", "conversation"], ["conversations.tenant_id", "conversations.key"]),
    CheckConstraint("state in ('queued','sending','sent','failed','dropped')", name="outbox_state"),
    _partial("outbox_waiting", "state in ('queued','sending')", "tenant_id", "conversation", "seq"),
    _partial("outbox_failed", "state = 'failed'", "tenant_id", "id"),
    _partial("outbox_over", "state in ('sent','failed','dropped')", "tenant_id", "sent_at"),
)

timers = Table(
    "timers",
    metadata,
    _tenant(),
    _column("id", Text),
    _column("conversation", Text, "personal", "accounts.user_id"),
    _column("event", JSONB),
    _time("fire_at"),
    _column("state", Text, server_default="set"),
    PrimaryKeyConstraint("tenant_id", "id"),
    ForeignKeyConstraint(["tenant_id", "conversation"], ["conversations.tenant_id", "conversations.key"]),
    _partial("timers_set", "state = 'set'", "tenant_id", "conversation", "fire_at"),
    _partial("timers_over", "state <> 'set'", "tenant_id", "fire_at"),
)

approvals = Table(
    "approvals",
    metadata,
    _tenant(),
    _column("id", Text),
    _column("effect_key", Text),
    _column("run_id", Text),
    _column("conversation", Text, "personal", "accounts.user_id"),
    _column("step", Text),
    _column("tool", Text),
    _column("requester", Uuid, "personal", "people.id"),
    _column("account", Text),
    _column("flow_version", Text),
    _column("policy_version", Text),
    _column("digest", LargeBinary),
    _column("code", Text),
    _column("rule", Text),
    _column("because", Text),
    _column("words", Text, "personal", "approvals.requester"),
    _column("card", JSONB, "money", "approvals.requester"),
    _column("state", Text, server_default="pending"),
    _time("expires_at"),
    _column("decided_by", Uuid, "personal", "people.id", nullable=True),
    _column("reason", Text, "personal", "approvals.decided_by", nullable=True),
    _time("created_at", NOW),
    _time("decided_at", nullable=True),
    _time("used_at", nullable=True),
    PrimaryKeyConstraint("tenant_id", "id"),
    ForeignKeyConstraint(["tenant_id", "effect_key"], ["effects.tenant_id", "effects.key"]),
    ForeignKeyConstraint(["tenant_id", "requester"], ["people.tenant_id", "people.id"]),
    CheckConstraint(
        "state in ('pending','approved','rejected','expired','withdrawn','used','void')",
        name="approvals_state",
    ),
    _partial("approvals_pending", "state = 'pending'", "tenant_id", "state"),
    Index("approvals_effect", "tenant_id", "effect_key"),
)

approval_cards = Table(
    "approval_cards",
    metadata,
    _tenant(),
    _column("approval_id", Text),
    _column("outbox_id", Text),
    PrimaryKeyConstraint("tenant_id", "approval_id", "outbox_id"),
    ForeignKeyConstraint(["tenant_id", "approval_id"], ["approvals.tenant_id", "approvals.id"]),
)

decisions = Table(
    "decisions",
    metadata,
    _tenant(),
    _serial(),
    _column("approval_id", Text),
    _column("person_id", Uuid, "personal", "people.id"),
    _column("platform", Text),
    _column("verdict", Text),
    _column("outcome", Text),
    _time("at", NOW),
    PrimaryKeyConstraint("tenant_id", "id"),
    ForeignKeyConstraint(["tenant_id", "approval_id"], ["approvals.tenant_id", "approvals.id"]),
    Index("decisions_of_approval", "tenant_id", "approval_id"),
)

audit = Table(
    "audit",
    metadata,
    _tenant(),
    _serial(),
    _time("at", NOW),
    _column("entry", LargeBinary, "personal", "person_keys.person_id"),
    _column("seal_seq", BigInteger, nullable=True),
    _column("prev", LargeBinary, nullable=True),
    _column("hash", LargeBinary, nullable=True),
    PrimaryKeyConstraint("tenant_id", "id"),
    _partial("audit_unsealed", "hash is null", "tenant_id", "id"),
)

APPEND_ONLY = frozenset({"audit", "decisions", "flow_versions", "policies"})
