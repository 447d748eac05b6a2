"""What models were asked and what it cost, by day; and how much of it there may be in a month."""

from __future__ import annotations

from sqlalchemy import BigInteger, PrimaryKeyConstraint, Table, Text, Uuid, text

from workers.store.columns import NOW, column, metadata, tenant, time

NOUGHT = text("0")

# A row for each person, model and day, added up: numbers, never a word of what was asked. The nil uuid
# stands for nobody in particular.
model_use = Table(
    "model_use",
    metadata,
    tenant(),
    column("day", Text),
    column("person", Uuid, "personal", "people.id"),
    column("model", Text),
    column("calls", BigInteger, server_default=NOUGHT),
    column("failed", BigInteger, server_default=NOUGHT),
    column("prompt", BigInteger, server_default=NOUGHT),
    column("cached", BigInteger, server_default=NOUGHT),
    column("completion", BigInteger, server_default=NOUGHT),
    # Tokens that the server did not count and we guessed; tokens of a model whose price nobody told.
    column("estimated", BigInteger, server_default=NOUGHT),
    column("unpriced", BigInteger, server_default=NOUGHT),
    # In millionths of a US dollar, by the prices of that moment.
    column("cost", BigInteger, server_default=NOUGHT),
    PrimaryKeyConstraint("tenant_id", "day", "person", "model"),
)

# Of a month; in millionths of a US dollar, and in tokens. Null: no limit.
model_budgets = Table(
    "model_budgets",
    metadata,
    tenant(),
    column("cost", BigInteger, nullable=True),
    column("person_cost", BigInteger, nullable=True),
    column("tokens", BigInteger, nullable=True),
    column("person_tokens", BigInteger, nullable=True),
    column("ask", Text, server_default=""),
    time("set_at", NOW),
    PrimaryKeyConstraint("tenant_id"),
)

APPEND_ONLY: frozenset[str] = frozenset()
