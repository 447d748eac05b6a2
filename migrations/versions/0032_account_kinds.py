"""An account says what its platform says of it: a member's (empty), a guest's, a bot's, or gone.

Runs against yesterday's code, which does not fill it: whoever was seen before is a member until they are
looked up again, within a day. The column has a constant default, so no row is written.
"""

from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("alter table accounts add column if not exists kind text default '' not null")


def downgrade() -> None:
    op.execute("alter table accounts drop column if exists kind")
