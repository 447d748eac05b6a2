"""`countersign feedback list`: what it prints."""

from __future__ import annotations

import sys

from bot.settings import Settings
from bot.text import one_line
from workers import ops
from workers.store import feedback
from workers.store.door import Database
from workers.store.feedback import Judged

LONGEST = 200


def listed(settings: Settings, tenant: str, most: int) -> int:
    async def run(db: Database) -> int:
        for whose, name in await ops.chosen(db, tenant):
            async with db.tenant(whose) as c:
                up, down = await feedback.counts(c, whose)
                latest = await feedback.latest(c, whose, most)
            sys.stdout.write("".join(f"{line}\n" for line in told(name, up, down, latest)))
        return 0

    return ops.with_database(settings, run)


def told(name: str, up: int, down: int, latest: list[Judged]) -> list[str]:
    """A line for the tenant, and one for each thumb."""
    every = up + down
    share = f", {100 * up // every} % up" if every else ""
    return [f"{one_line(name)}: {up} up, {down} down{share}", *map(_line, latest)]


def _line(judged: Judged) -> str:
    thumb = "up  " if judged.up else "down"
    about = judged.said or f"message {one_line(judged.message, 60)}"
    words = f": “{one_line(judged.words, LONGEST)}”" if judged.words else ""
    who = one_line(judged.person) or "somebody who was forgotten"
    return f"  {judged.at:%Y-%m-%d %H:%M} {thumb} {who}, of {about}{words}"
