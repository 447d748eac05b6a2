"""What went wrong for good: put aside so that it is in nobody's way, and told once to whoever waits."""

from __future__ import annotations

import orjson
import structlog

from bot.metrics import metrics
from bot.reply import Reply
from bot.turn import Place, Turn
from workers.seen import Tools
from workers.store import audit, codec, enqueue, inbox, runs
from workers.store.conversations import Claimed
from workers.store.inbox import Row
from workers.store.outbox import Message

log = structlog.get_logger()

SORRY = (
    "Something went wrong with that on my side, and I have noted it. Nothing was charged for it."
    " Please try again."
)
STUCK = "Something went wrong on my side while I was noting what happened here. Somebody has to look at it."


async def bury(tools: Tools, claimed: Claimed, row: Row, why: str) -> None:
    """This row failed every time: it stays for `countersign dead`, and the conversation goes on."""
    log.error("turn.dead", source=row.source, kind=row.kind, row=row.id, attempts=row.attempts, why=why)
    metrics().turn(row.source, "dead", row.age)
    turn = _turn(tools, row)
    async with tools.db.turn(claimed.tenant, claimed.key, claimed.fence, tools.lease) as c:
        await inbox.dead(c, claimed.tenant, row.id, why)
        await audit.record(c, claimed.tenant, "turn.dead", row=row.id, source=row.source, kind=row.kind)
        place: Place | None = turn.place if turn else None
        if row.kind == inbox.EVENT:
            stored = await runs.open_run(c, claimed.tenant, claimed.key)
            place = stored.place if stored else None
        if place is not None:
            said = Reply(SORRY if turn else STUCK)
            await enqueue.add(
                c, claimed.tenant, claimed.key, [Message(f"dead:{row.id}", "post", place, said)]
            )


def _turn(tools: Tools, row: Row) -> Turn | None:
    """Who did what, if that much can be read: it may be the very thing that cannot."""
    if row.kind != inbox.TURN:
        return None
    try:
        if row.source == "us":
            turn = codec.loads(row.payload)
        else:
            turn = tools.doors[row.source].to_turn(orjson.loads(row.payload))
    except Exception as error:
        log.info("turn.unreadable", problem=type(error).__name__)
        return None
    return turn if isinstance(turn, Turn) else None
