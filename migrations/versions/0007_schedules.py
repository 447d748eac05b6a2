"""Flows that begin by the clock.

Runs against yesterday's code: it only creates.
"""

from alembic import op

from workers.store.new_tables import create_tables

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

TABLES = """
create table schedules (
    tenant_id uuid not null,
    id text not null,
    conversation text not null,
    place jsonb not null,
    account jsonb not null,
    requester uuid not null,
    flow text not null,
    request text not null,
    rule text not null,
    state text default 'on' not null,
    reason text default '' not null,
    occurrence integer default 0 not null,
    next_at timestamp with time zone not null,
    created_at timestamp with time zone default now() not null,
    ended_at timestamp with time zone,
    primary key (tenant_id, id),
    foreign key (tenant_id, conversation) references conversations (tenant_id, key),
    foreign key (tenant_id, requester) references people (tenant_id, id),
    constraint schedules_state check (state in ('on','paused','stopped'))
);
create index schedules_of_person on schedules (tenant_id, requester) where state <> 'stopped';
"""


def upgrade() -> None:
    create_tables(TABLES)


def downgrade() -> None:
    op.execute("drop table if exists schedules")
