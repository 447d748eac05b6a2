"""Messages that grow while a model writes them, and what people think of what was written.

Runs against yesterday's code: it only creates. Yesterday's code says a model's words once they are whole.
"""

from alembic import op

from workers.store.new_tables import create_tables

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

TABLES = """
create table streams (
    tenant_id uuid not null,
    key text not null,
    conversation text not null,
    place jsonb not null,
    requester uuid not null,
    account jsonb,
    listener text not null,
    state text default 'live' not null,
    messages jsonb default '[]' not null,
    words text default '' not null,
    starting_at timestamp with time zone,
    until timestamp with time zone default now() not null,
    final text,
    stopped_at timestamp with time zone,
    started_at timestamp with time zone default now() not null,
    closed_at timestamp with time zone,
    primary key (tenant_id, key),
    constraint streams_state check (state in ('live','resting','closed'))
);
create index streams_open on streams (tenant_id, conversation) where state <> 'closed';
create table feedback (
    tenant_id uuid not null,
    conversation text not null,
    message text not null,
    person_id uuid not null,
    up boolean not null,
    words text default '' not null,
    said text,
    at timestamp with time zone default now() not null,
    primary key (tenant_id, conversation, message, person_id)
);
"""


def upgrade() -> None:
    create_tables(TABLES)


def downgrade() -> None:
    op.execute("drop table if exists feedback")
    op.execute("drop table if exists streams")
