"""The audit becomes a chain for each tenant, sealed beside the work, with a signed head.

Runs against yesterday's code: it only creates. What was written before is sealed by the first engine
that starts. `workers.store.ahead` builds the index beside the work on a live database.

A function is never changed: who changes one gives it a new name, for the code of yesterday calls the old.
"""

from alembic import op

from workers.store.new_tables import create_tables

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

TABLES = """
create table audit_heads (
    tenant_id uuid not null,
    seal_seq bigint not null,
    hash bytea not null,
    at timestamp with time zone default now() not null,
    mac bytea,
    key_id text,
    primary key (tenant_id)
);
create index if not exists audit_chain on audit (tenant_id, seal_seq, id) where seal_seq is not null;
"""

APPEND_ONLY = ("audit_heads",)

# The next links of the chain of the tenant that is set, as many as are visible and wanted, and the head
# as it was before and is now. The hashes are made in here: nobody can hand in one. Of an entry only the
# three columns are set, where they are empty, and only as the next link. One at a time per tenant; whoever
# comes second gets no row. What commits late with a smaller id is found the next time, for nothing is
# remembered but the entries themselves.
#
# `workers/audit_chain.py` makes the same hash of the same bytes.
SEAL = """
create function seal_audit(p_most integer)
returns table(old_seq bigint, old_hash bytea, old_at timestamptz, old_mac bytea, old_key text,
  new_seq bigint, new_hash bytea, new_at timestamptz)
language plpgsql security definer set search_path = public, pg_temp as $$
#variable_conflict use_column
declare
  v_tenant uuid := nullif(current_setting('app.tenant', true), '')::uuid;
  v_head record;
  v_link record;
  v_first boolean;
  v_seq bigint := 0;
  v_prev bytea;
  v_hash bytea;
begin
  if v_tenant is null
    or not pg_try_advisory_xact_lock(hashtextextended('countersign:audit:' || v_tenant, 0)) then
    return;
  end if;
  v_hash := sha256(convert_to('countersign audit 1' || chr(10) || v_tenant, 'UTF8'));
  select seal_seq, hash, at, mac, key_id into v_head from audit_heads where tenant_id = v_tenant for update;
  v_first := not found;
  if not v_first then
    v_seq := v_head.seal_seq;
    v_hash := v_head.hash;
  elsif exists (select 1 from audit where tenant_id = v_tenant and seal_seq is not null) then
    raise exception 'the head of a chain that has links is gone' using errcode = 'data_corrupted';
  end if;
  for v_link in
    select id, at, entry from audit
    where tenant_id = v_tenant and hash is null and seal_seq is null and prev is null
    order by id limit greatest(least(p_most, 5000), 1)
  loop
    v_seq := v_seq + 1;
    v_prev := v_hash;
    v_hash := sha256(convert_to('countersign audit 1' || chr(10) || v_tenant || chr(10) || v_seq || chr(10)
      || v_link.id || chr(10) || to_char(v_link.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
      || chr(10) || encode(v_prev, 'hex') || chr(10), 'UTF8') || v_link.entry);
    update audit set seal_seq = v_seq, prev = v_prev, hash = v_hash
    where tenant_id = v_tenant and id = v_link.id and seal_seq is null and prev is null and hash is null;
  end loop;
  if v_prev is null then
    return;
  end if;
  insert into audit_heads (tenant_id, seal_seq, hash) values (v_tenant, v_seq, v_hash)
  on conflict (tenant_id) do update
  set seal_seq = excluded.seal_seq, hash = excluded.hash, at = excluded.at, mac = null, key_id = null;
  return query select v_head.seal_seq, v_head.hash, v_head.at, v_head.mac, v_head.key_id,
    v_seq, v_hash, now();
end $$"""

# Puts a signature under the head of the tenant that is set, if it is the very head that was signed.
SIGN = """
create function sign_audit(p_seq bigint, p_hash bytea, p_at timestamptz, p_mac bytea, p_key text)
returns boolean language sql security definer set search_path = public, pg_temp as $$
  with signed as (
    update public.audit_heads set mac = p_mac, key_id = p_key
    where tenant_id = nullif(current_setting('app.tenant', true), '')::uuid
      and seal_seq = p_seq and hash = p_hash and at = p_at
    returning 1
  )
  select exists (select 1 from signed)
$$"""

# Which tenants have entries that are not sealed yet: along the index, a step for each tenant.
UNSEALED = """
create function tenants_unsealed(p_most integer) returns setof uuid
language sql stable security definer set search_path = public, pg_temp as $$
  with recursive t as (
    (select tenant_id from public.audit where hash is null order by tenant_id limit 1)
    union all
    select (select a.tenant_id from public.audit a where a.hash is null and a.tenant_id > t.tenant_id
            order by a.tenant_id limit 1)
    from t where t.tenant_id is not null
  )
  select tenant_id from t where tenant_id is not null limit p_most
$$"""

MEASURE = """
create function measure_audit() returns table(what text, label text, value double precision)
language sql stable security definer set search_path = public, pg_temp as $$
    select 'audit_unsealed', '', count(*)::float8 from public.audit where hash is null
    union all
    select 'audit_unsealed_age', '', coalesce(max(extract(epoch from now() - at)), 0)::float8
    from public.audit where hash is null
$$"""

FUNCTIONS = {
    "seal_audit(integer)": SEAL,
    "sign_audit(bigint, bytea, timestamptz, bytea, text)": SIGN,
    "tenants_unsealed(integer)": UNSEALED,
    "measure_audit()": MEASURE,
}
LOOKED_AT = ("audit", "audit_heads")


def upgrade() -> None:
    create_tables(TABLES, APPEND_ONLY)
    for table in LOOKED_AT:
        op.execute(f"create policy dispatch on {table} to countersign_owner using (true)")
    for name, statement in FUNCTIONS.items():
        op.execute(statement)
        op.execute(f"revoke all on function {name} from public")
        op.execute(f"grant execute on function {name} to countersign_app")


def downgrade() -> None:
    for name in FUNCTIONS:
        op.execute(f"drop function if exists {name}")
    op.execute("drop policy if exists dispatch on audit")
    op.execute("drop index if exists audit_chain")
    op.execute("drop table if exists audit_heads")
