"""forgettings: who asked to be forgotten, how far it has come, and the receipt; forgotten_marks beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from bot.turn import Account, Place
from workers.store import codec
from workers.store.door import Connection


@dataclass(frozen=True, slots=True)
class Forgetting:
    """`subject` is JSON, "{}" before it began and after it is done. `counts`: rows by table."""

    id: str
    person: UUID
    by: str
    block: bool
    state: str
    step: int
    position: str
    lap: int
    touched: int
    subject: str
    place: Place | None
    account: Account | None
    counts: Mapping[str, int]
    kept: tuple[Mapping[str, str], ...]
    asked_at: datetime
    cut_at: datetime | None
    done_at: datetime | None
    age: float = 0.0  # seconds since it was asked for


_ROW = "select *, extract(epoch from now() - asked_at)::float8 as age from forgettings"


async def ask(
    c: Connection,
    tenant: UUID,
    id: str,
    person: UUID,
    by: str,
    *,
    block: bool,
    place: Place | None = None,
    account: Account | None = None,
) -> Forgetting:
    """Once for each person: a second wish finds the first, as long as that is not done."""
    await c.execute("select pg_advisory_xact_lock(hashtextextended($1, 0))", f"forget:{tenant}:{person}")
    row = await c.fetchrow(
        f"{_ROW} where tenant_id = $1 and person_id = $2 and state <> 'done'", tenant, person
    )
    if row is None:
        await c.execute(
            "insert into forgettings (tenant_id, id, person_id, by, block, place, account)"
            " values ($1, $2, $3, $4, $5, $6, $7)",
            tenant, id, person, by, block,
            codec.dumps(place) if place else None,
            codec.dumps(account) if account else None,
        )  # fmt: skip
        row = await c.fetchrow(f"{_ROW} where tenant_id = $1 and id = $2", tenant, id)
    return _of(row)


async def by_id(c: Connection, tenant: UUID, id: str, *, lock: bool = False) -> Forgetting | None:
    """`lock`: None too where somebody else is at it just now."""
    row = await c.fetchrow(
        f"{_ROW} where tenant_id = $1 and id = $2{' for update skip locked' if lock else ''}", tenant, id
    )
    return _of(row) if row else None


async def by_index(c: Connection) -> None:
    """Pages are small, and whatever they ask of other tables has an index: a table that grew since it was
    last looked at would else be read whole for every row of a page."""
    await c.execute("set local enable_seqscan = off")


async def unfinished(c: Connection, tenant: UUID) -> list[str]:
    """The oldest first; and those that are to be looked at again, because something had to stay until now."""
    await c.execute(
        "update forgettings set state = 'running', step = 0, position = '', lap = 1, touched = 0,"
        " again_at = 'infinity' where tenant_id = $1 and again_at <= now() and state = 'done'",
        tenant,
    )
    rows = await c.fetch(
        "select id from forgettings where tenant_id = $1 and state <> 'done' order by asked_at", tenant
    )
    return [row["id"] for row in rows]


async def newest(c: Connection, tenant: UUID, most: int) -> list[Forgetting]:
    rows = await c.fetch(f"{_ROW} where tenant_id = $1 order by asked_at desc limit $2", tenant, most)
    return [_of(row) for row in rows]


async def advanced(
    c: Connection, tenant: UUID, id: str, *, step: int, position: str, lap: int, touched: int,
    counted: Mapping[str, int],
) -> None:  # fmt: skip
    """How far it is by now, and what was done, added up."""
    await c.execute(
        "update forgettings f set state = 'running', step = $3, position = $4, lap = $5, touched = $6,"
        " counts = f.counts || coalesce((select jsonb_object_agg(key, value::bigint"
        "  + coalesce((f.counts->>key)::bigint, 0)) from jsonb_each_text($7::jsonb)), '{}')"
        " where tenant_id = $1 and id = $2",
        tenant,
        id,
        step,
        position,
        lap,
        touched,
        orjson.dumps({name: count for name, count in counted.items() if count}).decode(),
    )


async def keep_subject(
    c: Connection, tenant: UUID, id: str, subject: str, kept: Sequence[Mapping[str, str]]
) -> None:
    await c.execute(
        "update forgettings set subject = $3, kept = $4, cut_at = coalesce(cut_at, now())"
        " where tenant_id = $1 and id = $2",
        tenant,
        id,
        subject,
        orjson.dumps(list(kept)).decode(),
    )


async def done(c: Connection, tenant: UUID, id: str, again: datetime | None) -> None:
    """Nothing by which anybody could be found stays in it but the numbers of those who were."""
    await c.execute(
        "update forgettings set state = 'done', subject = subject - array['accounts', 'emails', 'names',"
        " 'private', 'channels', 'kept', 'rows', 'cut'], place = null, account = null, position = '',"
        " done_at = coalesce(done_at, now()), again_at = coalesce($3, 'infinity'::timestamptz)"
        " where tenant_id = $1 and id = $2",
        tenant,
        id,
        again,
    )


async def tidied(c: Connection, tenant: UUID) -> int:
    """The receipt that was told goes too, once it was, or could not be."""
    rows = await c.fetch(
        "delete from outbox o using forgettings f where o.tenant_id = $1 and f.tenant_id = $1"
        " and f.done_at > now() - interval '1 day' and o.id in ('forgotten:' || f.id,"
        " 'forgotten:' || f.id || '.part0', 'forgotten:' || f.id || '.part1')"
        " and o.state in ('sent', 'failed', 'dropped') returning o.conversation",
        tenant,
    )
    return len(rows)


async def mark(
    c: Connection, tenant: UUID, marks: Sequence[bytes], id: str, *, blocked: bool, at: datetime | None = None
) -> None:
    """`at`: when it was, where that is known from elsewhere; the later of two counts."""
    await c.execute(
        "insert into forgotten_marks as f (tenant_id, mark, forgetting_id, blocked, at)"
        " select $1, m, $3, $4, coalesce($5, now()) from unnest($2::bytea[]) m"
        " on conflict (tenant_id, mark) do update set at = greatest(f.at, excluded.at),"
        " forgetting_id = case when excluded.at >= f.at then excluded.forgetting_id else f.forgetting_id end,"
        " blocked = f.blocked or excluded.blocked",
        tenant,
        list(marks),
        id,
        blocked,
        at,
    )


async def marks(c: Connection, tenant: UUID) -> list[tuple[bytes, str, datetime]]:
    rows = await c.fetch(
        "select mark, forgetting_id, at from forgotten_marks where tenant_id = $1 order by at", tenant
    )
    return [(bytes(row["mark"]), row["forgetting_id"], row["at"]) for row in rows]


async def marked(c: Connection, tenant: UUID, mark: bytes) -> str | None:
    """The last forgetting of whoever was known by it."""
    found: str | None = await c.fetchval(
        "select forgetting_id from forgotten_marks where tenant_id = $1 and mark = $2", tenant, mark
    )
    return found


async def blocked(c: Connection, tenant: UUID) -> frozenset[bytes]:
    rows = await c.fetch("select mark from forgotten_marks where tenant_id = $1 and blocked", tenant)
    return frozenset(bytes(row["mark"]) for row in rows)


async def unread(c: Connection, tenant: UUID, row: int) -> None:
    """Nothing of this event stays but that it came."""
    await c.execute("update inbox set payload = '{}' where tenant_id = $1 and id = $2", tenant, row)


async def unblock(c: Connection, tenant: UUID, mark: bytes) -> bool:
    """All that whoever was known by it is known by. False: it was not blocked."""
    rows = await c.fetch(
        "update forgotten_marks set blocked = false where tenant_id = $1 and blocked and forgetting_id ="
        " (select forgetting_id from forgotten_marks where tenant_id = $1 and mark = $2 and blocked)"
        " returning 1",
        tenant,
        mark,
    )
    return bool(rows)


def _of(row: Any) -> Forgetting:
    return Forgetting(
        row["id"],
        row["person_id"],
        row["by"],
        row["block"],
        row["state"],
        row["step"],
        row["position"],
        row["lap"],
        row["touched"],
        row["subject"],
        codec.loads(row["place"]) if row["place"] else None,
        codec.loads(row["account"]) if row["account"] else None,
        orjson.loads(row["counts"]),
        tuple(orjson.loads(row["kept"])),
        row["asked_at"],
        row["cut_at"],
        row["done_at"],
        row["age"],
    )
