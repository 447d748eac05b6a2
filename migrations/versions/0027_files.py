"""Files that people send: messages of which some are still to be read, and what was read of each.

Runs against yesterday's code: it only creates. Yesterday's code hears the words of such a message and
nothing of its files.
"""

from alembic import op

from workers.store.new_tables import create_tables

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

TABLES = """
create table file_turns (
    tenant_id uuid not null,
    key text not null,
    conversation text not null,
    person_id uuid not null,
    turn jsonb not null,
    state text default 'waiting' not null,
    attempts integer default 0 not null,
    lease_until timestamp with time zone default '-infinity'::timestamptz not null,
    created_at timestamp with time zone default now() not null,
    read_at timestamp with time zone,
    primary key (tenant_id, key),
    constraint file_turns_state check (state in ('waiting','read'))
);
create index file_turns_at on file_turns (tenant_id, created_at);
create table files (
    tenant_id uuid not null,
    key text not null,
    number integer not null,
    conversation text not null,
    person_id uuid not null,
    name text not null,
    kind text not null,
    words text default '' not null,
    notes text default '' not null,
    problem text default '' not null,
    read_at timestamp with time zone default now() not null,
    primary key (tenant_id, key, number)
);
create index files_lately on files (tenant_id, conversation, read_at) where words <> '';
create index files_at on files (tenant_id, read_at);
"""


def upgrade() -> None:
    create_tables(TABLES)


def downgrade() -> None:
    for table in ("files", "file_turns"):
        op.drop_table(table)
