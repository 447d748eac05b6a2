"""What each tenant has set for the services that we call: whose Jira, which project, whose Stripe.

Runs against yesterday's code: it only creates.
"""

from alembic import op

from workers.store.new_tables import create_tables

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TABLES = """
create table services (
    tenant_id uuid not null,
    service text not null,
    sealed text,
    unseen boolean default false not null,
    account text default '' not null,
    account_name text default '' not null,
    account_of text default '' not null,
    checked_at timestamp with time zone,
    changed_at timestamp with time zone,
    primary key (tenant_id, service)
);
"""


def upgrade() -> None:
    create_tables(TABLES)


def downgrade() -> None:
    op.execute("drop table if exists services")
