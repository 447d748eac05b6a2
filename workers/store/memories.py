"""memories: what came of somebody's runs, and their vectors. Of one person at a time, always."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from workers.store.chunks import literal
from workers.store.door import Caller, Connection

MOST_OF_ONE = 5_000  # a person's oldest go beyond that: looking at each of theirs stays cheap
WANTED = (
    " and not exists (select 1 from memory_choices o where o.tenant_id = $1 and o.person_id = $2 and o.off)"
)
# $3: the scopes that may be seen, null for all of this person's own.
SEEN = " and ($3::text[] is null or m.scope = any($3))"
Scopes = Sequence[str] | None


@dataclass(frozen=True, slots=True)
class Memory:
    """`near` is how near it is to what was asked, 1 at most; 0 where nothing was."""

    id: int
    flow: str
    outcome: str
    body: str
    slots: Mapping[str, Any]
    scope: str
    conversation: str
    made_at: datetime
    near: float = 0.0


async def add(
    c: Connection, tenant: UUID, person: UUID, run: str, flow: str, outcome: str, body: str,
    slots: Mapping[str, Any], conversation: str, scope: str, days: int,
) -> int | None:  # fmt: skip
    """Once for each run; None where its person does not want it, it is there, or nothing is to be kept.

    `days` are those of a tenant that does not say how long it keeps things.
    """
    found: int | None = await c.fetchval(
        "insert into memories (tenant_id, person_id, run_id, flow, outcome, body, slots, conversation,"  # noqa: S608  # text of ours
        " scope)"
        f" select $1, $2, $3, $4, $5, $6, $7, $8, $9 where coalesce((select"
        f" (settings->>'retention_days')::int from tenants where tenant_id = $1), $10) > 0{WANTED}"
        " on conflict (tenant_id, run_id) do nothing returning id",
        tenant,
        person,
        run,
        flow,
        outcome,
        body,
        orjson.dumps(dict(slots)).decode(),
        conversation,
        scope,
        days,
    )
    return found


async def newest(
    c: Connection, tenant: UUID, person: UUID, scopes: Scopes, most: int, *, flow: str = "",
    conversation: str = "", but: str = "",
) -> list[Memory]:  # fmt: skip
    """Those that may be used where `scopes` can be seen; none of somebody who does not want it.
    `but`: none of this outcome."""
    rows = await c.fetch(
        f"select {_COLUMNS} from memories m where m.tenant_id = $1 and m.person_id = $2{SEEN}{WANTED}"  # noqa: S608  # text of ours
        " and ($5 = '' or m.flow = $5) and ($6 = '' or m.conversation = $6) and m.outcome <> $7"
        " order by m.made_at desc, m.id desc limit $4",
        tenant,
        person,
        scopes,
        most,
        flow,
        conversation,
        but,
    )
    return [_memory(row) for row in rows]


async def near(
    c: Caller, tenant: UUID, person: UUID, scopes: Scopes, model: str, vector: Sequence[float], most: int,
    lately: int,
) -> tuple[list[Memory], list[Memory]]:  # fmt: skip
    """The nearest of this person's, each of them looked at: by the key, and never by an index of distance.
    And, of the newest so many, those that have no vector of this model so far."""
    rows = await c.fetch(
        "select * from recall($1, $2, $3, $4, $5, $6, $7)",
        tenant,
        person,
        scopes,
        model,
        literal(vector),
        most,
        lately,
    )
    found = [_memory(row, row["near"] or 0.0) for row in rows]
    have = [row["near"] is not None for row in rows]
    return (
        [each for each, has in zip(found, have, strict=True) if has],
        [each for each, has in zip(found, have, strict=True) if not has],
    )


async def count(c: Connection, tenant: UUID, person: UUID, scopes: Scopes) -> int:
    """Also of somebody who does not want any more: what is there can still be forgotten."""
    found: int = await c.fetchval(
        f"select count(*) from memories m where m.tenant_id = $1 and m.person_id = $2{SEEN}",  # noqa: S608  # text of ours
        tenant,
        person,
        scopes,
    )
    return found


async def listed(c: Connection, tenant: UUID, person: UUID, scopes: Scopes, most: int) -> list[Memory]:
    """For the person themselves, whether they want more of it or not."""
    rows = await c.fetch(
        f"select {_COLUMNS} from memories m where m.tenant_id = $1 and m.person_id = $2{SEEN}"  # noqa: S608  # text of ours
        " order by m.made_at desc, m.id desc limit $4",
        tenant,
        person,
        scopes,
        most,
    )
    return [_memory(row) for row in rows]


async def forget(c: Connection, tenant: UUID, person: UUID, id: int) -> Memory | None:
    """One of this person's own; None where it is somebody else's, or gone."""
    row = await c.fetchrow(
        "delete from memories m where m.tenant_id = $1 and m.person_id = $2 and m.id = $3"  # noqa: S608  # text of ours
        f" returning {_COLUMNS}",
        tenant,
        person,
        id,
    )
    return _memory(row) if row else None


async def forget_all(c: Connection, tenant: UUID, person: UUID) -> int:
    """How many there were, habits included."""
    done: str = await c.execute(
        "delete from memories where tenant_id = $1 and person_id = $2", tenant, person
    )
    habits: str = await c.execute(
        "delete from memory_habits where tenant_id = $1 and person_id = $2", tenant, person
    )
    return int(done.rpartition(" ")[2]) + int(habits.rpartition(" ")[2])


# ── whether it is wanted ─────────────────────────────────────────────────────────────────


async def is_off(c: Connection, tenant: UUID, person: UUID) -> bool:
    found = await c.fetchval(
        "select off from memory_choices where tenant_id = $1 and person_id = $2", tenant, person
    )
    return bool(found)


async def choose(c: Connection, tenant: UUID, person: UUID, *, off: bool) -> None:
    await c.execute(
        "insert into memory_choices (tenant_id, person_id, off) values ($1, $2, $3)"
        " on conflict (tenant_id, person_id) do update set off = excluded.off, changed_at = now()",
        tenant,
        person,
        off,
    )


# ── for the keeper ───────────────────────────────────────────────────────────────────────


async def without_vector(
    c: Connection, tenant: UUID, model: str, after: int, most: int
) -> tuple[list[tuple[int, UUID, str, str]], int]:
    """Id, person, scope and words of memories behind `after` without a vector of this model; and how far
    was looked, `after` itself at the end."""
    rows = await c.fetch(
        "select m.id, m.person_id, m.scope, m.body, exists (select 1 from memory_vectors v where"
        " v.tenant_id = $1 and v.person_id = m.person_id and v.model = $2 and v.memory_id = m.id) as has"
        " from memories m where m.tenant_id = $1 and m.id > $3 order by m.id limit $4",
        tenant,
        model,
        after,
        most,
    )
    found = [(row["id"], row["person_id"], row["scope"], row["body"]) for row in rows if not row["has"]]
    return found, rows[-1]["id"] if rows else after


async def add_vectors(
    c: Connection, tenant: UUID, model: str, made: Sequence[tuple[int, Sequence[float]]]
) -> None:
    """Of memories that are there; of one that is forgotten by now, none."""
    if made:
        await c.execute(
            "insert into memory_vectors (tenant_id, person_id, model, memory_id, scope, dimension, embedding)"
            " select $1, m.person_id, $2, m.id, m.scope, $3, v.embedding::halfvec"
            " from unnest($4::bigint[], $5::text[]) as v(id, embedding)"
            " join memories m on m.tenant_id = $1 and m.id = v.id on conflict do nothing",
            tenant,
            model,
            len(made[0][1]),
            [id for id, _ in made],
            [literal(vector) for _, vector in made],
        )


async def drop_other_vectors(c: Connection, tenant: UUID, model: str, ids: Collection[int]) -> None:
    """Once there is one of this model, the others of the same memories go."""
    await c.execute(
        "delete from memory_vectors v where v.tenant_id = $1 and v.memory_id = any($2) and v.model <> $3"
        " and exists (select 1 from memory_vectors n where n.tenant_id = $1 and n.person_id = v.person_id"
        "  and n.model = $3 and n.memory_id = v.memory_id)",
        tenant,
        list(ids),
        model,
    )


async def drop_old(c: Connection, tenant: UUID, age: float, most: int) -> int:
    done: str = await c.execute(
        "delete from memories where tenant_id = $1 and id = any(array(select id from memories"
        " where tenant_id = $1 and made_at < now() - make_interval(secs => $2) order by made_at limit $3))",
        tenant,
        age,
        most,
    )
    habits: str = await c.execute(
        "delete from memory_habits where tenant_id = $1 and id = any(array(select id from memory_habits"
        " where tenant_id = $1 and last_at < now() - make_interval(secs => $2) limit $3))",
        tenant,
        age,
        most,
    )
    return int(done.rpartition(" ")[2]) + int(habits.rpartition(" ")[2])


async def drop_beyond(c: Connection, tenant: UUID, person: UUID, most: int = MOST_OF_ONE) -> int:
    """The oldest of somebody who has more than so many."""
    done: str = await c.execute(
        "delete from memories where tenant_id = $1 and id = any(array(select id from memories"
        " where tenant_id = $1 and person_id = $2 order by made_at desc, id desc offset $3 limit 1000))",
        tenant,
        person,
        most,
    )
    return int(done.rpartition(" ")[2])


_COLUMNS = "m.id, m.flow, m.outcome, m.body, m.slots, m.scope, m.conversation, m.made_at"


def _memory(row: Any, near: float = 0.0) -> Memory:
    values = dict(row)
    return Memory(
        id=values["id"],
        flow=values["flow"],
        outcome=values["outcome"],
        body=values["body"],
        slots=orjson.loads(values["slots"]),
        scope=values["scope"],
        conversation=values["conversation"],
        made_at=values["made_at"],
        near=float(near),
    )
