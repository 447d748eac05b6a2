"""Who may write on the web, and what is said there: on that platform it is us who keep the messages.

Runs against yesterday's code: it only creates. Yesterday's code knows nothing of the web.
"""

from alembic import op

from workers.store.new_tables import create_tables

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

TABLES = """
create table web_accounts (
    tenant_id uuid not null,
    user_id text not null,
    name text default '' not null,
    email text default '' not null,
    time_zone text default '' not null,
    seen_at timestamp with time zone default now() not null,
    primary key (tenant_id, user_id)
);
create table web_tokens (
    tenant_id uuid not null,
    id text not null,
    hash text not null,
    user_id text not null,
    made_at timestamp with time zone default now() not null,
    expires_at timestamp with time zone not null,
    revoked_at timestamp with time zone,
    primary key (tenant_id, id),
    foreign key (tenant_id, user_id) references web_accounts (tenant_id, user_id) on delete cascade
);
create table web_issuers (
    tenant_id uuid not null,
    id text not null,
    secret text not null,
    made_at timestamp with time zone default now() not null,
    revoked_at timestamp with time zone,
    primary key (tenant_id, id)
);
create table web_conversations (
    tenant_id uuid not null,
    channel text not null,
    user_id text not null,
    last_seq bigint default 0 not null,
    changed_at timestamp with time zone default now() not null,
    primary key (tenant_id, channel),
    foreign key (tenant_id, user_id) references web_accounts (tenant_id, user_id) on delete cascade
);
create table web_messages (
    tenant_id uuid not null,
    channel text not null,
    id text not null,
    seq bigint not null,
    first_seq bigint not null,
    kind text not null,
    content jsonb not null,
    said_at timestamp with time zone default now() not null,
    changed_at timestamp with time zone default now() not null,
    primary key (tenant_id, channel, id),
    constraint web_messages_in_order unique (tenant_id, channel, seq),
    foreign key (tenant_id, channel) references web_conversations (tenant_id, channel) on delete cascade
);
create index web_messages_old on web_messages (tenant_id, changed_at);
"""


def upgrade() -> None:
    create_tables(TABLES)


def downgrade() -> None:
    for table in ("web_messages", "web_conversations", "web_issuers", "web_tokens", "web_accounts"):
        op.execute(f"drop table if exists {table}")
