"""Who asked to be forgotten, how far it has come, and keyed marks of what they were known by.

Runs against yesterday's code: it only creates.
"""

from alembic import op

from workers.store.new_tables import create_tables

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

TABLES = """
create table forgettings (
    tenant_id uuid not null,
    id text not null,
    person_id uuid not null,
    by text not null,
    block boolean default false not null,
    state text default 'asked' not null,
    step integer default '0' not null,
    position text default '' not null,
    lap integer default '1' not null,
    touched integer default '0' not null,
    subject jsonb default '{}' not null,
    place jsonb,
    account jsonb,
    counts jsonb default '{}' not null,
    kept jsonb default '[]' not null,
    asked_at timestamp with time zone default now() not null,
    cut_at timestamp with time zone,
    done_at timestamp with time zone,
    again_at timestamp with time zone default 'infinity'::timestamptz not null,
    primary key (tenant_id, id),
    foreign key (tenant_id, person_id) references people (tenant_id, id),
    constraint forgettings_state check (state in ('asked','running','done'))
);
create index forgettings_open on forgettings (tenant_id, person_id) where state <> 'done';
create index forgettings_again on forgettings (tenant_id, again_at) where again_at < 'infinity';
create table forgotten_marks (
    tenant_id uuid not null,
    mark bytea not null,
    forgetting_id text not null,
    blocked boolean default false not null,
    at timestamp with time zone default now() not null,
    primary key (tenant_id, mark)
);
"""

# What somebody changed in a call may only be added to. Emptying it goes through this alone: of the tenant
# that is set, of calls that are over, and of those who are being forgotten just now.
EMPTY_CHANGES = """
create function forget_changes(p_people uuid[]) returns bigint
language sql security definer set search_path = public, pg_temp as $$
    with gone as (
        update public.approval_edits e set changes = '[]' from public.approvals a
        where a.tenant_id = nullif(current_setting('app.tenant', true), '')::uuid
          and a.requester = any (p_people) and a.state not in ('pending', 'approved')
          and exists (select 1 from public.forgettings f where f.tenant_id = a.tenant_id
            and f.person_id = a.requester)
          and e.tenant_id = a.tenant_id and e.approval_id = a.id and e.changes <> '[]'
        returning 1
    )
    select count(*) from gone
$$"""

LOOKED_AT = ("approval_edits", "forgettings")


def upgrade() -> None:
    create_tables(TABLES)
    for table in LOOKED_AT:
        op.execute(f"create policy dispatch on {table} to countersign_owner using (true)")
    op.execute(EMPTY_CHANGES)
    op.execute("revoke all on function forget_changes(uuid[]) from public")
    op.execute("grant execute on function forget_changes(uuid[]) to countersign_app")


def downgrade() -> None:
    op.execute("drop function if exists forget_changes(uuid[])")
    op.execute("drop policy if exists dispatch on approval_edits")
    op.execute("drop table if exists forgotten_marks")
    op.execute("drop table if exists forgettings")
