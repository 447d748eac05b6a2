"""Who looked at the bot's own page lately, so that it can be shown anew when what stands on it changes.

Runs against yesterday's code: it only creates. Whoever looked before is known from their next look on.
"""

from alembic import op

from workers.store.new_tables import create_tables

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

TABLES = """
create table home_views (
    tenant_id uuid not null,
    platform text not null,
    workspace text not null,
    user_id text not null,
    person_id uuid not null,
    place jsonb not null,
    looked_at timestamp with time zone default now() not null,
    primary key (tenant_id, platform, workspace, user_id),
    foreign key (tenant_id, person_id) references people (tenant_id, id)
);
create index home_views_lately on home_views (tenant_id, looked_at);
"""


def upgrade() -> None:
    create_tables(TABLES)


def downgrade() -> None:
    op.execute("drop table if exists home_views")
