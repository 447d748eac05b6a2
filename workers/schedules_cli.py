"""`countersign schedules …`: what each prints, and its exit status. They work on the database alone."""

from __future__ import annotations

import sys

from bot.settings import Settings
from bot.text import one_line
from workers.ops import chosen, with_database
from workers.store import audit, schedules, tenants
from workers.store.door import Database
from workers.store.schedules import Scheduled
from workers.waits import zone_of

UNKNOWN = "There is no schedule with that id. `countersign schedules list` shows what there is."


def listed(settings: Settings, tenant: str = "") -> int:
    return with_database(settings, lambda db: list_all(db, tenant))


def stop(settings: Settings, id: str) -> int:
    return with_database(settings, lambda db: stop_one(db, id))


async def list_all(db: Database, tenant: str = "") -> int:
    count = 0
    for id, name in await chosen(db, tenant):
        async with db.tenant(id) as c:
            found = await schedules.every(c, id)
        if found:
            _say(f"{name} ({id})")
        for each in found:
            _say(f"  {_line(each)}")
        count += len(found)
    return 0 if count else _say("Nothing is scheduled.")


async def stop_one(db: Database, id: str) -> int:
    for tenant, _ in await tenants.every(db):
        async with db.tenant(tenant) as c:
            if await schedules.stop(c, tenant, [id]):
                await audit.record(c, tenant, "schedule.stopped", schedule=id, by=audit.OPERATOR)
                return _say(f"{id} is stopped.")
    return _say(UNKNOWN, 1)


def _line(each: Scheduled) -> str:
    """What people typed stays on its line."""
    there = each.next_at.astimezone(zone_of(each.zone))
    when = f"paused: {each.reason}" if each.state == "paused" else f"next {there:%Y-%m-%d %H:%M} {each.zone}"
    what = one_line(each.command, 80)
    where = f"{each.place.platform} {each.place.channel}"
    who = one_line(each.name)
    return f"{each.id}  {what}, {each.rule}, for {who} in {where}; {when}; {each.occurrence} so far"


def _say(text: str, status: int = 0) -> int:
    sys.stdout.write(text + "\n")
    return status
