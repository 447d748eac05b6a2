"""memory_habits: what somebody wants of a product or a slot, and how often in a row they did."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from workers.store.door import Connection
from workers.store.memories import Scopes

ENOUGH = 3  # times in a row, before it is proposed
SAID, EDITED = "said", "edited"


@dataclass(frozen=True, slots=True)
class Habit:
    """`via`: its person says so, or whoever approves changes it to that."""

    id: int
    flow: str
    about: str
    wish: str
    via: str
    times: int
    scope: str


async def note(
    c: Connection, tenant: UUID, person: UUID, flow: str, scope: str, seen: Sequence[tuple[str, str]],
    about: Sequence[str], via: str = SAID,
) -> None:  # fmt: skip
    """What was wanted this time of all that it was about: what was wanted before and is not now has ended.

    Of somebody who does not want to be remembered, nothing.
    """
    names, wishes = [each[0] for each in seen], [each[1] for each in seen]
    await c.execute(
        "delete from memory_habits h where h.tenant_id = $1 and h.person_id = $2 and h.flow = $3"
        " and h.scope = $4 and h.via = $5 and h.about = any($6) and not exists (select 1"
        "  from unnest($7::text[], $8::text[]) as s(about, wish)"
        "  where s.about = h.about and s.wish = h.wish)",
        tenant, person, flow, scope, via, list(about), names, wishes,
    )  # fmt: skip
    if seen:
        await c.execute(
            "insert into memory_habits as h (tenant_id, person_id, flow, scope, via, about, wish)"
            " select distinct $1::uuid, $2::uuid, $3, $4, $5, s.about, s.wish"
            " from unnest($6::text[], $7::text[]) as s(about, wish)"
            " where not exists (select 1 from memory_choices o where o.tenant_id = $1 and o.person_id = $2"
            "  and o.off) on conflict (tenant_id, person_id, flow, about, wish, via, scope)"
            " do update set times = h.times + 1, last_at = now()",
            tenant, person, flow, scope, via, names, wishes,
        )  # fmt: skip


async def strong(c: Connection, tenant: UUID, person: UUID, scopes: Scopes, flow: str) -> list[Habit]:
    """Those that may be proposed where `scopes` can be seen, the most frequent first."""
    rows = await c.fetch(
        "select h.id, h.flow, h.about, h.wish, h.via, h.times, h.scope from memory_habits h"
        " where h.tenant_id = $1 and h.person_id = $2 and ($3::text[] is null or h.scope = any($3))"
        " and h.flow = $4 and h.times >= $5 and not exists (select 1 from memory_choices o"
        "  where o.tenant_id = $1 and o.person_id = $2 and o.off) order by h.times desc, h.id limit 50",
        tenant, person, scopes, flow, ENOUGH,
    )  # fmt: skip
    return [_habit(row) for row in rows]


async def listed(c: Connection, tenant: UUID, person: UUID, scopes: Scopes, most: int) -> list[Habit]:
    rows = await c.fetch(
        "select h.id, h.flow, h.about, h.wish, h.via, h.times, h.scope from memory_habits h"
        " where h.tenant_id = $1 and h.person_id = $2 and ($3::text[] is null or h.scope = any($3))"
        " and h.times >= $5 order by h.times desc, h.id limit $4",
        tenant, person, scopes, most, ENOUGH,
    )  # fmt: skip
    return [_habit(row) for row in rows]


async def by_id(c: Connection, tenant: UUID, person: UUID, scopes: Scopes, id: int) -> Habit | None:
    """Of this person, and where it may be seen."""
    row = await c.fetchrow(
        "select h.id, h.flow, h.about, h.wish, h.via, h.times, h.scope from memory_habits h"
        " where h.tenant_id = $1 and h.person_id = $2 and ($3::text[] is null or h.scope = any($3))"
        " and h.id = $4",
        tenant, person, scopes, id,
    )  # fmt: skip
    return _habit(row) if row else None


async def forget(c: Connection, tenant: UUID, person: UUID, id: int) -> bool:
    done: str = await c.execute(
        "delete from memory_habits where tenant_id = $1 and person_id = $2 and id = $3", tenant, person, id
    )
    return done.endswith(" 1")


def _habit(row: Any) -> Habit:
    return Habit(**dict(row))
