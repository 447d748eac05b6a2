"""What calls were about, so that a policy can count them; and the policy that is only tried out.

Runs against yesterday's code: it only creates. What was called before is not counted.
"""

from alembic import op

from workers.store.new_tables import create_tables

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

TABLES = """
create table spending (
    tenant_id uuid not null,
    effect_key text not null,
    tool text not null,
    risk text not null,
    requester uuid not null,
    recipient text default '' not null,
    amount bigint,
    currency text default '' not null,
    at timestamp with time zone default now() not null,
    primary key (tenant_id, effect_key),
    foreign key (tenant_id, effect_key) references effects (tenant_id, key) on delete cascade
);
create index spending_lately on spending (tenant_id, at);
create index spending_of_person on spending (tenant_id, requester, tool);
create table shadow_policies (
    tenant_id uuid not null,
    version text not null,
    since timestamp with time zone default now() not null,
    primary key (tenant_id, version),
    foreign key (tenant_id, version) references policies (tenant_id, version)
);
"""


def upgrade() -> None:
    create_tables(TABLES)


def downgrade() -> None:
    op.execute("drop table shadow_policies")
    op.execute("drop table spending")
