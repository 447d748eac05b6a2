"""tenants and what they installed: who we work for, and with which credentials."""

from __future__ import annotations

from uuid import UUID, uuid4

from workers.store.door import Connection, Database

NOT_SINCE = "($4::float8 is null or installed_at < to_timestamp(floor($4::float8) + 1))"


async def of_installation(db: Database, platform: str, workspace: str) -> UUID | None:
    """Whose workspace it is, by what the platform vouched for."""
    rows = await db.dispatch("select tenant_of_installation($1, $2) as tenant", platform, workspace)
    tenant: UUID | None = rows[0]["tenant"]
    return tenant


async def every(db: Database) -> list[tuple[UUID, str]]:
    return [(row["tenant_id"], row["name"]) for row in await db.dispatch("select * from tenants_there()")]


async def create(db: Database, name: str) -> UUID:
    tenant = uuid4()
    async with db.tenant(tenant) as c:
        await c.execute("insert into tenants (tenant_id, name) values ($1, $2)", tenant, name)
    return tenant


async def begin(c: Connection, tenant: UUID, name: str) -> bool:
    """A tenant whose id is known beforehand; False where it is there already."""
    made = await c.fetchval(
        "insert into tenants (tenant_id, name) values ($1, $2) on conflict do nothing returning 1",
        tenant,
        name,
    )
    return made is not None


async def install(
    c: Connection, tenant: UUID, platform: str, workspace: str, bot_user: str, credentials: str | None
) -> None:
    """`credentials` are sealed already; None leaves those that are there.

    Credentials that are new, or a workspace that comes back, make it an installation of now.
    """
    await c.execute(
        "insert into installations (tenant_id, platform, workspace, bot_user, credentials)"
        " values ($1, $2, $3, $4, $5) on conflict (tenant_id, platform, workspace) do update"
        " set bot_user = excluded.bot_user, removed_at = null, installed_at = case"
        "  when excluded.credentials is not null or installations.removed_at is not null then now()"
        "  else installations.installed_at end,"
        " credentials = coalesce(excluded.credentials, installations.credentials)",
        tenant,
        platform,
        workspace,
        bot_user,
        credentials,
    )


async def workspace(c: Connection, tenant: UUID, platform: str) -> tuple[str, str] | None:
    """The tenant's workspace on a platform and the address to call it back; None where it has none."""
    row = await c.fetchrow(
        "select workspace, via from installations where tenant_id = $1 and platform = $2"
        " and removed_at is null order by installed_at limit 1",
        tenant,
        platform,
    )
    return (row["workspace"], row["via"]) if row else None


async def keep_via(c: Connection, tenant: UUID, platform: str, workspace: str, via: str) -> None:
    """The address that a verified activity named last: where a first message can be sent."""
    await c.execute(
        "update installations set via = $4 where tenant_id = $1 and platform = $2 and workspace = $3"
        " and via <> $4",
        tenant,
        platform,
        workspace,
        via,
    )


async def uninstall(
    c: Connection, tenant: UUID, platform: str, workspace: str, at: float | None = None
) -> None:
    """The credentials are gone at once, unless it was installed anew since.

    `at`: when it was removed, in whole epoch seconds by the platform's clock; None: now. What was
    installed in that very second is what was removed.
    """
    await c.execute(
        "update installations set removed_at = now(), credentials = null"  # noqa: S608 (a constant)
        f" where tenant_id = $1 and platform = $2 and workspace = $3 and {NOT_SINCE}",
        tenant,
        platform,
        workspace,
        at,
    )


async def credentials(c: Connection, tenant: UUID, platform: str, workspace: str) -> str | None:
    """Sealed, or None where there are none."""
    found: str | None = await c.fetchval(
        "select credentials from installations where tenant_id = $1 and platform = $2 and workspace = $3"
        " and removed_at is null",
        tenant,
        platform,
        workspace,
    )
    return found


async def had(c: Connection, tenant: UUID, platform: str, workspace: str) -> bool:
    """Whether the workspace is, or was before it was removed, this tenant's."""
    found = await c.fetchval(
        "select 1 from installations where tenant_id = $1 and platform = $2 and workspace = $3",
        tenant,
        platform,
        workspace,
    )
    return found is not None


async def pause(c: Connection, tenant: UUID, paused: bool) -> bool:
    """The kill switch: effects of a paused tenant cannot be claimed. False where it was so already."""
    found = await c.fetchval(
        "update tenants set paused = $2 where tenant_id = $1 and paused <> $2 returning 1", tenant, paused
    )
    return found is not None


async def policy_version(c: Connection, tenant: UUID) -> str | None:
    found: str | None = await c.fetchval("select policy_version from tenants where tenant_id = $1", tenant)
    return found
