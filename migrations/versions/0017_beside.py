"""What comes to an approval beside its decision: changes of the call, questions, people it was handed to.

Runs against yesterday's code: it creates tables and allows one state more, which yesterday's code never
writes; an approval in it counts for nothing there either, because it is not pending.
"""

from alembic import op

from workers.store.new_tables import create_tables

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

TABLES = """
create table approval_edits (
    tenant_id uuid not null,
    approval_id text not null,
    into_id text not null,
    person_id uuid not null,
    dictates boolean not null,
    changes jsonb not null,
    at timestamp with time zone default now() not null,
    primary key (tenant_id, into_id),
    foreign key (tenant_id, approval_id) references approvals (tenant_id, id) on delete cascade,
    foreign key (tenant_id, into_id) references approvals (tenant_id, id) on delete cascade,
    foreign key (tenant_id, person_id) references people (tenant_id, id)
);
create table approval_questions (
    tenant_id uuid not null,
    approval_id text not null,
    number integer not null,
    person_id uuid not null,
    question text not null,
    at timestamp with time zone default now() not null,
    answer text,
    answered_at timestamp with time zone,
    primary key (tenant_id, approval_id, number),
    foreign key (tenant_id, approval_id) references approvals (tenant_id, id) on delete cascade,
    foreign key (tenant_id, person_id) references people (tenant_id, id)
);
create table approval_handings (
    tenant_id uuid not null,
    approval_id text not null,
    number integer not null,
    person_id uuid not null,
    delegate uuid not null,
    at timestamp with time zone default now() not null,
    primary key (tenant_id, approval_id, number),
    foreign key (tenant_id, approval_id) references approvals (tenant_id, id) on delete cascade,
    foreign key (tenant_id, person_id) references people (tenant_id, id),
    foreign key (tenant_id, delegate) references people (tenant_id, id)
);
create table approval_openings (
    tenant_id uuid not null,
    approval_id text not null,
    person_id uuid not null,
    here boolean not null,
    at timestamp with time zone default now() not null,
    primary key (tenant_id, approval_id, person_id),
    foreign key (tenant_id, approval_id) references approvals (tenant_id, id) on delete cascade,
    foreign key (tenant_id, person_id) references people (tenant_id, id)
);
"""

APPEND_ONLY = ("approval_edits", "approval_handings")
MADE = ("approval_openings", "approval_handings", "approval_questions", "approval_edits")
STATES = ("pending", "approved", "rejected", "expired", "withdrawn", "used", "void")


def upgrade() -> None:
    create_tables(TABLES, APPEND_ONLY)
    _states((*STATES, "changed"))


def downgrade() -> None:
    for table in MADE:
        op.execute(f"drop table if exists {table}")
    op.execute("update approvals set state = 'void' where state = 'changed'")
    _states(STATES)


def _states(states: tuple[str, ...]) -> None:
    """Not looked through while everybody waits: what is there fits the wider list."""
    listed = ",".join(f"'{state}'" for state in states)
    op.execute("alter table approvals drop constraint approvals_state")
    op.execute(f"alter table approvals add constraint approvals_state check (state in ({listed})) not valid")
    op.execute("alter table approvals validate constraint approvals_state")
