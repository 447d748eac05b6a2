"""What each tenant has set for the services that we call."""

from __future__ import annotations

from sqlalchemy import Boolean, PrimaryKeyConstraint, Table, Text, text

from workers.store.columns import column, metadata, tenant, time

services = Table(
    "services",
    metadata,
    tenant(),
    column("service", Text),
    # Settings by name and the webhook's token, sealed as one; null where only the account is known.
    column("sealed", Text, "secret", nullable=True),
    column("unseen", Boolean, server_default=text("false")),
    column("account", Text, server_default=""),
    column("account_name", Text, server_default=""),
    column("account_of", Text, server_default=""),
    time("checked_at", nullable=True),
    time("changed_at", nullable=True),
    PrimaryKeyConstraint("tenant_id", "service"),
)

APPEND_ONLY: frozenset[str] = frozenset()
