"""Which wording or steps people got, and what came of it.

Runs against yesterday's code: it only creates.
"""

from workers.store.new_tables import create_tables

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

TABLES = """
"""


def upgrade() -> None:
    create_tables(TABLES)


def downgrade() -> None:
    """Nothing was made."""
