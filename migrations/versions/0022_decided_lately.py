"""What was decided lately is found without reading all that ever was.

Runs against yesterday's code: it only creates. The index is found ready on a live database, where
`workers.store.ahead` builds it beside the work before this begins.
"""

from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("create index if not exists approvals_decided on approvals (tenant_id, decided_at)")


def downgrade() -> None:
    op.execute("drop index if exists approvals_decided")
