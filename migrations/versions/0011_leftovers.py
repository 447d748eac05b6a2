"""Conversations that are over can be dropped, and listeners hear what a crash kept from them.

Runs against yesterday's code: it only creates. The indexes are found ready on a live database, where
`workers.store.ahead` builds them beside the work before this begins.
"""

from alembic import op

from workers.store.new_tables import create_tables

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

# Whether anything hangs on a conversation, and the foreign keys' own check when one is dropped.
INDEXES = {
    "inbox_of_conversation": "inbox (tenant_id, conversation)",
    "runs_of_conversation": "runs (tenant_id, conversation)",
    "timers_of_conversation": "timers (tenant_id, conversation)",
}

TABLES = """
create table unheard (
    tenant_id uuid not null,
    row_id bigint not null,
    tried_at timestamp with time zone default now() not null,
    tries integer default '0' not null,
    primary key (tenant_id, row_id)
)
"""


def upgrade() -> None:
    for name, what in INDEXES.items():
        op.execute(f"create index if not exists {name} on {what}")
    create_tables(TABLES)


def downgrade() -> None:
    op.execute("drop table if exists unheard")
    for name in INDEXES:
        op.execute(f"drop index if exists {name}")
