"""Who may write to us on the web, and what is said there: on that platform it is us who keep the messages."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    ForeignKeyConstraint,
    Index,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from workers.store.columns import NOW, column, metadata, tenant, time

# `email` is empty unless whoever made the token, or the tenant's own server, vouches for it.
web_accounts = Table(
    "web_accounts",
    metadata,
    tenant(),
    column("user_id", Text, "personal", "accounts.user_id"),
    column("name", Text, "personal", "accounts.user_id", server_default=""),
    column("email", Text, "personal", "accounts.user_id", server_default=""),
    column("time_zone", Text, "personal", "accounts.user_id", server_default=""),
    time("seen_at", NOW),
    PrimaryKeyConstraint("tenant_id", "user_id"),
)

# Of a token only its hash is kept; it is random, so the hash tells nothing of it.
web_tokens = Table(
    "web_tokens",
    metadata,
    tenant(),
    column("id", Text),
    column("hash", Text),
    column("user_id", Text, "personal", "accounts.user_id"),
    time("made_at", NOW),
    time("expires_at"),
    time("revoked_at", nullable=True),
    PrimaryKeyConstraint("tenant_id", "id"),
    ForeignKeyConstraint(
        ["tenant_id", "user_id"], ["web_accounts.tenant_id", "web_accounts.user_id"], ondelete="CASCADE"
    ),
)

# With which a tenant's own server signs sessions: sealed, since we have to check what it signs.
web_issuers = Table(
    "web_issuers",
    metadata,
    tenant(),
    column("id", Text),
    column("secret", Text, "secret"),
    time("made_at", NOW),
    time("revoked_at", nullable=True),
    PrimaryKeyConstraint("tenant_id", "id"),
)

# `last_seq` is counted under the row's lock, so whoever has seen a number has seen all before it.
web_conversations = Table(
    "web_conversations",
    metadata,
    tenant(),
    column("channel", Text, "personal", "accounts.user_id"),
    column("user_id", Text, "personal", "accounts.user_id"),
    column("last_seq", BigInteger, server_default=text("0")),
    time("changed_at", NOW),
    PrimaryKeyConstraint("tenant_id", "channel"),
    ForeignKeyConstraint(
        ["tenant_id", "user_id"], ["web_accounts.tenant_id", "web_accounts.user_id"], ondelete="CASCADE"
    ),
)

# A message that is changed takes a new number and keeps its first one.
web_messages = Table(
    "web_messages",
    metadata,
    tenant(),
    column("channel", Text, "personal", "accounts.user_id"),
    column("id", Text, "personal", "accounts.user_id"),
    column("seq", BigInteger),
    column("first_seq", BigInteger),
    column("kind", Text),
    column("content", JSONB, "personal", "accounts.user_id"),
    time("said_at", NOW),
    time("changed_at", NOW),
    PrimaryKeyConstraint("tenant_id", "channel", "id"),
    UniqueConstraint("tenant_id", "channel", "seq", name="web_messages_in_order"),
    ForeignKeyConstraint(
        ["tenant_id", "channel"],
        ["web_conversations.tenant_id", "web_conversations.channel"],
        ondelete="CASCADE",
    ),
    Index("web_messages_old", "tenant_id", "changed_at"),
)

APPEND_ONLY: frozenset[str] = frozenset()
