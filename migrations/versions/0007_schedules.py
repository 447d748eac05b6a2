"""Flows that begin by the clock.

Runs against yesterday's code: it only creates.
"""

from workers.store.new_tables import create_tables

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

TABLES = """
"""


def upgrade() -> None:
    create_tables(TABLES)


def downgrade() -> None:
    """Nothing was made."""
