"""A change whose fate was not known is made once more when all has settled.

A platform that gave no answer may carry out what we asked half a minute later, after newer changes of the
same message. So where an update was in doubt (no answer in time, or its sender died), the newest of that
message is sent again once nothing old can come any more.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from workers.commit import Commit
from workers.seen import Seen, Tools, write_all
from workers.store import codec, timers
from workers.store.conversations import Claimed
from workers.store.door import Connection
from workers.store.outbox import Message

AGAIN = "update.again"
SETTLES = 25.0  # seconds: with our own deadline, more than half a minute since it was sent
MOST = 5  # times in a row: a platform that never answers in time is left alone then
_COUNTED = re.compile(r"(?P<target>.+):again(?P<number>\d+)")


async def later(c: Connection, tenant: UUID, conversation: str, message: Message) -> None:
    """In the transaction that closes an update which was in doubt."""
    found = _COUNTED.fullmatch(message.id)
    number = int(found["number"]) + 1 if found else 1
    if message.target is None or number > MOST:
        return
    now: datetime = await c.fetchval("select now()")
    event = {"_": AGAIN, "target": message.target, "number": number}
    id, at = f"again:{message.id}", now + timedelta(seconds=SETTLES)
    await timers.set_at(c, tenant, id, conversation, at, event)


async def again(tools: Tools, claimed: Claimed, seen: Seen, raw: dict[str, Any]) -> Commit:
    """Nothing, where a newer change is on its way: that one is late enough."""
    commit, tenant, target = Commit(), claimed.tenant, raw["target"]
    async with tools.db.turn(tenant, claimed.key, claimed.fence, tools.lease) as c:
        row = await c.fetchrow(
            "select state, place, content from outbox where tenant_id = $1 and conversation = $2"
            " and target = $3 and kind = 'update' order by seq desc limit 1",
            tenant,
            claimed.key,
            target,
        )
        if row is not None and row["state"] in ("sent", "dropped"):
            content, place = codec.loads(row["content"]), codec.loads(row["place"])
            id = f"{target}:again{raw['number']}"
            commit.messages.append(Message(id, "update", place, content, target=target))
        await write_all(tools, c, claimed, seen, commit)
    return commit
