"""The Agents Playground: an unsigned Teams whose tenant nobody installed."""

from __future__ import annotations

from bot.embedded import Servers
from workers.hints import Hints
from workers.inbox import GroupInbox
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
