"""What models were asked and what it cost, by day, person and model; and budgets for it.

Runs against yesterday's code: it only creates.
"""

from alembic import op

from workers.store.new_tables import create_tables

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

TABLES = """
create table model_use (
    tenant_id uuid not null,
    day text not null,
    person uuid not null,
    model text not null,
    calls bigint default 0 not null,
    failed bigint default 0 not null,
    prompt bigint default 0 not null,
    cached bigint default 0 not null,
    completion bigint default 0 not null,
    estimated bigint default 0 not null,
    unpriced bigint default 0 not null,
    cost bigint default 0 not null,
    primary key (tenant_id, day, person, model)
);
create table model_budgets (
    tenant_id uuid not null,
    cost bigint,
    person_cost bigint,
    tokens bigint,
    person_tokens bigint,
    ask text default '' not null,
    set_at timestamp with time zone default now() not null,
    primary key (tenant_id)
);
"""


def upgrade() -> None:
    create_tables(TABLES)


def downgrade() -> None:
    op.execute("drop table model_budgets")
    op.execute("drop table model_use")
