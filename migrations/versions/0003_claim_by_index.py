"""Find the conversations that are due by their index instead of reading all that ever were.

Runs against yesterday's code: the function keeps its signature and its answers. PostgreSQL uses a
partial index only where the query says its condition, and `ready_at <= now()` does not say
`ready_at < 'infinity'` to a planner that does not know when now will be.
"""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

CLAIM = """
create or replace function claim_conversations(p_owner text, p_lease double precision, p_most integer)
returns table(tenant_id uuid, key text, fence bigint)
language sql security definer set search_path = public, pg_temp as $$
    with due as (
        select c.tenant_id, c.key from public.conversations c
        where c.ready_at <= now() {indexed} and c.lease_until < now()
        order by c.ready_at limit p_most for update skip locked
    )
    update public.conversations k
    set fence = k.fence + 1, lease_owner = p_owner, lease_until = now() + make_interval(secs => p_lease)
    from due where k.tenant_id = due.tenant_id and k.key = due.key
    returning k.tenant_id, k.key, k.fence
$$"""


def upgrade() -> None:
    op.execute(CLAIM.format(indexed="and c.ready_at < 'infinity'"))


def downgrade() -> None:
    op.execute(CLAIM.format(indexed=""))
