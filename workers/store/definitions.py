"""flow versions and policies: immutable, content-addressed, one of each active."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import orjson

from workers.store.door import Connection


async def keep_flow(
    c: Connection, tenant: UUID, flow: str, version: str, definition: Mapping[str, Any]
) -> bool:
    """True when this content was not there before."""
    row = await c.fetchval(
        "insert into flow_versions (tenant_id, flow, version, definition) values ($1, $2, $3, $4)"
        " on conflict do nothing returning 1",
        tenant,
        flow,
        version,
        orjson.dumps(definition).decode(),
    )
    return row is not None


async def activate_flow(c: Connection, tenant: UUID, flow: str, version: str) -> None:
    await c.execute(
        "insert into active_flows (tenant_id, flow, version) values ($1, $2, $3)"
        " on conflict (tenant_id, flow) do update set version = excluded.version, activated_at = now()",
        tenant,
        flow,
        version,
    )


async def active_flows(c: Connection, tenant: UUID) -> dict[str, str]:
    """The active version by flow."""
    rows = await c.fetch("select flow, version from active_flows where tenant_id = $1 order by flow", tenant)
    return {row["flow"]: row["version"] for row in rows}


async def flow_definition(c: Connection, tenant: UUID, flow: str, version: str) -> dict[str, Any] | None:
    text = await c.fetchval(
        "select definition from flow_versions where tenant_id = $1 and flow = $2 and version = $3",
        tenant,
        flow,
        version,
    )
    return dict(orjson.loads(text)) if text else None


async def flow_versions(c: Connection, tenant: UUID) -> list[tuple[str, str, Any, bool]]:
    """Flow, version, when it came, and whether it is active; the newest of each flow first."""
    rows = await c.fetch(
        "select v.flow, v.version, v.created_at, a.version is not null as active from flow_versions v"
        " left join active_flows a on a.tenant_id = v.tenant_id and a.flow = v.flow and a.version = v.version"
        " where v.tenant_id = $1 order by v.flow, v.created_at desc",
        tenant,
    )
    return [(row["flow"], row["version"], row["created_at"], row["active"]) for row in rows]


async def keep_policy(c: Connection, tenant: UUID, version: str, document: Mapping[str, Any]) -> None:
    """Keeps it and makes it the active one."""
    await store_policy(c, tenant, version, document)
    await c.execute("update tenants set policy_version = $2 where tenant_id = $1", tenant, version)


async def store_policy(c: Connection, tenant: UUID, version: str, document: Mapping[str, Any]) -> None:
    """Keeps it, and nothing else."""
    await c.execute(
        "insert into policies (tenant_id, version, document) values ($1, $2, $3) on conflict do nothing",
        tenant,
        version,
        orjson.dumps(document).decode(),
    )


async def policy_versions(c: Connection, tenant: UUID) -> list[tuple[str, Any]]:
    """Version and when it came, the newest first."""
    rows = await c.fetch(
        "select version, created_at from policies where tenant_id = $1 order by created_at desc, version",
        tenant,
    )
    return [(row["version"], row["created_at"]) for row in rows]


async def policy_document(c: Connection, tenant: UUID, version: str) -> dict[str, Any] | None:
    text = await c.fetchval(
        "select document from policies where tenant_id = $1 and version = $2", tenant, version
    )
    return dict(orjson.loads(text)) if text else None
