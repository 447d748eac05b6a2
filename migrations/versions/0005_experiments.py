"""Which wording or steps people got, and what came of it.

Runs against yesterday's code: it only creates.
"""

from alembic import op

from workers.store.new_tables import create_tables

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

TABLES = """
create table experiments (
    tenant_id uuid not null,
    experiment text not null,
    arm text not null,
    stopped boolean default false not null,
    epoch integer default 0 not null,
    stopped_by text default '' not null,
    reason text default '' not null,
    changed_at timestamp with time zone default now() not null,
    primary key (tenant_id, experiment, arm)
);
create table experiment_outcomes (
    tenant_id uuid not null,
    experiment text not null,
    series text not null,
    epoch integer default 0 not null,
    person_id uuid not null,
    arm text not null,
    outcome text not null,
    good boolean not null,
    bad boolean not null,
    runs integer default 1 not null,
    at timestamp with time zone default now() not null,
    primary key (tenant_id, experiment, series, epoch, person_id),
    foreign key (tenant_id, person_id) references people (tenant_id, id)
);
create index experiment_outcomes_person on experiment_outcomes (tenant_id, person_id);
"""


def upgrade() -> None:
    create_tables(TABLES)


def downgrade() -> None:
    op.execute("drop table if exists experiment_outcomes")
    op.execute("drop table if exists experiments")
