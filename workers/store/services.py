"""services: what a tenant has set for a service, sealed, and as whom we act there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from workers.store.door import Connection
from workers.store.effects import Claimed


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept of one service of one tenant; empty where nothing is.

    `tenant` is its name, `policy` the version that rules there: they are read here because whoever
    asks for the one needs the others, in the same statement. `account` is our id at the service,
    as it told us for the settings that `account_of` names. `unseen`: the service itself sent the
    webhook's secret, and nobody has looked at it yet.
    """

    tenant: str
    policy: str | None
    service: str
    sealed: str | None = None
    unseen: bool = False
    account: str = ""
    account_name: str = ""
    account_of: str = ""
    changed_at: datetime | None = None

    def changed_since(self, claimed: Claimed) -> bool:
        """Whether an earlier try of this effect was made with another account."""
        return claimed.attempts > 1 and self.changed_at is not None and self.changed_at > claimed.began_at


_KEPT = (
    "select t.name as tenant, t.policy_version as policy, $2 as service, s.sealed,"
    " coalesce(s.unseen, false) as unseen, coalesce(s.account, '') as account,"
    " coalesce(s.account_name, '') as account_name, coalesce(s.account_of, '') as account_of, s.changed_at"
    " from tenants t left join services s on s.tenant_id = t.tenant_id and s.service = $2"
    " where t.tenant_id = $1"
)


async def kept(c: Connection, tenant: UUID, service: str) -> Kept:
    row = await c.fetchrow(_KEPT, tenant, service)
    return Kept(**dict(row)) if row else Kept("", None, service)


async def names(c: Connection, tenant: UUID) -> list[str]:
    """The services that something is kept of."""
    rows = await c.fetch("select service from services where tenant_id = $1 order by service", tenant)
    return [row["service"] for row in rows]


async def hold(c: Connection, tenant: UUID, service: str) -> Kept:
    """As `kept`, with a row that nobody else changes until the end of this transaction."""
    await c.execute(
        "insert into services (tenant_id, service) values ($1, $2) on conflict do nothing", tenant, service
    )
    await c.execute(
        "select 1 from services where tenant_id = $1 and service = $2 for update", tenant, service
    )
    return await kept(c, tenant, service)


async def put(
    c: Connection,
    tenant: UUID,
    service: str,
    sealed: str | None,
    *,
    other_account: bool,
    unseen: bool = False,
) -> None:
    """Into a row that is held. With another account, who we are there has to be asked anew.

    `sealed` None: nothing is set any more. The row stays, for what was begun with it.
    """
    await c.execute(
        "update services set sealed = $3, unseen = $4, account = case when $5 then '' else account end,"
        " account_name = case when $5 then '' else account_name end,"
        " account_of = case when $5 then '' else account_of end,"
        " checked_at = case when $5 then null else checked_at end,"
        " changed_at = case when $5 then clock_timestamp() else changed_at end"
        " where tenant_id = $1 and service = $2",
        tenant,
        service,
        sealed,
        unseen,
        other_account,
    )


async def seen(c: Connection, tenant: UUID, service: str) -> None:
    await c.execute(
        "update services set unseen = false where tenant_id = $1 and service = $2", tenant, service
    )


async def know(c: Connection, tenant: UUID, service: str, account: str, name: str, account_of: str) -> None:
    """The service told who we are there."""
    await c.execute(
        "insert into services (tenant_id, service, account, account_name, account_of, checked_at)"
        " values ($1, $2, $3, $4, $5, now()) on conflict (tenant_id, service) do update"
        " set account = excluded.account, account_name = excluded.account_name,"
        " account_of = excluded.account_of, checked_at = now()",
        tenant,
        service,
        account[:200],
        name[:200],
        account_of,
    )


async def account(c: Connection, tenant: UUID, service: str) -> str:
    """Our id at the service; empty where it never told us."""
    found: str | None = await c.fetchval(
        "select account from services where tenant_id = $1 and service = $2", tenant, service
    )
    return found or ""
