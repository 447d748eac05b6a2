"""The way of a turn in one round trip for each stage: stored, looked at, dealt with, said.

Runs against yesterday's code: it only creates. Each function sets the tenant for its own transaction,
as the door does, and runs as whoever calls it, so row-level security binds it like any statement. Within
one, each statement sees what was committed before it, which is what looking under a lock needs.

A function is never changed: who changes one gives it a new name, for the code of yesterday calls the old.
"""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

# `arrive`: events are stored once, and their conversations are woken; answers which are new.
ARRIVE = """
create function arrive(p_tenant uuid, p_sources text[], p_dedupes text[], p_conversations text[],
  p_kinds text[], p_payloads bytea[], p_traces text[])
returns table(source text, dedupe text) language plpgsql set search_path = public, pg_temp as $$
#variable_conflict use_column
begin
  perform set_config('app.tenant', p_tenant::text, true);
  return query
    with woken as (
      insert into conversations (tenant_id, key, ready_at)
      select p_tenant, k, now() from (select distinct unnest(p_conversations) as k order by 1) as keys
      on conflict (tenant_id, key) do update set ready_at = least(conversations.ready_at, now())
      returning 1
    )
    insert into inbox (tenant_id, source, dedupe, conversation, kind, payload, trace)
    select p_tenant, * from unnest(p_sources, p_dedupes, p_conversations, p_kinds, p_payloads, p_traces)
    on conflict (tenant_id, source, dedupe) do nothing returning inbox.source, inbox.dedupe;
end $$"""

# `look`: all that a turn has to know. It counts the attempt and locks nothing: whoever lost the lease
# is told so before anything is written. No row where the lease is another's. Nobody waits for the disk:
# should the machine fail, a count is one too low, and whatever rests on it waits for the disk itself.
LOOK = """
create function look(p_tenant uuid, p_key text, p_fence bigint)
returns table(id bigint, source text, dedupe text, kind text, payload bytea, attempts integer,
  age double precision, trace text, policy_version text, active jsonb, stopped text[], run jsonb,
  spoken boolean, ringing boolean) language plpgsql set search_path = public, pg_temp as $$
#variable_conflict use_column
begin
  perform set_config('synchronous_commit', 'off', true);
  perform set_config('app.tenant', p_tenant::text, true);
  return query
    with next as (
      update inbox set attempts = attempts + 1
      where tenant_id = p_tenant and id = (
          select id from inbox where tenant_id = p_tenant and conversation = p_key and state = 0
          order by id limit 1)
        and exists (
          select 1 from conversations where tenant_id = p_tenant and key = p_key and fence = p_fence)
      returning *
    )
    select n.id, n.source, n.dedupe, n.kind, n.payload, n.attempts,
      extract(epoch from clock_timestamp() - n.received_at)::float8, n.trace, t.policy_version,
      (select jsonb_object_agg(a.flow, a.version) from active_flows a where a.tenant_id = p_tenant),
      array(select e.experiment || '=' || e.arm from experiments e
        where e.tenant_id = p_tenant and e.stopped),
      r.found,
      exists (select 1 from outbox o where o.tenant_id = p_tenant and o.conversation = p_key),
      exists (select 1 from timers w where w.tenant_id = p_tenant and w.conversation = p_key
        and w.state = 'set' and w.fire_at <= now())
    from conversations c left join next n on true left join tenants t on t.tenant_id = c.tenant_id
    left join lateral (
      select jsonb_build_object('id', o.id, 'conversation', o.conversation, 'place', o.place::text,
        'flow', o.flow, 'flow_version', o.flow_version, 'status', o.status, 'state', o.state::text,
        'version', o.version) as found from runs o
      where o.tenant_id = p_tenant and o.conversation = p_key and o.status = 'waiting'
      order by o.started_at desc limit 1) r on true
    where c.tenant_id = p_tenant and c.key = p_key and c.fence = p_fence;
end $$"""

# `whose`: the person behind an account, unless it was asked for too long ago.
WHOSE = """
create function whose(p_tenant uuid, p_platform text, p_workspace text, p_user text, p_fresh double precision)
returns table(id uuid, name text, email text, time_zone text)
language plpgsql set search_path = public, pg_temp as $$
#variable_conflict use_column
begin
  perform set_config('app.tenant', p_tenant::text, true);
  return query
    select p.id, p.name, p.email, p.time_zone
    from accounts a join people p on p.tenant_id = a.tenant_id and p.id = a.person_id
    where a.tenant_id = p_tenant and a.platform = p_platform and a.workspace = p_workspace
      and a.user_id = p_user and a.seen_at > now() - make_interval(secs => p_fresh);
end $$"""

