"""Somebody is told something in private, where they were last seen."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import structlog

from bot.errors import PlatformError
from bot.reply import Reply
from bot.turn import Account, Place
from workers.commit import Commit
from workers.seen import Seen, Tools, finish
from workers.store.conversations import Claimed
from workers.store.door import Connection
from workers.store.outbox import Message

log = structlog.get_logger()

TELL = "approval.tell"


async def tell(tools: Tools, claimed: Claimed, seen: Seen, raw: dict[str, Any]) -> Commit:
    """Nothing where no platform can reach them: it stands in the audit anyway."""
    commit = Commit()
    async with tools.db.tenant(claimed.tenant) as c:
        account = await account_of(c, claimed.tenant, UUID(raw["person"]))
    place = await private(tools, account) if account else None
    if place is not None:
        commit.messages.append(Message(raw["id"], "post", place, Reply(raw["words"])))
    return await finish(tools, claimed, seen, commit)


async def account_of(c: Connection, tenant: UUID, person: UUID) -> Account | None:
    """The one that they used last."""
    row = await c.fetchrow(
        "select platform, workspace, user_id from accounts where tenant_id = $1 and person_id = $2"
        " order by seen_at desc, platform limit 1",
        tenant,
        person,
    )
    return Account(row["platform"], row["workspace"], row["user_id"]) if row else None


async def private(tools: Tools, account: Account) -> Place | None:
    """None where this platform cannot reach them just now."""
    client = tools.clients.get(account.platform)
    if client is None:
        return None
    try:
        return await client.direct(account)
    except PlatformError as error:
        log.warning("private.unreached", platform=account.platform, problem=type(error).__name__)
        return None
