"""The catalogue holds what the schema promises; and each promise, once broken, is found."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import asyncpg
import pytest

from tests.workers.store.catalog import RULES, findings
from workers.store import audit
from workers.store.door import Database
from workers.store.schema import APPEND_ONLY

POLICY = "tenant_id = (select nullif(current_setting('app.tenant', true), '')::uuid)"
GOOD = (
    "create table late (tenant_id uuid not null, id text not null, primary key (tenant_id, id));"
    "alter table late enable row level security; alter table late force row level security;"
    f"create policy tenant on late to countersign_app using ({POLICY}) with check ({POLICY});"
    "grant select, insert, update, delete on late to countersign_app;"
)

COLUMNS, NO_CHECK = "primary key (tenant_id, id)", f" with check ({POLICY})"
READS_ONLY = GOOD.replace("to countersign_app using", "for select to public using").replace(NO_CHECK, "")
UNSAFE_WHEN_EMPTY = GOOD.replace(
    "nullif(current_setting('app.tenant', true), '')", "current_setting('app.tenant', true)"
)
POINTS_TO_ONE = (
    "create unique index late on people (id);"
    "alter table accounts add foreign key (person_id) references people (id)"
)
POINTS_BACKWARDS = (
    "alter table accounts add foreign key (person_id, tenant_id) references people (id, tenant_id)"
)
LOOKS_ACROSS = (
    "create function late() returns bigint language sql security definer"
    " set search_path = public, pg_temp return (select count(*) from people)"
)
TO_APP = "to countersign_app"

# What somebody might write one day, by the rule that then speaks.
BREAKS: dict[str, list[str]] = {
    "every table names its tenant": [
        "create table late (id text primary key)",
        GOOD.replace("uuid not null", "text not null").replace("::uuid", ""),
    ],
    "row-level security binds everybody": [
        GOOD.replace("alter table late enable row level security;", ""),
        GOOD.replace("alter table late force row level security;", ""),
    ],
    "every table has the tenant's policy": [
        GOOD.replace(f"using ({POLICY})", "using (true)"),
        GOOD.replace(f"with check ({POLICY})", "with check (true)"),
        GOOD.replace(NO_CHECK, ""),
        READS_ONLY,
        UNSAFE_WHEN_EMPTY,
    ],
    "there is no other policy": [
        f"create policy more on people {TO_APP} using (true)",
        "create policy dispatch on people to countersign_owner using (true)",
        "create policy more on tenants to countersign_owner using (true)",
    ],
    "every key begins with the tenant": [
        "create unique index late on people (email) where false",
        "create unique index late on people (lower(email), tenant_id) where false",
        GOOD.replace(COLUMNS, "primary key (id)"),
        GOOD.replace(COLUMNS, "primary key (id, tenant_id)"),
    ],
    "every table has a primary key": [GOOD.replace(f", {COLUMNS}", "")],
    "every foreign key begins with the tenant": [POINTS_TO_ONE, POINTS_BACKWARDS],
    "a view looks with the eyes of whoever asks": [
        "create view late as select * from people",
        "create view late with (security_invoker = false) as select * from people",
    ],
    "there is no materialized view": ["create materialized view late as select * from people"],
    "there is no rewriting rule": ["create rule late as on insert to people do also delete from audit"],
    "only the listed functions look across tenants": [
        LOOKS_ACROSS,
        "alter function tenants_there() security invoker",
    ],
    "their search path is fixed": [
        "alter function tenants_there() reset search_path",
        "alter function tenants_there() set search_path = pg_temp, public",
    ],
    "only the app may call them": ["grant execute on function tenants_there() to public"],
    "the owner owns everything": [
        f"reset role; alter table people owner {TO_APP}",
        "reset role; create table late (id text)",
        "reset role; create function late() returns int language sql return 1",
    ],
    "neither role stands above row-level security": [
        "reset role; alter role countersign_app bypassrls",
        "reset role; alter role countersign_app superuser",
        "reset role; alter role countersign_owner login",
    ],
    "the app is nobody else": [f"reset role; grant countersign_owner {TO_APP}"],
    "the app reads and writes rows, and that is all": [
        *(f"grant {what} on people {TO_APP}" for what in ("truncate", "references", "trigger", "maintain")),
        "grant select on people to public",
        f"grant usage on sequence audit_id_seq {TO_APP}",
        f"grant update (entry) on audit {TO_APP}",
    ],
    "what is only added to stays": [
        f"grant {what} on {table} {TO_APP}" for table in sorted(APPEND_ONLY) for what in ("update", "delete")
    ],
    "the app makes nothing": [
        f"reset role; grant create on schema public {TO_APP}",
        "reset role; grant create on schema public to public",
    ],
    "nothing is granted ahead of time": [f"alter default privileges grant select on tables {TO_APP}"],
    "the app has no way into our own bookkeeping": [f"grant select on alembic_version {TO_APP}"],
}


async def test_the_database_keeps_every_rule(admin: Any) -> None:
    assert await findings(admin) == {}


async def test_a_table_made_as_the_others_are_keeps_every_rule(admin: Any) -> None:
    await admin.execute("set local role countersign_owner;" + GOOD)
    assert await findings(admin) == {}


@pytest.mark.twin
@pytest.mark.parametrize("rule", RULES)
async def test_whatever_breaks_a_rule_is_found(superuser: Any, rule: str) -> None:
    for broken in BREAKS[rule]:
        transaction = superuser.transaction()
        await transaction.start()
        try:
            await superuser.execute(f"set local role countersign_owner; {broken}; reset role")
            found = await superuser.fetch(RULES[rule])
        finally:
            await transaction.rollback()
        assert found, broken


@pytest.mark.parametrize("table", sorted(APPEND_ONLY))
@pytest.mark.parametrize("what", ["update {} set tenant_id = tenant_id", "delete from {}", "truncate {}"])
async def test_what_is_only_added_to_can_not_be_changed_by_the_bot(
    db: Database, tenant: UUID, table: str, what: str
) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with db.tenant(tenant) as c:
            await c.execute(what.format(table))


@pytest.mark.twin
async def test_with_the_right_to_update_an_audit_entry_could_be_rewritten(
    admin: Any, db: Database, tenant: UUID
) -> None:
    await admin.execute("grant update on audit to countersign_app; set local role countersign_app")
    await admin.execute("select set_config('app.tenant', $1, true)", str(tenant))
    await audit.record(admin, tenant, "effect.done", key="one")
    assert await admin.execute("update audit set entry = 'nothing happened'") == "UPDATE 1"
