"""How people want to be spoken to, whether they let their words be learned from, and what the bot is called.

Runs against yesterday's code: it only creates. Who is not in it is spoken to as before.
"""

from alembic import op

from workers.store.new_tables import create_tables

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

TABLES = """
create table preferences (
    tenant_id uuid not null,
    person_id uuid not null,
    tone smallint default 5 not null constraint preferences_tone check (tone between 1 and 10),
    tuning boolean default false not null,
    tuning_at timestamp with time zone,
    at timestamp with time zone default now() not null,
    primary key (tenant_id, person_id),
    foreign key (tenant_id, person_id) references people (tenant_id, id)
);
create index preferences_toned on preferences (tenant_id, person_id) where tone <> 5;
create table brands (
    tenant_id uuid not null primary key references tenants (tenant_id),
    name text not null,
    voice text default '' not null,
    at timestamp with time zone default now() not null
);
"""


def upgrade() -> None:
    create_tables(TABLES)


def downgrade() -> None:
    op.execute("drop table if exists brands")
    op.execute("drop table if exists preferences")
