"""What each tenant has set for the services that we call.

Runs against yesterday's code: it only creates.
"""

from workers.store.new_tables import create_tables

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TABLES = """
"""


def upgrade() -> None:
    create_tables(TABLES)


def downgrade() -> None:
    """Nothing was made."""
