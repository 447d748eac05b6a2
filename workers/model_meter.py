"""Counts what models are asked, beside the work, and says when a month's budget is used up.

A turn waits for none of it: what is counted is kept in memory and written every second, so a process that is
killed loses the count of its last second. Budgets are looked at the same way: what other processes spent is
seen within half a minute, so together they may overrun a budget by what they ask in that time.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime
from time import monotonic
from uuid import UUID

import asyncpg
import structlog

from bot.settings import Settings
from bot.turn import Place
from integrations.models.metering import Asking, Use, Went, asking, current
from integrations.models.prices import Price, parsed, price_of
from workers.commit import Commit
from workers.model_budget import spent_sentence
from workers.model_metrics import watch_models
from workers.store import audit, model_use
from workers.store.door import Connection, Database
from workers.store.model_use import NOBODY, Budget, Used

log = structlog.get_logger()

EVERY = 1.0  # seconds between two writings
FRESH = 30.0  # seconds for which what was spent is believed
MOST_TENANTS = 5_000
MOST_WAITING = 20_000  # rows; with the database away for long, counts are given up before the memory is
A_TURN = 12.0  # seconds for all that one turn asks of models
TROUBLE = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError)
WENT = "model.asked"
Key = tuple[UUID, str, UUID, str]


@dataclass(slots=True)
class _Month:
    """What a tenant has used this month, as it was read, and what this process added since."""

    read_at: float
    month: str
    budget: Budget
    people: dict[UUID, tuple[int, int]] = field(default_factory=dict)  # cost, tokens
    cost: int = 0
    tokens: int = 0

    def add(self, person: UUID, cost: int, tokens: int) -> None:
        before = self.people.get(person, (0, 0))
        self.people[person] = (before[0] + cost, before[1] + tokens)
        self.cost += cost
        self.tokens += tokens


class Meter:
    """Of one process, on one loop."""

    def __init__(
        self,
        db: Database,
        prices: Mapping[str, Price],
        budget: Budget,
        private: frozenset[str],
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._db, self._prices, self._budget, self._private, self._now = db, prices, budget, private, now
        self._waiting: dict[Key, Used] = {}
        self._went: list[tuple[UUID, Went]] = []
        self._months: OrderedDict[UUID, _Month] = OrderedDict()
        self._writing = asyncio.Lock()
        self._tidied: dict[UUID, str] = {}

    @asynccontextmanager
    async def on_behalf(
        self, tenant: UUID, person: UUID | None, place: Place | None, seconds: float = A_TURN
    ) -> AsyncIterator[Asking]:
        """All that is asked inside of it is this person's. What is not noted by then is noted after it."""
        wanted = await self.open(tenant, person, place, seconds)
        try:
            with asking(wanted):
                yield wanted
        finally:
            self.close(tenant, person, wanted)

    async def open(
        self, tenant: UUID, person: UUID | None, place: Place | None, seconds: float = A_TURN
    ) -> Asking:
        return Asking(
            private=self.is_private(place),
            spent=await self._spent(tenant, person or NOBODY),
            until=monotonic() + seconds,
        )

    def close(self, tenant: UUID, person: UUID | None, asked: Asking) -> None:
        for use in asked.uses:
            self._count(tenant, person or NOBODY, use)
        self._went += [(tenant, each) for each in asked.went]
        asked.uses.clear()
        asked.went.clear()

    def is_private(self, place: Place | None) -> bool:
        """A place that is named, by its channel or with its platform, or any chat of one person and us."""
        if place is None:
            return False
        names = {place.channel, f"{place.platform}:{place.channel}", "*"}
        return bool(names & self._private) or (place.private and "direct" in self._private)

    async def _spent(self, tenant: UUID, person: UUID) -> str:
        try:
            found = await self._month(tenant)
        except TROUBLE as error:
            # The turn needs the database anyway; a budget is no reason to fail before it does.
            log.warning("models.budget_unread", problem=type(error).__name__)
            return ""
        own = found.people.get(person, (0, 0)) if person != NOBODY else (0, 0)
        return spent_sentence(found.budget, (found.cost, found.tokens), own, self._now())

    async def _month(self, tenant: UUID) -> _Month:
        """Read once, and then again beside the work."""
        month = f"{self._now():%Y-%m}"
        found = self._months.get(tenant)
        if found is None or found.month != month:
            found = await self._read(tenant, month)
        self._months.move_to_end(tenant)
        return found

    async def _read(self, tenant: UUID, month: str) -> _Month:
        async with self._db.tenant(tenant) as c:
            budget = await model_use.budget(c, tenant) or self._budget
            used = await model_use.of_month(c, tenant, month) if budget.limits else []
        found = _Month(monotonic(), month, budget)
        for each in used:
            found.add(each.person, each.cost, each.tokens)
        for (whose, day, person, _), each in self._waiting.items():
            if whose == tenant and day.startswith(month):
                found.add(person, each.cost, each.tokens)
        self._months[tenant] = found
        while len(self._months) > MOST_TENANTS:
            self._months.popitem(last=False)
        return found

    def _count(self, tenant: UUID, person: UUID, use: Use) -> None:
        day = f"{self._now():%Y-%m-%d}"
        tokens = use.usage.prompt + use.usage.completion
        price = price_of(use.model, self._prices)
        cost = price.of(use.usage) if price else 0
        one = Used(
            day, person, use.model[:200], 1, int(bool(use.problem)), use.usage.prompt, use.usage.cached,
            use.usage.completion, tokens if use.estimated else 0, 0 if price else tokens, cost,
        )  # fmt: skip
        self._keep((tenant, day, person, one.model), one)
        if (month := self._months.get(tenant)) is not None:
            month.add(person, cost, tokens)

    def _keep(self, key: Key, one: Used) -> None:
        if key in self._waiting:
            self._waiting[key] = together(self._waiting[key], one)
        elif len(self._waiting) < MOST_WAITING:
            self._waiting[key] = one
        else:
            log.warning("models.uncounted", tokens=one.tokens)

    # beside the work

    async def run(self) -> None:
        while True:
            await asyncio.sleep(EVERY)
            with suppress(*TROUBLE):
                await self.flush()
                await self._refresh()

    async def end(self) -> None:
        """The last time, as the process goes."""
        with suppress(*TROUBLE):
            await self.flush()

    async def flush(self) -> None:
        """Writes what waits. What cannot be written waits on."""
        async with self._writing:
            tenants = {key[0] for key in self._waiting} | {tenant for tenant, _ in self._went}
            for tenant in tenants:
                mine = {key: each for key, each in self._waiting.items() if key[0] == tenant}
                notes = [each for each in self._went if each[0] == tenant]
                for key in mine:
                    del self._waiting[key]
                self._went = [each for each in self._went if each[0] != tenant]
                try:
                    async with self._db.tenant(tenant) as c:
                        if mine:
                            await model_use.add(c, tenant, list(mine.values()))
                            await self._tidy(c, tenant)
                        await audit.record_all(c, tenant, [noted(went) for _, went in notes], None)
                except BaseException:
                    for key, each in mine.items():
                        self._keep(key, each)
                    self._went += notes
                    raise

    async def _tidy(self, c: Connection, tenant: UUID) -> None:
        """Once a day: what is older than a year is of no use to anybody."""
        now = self._now()
        if self._tidied.get(tenant) != (today := f"{now:%Y-%m-%d}"):
            await model_use.drop_old(c, tenant, f"{now.year - 1}-{now:%m}-01")
            self._tidied[tenant] = today

    async def _refresh(self) -> None:
        for tenant, month in list(self._months.items()):
            if monotonic() - month.read_at > FRESH:
                await self._read(tenant, f"{self._now():%Y-%m}")


