"""Documents: what was read in, its pieces, their vectors by model, and in how many pieces a word is.

Runs against yesterday's code: it only creates. The indexes of the vectors are of the dimensions that
models have; what has another is looked through one by one.

A function is never changed: who changes one gives it a new name, for the code of yesterday calls the old.
"""

from alembic import op

from workers.store.new_tables import create_tables

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

TABLES = """
create table knowledge (
    tenant_id uuid not null,
    model text not null,
    chunks bigint default 0 not null,
    changed_at timestamp with time zone default now() not null,
    primary key (tenant_id)
);
create table documents (
    tenant_id uuid not null,
    id bigint generated always as identity,
    source text not null,
    uri text not null,
    title text not null,
    link text default '' not null,
    media text not null,
    hash bytea not null,
    access text[] not null,
    size bigint default 0 not null,
    read_at timestamp with time zone default now() not null,
    primary key (tenant_id, id),
    constraint documents_uri unique (tenant_id, source, uri)
);
create table chunks (
    tenant_id uuid not null,
    id bigint generated always as identity,
    document_id bigint not null,
    position integer not null,
    path text default '' not null,
    body text not null,
    words tsvector not null,
    access text[] not null,
    primary key (tenant_id, id),
    foreign key (tenant_id, document_id) references documents (tenant_id, id) on delete cascade
);
create index chunks_document on chunks (tenant_id, document_id);
create index chunks_words on chunks using gin (words);
create table chunk_vectors (
    tenant_id uuid not null,
    model text not null,
    chunk_id bigint not null,
    dimension integer not null,
    access text[] not null,
    embedding halfvec not null,
    primary key (tenant_id, model, chunk_id),
    foreign key (tenant_id, chunk_id) references chunks (tenant_id, id) on delete cascade
);
create index chunk_vectors_chunk on chunk_vectors (tenant_id, chunk_id);
create table chunk_words (
    tenant_id uuid not null,
    word text not null,
    chunks bigint not null,
    primary key (tenant_id, word)
);
"""

DIMENSIONS = (384, 768, 1024, 1536)
MADE = ("chunk_words", "chunk_vectors", "chunks", "documents", "knowledge")

# The chunks of the tenant that is set which hold some of the words, best first; ids and weights, and
# nothing of what they say. As the owner, because an index of words is not used under row-level security:
# whoever may hand in a pattern might otherwise learn of rows that they do not see. So the tenant is
# compared in here, and its mark stands before each word.
SEARCH = """
create function chunks_that_say(p_words text[], p_weights real[], p_access text[],
  p_each integer, p_most integer)
returns table(chunk bigint, weight real)
language sql stable security definer set search_path = public, pg_temp as $$
  with t as (select nullif(current_setting('app.tenant', true), '')::uuid as tenant)
  select found.id, sum(w.weight)::real
  from t, unnest(p_words, p_weights) as w(word, weight)
  cross join lateral (
    select c.id from public.chunks c
    where c.tenant_id = t.tenant and c.access && p_access
      and c.words @@ quote_literal(left(t.tenant::text, 8) || w.word)::tsquery
    limit least(p_each, 20000)
  ) found
  group by found.id
  order by 2 desc, 1
  limit least(p_most, 1000)
$$"""

NAME = "chunks_that_say(text[], real[], text[], integer, integer)"


def upgrade() -> None:
    create_tables(TABLES)
    op.execute("alter table chunk_vectors alter column embedding set storage main")
    for each in DIMENSIONS:
        op.execute(
            f"create index chunk_vectors_{each} on chunk_vectors using hnsw"
            f" ((embedding::halfvec({each})) halfvec_ip_ops) where dimension = {each}"
        )
    op.execute("create policy dispatch on chunks to countersign_owner using (true)")
    op.execute(SEARCH)
    op.execute(f"revoke all on function {NAME} from public")
    op.execute(f"grant execute on function {NAME} to countersign_app")


def downgrade() -> None:
    op.execute(f"drop function if exists {NAME}")
    for table in MADE:
        op.execute(f"drop table if exists {table}")
