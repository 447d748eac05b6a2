"""When: a person's own day, and the moment until which a flow waits."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from flows.effects import SetTimer
from flows.events import Fired
from workers.commit import Commit
from workers.store import codec
from workers.store.door import Connection

MORNING = 9
FIRST, LAST = datetime(1970, 1, 2, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)


def zone_of(name: str) -> tzinfo:
    """UTC where there is no such zone."""
    try:
        return ZoneInfo(name)
    except (KeyError, OSError, ValueError):
        return UTC


def day(at: float, zone: str) -> str:
    """The date at that moment where the person is, as ISO writes it."""
    return datetime.fromtimestamp(at, zone_of(zone)).date().isoformat()


def moment(until: str, zone: str) -> datetime:
    """A date is nine in the morning there, a time without an offset is of there. Raises ValueError."""
    found = datetime.fromisoformat(until)
    if len(until) == len("2026-12-24"):
        found = found.replace(hour=MORNING)
    if found.tzinfo is None:
        if found.year >= LAST.year:
            return LAST
        if found.year < FIRST.year:
            return FIRST
        found = found.replace(tzinfo=zone_of(zone))
    elif not FIRST.year < found.year < LAST.year:
        return FIRST if found.year < LAST.year else LAST
    return min(max(found, FIRST), LAST)


async def set_timer(c: Connection, commit: Commit, timer: SetTimer, zone: str) -> None:
    """By the database's clock, since that is what looks whether it is due."""
    if timer.until:
        at = moment(timer.until, zone)
    else:
        now: datetime = await c.fetchval("select now()")
        at = now + timedelta(seconds=timer.seconds)
    commit.timers.append((timer_id(timer.key), at, codec.to_json(Fired(timer.key))))


def timer_id(key: str) -> str:
    return f"{key}:timer"
