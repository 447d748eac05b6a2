"""The pieces that hold a question's words, weighed by all of them, common ones too.

Runs against yesterday's code: it only creates. Looking through a word that is in every second piece takes
too long, so candidates are what holds one of `p_any`, the rarer ones; what a common word adds is found by
asking for it together with them, which the index answers without reading all that hold it. Rounded, so
that what holds the same words weighs the same in whatever order they were added up.

As the owner, as `chunks_that_say` of 0018, for the same reason; the tenant is compared in here, in words
that no index of tenants answers: reading every entry of the tenant for each word took twice as long as
all the rest, and the mark before each word leaves hardly another's to be compared.
"""

from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

HOLD = """
create function chunks_that_hold(p_words text[], p_weights double precision[], p_any text[],
  p_access text[], p_each integer, p_most integer)
returns table(chunk bigint, weight double precision)
language sql stable security definer set search_path = public, pg_temp as $$
  with t as (select nullif(current_setting('app.tenant', true), '')::uuid as tenant),
  held as (select string_agg(quote_literal(left(t.tenant::text, 8) || a.word), ' | ') as some
    from t, unnest(p_any) as a(word))
  select found.id, round(sum(w.weight)::numeric, 4)::double precision
  from t, held, unnest(p_words, p_weights) as w(word, weight)
  cross join lateral (
    select c.id from public.chunks c
    where (c.tenant_id = t.tenant) is true and c.access && p_access
      and c.words @@ (quote_literal(left(t.tenant::text, 8) || w.word)
        || case when w.word = any(p_any) then '' else ' & (' || held.some || ')' end)::tsquery
    limit p_each
  ) found
  group by found.id
  order by 2 desc, 1
  limit least(p_most, 1000)
$$"""

NAME = "chunks_that_hold(text[], double precision[], text[], text[], integer, integer)"


def upgrade() -> None:
    op.execute(HOLD)
    op.execute(f"revoke all on function {NAME} from public")
    op.execute(f"grant execute on function {NAME} to countersign_app")


def downgrade() -> None:
    op.execute(f"drop function if exists {NAME}")
