"""Remembers what came of runs, and finds again what may be used where somebody speaks now."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from bot.turn import Place, Turn
from flows import memory, memory_habits
from flows.flow import Flow
from flows.memory import Remembered
from flows.memory_words import Again
from flows.run import Run
from integrations.models.base import ModelUnavailable
from integrations.models.embedding_offline import vector as by_words
from workers.knowledge.embedders import Embedders
from workers.memory import scope
from workers.memory.recent import Recent
from workers.store import habits, memories, old, outbox
from workers.store.door import Connection, Database
from workers.store.habits import Habit
from workers.store.memories import Memory
from workers.store.runs import Stored

TOLD = "told"  # the outcome of what is no run's
TOP = 3
LEAST = 0.08  # nearer than what has nothing in common
LATELY = 20  # of the newest, which may have no vector yet
PATIENCE = 1.5  # seconds for the vector of a sentence, while its person waits


class Desk:
    """One of each process. `recent` where a model reads; `days`: how long a tenant keeps things that does
    not say. `apart`: what was said in one place is told to a model in that place only, for there are places
    whose words must not leave."""

    def __init__(
        self, db: Database, embedders: Embedders, recent: Recent | None, days: int, *, apart: bool = False
    ) -> None:
        self._db, self._embedders, self._days, self._apart = db, embedders, days, apart
        self.recent = recent

    async def close(self) -> None:
        await self._embedders.close()
        if self.recent is not None:
            await self.recent.close()

    # ── writing ──────────────────────────────────────────────────────────────────────────

    async def remember(self, c: Connection, tenant: UUID, stored: Stored, flow: Flow, run: Run) -> None:
        """In the transaction that ends the run, or not at all."""
        found = memory.of_run(flow, run)
        if found is None:
            return
        person, where = UUID(run.requester.id), scope.made_in(stored.place)
        kept = await memories.add(
            c, tenant, person, run.id, run.flow, found.outcome, found.body, found.slots,
            stored.conversation, where, self._days,
        )  # fmt: skip
        if kept is None or run.status != "done":
            return
        wanted, about = memory_habits.of_items(flow, found.slots)
        if about:
            seen = [(each.about, each.wish) for each in wanted]
            await habits.note(c, tenant, person, run.flow, where, seen, about)

    async def tell(
        self, c: Connection, tenant: UUID, person: UUID, turn: Turn, conversation: str, words: str
    ) -> bool:
        """What they said of themselves, for later, once. False: they or their tenant want nothing kept."""
        where = scope.made_in(turn.place)
        kept = await memories.add(
            c, tenant, person, f"told:{turn.id}", "", TOLD, words, {}, conversation, where, self._days
        )
        return kept is not None

    async def learn(
        self, c: Connection, tenant: UUID, stored: Stored, flow: Flow, fields: Sequence[tuple[str, ...]]
    ) -> None:
        """From what whoever approves changed."""
        wanted = memory_habits.of_edit(flow, stored.run.step, fields)
        if not wanted or not self._days:
            return
        seen = [(each.about, each.wish) for each in wanted]
        about = [each.about for each in wanted]
        person, where = UUID(stored.run.requester.id), scope.made_in(stored.place)
        await habits.note(c, tenant, person, stored.run.flow, where, seen, about, habits.EDITED)

    async def keeps(self, tenant: UUID) -> bool:
        """Whether the tenant wants words kept at all."""
        async with self._db.tenant(tenant) as c:
            return await old.days(c, tenant, self._days) > 0

    # ── finding ──────────────────────────────────────────────────────────────────────────

    async def pointed_at(
        self, tenant: UUID, person: UUID, place: Place, conversation: str, again: Again, flow: str = ""
    ) -> Remembered | None:
        """What "the usual" or "same as last time" is, there. Of the same conversation first, where the
        words may mean what has just been."""
        scopes = scope.seen_from(place)
        async with self._db.tenant(tenant) as c:
            found: list[Memory] = []
            if again.vague and not again.usual:
                found = await memories.newest(
                    c, tenant, person, scopes, 1, flow=flow, conversation=conversation, but=TOLD
                )
            if not found:
                found = await memories.newest(c, tenant, person, scopes, memory.LATELY, flow=flow, but=TOLD)
        return memory.meant(again, [remembered(each) for each in found])

    async def recalled(self, tenant: UUID, person: UUID, place: Place, text: str) -> list[Memory]:
        """The few that have most to do with it. What has no vector yet is compared by its words."""
        name = self._embedders.current.name
        scopes = (scope.made_in(place),) if self._apart else scope.seen_from(place)
        vector = await self._vector(text)
        found: list[Memory] = []
        if vector is not None:
            found, rest = await memories.near(self._db, tenant, person, scopes, name, vector, TOP, LATELY)
        else:
            async with self._db.tenant(tenant) as c:
                rest = await memories.newest(c, tenant, person, scopes, LATELY)
        if rest:
            asked = by_words(text)
            found += [replace(each, near=_dot(asked, by_words(each.body))) for each in rest]
        near = [each for each in found if each.near >= LEAST]
        return sorted(near, key=lambda each: (-each.near, -each.id))[:TOP]

    async def habits(self, tenant: UUID, person: UUID, place: Place, flow: str) -> list[Habit]:
        async with self._db.tenant(tenant) as c:
            return await habits.strong(c, tenant, person, scope.seen_from(place), flow)

    async def said_before(self, tenant: UUID, message: str) -> bool:
        """Whether there is a message of ours by this id, sent or not."""
        async with self._db.tenant(tenant) as c:
            return bool(await outbox.places(c, tenant, [message]))

    async def _vector(self, text: str) -> Sequence[float] | None:
        """None where the model cannot be asked in time."""
        try:
            async with asyncio.timeout(PATIENCE):
                [found] = await self._embedders.current.embed([text[: memory.LONGEST_BODY]])
        except (ModelUnavailable, TimeoutError, ValueError):
            return None
        return found


def remembered(found: Memory) -> Remembered:
    return Remembered(found.flow, found.outcome, found.body, found.slots, day(found))


def day(found: Memory) -> str:
    return f"{found.made_at.day} {found.made_at:%b}"


def in_words(found: Memory) -> str:
    """For a model, as data."""
    return f"{day(found)}, {found.outcome}: {found.body}"


def _dot(one: Sequence[float], other: Sequence[float]) -> float:
    return sum(a * b for a, b in zip(one, other, strict=True))
