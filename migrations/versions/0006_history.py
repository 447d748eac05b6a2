"""What happened to each run, so that it can be played again.

Runs against yesterday's code: it only creates.
"""

from alembic import op

from workers.store.new_tables import create_tables

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

TABLES = """
create table history (
    tenant_id uuid not null,
    run_id text not null,
    seq integer not null,
    event bytea not null,
    step_before text not null,
    step_after text not null,
    status text not null,
    digest bytea not null,
    decided jsonb not null,
    began jsonb,
    known jsonb not null,
    at timestamp with time zone default now() not null,
    primary key (tenant_id, run_id, seq)
);
"""


def upgrade() -> None:
    create_tables(TABLES)


def downgrade() -> None:
    op.execute("drop table history")
