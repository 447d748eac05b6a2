"""The Agents Playground: an unsigned Teams whose tenant nobody installed."""

from __future__ import annotations

import pytest

from bot.embedded import Servers
from bot.errors import InboxRefused
from workers.hints import Hints
from workers.inbox import GroupInbox
from workers.installs import own_tenant
from workers.store import tenants
from workers.store.door import Database

INVENTED = "00000000-0000-0000-0000-0000000000001"


async def test_any_teams_tenant_is_our_own_in_the_playground(db: Database, servers: Servers) -> None:
    inbox = GroupInbox(db, Hints(servers.redis_url), playground=True)

    found = await inbox.tenant_of("teams", INVENTED)

    assert found is not None
    assert found == await inbox.tenant_of("teams", INVENTED)
    assert await inbox.tenant_of("slack", "T0UNKNOWN") is None


async def test_outside_of_it_a_foreign_tenant_stays_foreign(db: Database, servers: Servers) -> None:
    inbox = GroupInbox(db, Hints(servers.redis_url))

    assert await inbox.tenant_of("teams", "somebody-else") is None


async def test_before_our_own_workspace_is_known_nobody_is_a_stranger(app_dsn: str, servers: Servers) -> None:
    """The very first seconds: the credentials are there, and nobody has asked yet whose they are."""
    db = await Database.open(app_dsn, size=2)
    own = await own_tenant(db)
    async with db.tenant(own) as c:
        await c.execute("delete from installations where tenant_id = $1 and platform = 'slack'", own)
    inbox = GroupInbox(db, Hints(servers.redis_url), expects=frozenset({"slack"}))

    with pytest.raises(InboxRefused):
        await inbox.tenant_of("slack", "T0SOMEBODY")
    async with db.tenant(own) as c:
        await tenants.install(c, own, "slack", "T0OURS0001", "U0BOT", None)

    assert await inbox.tenant_of("slack", "T0OURS0001") == str(own)
    assert await inbox.tenant_of("slack", "T0SOMEBODY") is None
    await inbox.close()
