"""Memory: what came of somebody's runs, in words and as vectors, their habits, and whether they want that.

Runs against yesterday's code: it only creates. There is no index by distance: whatever is looked for
belongs to one person, and theirs are found by the key.
"""

from alembic import op

from workers.store.new_tables import create_tables

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

TABLES = """
create table memories (
    tenant_id uuid not null,
    id bigint generated always as identity,
    person_id uuid not null,
    run_id text not null,
    flow text not null,
    outcome text not null,
    body text not null,
    slots jsonb not null,
    conversation text not null,
    scope text not null,
    made_at timestamp with time zone default now() not null,
    primary key (tenant_id, id),
    constraint memories_run unique (tenant_id, run_id),
    foreign key (tenant_id, person_id) references people (tenant_id, id) on delete cascade
);
create index memories_person on memories (tenant_id, person_id, made_at);
create index memories_age on memories (tenant_id, made_at);
create table memory_vectors (
    tenant_id uuid not null,
    person_id uuid not null,
    model text not null,
    memory_id bigint not null,
    scope text not null,
    dimension integer not null,
    embedding halfvec not null,
    primary key (tenant_id, person_id, model, memory_id),
    foreign key (tenant_id, memory_id) references memories (tenant_id, id) on delete cascade,
    foreign key (tenant_id, person_id) references people (tenant_id, id) on delete cascade
);
create index memory_vectors_memory on memory_vectors (tenant_id, memory_id);
create table memory_habits (
    tenant_id uuid not null,
    id bigint generated always as identity,
    person_id uuid not null,
    flow text not null,
    about text not null,
    wish text not null,
    via text not null,
    scope text not null,
    times integer default 1 not null,
    last_at timestamp with time zone default now() not null,
    primary key (tenant_id, id),
    constraint memory_habits_what unique (tenant_id, person_id, flow, about, wish, via, scope),
    foreign key (tenant_id, person_id) references people (tenant_id, id) on delete cascade
);
create table memory_choices (
    tenant_id uuid not null,
    person_id uuid not null,
    off boolean not null,
    changed_at timestamp with time zone default now() not null,
    primary key (tenant_id, person_id),
    foreign key (tenant_id, person_id) references people (tenant_id, id) on delete cascade
);
"""

MADE = ("memory_choices", "memory_habits", "memory_vectors", "memories")


def upgrade() -> None:
    create_tables(TABLES)
    op.execute("alter table memory_vectors alter column embedding set storage main")


def downgrade() -> None:
    for table in MADE:
        op.execute(f"drop table if exists {table}")
