"""How long people take to decide, how often they decide otherwise, and what waits: as figures, of nobody.

Runs against yesterday's code: it only creates. Of what was asked before there is no row in the queue, and
the time is counted from when it was asked.
"""

from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

# Of the last day, by tool; what waits by the group that is asked, the fifty with most. A decision that
# was one of several at once says nothing about how somebody decides.
MEASURE = """
create function measure_approvals() returns table(what text, label text, value double precision)
language sql stable security definer set search_path = public, pg_temp as $$
  with decided as (
    select a.tool, a.state, extract(epoch from a.decided_at - coalesce(q.shown_at, a.created_at)) as took
    from public.approvals a left join public.approval_queue q
      on q.tenant_id = a.tenant_id and q.approval_id = a.id
    where a.decided_at > now() - interval '1 day' and a.decided_by is not null
      and a.state in ('approved', 'used', 'void', 'rejected', 'changed')
      and not exists (select 1 from public.batch_decisions b
        where b.tenant_id = a.tenant_id and b.approval_id = a.id)
  )
  select 'approval_seconds', tool, percentile_cont(0.5) within group (order by took) from decided
  group by tool
  union all
  select 'approval_overridden', tool, avg((state in ('rejected', 'changed'))::int)::float8 from decided
  group by tool
  union all
  select 'approval_instant', tool, avg((took < 2)::int)::float8 from decided group by tool
  union all
  (select 'approval_waiting', coalesce(q.approvers, ''), count(*)::float8 from public.approvals a
    left join public.approval_queue q on q.tenant_id = a.tenant_id and q.approval_id = a.id
    where a.state = 'pending' group by 2 order by 3 desc limit 50)
$$"""

LOOKED_AT = ("approval_queue", "batch_decisions")


def upgrade() -> None:
    for table in LOOKED_AT:
        op.execute(f"create policy dispatch on {table} to countersign_owner using (true)")
    op.execute(MEASURE)
    op.execute("revoke all on function measure_approvals() from public")
    op.execute("grant execute on function measure_approvals() to countersign_app")


def downgrade() -> None:
    op.execute("drop function if exists measure_approvals()")
    for table in LOOKED_AT:
        op.execute(f"drop policy if exists dispatch on {table}")
