"""${message}.

Runs against yesterday's code: add columns as nullable or with a constant default; create an
index on a large table concurrently and outside the transaction; never rename or drop what the
version before still reads; row-level security, the tenant policy and the grants come with the
table (copy them from 0001).
"""

from alembic import op

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = ${repr(branch_labels)}
depends_on = ${repr(depends_on)}


def upgrade() -> None:
    ${upgrades if upgrades else "pass"}


def downgrade() -> None:
    ${downgrades if downgrades else "pass"}
