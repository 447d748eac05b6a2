"""What may run alone by a grant, and how requests are put before people: several in a card, or later.

Runs against yesterday's code: it only creates. What was asked before is shown already, and has no row in
the queue.
"""

from alembic import op

from workers.store.new_tables import create_tables

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

TABLES = """
create table grants (
    tenant_id uuid not null,
    id bigint generated always as identity,
    tool text not null,
    meaning text not null,
    requester text default '' not null,
    recipient text default '' not null,
    account text default '' not null,
    each_most bigint,
    currency text default '' not null,
    total_most bigint,
    calls_most integer not null,
    per text not null,
    steps jsonb not null,
    policy_version text not null,
    terms jsonb not null,
    state text default 'proposed' not null,
    proposed_by uuid,
    conversation text not null,
    place jsonb not null,
    made_at timestamp with time zone default now() not null,
    ends timestamp with time zone not null,
    active_at timestamp with time zone,
    ended_at timestamp with time zone,
    ended_by uuid,
    why text,
    primary key (tenant_id, id),
    foreign key (tenant_id, proposed_by) references people (tenant_id, id),
    foreign key (tenant_id, ended_by) references people (tenant_id, id)
);
create index grants_of_tool on grants (tenant_id, tool, state);
create table grant_votes (
    tenant_id uuid not null,
    grant_id bigint not null,
    person_id uuid not null,
    seat uuid not null,
    stage integer not null,
    platform text not null,
    at timestamp with time zone default now() not null,
    primary key (tenant_id, grant_id, person_id),
    constraint grant_votes_seat unique (tenant_id, grant_id, seat),
    foreign key (tenant_id, grant_id) references grants (tenant_id, id),
    foreign key (tenant_id, person_id) references people (tenant_id, id),
    foreign key (tenant_id, seat) references people (tenant_id, id)
);
create table grant_uses (
    tenant_id uuid not null,
    effect_key text not null,
    grant_id bigint not null,
    at timestamp with time zone default now() not null,
    primary key (tenant_id, effect_key),
    foreign key (tenant_id, grant_id) references grants (tenant_id, id),
    foreign key (tenant_id, effect_key) references effects (tenant_id, key) on delete cascade
);
create index grant_uses_of_grant on grant_uses (tenant_id, grant_id, at);
create table batches (
    tenant_id uuid not null,
    id text not null,
    conversation text not null,
    version integer default '0' not null,
    made_at timestamp with time zone default now() not null,
    primary key (tenant_id, id)
);
create table batch_members (
    tenant_id uuid not null,
    batch_id text not null,
    approval_id text not null,
    number integer not null,
    digest bytea not null,
    outlier text default '' not null,
    "row" jsonb not null,
    primary key (tenant_id, batch_id, approval_id),
    constraint batch_members_approval unique (tenant_id, approval_id),
    foreign key (tenant_id, batch_id) references batches (tenant_id, id),
    foreign key (tenant_id, approval_id) references approvals (tenant_id, id) on delete cascade
);
create table batch_decisions (
    tenant_id uuid not null,
    approval_id text not null,
    person_id uuid not null,
    batch_id text not null,
    at timestamp with time zone default now() not null,
    primary key (tenant_id, approval_id, person_id),
    foreign key (tenant_id, batch_id) references batches (tenant_id, id),
    foreign key (tenant_id, approval_id) references approvals (tenant_id, id) on delete cascade,
    foreign key (tenant_id, person_id) references people (tenant_id, id)
);
create table approval_queue (
    tenant_id uuid not null,
    approval_id text not null,
    grp text default '' not null,
    state text default 'shown' not null,
    approvers text default '' not null,
    people jsonb not null,
    sure integer,
    stake bigint default '0' not null,
    first_time integer default '0' not null,
    asked_at timestamp with time zone default now() not null,
    latest timestamp with time zone,
    shown_at timestamp with time zone,
    batch_id text,
    primary key (tenant_id, approval_id),
    foreign key (tenant_id, approval_id) references approvals (tenant_id, id) on delete cascade
);
create index approval_queue_waiting on approval_queue (tenant_id, grp) where state = 'waiting';
create index approval_queue_shown on approval_queue (tenant_id, shown_at);
"""

APPEND_ONLY = ("grant_votes", "batch_decisions")
MADE = (
    "approval_queue", "batch_decisions", "batch_members", "batches", "grant_uses", "grant_votes", "grants",
)  # fmt: skip


def upgrade() -> None:
    create_tables(TABLES, APPEND_ONLY)


def downgrade() -> None:
    for table in MADE:
        op.execute(f"drop table if exists {table}")
