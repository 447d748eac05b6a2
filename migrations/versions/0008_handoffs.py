"""Matters that a person has taken over.

Runs against yesterday's code: it only creates. `helping` answers, in one round trip, which of them are
in somebody's hands in a channel: whoever speaks there may be meant. It runs as whoever calls it, so
row-level security binds it like any statement.
"""

from alembic import op

from workers.store.new_tables import create_tables

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

TABLES = """
create table handoffs (
    tenant_id uuid not null,
    id text not null,
    run_id text not null,
    conversation text not null,
    requester uuid not null,
    asked jsonb not null,
    passed jsonb default '[]' not null,
    cards jsonb not null,
    card jsonb not null,
    state text default 'offered' not null,
    helper uuid,
    place jsonb,
    channel text,
    words text,
    created_at timestamp with time zone default now() not null,
    taken_at timestamp with time zone,
    ended_at timestamp with time zone,
    primary key (tenant_id, id),
    constraint handoffs_state
        check (state in ('offered','taken','resolved','passed','lapsed','withdrawn'))
);
create index handoffs_taken on handoffs (tenant_id, channel) where state = 'taken';
create index handoffs_of_run on handoffs (tenant_id, run_id);
"""

HELPING = """
create function helping(p_tenant uuid, p_channel text)
returns table(id text, conversation text, helper uuid, place jsonb)
language plpgsql set search_path = public, pg_temp as $$
#variable_conflict use_column
begin
  perform set_config('app.tenant', p_tenant::text, true);
  return query
    select h.id, h.conversation, h.helper, h.place from handoffs h
    where h.tenant_id = p_tenant and h.channel = p_channel and h.state = 'taken'
    order by h.taken_at limit 50;
end $$"""


def upgrade() -> None:
    create_tables(TABLES)
    op.execute(HELPING)
    op.execute("revoke all on function helping(uuid, text) from public")
    op.execute("grant execute on function helping(uuid, text) to countersign_app")


def downgrade() -> None:
    op.execute("drop function if exists helping(uuid, text)")
    op.execute("drop table handoffs")
