"""Recall in one round trip: of what somebody had done the nearest, and the newest without a vector so far.

Runs against yesterday's code: it only creates. The function sets the tenant itself and runs as the caller,
under row-level security, as those of 0009 do. The vector is read once and not for each row.

A function is never changed: who changes one gives it a new name, for the code of yesterday calls the old.
"""

from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

RECALL = """
create function recall(p_tenant uuid, p_person uuid, p_scopes text[], p_model text, p_vector text,
  p_most integer, p_lately integer)
returns table(id bigint, flow text, outcome text, body text, slots jsonb, scope text, conversation text,
  made_at timestamptz, near double precision)
language plpgsql set search_path = public, pg_temp as $$
#variable_conflict use_column
declare
  v_vector halfvec := p_vector::halfvec;
  v_size integer := vector_dims(v_vector);
begin
  perform set_config('app.tenant', p_tenant::text, true);
  if exists (select 1 from memory_choices o where o.tenant_id = p_tenant and o.person_id = p_person and o.off)
  then
    return;
  end if;
  return query
    select m.id, m.flow, m.outcome, m.body, m.slots, m.scope, m.conversation, m.made_at, n.near
    from (select v.memory_id, -(v.embedding <#> v_vector) as near from memory_vectors v
      where v.tenant_id = p_tenant and v.person_id = p_person and v.model = p_model
        and v.dimension = v_size and (p_scopes is null or v.scope = any(p_scopes))
      order by 2 desc, 1 desc limit least(p_most, 100)) n
    join memories m on m.tenant_id = p_tenant and m.id = n.memory_id
    order by n.near desc, m.id desc;
  return query
    select m.id, m.flow, m.outcome, m.body, m.slots, m.scope, m.conversation, m.made_at,
      null::double precision
    from (select * from memories k where k.tenant_id = p_tenant and k.person_id = p_person
      and (p_scopes is null or k.scope = any(p_scopes))
      order by k.made_at desc, k.id desc limit least(p_lately, 100)) m
    where not exists (select 1 from memory_vectors v where v.tenant_id = p_tenant and v.person_id = p_person
      and v.model = p_model and v.memory_id = m.id);
end $$"""

NAME = "recall(uuid, uuid, text[], text, text, integer, integer)"


def upgrade() -> None:
    op.execute(RECALL)
    op.execute(f"revoke all on function {NAME} from public")
    op.execute(f"grant execute on function {NAME} to countersign_app")


def downgrade() -> None:
    op.execute(f"drop function if exists {NAME}")
