"""directory, managers, pushers: what we were told of people by others, and when."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson

from workers.store.door import Connection


@dataclass(frozen=True, slots=True)
class Listed:
    """Who was in a group: e-mail addresses, or accounts as `platform|workspace|user`. `age` in seconds.

    `problem`: why it could not be asked when it was tried last, for people; empty where it could.
    """

    members: tuple[str, ...]
    age: float
    problem: str = ""


async def listed(c: Connection, tenant: UUID, terms: Iterable[str]) -> Mapping[str, Listed]:
    rows = await c.fetch(
        "select term, members, extract(epoch from now() - asked_at)::float8 as age, problem from directory"
        " where tenant_id = $1 and term = any($2)",
        tenant,
        list(terms),
    )
    return {
        row["term"]: Listed(tuple(orjson.loads(row["members"])), row["age"], row["problem"]) for row in rows
    }


async def keep(c: Connection, tenant: UUID, term: str, members: Sequence[str]) -> None:
    await c.execute(
        "insert into directory (tenant_id, term, members, asked_at) values ($1, $2, $3, now())"
        " on conflict (tenant_id, term) do update set members = excluded.members, asked_at = now(),"
        " problem = ''",
        tenant,
        term,
        orjson.dumps(list(members)).decode(),
    )


async def troubled(c: Connection, tenant: UUID, term: str, problem: str) -> None:
    """It could not be asked. What was known is left, and grows old."""
    await c.execute(
        "insert into directory (tenant_id, term, members, asked_at, problem)"
        " values ($1, $2, '[]', 'epoch', $3)"
        " on conflict (tenant_id, term) do update set problem = excluded.problem",
        tenant,
        term,
        problem[:500],
    )


async def manager_of(c: Connection, tenant: UUID, emails: Iterable[str]) -> str:
    """Empty: nobody told us."""
    found = await c.fetchval(
        "select manager from managers where tenant_id = $1 and email = any($2) order by email limit 1",
        tenant,
        list(emails),
    )
    return found or ""


async def put_managers(c: Connection, tenant: UUID, pairs: Sequence[tuple[str, str]]) -> None:
    """Instead of all that was there: who is not in the list any more has no manager."""
    await c.execute("delete from managers where tenant_id = $1", tenant)
    await c.executemany(
        "insert into managers (tenant_id, email, manager) values ($1, $2, $3)",
        [(tenant, person, manager) for person, manager in pairs],
    )


async def pushed(c: Connection, tenant: UUID, kind: str, name: str, version: str, email: str) -> None:
    """Who put this version there last, by the address that they gave."""
    await c.execute(
        "insert into pushers (tenant_id, kind, name, version, email) values ($1, $2, $3, $4, $5)"
        " on conflict (tenant_id, kind, name, version) do update set email = excluded.email, at = now()",
        tenant,
        kind,
        name,
        version,
        email,
    )


async def pushers(c: Connection, tenant: UUID, flow_version: str, policy_version: str) -> dict[str, str]:
    """Their addresses, each with what they pushed: `flow` or `policy`."""
    rows: list[Any] = await c.fetch(
        "select email, kind from pushers where tenant_id = $1"
        " and ((kind = 'flow' and version = $2) or (kind = 'policy' and version = $3))",
        tenant,
        flow_version,
        policy_version,
    )
    return {row["email"]: row["kind"] for row in rows}
