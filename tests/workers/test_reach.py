"""A tool of several services reaches those of its own tenant, with that tenant's accounts, and no others."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any
from uuid import UUID

import pytest

from integrations.errors import NotConfigured
from tests.conftest import SECRET
from workers.clients import Clients
from workers.installs import OWN
from workers.reach import Reach
from workers.services import Opened, Services
from workers.store import services as store
from workers.store import tenants
from workers.store.door import Database

OURS = {
    "JIRA_URL": "https://ours.atlassian.net", "JIRA_EMAIL": "bot@ours.example", "JIRA_API_TOKEN": "ours",
    "STRIPE_API_KEY": "sk_ours",
}  # fmt: skip


async def reached(db: Database, tenant: UUID, service: str) -> Any:
    loop = asyncio.get_running_loop()

    def wait(work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, loop).result(10)

    reach = Reach(tenant, db, Services(OURS, SECRET), Clients(), wait)
    return await asyncio.to_thread(reach, service)


async def keep(db: Database, tenant: UUID, service: str, **values: str) -> None:
    async with db.tenant(tenant) as c:
        await store.hold(c, tenant, service)
        sealed = Services({}, SECRET).sealed(tenant, service, Opened(values, "t" * 32))
        await store.put(c, tenant, service, sealed, other_account=True)


async def test_a_tenant_reaches_its_own_account(db: Database, tenant: UUID) -> None:
    theirs = {
        "JIRA_URL": "https://theirs.atlassian.net",
        "JIRA_EMAIL": "a@theirs.example",
        "JIRA_API_TOKEN": "t",
    }
    await keep(db, tenant, "jira", **theirs)

    assert (await reached(db, tenant, "jira")).base == "https://theirs.atlassian.net"


async def test_another_tenant_never_reaches_ours(db: Database, tenant: UUID) -> None:
    with pytest.raises(NotConfigured):
        await reached(db, tenant, "jira")


async def test_our_own_tenant_reaches_what_the_environment_names(db: Database) -> None:
    own = await tenants.create(db, OWN)

    assert (await reached(db, own, "jira")).base == OURS["JIRA_URL"]


@pytest.mark.parametrize("service", ["stripe", "model", "work", "schedule", "nothing", ""])
async def test_what_is_not_there_to_be_read_is_not_reached(db: Database, service: str) -> None:
    own = await tenants.create(db, OWN)
    with pytest.raises(NotConfigured, match="no service that can be read"):
        await reached(db, own, service)


@pytest.mark.twin
async def test_twin_without_that_list_it_would_reach_what_pays(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    from workers import reach

    monkeypatch.setattr(reach, "READABLE", frozenset({"stripe"}))
    own = await tenants.create(db, OWN)

    assert await reached(db, own, "stripe") is not None
