"""What calls looked like before anybody decided, what became of them, and what may run alone by that.

Runs against yesterday's code: it only creates.
"""

from alembic import op

from workers.store.new_tables import create_tables

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

TABLES = """
create table learned_actions (
    tenant_id uuid not null,
    effect_key text not null,
    id bigint generated always as identity,
    evidence text not null,
    tool text not null,
    features jsonb not null,
    score double precision not null,
    chance double precision default 1 not null,
    alone boolean default false not null,
    drawn boolean default false not null,
    asked boolean default false not null,
    bulk boolean default false not null,
    edited jsonb,
    verdict boolean,
    why text default '' not null,
    settled_at timestamp with time zone,
    at timestamp with time zone default now() not null,
    primary key (tenant_id, effect_key)
);
create index learned_actions_evidence on learned_actions (tenant_id, evidence, id);
create index learned_actions_open on learned_actions (tenant_id, id) where settled_at is null;
create table bars (
    tenant_id uuid not null,
    evidence text not null,
    tool text not null,
    risk text not null,
    rule text not null,
    flow text not null,
    step text not null,
    state text default 'collecting' not null,
    subject text default '' not null,
    error double precision default 0 not null,
    confidence double precision default 0 not null,
    cut double precision,
    decided integer default '0' not null,
    wrong integer default '0' not null,
    bound double precision default 1 not null,
    calibrator jsonb default '{}' not null,
    watch jsonb default '{}' not null,
    watched bigint default '0' not null,
    counts_from bigint default '0' not null,
    stands_from bigint default '0' not null,
    told boolean default false not null,
    reason text default '' not null,
    changed_at timestamp with time zone default now() not null,
    seen_at timestamp with time zone default now() not null,
    primary key (tenant_id, evidence)
);
create index bars_tool on bars (tenant_id, tool, risk);
create table learning (
    tenant_id uuid not null,
    allowed boolean default false not null,
    changed_at timestamp with time zone default now() not null,
    primary key (tenant_id)
);
"""


def upgrade() -> None:
    create_tables(TABLES)


def downgrade() -> None:
    op.execute("drop table learning")
    op.execute("drop table bars")
    op.execute("drop table learned_actions")
