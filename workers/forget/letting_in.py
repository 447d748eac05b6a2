"""Who asked never to be heard again is not: at the one spot where turns are read."""

from __future__ import annotations

from uuid import UUID

from bot.turn import Ignored, Immediate, Turn
from workers.seen import Tools


async def let_in(
    tools: Tools, tenant: UUID, row: int, turn: Turn | Ignored | Immediate
) -> Turn | Ignored | Immediate:
    desk = tools.forgetting
    return turn if desk is None else await desk.unless_blocked(tools.db, tenant, row, turn)
