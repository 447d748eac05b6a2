"""A brand hangs on no other row: its tenant is in its key, and a key of tenants is nobody's to point at.

Runs against yesterday's code: it only takes a constraint away.
"""

from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("alter table brands drop constraint if exists brands_tenant_id_fkey")


def downgrade() -> None:
    op.execute("alter table brands add foreign key (tenant_id) references tenants (tenant_id)")
