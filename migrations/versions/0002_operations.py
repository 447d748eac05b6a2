"""What running it needs: traces of messages, settled doubts, counts for /metrics, dropping what is old.

Runs against yesterday's code: the columns are nullable, the changed function keeps its signature
(it leaves out the effects of paused tenants, which nobody may claim). The indexes are found ready on a
live database, where `workers.store.ahead` builds them beside the work before this begins.
"""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

COLUMNS = (("outbox", "trace"), ("effects", "settled"))

INDEXES = {
    "inbox_dead": "inbox (tenant_id, id) where state = 2",
    "effects_open": "effects (tenant_id, state, tool)"
    " where state in ('held','queued','running','waiting','unknown','dead')",
    "outbox_failed": "outbox (tenant_id, id) where state = 'failed'",
    "outbox_over": "outbox (tenant_id, sent_at) where state in ('sent','failed','dropped')",
    "runs_over": "runs (tenant_id, finished_at) where finished_at is not null",
    "timers_over": "timers (tenant_id, fire_at) where state <> 'set'",
    "decisions_of_approval": "decisions (tenant_id, approval_id)",
}

# The owner sees rows of all tenants in these too; what it hands on are numbers.
COUNTED = ("inbox", "outbox", "approvals", "decisions")

MEASURE = """
create function measure() returns table(what text, label text, value double precision)
language sql stable security definer set search_path = public, pg_temp as $$
    select 'inbox_waiting', '', count(*)::float8 from public.inbox where state = 0
    union all
    select 'inbox_lag', '', coalesce(max(extract(epoch from now() - received_at)), 0)::float8
    from public.inbox where state = 0
    union all
    select 'outbox_waiting', '', count(*)::float8 from public.outbox where state in ('queued','sending')
    union all
    select 'outbox_age', '', coalesce(max(extract(epoch from now() - created_at)), 0)::float8
    from public.outbox where state in ('queued','sending')
    union all
    select 'effects', state || ' ' || tool, count(*)::float8 from public.effects
    where state in ('held','queued','running','waiting','unknown','dead') and settled is null
    group by state, tool
    union all
    select 'dead', 'effect', count(*)::float8 from public.effects
    where state in ('unknown','dead') and settled is null
    union all
    select 'dead', 'inbox', count(*)::float8 from public.inbox where state = 2
    union all
    select 'dead', 'outbox', count(*)::float8 from public.outbox where state = 'failed'
    union all
    select 'approvals_pending', '', count(*)::float8 from public.approvals where state = 'pending'
$$"""

# The app may only add decisions. Dropping old ones goes through this alone: of the tenant that is set,
# never younger than two days, and only of approvals that are over.
DROP_DECISIONS = """
create function drop_decisions(p_approvals text[]) returns bigint
language sql security definer set search_path = public, pg_temp as $$
    with gone as (
        delete from public.decisions d using public.approvals a
        where a.tenant_id = nullif(current_setting('app.tenant', true), '')::uuid
          and a.id = any (p_approvals) and a.state <> 'pending'
          and coalesce(a.decided_at, a.expires_at) < now() - interval '48 hours'
          and d.tenant_id = a.tenant_id and d.approval_id = a.id
        returning 1
    )
    select count(*) from gone
$$"""

DUE_EFFECTS = """
create or replace function due_effects(p_most integer, p_quiet double precision)
returns table(tenant_id uuid, key text)
language sql security definer set search_path = public, pg_temp as $$
    with due as (
        select e.tenant_id, e.key from public.effects e
        where e.state in ('queued', 'running') and e.not_before <= now() and e.lease_until < now()
          and (e.published_at is null or e.published_at < now() - make_interval(secs => p_quiet))
          {paused}
        order by e.not_before limit p_most for update skip locked
    )
    update public.effects k set published_at = now()
    from due where k.tenant_id = due.tenant_id and k.key = due.key
    returning k.tenant_id, k.key
$$"""

NOT_PAUSED = "and not exists (select 1 from public.tenants t where t.tenant_id = e.tenant_id and t.paused)"

FUNCTIONS = ("measure()", "drop_decisions(text[])")


def upgrade() -> None:
    for table, column in COLUMNS:
        op.execute(f"alter table {table} add column {column} text")
    for name, what in INDEXES.items():
        op.execute(f"create index if not exists {name} on {what}")
    for table in COUNTED:
        op.execute(f"create policy dispatch on {table} to countersign_owner using (true)")
    op.execute(MEASURE)
    op.execute(DROP_DECISIONS)
    op.execute(DUE_EFFECTS.format(paused=NOT_PAUSED))
    for function in FUNCTIONS:
        op.execute(f"revoke all on function {function} from public")
        op.execute(f"grant execute on function {function} to countersign_app")


def downgrade() -> None:
    op.execute(DUE_EFFECTS.format(paused=""))
    for function in FUNCTIONS:
        op.execute(f"drop function if exists {function}")
    for table in COUNTED:
        op.execute(f"drop policy if exists dispatch on {table}")
    for name in INDEXES:
        op.execute(f"drop index if exists {name}")
    for table, column in COLUMNS:
        op.execute(f"alter table {table} drop column if exists {column}")
