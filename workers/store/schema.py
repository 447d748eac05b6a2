"""Every table, with the class of data in each column. Migrations say the same; a test compares.

Classes: `none` (nothing about anybody), `personal` (about a person), `secret` (opens something),
`money` (amounts and what they buy). A personal column names the path to its person, which is
what erasing follows.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from workers.store import (
    schema_approvers,
    schema_audit,
    schema_batches,
    schema_experiments,
    schema_grants,
    schema_handoffs,
    schema_history,
    schema_homes,
    schema_schedules,
    schema_services,
    schema_spending,
    schema_streams,
    schema_unheard,
)
from workers.store.columns import LONG_AGO, NEVER, NOW, column, metadata, partial, serial, tenant, time

__all__ = ["APPEND_ONLY", "metadata"]

NOT_OVER = "state in ('held','queued','running','waiting','unknown','dead')"

tenants = Table(
    "tenants",
    metadata,
    tenant(),
    column("name", Text),
    column("paused", Boolean, server_default=text("false")),
    column("policy_version", Text, nullable=True),
    column("settings", JSONB, server_default=text("'{}'")),
    time("created_at", NOW),
    PrimaryKeyConstraint("tenant_id"),
)

installations = Table(
    "installations",
    metadata,
    tenant(),
    column("platform", Text),
    column("workspace", Text),
    column("bot_user", Text, server_default=""),
    column("via", Text, server_default=""),
    column("credentials", Text, "secret", nullable=True),
    time("installed_at", NOW),
    time("removed_at", nullable=True),
    PrimaryKeyConstraint("tenant_id", "platform", "workspace"),
    # The one key that does not begin with the tenant: a workspace belongs to one tenant only.
    Index("installations_one_tenant", "platform", "workspace", unique=True),
)

people = Table(
    "people",
    metadata,
    tenant(),
    column("id", Uuid, "personal", "people.id", server_default=text("gen_random_uuid()")),
    column("name", Text, "personal", "people.id"),
    column("email", Text, "personal", "people.id", server_default=""),
    column("time_zone", Text, "personal", "people.id", server_default="UTC"),
    time("created_at", NOW),
    PrimaryKeyConstraint("tenant_id", "id"),
    Index("people_email", "tenant_id", "email", unique=True, postgresql_where=text("email <> ''")),
)

accounts = Table(
    "accounts",
    metadata,
    tenant(),
    column("platform", Text),
    column("workspace", Text),
    column("user_id", Text, "personal", "people.id"),
    column("person_id", Uuid, "personal", "people.id"),
    column("name", Text, "personal", "people.id"),
    column("direct", JSONB, "personal", "people.id", nullable=True),
    time("seen_at", NOW),
    PrimaryKeyConstraint("tenant_id", "platform", "workspace", "user_id"),
    ForeignKeyConstraint(["tenant_id", "person_id"], ["people.tenant_id", "people.id"]),
    Index("accounts_person", "tenant_id", "person_id"),
)

conversations = Table(
    "conversations",
    metadata,
    tenant(),
    column("key", Text, "personal", "accounts.user_id"),
    column("fence", BigInteger, server_default="0"),
    column("lease_owner", Text, server_default=""),
    time("lease_until", LONG_AGO),
    time("ready_at", NEVER),
    column("seq", BigInteger, server_default="0"),
    time("created_at", NOW),
    PrimaryKeyConstraint("tenant_id", "key"),
    partial("conversations_ready", "ready_at < 'infinity'", "ready_at"),
)

inbox = Table(
    "inbox",
    metadata,
    tenant(),
    serial(),
    column("source", Text),
    column("dedupe", Text),
    column("conversation", Text, "personal", "accounts.user_id"),
    column("kind", Text),
    column("payload", LargeBinary, "personal", "accounts.user_id"),
    column("state", SmallInteger, server_default="0"),
    column("attempts", Integer, server_default="0"),
    column("answer", JSONB, "personal", "accounts.user_id", nullable=True),
    column("error", Text, nullable=True),
    column("trace", Text, nullable=True),
    time("received_at", NOW),
    time("done_at", nullable=True),
    PrimaryKeyConstraint("tenant_id", "id"),
    UniqueConstraint("tenant_id", "source", "dedupe", name="inbox_once"),
    ForeignKeyConstraint(["tenant_id", "conversation"], ["conversations.tenant_id", "conversations.key"]),
    Index("inbox_of_conversation", "tenant_id", "conversation"),
    partial("inbox_waiting", "state = 0", "tenant_id", "conversation", "id"),
    partial("inbox_dead", "state = 2", "tenant_id", "id"),
)

flow_versions = Table(
    "flow_versions",
    metadata,
    tenant(),
    column("flow", Text),
    column("version", Text),
    column("definition", JSONB),
    time("created_at", NOW),
    PrimaryKeyConstraint("tenant_id", "flow", "version"),
)

active_flows = Table(
    "active_flows",
    metadata,
    tenant(),
    column("flow", Text),
    column("version", Text),
    time("activated_at", NOW),
    PrimaryKeyConstraint("tenant_id", "flow"),
    ForeignKeyConstraint(
        ["tenant_id", "flow", "version"],
        ["flow_versions.tenant_id", "flow_versions.flow", "flow_versions.version"],
    ),
)

policies = Table(
    "policies",
    metadata,
    tenant(),
    column("version", Text),
    column("document", JSONB),
    time("created_at", NOW),
    PrimaryKeyConstraint("tenant_id", "version"),
)

runs = Table(
    "runs",
    metadata,
    tenant(),
    column("id", Text),
    column("conversation", Text, "personal", "accounts.user_id"),
    column("place", JSONB, "personal", "accounts.user_id"),
    column("flow", Text),
    column("flow_version", Text),
    column("requester", Uuid, "personal", "people.id"),
    column("state", JSONB, "personal", "runs.requester"),
    column("status", Text),
    column("version", Integer, server_default="0"),
    time("started_at", NOW),
    time("updated_at", NOW),
    time("finished_at", nullable=True),
    PrimaryKeyConstraint("tenant_id", "id"),
    ForeignKeyConstraint(["tenant_id", "conversation"], ["conversations.tenant_id", "conversations.key"]),
    ForeignKeyConstraint(["tenant_id", "requester"], ["people.tenant_id", "people.id"]),
    ForeignKeyConstraint(
        ["tenant_id", "flow", "flow_version"],
        ["flow_versions.tenant_id", "flow_versions.flow", "flow_versions.version"],
    ),
    Index("runs_of_conversation", "tenant_id", "conversation"),
    partial("runs_open", "status = 'waiting'", "tenant_id", "conversation"),
    Index("runs_of_person", "tenant_id", "requester", "started_at"),
    partial("runs_over", "finished_at is not null", "tenant_id", "finished_at"),
)

effects = Table(
    "effects",
    metadata,
    tenant(),
    column("key", Text),
    column("run_id", Text),
    column("conversation", Text, "personal", "accounts.user_id"),
    column("step", Text),
    column("tool", Text),
    column("arguments", LargeBinary, "money", "runs.requester"),
    column("policy_version", Text),
    column("risk", Text),
    column("state", Text),
    column("attempts", Integer, server_default="0"),
    column("fence", BigInteger, server_default="0"),
    time("lease_until", LONG_AGO),
    time("not_before", NOW),
    time("began_at", nullable=True),
    time("published_at", nullable=True),
    column("external_id", Text, nullable=True),
    column("result", JSONB, "money", "runs.requester", nullable=True),
    column("error_code", Text, nullable=True),
    column("error", Text, nullable=True),
    column("trace", Text, nullable=True),
    time("created_at", NOW),
    time("finished_at", nullable=True),
    column("settled", Text, nullable=True),
    PrimaryKeyConstraint("tenant_id", "key"),
    ForeignKeyConstraint(["tenant_id", "run_id"], ["runs.tenant_id", "runs.id"]),
    CheckConstraint(
        "state in ('held','queued','running','waiting','done','failed','unknown','dead','withdrawn')",
        name="effects_state",
    ),
    partial("effects_due", "state in ('queued','running')", "not_before"),
    Index("effects_of_run", "tenant_id", "run_id"),
    partial("effects_open", NOT_OVER, "tenant_id", "state", "tool"),
    partial("effects_external", "external_id is not null", "tenant_id", "external_id"),
)

outbox = Table(
    "outbox",
    metadata,
    tenant(),
    column("id", Text),
    column("conversation", Text, "personal", "accounts.user_id"),
    column("seq", BigInteger),
    column("kind", Text),
    column("place", JSONB, "personal", "accounts.user_id"),
    column("account", JSONB, "personal", "accounts.user_id", nullable=True),
    column("target", Text, nullable=True),
    column("trigger", Text, nullable=True),
    column("content", JSONB, "personal", "accounts.user_id"),
    column("then_turn", JSONB, "personal", "accounts.user_id", nullable=True),
    column("state", Text, server_default="queued"),
    column("attempts", Integer, server_default="0"),
    time("not_before", NOW),
    time("tried_at", nullable=True),
    time("expires_at", NEVER),
    column("external_id", Text, nullable=True),
    column("thread", Text, nullable=True),
    column("error", Text, nullable=True),
    time("created_at", NOW),
    time("sent_at", nullable=True),
    column("trace", Text, nullable=True),
    PrimaryKeyConstraint("tenant_id", "id"),
    UniqueConstraint("tenant_id", "conversation", "seq", name="outbox_order"),
    ForeignKeyConstraint(["tenant_id", "conversation"], ["conversations.tenant_id", "conversations.key"]),
    CheckConstraint("state in ('queued','sending','sent','failed','dropped')", name="outbox_state"),
    partial("outbox_waiting", "state in ('queued','sending')", "tenant_id", "conversation", "seq"),
    partial("outbox_failed", "state = 'failed'", "tenant_id", "id"),
    partial("outbox_over", "state in ('sent','failed','dropped')", "tenant_id", "sent_at"),
)

timers = Table(
    "timers",
    metadata,
    tenant(),
    column("id", Text),
    column("conversation", Text, "personal", "accounts.user_id"),
    column("event", JSONB),
    time("fire_at"),
    column("state", Text, server_default="set"),
    PrimaryKeyConstraint("tenant_id", "id"),
    ForeignKeyConstraint(["tenant_id", "conversation"], ["conversations.tenant_id", "conversations.key"]),
    Index("timers_of_conversation", "tenant_id", "conversation"),
    partial("timers_set", "state = 'set'", "tenant_id", "conversation", "fire_at"),
    partial("timers_over", "state <> 'set'", "tenant_id", "fire_at"),
)

approvals = Table(
    "approvals",
    metadata,
    tenant(),
    column("id", Text),
    column("effect_key", Text),
    column("run_id", Text),
    column("conversation", Text, "personal", "accounts.user_id"),
    column("step", Text),
    column("tool", Text),
    column("requester", Uuid, "personal", "people.id"),
    column("account", Text),
    column("flow_version", Text),
    column("policy_version", Text),
    column("digest", LargeBinary),
    column("code", Text),
    column("rule", Text),
    column("because", Text),
    column("words", Text, "personal", "approvals.requester"),
    column("card", JSONB, "money", "approvals.requester"),
    column("state", Text, server_default="pending"),
    time("expires_at"),
    column("decided_by", Uuid, "personal", "people.id", nullable=True),
    column("reason", Text, "personal", "approvals.decided_by", nullable=True),
    time("created_at", NOW),
    time("decided_at", nullable=True),
    time("used_at", nullable=True),
    PrimaryKeyConstraint("tenant_id", "id"),
    ForeignKeyConstraint(["tenant_id", "effect_key"], ["effects.tenant_id", "effects.key"]),
    ForeignKeyConstraint(["tenant_id", "requester"], ["people.tenant_id", "people.id"]),
    CheckConstraint(
        "state in ('pending','approved','rejected','expired','withdrawn','used','void')",
        name="approvals_state",
    ),
    partial("approvals_pending", "state = 'pending'", "tenant_id", "state"),
    Index("approvals_effect", "tenant_id", "effect_key"),
)

approval_cards = Table(
    "approval_cards",
    metadata,
    tenant(),
    column("approval_id", Text),
    column("outbox_id", Text),
    PrimaryKeyConstraint("tenant_id", "approval_id", "outbox_id"),
    ForeignKeyConstraint(["tenant_id", "approval_id"], ["approvals.tenant_id", "approvals.id"]),
)

decisions = Table(
    "decisions",
    metadata,
    tenant(),
    serial(),
    column("approval_id", Text),
    column("person_id", Uuid, "personal", "people.id"),
    column("platform", Text),
    column("verdict", Text),
    column("outcome", Text),
    time("at", NOW),
    PrimaryKeyConstraint("tenant_id", "id"),
    ForeignKeyConstraint(["tenant_id", "approval_id"], ["approvals.tenant_id", "approvals.id"]),
    Index("decisions_of_approval", "tenant_id", "approval_id"),
)

APPEND_ONLY = frozenset({"decisions", "flow_versions", "policies"}).union(
    schema_approvers.APPEND_ONLY,
    schema_audit.APPEND_ONLY,
    schema_batches.APPEND_ONLY,
    schema_grants.APPEND_ONLY,
    schema_services.APPEND_ONLY,
    schema_experiments.APPEND_ONLY,
    schema_history.APPEND_ONLY,
    schema_homes.APPEND_ONLY,
    schema_spending.APPEND_ONLY,
    schema_schedules.APPEND_ONLY,
    schema_handoffs.APPEND_ONLY,
    schema_streams.APPEND_ONLY,
    schema_unheard.APPEND_ONLY,
)
