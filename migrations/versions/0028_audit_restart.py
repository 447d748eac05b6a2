"""An audit whose head is forged or gone can be gone on with, by an entry that says so.

Runs against yesterday's code: it only creates. What is made by it is unsigned until `sign_audit`, and
nobody goes on from an unsigned head.
"""

from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

# The next link of the chain of the tenant that is set, and its head, whoever made the head before. It is
# put where `p_seq` and `p_prev` say, if that is behind the last link or behind the head that is kept. The
# hash is made in here, as `seal_audit` makes it.
RESTART = """
create function restart_audit(p_entry bytea, p_seq bigint, p_prev bytea)
returns table(new_seq bigint, new_hash bytea, new_at timestamptz)
language plpgsql security definer set search_path = public, pg_temp as $$
#variable_conflict use_column
declare
  v_tenant uuid := nullif(current_setting('app.tenant', true), '')::uuid;
  v_head record;
  v_last record;
  v_link record;
  v_begin text;
  v_hash bytea;
begin
  if v_tenant is null then
    return;
  end if;
  perform pg_advisory_xact_lock(hashtextextended('countersign:audit:' || v_tenant, 0));
  v_begin := 'countersign audit 1' || chr(10) || v_tenant;
  select seal_seq, hash into v_head from audit_heads where tenant_id = v_tenant for update;
  select seal_seq, hash into v_last from audit
    where tenant_id = v_tenant and seal_seq is not null and hash is not null
    order by seal_seq desc, id desc limit 1;
  if (p_seq, p_prev) is distinct from (coalesce(v_last.seal_seq, 0) + 1,
      coalesce(v_last.hash, sha256(convert_to(v_begin, 'UTF8'))))
    and (p_seq, p_prev) is distinct from (v_head.seal_seq + 1, v_head.hash) then
    return;
  end if;
  insert into audit (tenant_id, entry) values (v_tenant, p_entry) returning id, at into v_link;
  v_hash := sha256(convert_to(v_begin || chr(10) || p_seq || chr(10)
    || v_link.id || chr(10) || to_char(v_link.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
    || chr(10) || encode(p_prev, 'hex') || chr(10), 'UTF8') || p_entry);
  update audit set seal_seq = p_seq, prev = p_prev, hash = v_hash
    where tenant_id = v_tenant and id = v_link.id;
  insert into audit_heads (tenant_id, seal_seq, hash) values (v_tenant, p_seq, v_hash)
  on conflict (tenant_id) do update
  set seal_seq = excluded.seal_seq, hash = excluded.hash, at = excluded.at, mac = null, key_id = null;
  return query select p_seq, v_hash, now();
end $$"""
NAME = "restart_audit(bytea, bigint, bytea)"


def upgrade() -> None:
    op.execute(RESTART)
    op.execute(f"revoke all on function {NAME} from public")
    op.execute(f"grant execute on function {NAME} to countersign_app")


def downgrade() -> None:
    op.execute(f"drop function if exists {NAME}")
