"""What every table of ours begins with: row-level security, the tenant's policy, the app's rights."""

from __future__ import annotations

from collections.abc import Collection

from alembic import op

TENANT = "tenant_id = (select nullif(current_setting('app.tenant', true), '')::uuid)"


def create_tables(statements: str, append_only: Collection[str] = ()) -> None:
    """Each `create table …;` of the text, closed to other tenants; other statements as they stand."""
    for statement in statements.split(";\n"):
        words = statement.split()
        if not words:
            continue
        op.execute(statement)
        if [word.lower() for word in words[:2]] == ["create", "table"]:
            _close(words[2], words[2] in append_only)


def _close(table: str, append_only: bool) -> None:
    op.execute(f"alter table {table} enable row level security")
    op.execute(f"alter table {table} force row level security")
    op.execute(f"create policy tenant on {table} to countersign_app using ({TENANT}) with check ({TENANT})")
    rights = "select, insert" if append_only else "select, insert, update, delete"
    op.execute(f"grant {rights} on {table} to countersign_app")