def together(one: Used, other: Used) -> Used:
    counts = {
        each.name: getattr(one, each.name) + getattr(other, each.name)
        for each in fields(Used)
        if each.name in model_use.COUNTS
    }
    return replace(one, **counts)


def noted(went: Went) -> tuple[str, dict[str, object]]:
    """For the audit: kinds, never the text."""
    details: dict[str, object] = {"to": went.to, "kinds": list(went.kinds), "private": went.private}
    return WENT, details | ({"instead": True} if went.instead else {})


def tell_where(commit: Commit) -> None:
    """Where text went in this turn is part of what it writes; once in each commit."""
    asked = current()
    if asked is None or not asked.went or any(what == WENT for what, _ in commit.audit):
        return
    commit.audit += [noted(each) for each in asked.went]
    asked.told = True


def meter(settings: Settings, db: Database) -> Meter | None:
    """None where no model is asked. Raises `NotConfigured`."""
    if settings.model == "offline":
        return None
    watch_models()
    places = frozenset(each.strip() for each in settings.model_private_places.split(",") if each.strip())
    return Meter(db, parsed(settings.model_prices), default_budget(settings), places)


def default_budget(settings: Settings) -> Budget:
    def millionths(dollars: float) -> int | None:
        return round(dollars * 1_000_000) if dollars else None

    return Budget(millionths(settings.model_budget), millionths(settings.model_budget_person))
