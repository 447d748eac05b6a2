"""The catalogue holds what the schema promises; and each promise, once broken, is found."""

from __future__ import annotations

from typing import Any

import asyncpg
import pytest

from tests.workers.store.catalog import RULES, findings
from workers.store.schema import APPEND_ONLY

POLICY = "tenant_id = (select nullif(current_setting('app.tenant', true), '')::uuid)"
GOOD = (
    "create table late (tenant_id uuid not null, id text not null, primary key (tenant_id, id));"
    "alter table late enable row level security; alter table late force row level security;"
    f"create policy tenant on late to countersign_app using ({POLICY}) with check ({POLICY});"
    "grant select, insert, update, delete on late to countersign_app;"
)

# What somebody might write one day, in whose name, and the rule that then speaks.
BROKEN: list[tuple[str, str]] = [
    ("every table names its tenant", "create table late (id text primary key)"),
    ("every table names its tenant", GOOD.replace("uuid not null", "text not null").replace("::uuid", "")),
    ("row-level security binds everybody", GOOD.replace("alter table late enable row level security;", "")),
    ("row-level security binds everybody", GOOD.replace("alter table late force row level security;", "")),
    ("every table has the tenant's policy", GOOD.replace(f"using ({POLICY})", "using (true)")),
    ("every table has the tenant's policy", GOOD.replace(f"with check ({POLICY})", "with check (true)")),
    ("every table has the tenant's policy", GOOD.replace(f" with check ({POLICY})", "")),
    ("every table has the tenant's policy", GOOD.replace("to countersign_app using", "for select to public using").replace(f" with check ({POLICY})", "")),
    ("every table has the tenant's policy", GOOD.replace("nullif(current_setting('app.tenant', true), '')", "current_setting('app.tenant', true)")),
    ("there is no other policy", "create policy more on people to countersign_app using (true)"),
    ("there is no other policy", "create policy dispatch on people to countersign_owner using (true)"),
    ("there is no other policy", "create policy more on tenants to countersign_owner using (true)"),
    ("every key begins with the tenant", "create unique index late on people (email)"),
    ("every key begins with the tenant", "create unique index late on people (lower(email), tenant_id)"),
    ("every key begins with the tenant", GOOD.replace("primary key (tenant_id, id)", "primary key (id)")),
    ("every key begins with the tenant", GOOD.replace("primary key (tenant_id, id)", "primary key (id, tenant_id)")),
    ("every table has a primary key", GOOD.replace(", primary key (tenant_id, id)", "")),
    ("every foreign key begins with the tenant", "create unique index late on people (id); alter table accounts add foreign key (person_id) references people (id)"),
    ("every foreign key begins with the tenant", "alter table accounts add foreign key (person_id, tenant_id) references people (id, tenant_id)"),
    ("a view looks with the eyes of whoever asks", "create view late as select * from people"),
    ("a view looks with the eyes of whoever asks", "create view late with (security_invoker = false) as select * from people"),
    ("there is no materialized view", "create materialized view late as select * from people"),
    ("there is no rewriting rule", "create rule late as on insert to people do also delete from audit"),
    ("only the listed functions look across tenants", "create function late() returns bigint language sql security definer set search_path = public, pg_temp return (select count(*) from people)"),
    ("only the listed functions look across tenants", "alter function tenants_there() security invoker"),
    ("their search path is fixed", "alter function tenants_there() reset search_path"),
    ("their search path is fixed", "alter function tenants_there() set search_path = pg_temp, public"),
    ("only the app may call them", "grant execute on function tenants_there() to public"),
    ("the owner owns everything", "reset role; alter table people owner to countersign_app"),
    ("the owner owns everything", "reset role; create table late (id text)"),
    ("the owner owns everything", "reset role; create function late() returns int language sql return 1"),
    ("neither role stands above row-level security", "reset role; alter role countersign_app bypassrls"),
    ("neither role stands above row-level security", "reset role; alter role countersign_app superuser"),
    ("neither role stands above row-level security", "reset role; alter role countersign_owner login"),
    ("the app is nobody else", "reset role; grant countersign_owner to countersign_app"),
    ("the app reads and writes rows, and that is all", "grant truncate on people to countersign_app"),
    ("the app reads and writes rows, and that is all", "grant references on people to countersign_app"),
    ("the app reads and writes rows, and that is all", "grant trigger on people to countersign_app"),
    ("the app reads and writes rows, and that is all", "grant select on people to public"),
    ("the app reads and writes rows, and that is all", "grant usage on sequence audit_id_seq to countersign_app"),
    ("the app reads and writes rows, and that is all", "grant update (entry) on audit to countersign_app"),
    *(("what is only added to stays", f"grant {what} on {table} to countersign_app") for table in sorted(APPEND_ONLY) for what in ("update", "delete")),
    ("the app makes nothing", "reset role; grant create on schema public to countersign_app"),
    ("the app makes nothing", "reset role; grant create on schema public to public"),
    ("nothing is granted ahead of time", "alter default privileges grant select on tables to countersign_app"),
    ("the app has no way into our own bookkeeping", "grant select on alembic_version to countersign_app"),
]  # fmt: skip


async def test_the_database_keeps_every_rule(admin: Any) -> None:
    assert await findings(admin) == {}


async def test_a_table_made_as_the_others_are_keeps_every_rule(admin: Any) -> None:
    await admin.execute("set local role countersign_owner;" + GOOD)
    assert await findings(admin) == {}


@pytest.mark.twin
@pytest.mark.parametrize(
    ("rule", "broken"), BROKEN, ids=[f"{at}: {rule}" for at, (rule, _) in enumerate(BROKEN)]
)
async def test_what_breaks_a_rule_is_found(admin: Any, rule: str, broken: str) -> None:
    await admin.execute("set local role countersign_owner;" + broken)
    await admin.execute("reset role")
    assert rule in await findings(admin)


def test_every_rule_has_something_that_breaks_it() -> None:
    assert {rule for rule, _ in BROKEN} == set(RULES)
