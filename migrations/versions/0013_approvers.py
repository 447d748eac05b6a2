"""Who decides, and when: terms and votes of approvals, who stands in for whom, which accounts are one person.

Runs against yesterday's code: it only creates. What was asked before has no terms, and is decided as it
was. Yesterday's code may decide what was asked with terms by one press: its digest then fits nothing, so
that nothing runs.
"""

from alembic import op

from workers.store.new_tables import create_tables

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

TABLES = """
create table approval_terms (
    tenant_id uuid not null,
    approval_id text not null,
    terms jsonb not null,
    tier integer default '0' not null,
    primary key (tenant_id, approval_id),
    foreign key (tenant_id, approval_id) references approvals (tenant_id, id) on delete cascade
);
create table approval_votes (
    tenant_id uuid not null,
    approval_id text not null,
    person_id uuid not null,
    seat uuid not null,
    stage integer not null,
    platform text not null,
    at timestamp with time zone default now() not null,
    primary key (tenant_id, approval_id, person_id),
    constraint approval_votes_seat unique (tenant_id, approval_id, seat),
    foreign key (tenant_id, approval_id) references approvals (tenant_id, id) on delete cascade,
    foreign key (tenant_id, person_id) references people (tenant_id, id),
    foreign key (tenant_id, seat) references people (tenant_id, id)
);
create table person_links (
    tenant_id uuid not null,
    id bigint generated always as identity,
    one uuid not null,
    other uuid not null,
    made_at timestamp with time zone default now() not null,
    ended_at timestamp with time zone,
    primary key (tenant_id, id),
    foreign key (tenant_id, one) references people (tenant_id, id),
    foreign key (tenant_id, other) references people (tenant_id, id)
);
create index person_links_one on person_links (tenant_id, one);
create index person_links_other on person_links (tenant_id, other);
create table link_codes (
    tenant_id uuid not null,
    code_hash bytea not null,
    person_id uuid not null,
    account jsonb not null,
    made_at timestamp with time zone default now() not null,
    expires_at timestamp with time zone not null,
    used_at timestamp with time zone,
    primary key (tenant_id, code_hash),
    foreign key (tenant_id, person_id) references people (tenant_id, id)
);
create index link_codes_person on link_codes (tenant_id, person_id, made_at);
create table link_tries (
    tenant_id uuid not null,
    id bigint generated always as identity,
    person_id uuid not null,
    at timestamp with time zone default now() not null,
    primary key (tenant_id, id),
    foreign key (tenant_id, person_id) references people (tenant_id, id)
);
create index link_tries_person on link_tries (tenant_id, person_id, at);
create table delegations (
    tenant_id uuid not null,
    id bigint generated always as identity,
    person_id uuid not null,
    delegate uuid not null,
    begins timestamp with time zone not null,
    ends timestamp with time zone not null,
    ended_at timestamp with time zone,
    ended_by uuid,
    primary key (tenant_id, id),
    foreign key (tenant_id, person_id) references people (tenant_id, id),
    foreign key (tenant_id, delegate) references people (tenant_id, id)
);
create index delegations_person on delegations (tenant_id, person_id, ends);
create index delegations_delegate on delegations (tenant_id, delegate, ends);
create table managers (
    tenant_id uuid not null,
    email text not null,
    manager text not null,
    set_at timestamp with time zone default now() not null,
    primary key (tenant_id, email)
);
create table directory (
    tenant_id uuid not null,
    term text not null,
    members jsonb not null,
    asked_at timestamp with time zone not null,
    primary key (tenant_id, term)
);
create table pushers (
    tenant_id uuid not null,
    kind text not null,
    name text not null,
    version text not null,
    email text not null,
    at timestamp with time zone default now() not null,
    primary key (tenant_id, kind, name, version)
);
"""

APPEND_ONLY = ("approval_votes",)
MADE = (
    "pushers", "directory", "managers", "delegations", "link_tries", "link_codes", "person_links",
    "approval_votes", "approval_terms",
)  # fmt: skip


def upgrade() -> None:
    create_tables(TABLES, APPEND_ONLY)


def downgrade() -> None:
    for table in MADE:
        op.execute(f"drop table if exists {table}")
