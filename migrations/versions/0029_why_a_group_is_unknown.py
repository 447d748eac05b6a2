"""Why a group of somebody else's directory could not be asked is kept beside who was in it.

Runs against yesterday's code: a column with a constant default, which it neither reads nor writes.
"""

from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("alter table directory add column if not exists problem text not null default ''")


def downgrade() -> None:
    op.execute("alter table directory drop column if exists problem")
