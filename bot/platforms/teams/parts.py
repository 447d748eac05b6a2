"""One reply as the several cards that Teams takes."""

from __future__ import annotations

from bot.platforms.splitting import split
from bot.platforms.teams.limits import CARD_BYTES, MARGIN
from bot.platforms.teams.render import encode, render
from bot.reply import Reply


def parts(reply: Reply) -> tuple[Reply, ...]:
    """In order, nothing cut off."""
    return split(reply, _fits, CARD_BYTES)


def _fits(reply: Reply) -> bool:
    return len(encode(render(reply, sandbox=True))) <= CARD_BYTES - MARGIN