# `enqueue`: a row is done with and what is said of it is queued, by whoever holds the conversation, whose
# lease it renews. `p_fence` and `p_row` are null where nobody's lease and no row is meant. `p_at_once`:
# the first message may be marked as being sent, if nothing waits before it. A message whose id is there
# already is left alone. `last` is null where the lease is another's: then nothing was written.
ENQUEUE = """
create function enqueue(p_tenant uuid, p_key text, p_fence bigint, p_lease double precision, p_row bigint,
  p_answer jsonb, p_at_once boolean, p_ids text[], p_kinds text[], p_places jsonb[], p_accounts jsonb[],
  p_targets text[], p_triggers text[], p_contents jsonb[], p_turns jsonb[], p_lasts double precision[],
  p_trace text)
returns table(last bigint, busy boolean, marked bigint)
language plpgsql set search_path = public, pg_temp as $$
#variable_conflict use_column
declare
  v_last bigint;
  v_busy boolean;
  v_marked bigint;
begin
  perform set_config('app.tenant', p_tenant::text, true);
  update conversations set seq = seq + cardinality(p_ids), lease_until =
    case when p_fence is null then lease_until else now() + make_interval(secs => p_lease) end
  where tenant_id = p_tenant and key = p_key and fence = coalesce(p_fence, fence)
  returning seq into v_last;
  if not found then
    return query select null::bigint, false, null::bigint;
    return;
  end if;
  update inbox set state = 1, done_at = now(), answer = p_answer
  where tenant_id = p_tenant and id = p_row;
  v_busy := exists (select 1 from outbox where tenant_id = p_tenant and conversation = p_key
    and state in ('queued', 'sending'));
  if cardinality(p_ids) > 0 then
    with put as (
      insert into outbox (tenant_id, id, conversation, seq, kind, place, account, target, trigger, content,
        then_turn, expires_at, trace, state, attempts, tried_at)
      select p_tenant, m.id, p_key, v_last - cardinality(p_ids) + m.at, m.kind, m.place, m.account,
        m.target, m.trigger, m.content, m.then_turn,
        coalesce(now() + make_interval(secs => m.lasts), 'infinity'), p_trace,
        case when s.now then 'sending' else 'queued' end, case when s.now then 1 else 0 end,
        case when s.now then now() end
      from unnest(p_ids, p_kinds, p_places, p_accounts, p_targets, p_triggers, p_contents, p_turns, p_lasts)
          with ordinality as m(id, kind, place, account, target, trigger, content, then_turn, lasts, at),
        lateral (select m.at = 1 and p_at_once and not v_busy as now) s
      on conflict do nothing returning seq, state
    )
    select max(seq) filter (where state = 'sending') from put into v_marked;
  end if;
  return query select v_last, v_busy, v_marked;
end $$"""

# `sent`: a message was sent, by whoever holds the conversation. Was it the last, and nothing else is due,
# the conversation is given back. What is due is looked up under the row's lock, so that an event which
# comes at this very moment is either seen here or wakes the conversation afterwards.
SENT = """
create function sent(p_tenant uuid, p_key text, p_fence bigint, p_id text, p_external text, p_thread text)
returns text language plpgsql set search_path = public, pg_temp as $$
#variable_conflict use_column
begin
  perform set_config('app.tenant', p_tenant::text, true);
  perform 1 from conversations where tenant_id = p_tenant and key = p_key and fence = p_fence for update;
  if not found then
    return 'lost';
  end if;
  update outbox set state = 'sent', external_id = p_external, thread = p_thread, sent_at = now(), error = null
  where tenant_id = p_tenant and id = p_id;
  if exists (select 1 from outbox where tenant_id = p_tenant and conversation = p_key
      and state in ('queued', 'sending')) then
    return 'more';
  end if;
  update conversations set lease_until = '-infinity', lease_owner = '', ready_at = coalesce(
    (select min(fire_at) from timers where tenant_id = p_tenant and conversation = p_key and state = 'set'),
    'infinity'::timestamptz)
  where tenant_id = p_tenant and key = p_key and not (
    exists (select 1 from inbox where tenant_id = p_tenant and conversation = p_key and state = 0)
    or exists (select 1 from timers where tenant_id = p_tenant and conversation = p_key and state = 'set'
      and fire_at <= now()));
  return case when found then 'given back' else 'due' end;
end $$"""

FUNCTIONS = {
    "arrive(uuid, text[], text[], text[], text[], bytea[], text[])": ARRIVE,
    "look(uuid, text, bigint)": LOOK,
    "whose(uuid, text, text, text, double precision)": WHOSE,
    "enqueue(uuid, text, bigint, double precision, bigint, jsonb, boolean, text[], text[], jsonb[], jsonb[],"
    " text[], text[], jsonb[], jsonb[], double precision[], text)": ENQUEUE,
    "sent(uuid, text, bigint, text, text, text)": SENT,
}


def upgrade() -> None:
    for name, statement in FUNCTIONS.items():
        op.execute(statement)
        op.execute(f"revoke all on function {name} from public")
        op.execute(f"grant execute on function {name} to countersign_app")


def downgrade() -> None:
    for name in FUNCTIONS:
        op.execute(f"drop function if exists {name}")
