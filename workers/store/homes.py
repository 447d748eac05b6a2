"""home_views: who looked at the bot's own page lately, and where it is, so that it can be shown anew."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from bot.turn import Account, Place
from workers.store import codec, timers
from workers.store.conversations import wake
from workers.store.door import Connection

AGAIN = "home.again"
MOST = 20  # pages that are shown anew; whoever looked longer ago finds it when they look
LATELY = timedelta(days=1)
TOGETHER = 2  # seconds: what changes within them is shown at once


@dataclass(frozen=True, slots=True)
class View:
    account: Account
    place: Place
    person: UUID


async def looked(c: Connection, tenant: UUID, view: View) -> None:
    account = view.account
    await c.execute(
        "insert into home_views (tenant_id, platform, workspace, user_id, person_id, place)"
        " values ($1, $2, $3, $4, $5, $6) on conflict (tenant_id, platform, workspace, user_id)"
        " do update set person_id = excluded.person_id, place = excluded.place, looked_at = now()",
        tenant,
        account.platform,
        account.workspace,
        account.user,
        view.person,
        codec.dumps(view.place),
    )


async def news(c: Connection, tenant: UUID) -> None:
    """Something on those pages changed: each is shown anew in a moment, once for all that changes by then."""
    rows = await c.fetch(
        "select user_id, platform, workspace, place, now() as now from home_views"
        " where tenant_id = $1 and looked_at > now() - $2::interval order by looked_at desc limit $3",
        tenant,
        LATELY,
        MOST,
    )
    for row in sorted(rows, key=lambda each: (each["workspace"], each["user_id"])):
        at = _together(row["now"])
        id = f"home:{row['platform']}:{row['workspace']}:{row['user_id']}:{at:%Y%m%d%H%M%S}"
        place = codec.loads(row["place"])
        account = [row["platform"], row["workspace"], row["user_id"]]
        event = {"_": AGAIN, "account": account, "id": id}
        await wake(c, tenant, place.conversation)  # which may have been dropped since it was idle
        await timers.set_at(c, tenant, id, place.conversation, at, event)


def _together(now: datetime) -> datetime:
    """The end of these seconds, and one more for whoever commits at the last moment."""
    begun = now.replace(microsecond=0) - timedelta(seconds=now.second % TOGETHER)
    return begun + timedelta(seconds=TOGETHER + 1)


async def view(c: Connection, tenant: UUID, raw: dict[str, Any]) -> View | None:
    """Where the page of an event of ours is, and whose it is now."""
    platform, workspace, user = raw["account"]
    row = await c.fetchrow(
        "select person_id, place from home_views where tenant_id = $1 and platform = $2 and workspace = $3"
        " and user_id = $4",
        tenant,
        platform,
        workspace,
        user,
    )
    if row is None:
        return None
    return View(Account(platform, workspace, user), codec.loads(row["place"]), row["person_id"])
