"""`countersign brand …`: what each prints, and what it changes."""

from __future__ import annotations

import sys
from uuid import UUID

from bot.errors import ConfigurationError
from bot.settings import Settings
from bot.text import one_line
from workers import brand, ops
from workers.store import audit, preferences
from workers.store.audit import OPERATOR
from workers.store.door import Database
from workers.store.preferences import Brand

LASTS = "It is said from the next few seconds on."


def put(settings: Settings, tenant: str, name: str, voice: str) -> int:
    wanted = brand.checked(name, voice)

    async def run(db: Database) -> int:
        whose, called = await _one(db, tenant)
        async with db.tenant(whose) as c:
            await preferences.set_brand(c, whose, wanted)
            await audit.record(c, whose, "brand.set", name=wanted.name, voice=wanted.voice, by=OPERATOR)
        _say(f"{one_line(called)}: {told(wanted)} {LASTS}")
        return 0

    return ops.with_database(settings, run)


def drop(settings: Settings, tenant: str) -> int:
    async def run(db: Database) -> int:
        whose, called = await _one(db, tenant)
        async with db.tenant(whose) as c:
            gone = await preferences.drop_brand(c, whose)
            if gone:
                await audit.record(c, whose, "brand.dropped", by=OPERATOR)
        _say(f"{one_line(called)}: {told(Brand())} {LASTS if gone else 'It was so before.'}")
        return 0

    return ops.with_database(settings, run)


def show(settings: Settings, tenant: str) -> int:
    async def run(db: Database) -> int:
        for whose, called in await ops.chosen(db, tenant):
            async with db.tenant(whose) as c:
                found = await preferences.brand(c, whose)
            _say(f"{one_line(called)}: {told(found)}")
        return 0

    return ops.with_database(settings, run)


def told(found: Brand) -> str:
    voice = f" Its voice: “{one_line(found.voice, brand.LONGEST_VOICE)}”." if found.voice else ""
    return f"the bot calls itself {one_line(found.name)}.{voice}"


async def _one(db: Database, tenant: str) -> tuple[UUID, str]:
    found = await ops.chosen(db, tenant)
    if len(found) != 1:
        raise ConfigurationError("There is more than one tenant: say which with --tenant.")
    return found[0]


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
