"""streams: previews of what a model writes. Whoever is `live` may speak to the platform until `until`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from bot.platforms.streaming import Grown
from bot.turn import Account, Place
from workers.store import codec
from workers.store.door import Connection


@dataclass(frozen=True, slots=True)
class Stream:
    """`messages` are those that the preview takes, in order; the last may still grow.

    `starting_at`: one more was about to be begun, and nobody noted what became of it. `free`: nobody
    speaks to the platform for it any more. `final` is the message in the outbox that it becomes.
    """

    key: str
    place: Place
    account: Account | None
    requester: UUID
    listener: str
    state: str
    messages: tuple[Grown, ...]
    starting_at: datetime | None
    free: bool
    final: str | None
    stopped: bool


async def expect(
    c: Connection,
    tenant: UUID,
    key: str,
    conversation: str,
    place: Place,
    requester: UUID,
    account: Account | None,
    listener: str,
    lease: float,
) -> None:
    """A preview of this effect may be shown, by `listener`, which alone speaks for it during `lease`."""
    await c.execute(
        "insert into streams (tenant_id, key, conversation, place, requester, account, listener, until)"
        " values ($1, $2, $3, $4, $5, $6, $7, now() + make_interval(secs => $8))"
        " on conflict (tenant_id, key) do nothing",
        tenant,
        key,
        conversation,
        codec.dumps(place),
        requester,
        codec.dumps(account) if account else None,
        listener,
        lease,
    )


async def by_key(c: Connection, tenant: UUID, key: str) -> Stream | None:
    return _stream(
        await c.fetchrow(
            "select *, until < now() as free from streams where tenant_id = $1 and key = $2", tenant, key
        )
    )


async def in_conversation(c: Connection, tenant: UUID, conversation: str) -> Stream | None:
    """The newest that is not closed."""
    return _stream(
        await c.fetchrow(
            "select *, until < now() as free from streams where tenant_id = $1 and conversation = $2"
            " and state <> 'closed' order by started_at desc limit 1",
            tenant,
            conversation,
        )
    )


async def starting(c: Connection, tenant: UUID, key: str, lease: float) -> bool:
    """About to begin a message; False where the result is there already, or it is another's to end."""
    return await _live(c, tenant, key, lease, "starting_at = coalesce(starting_at, now())")


async def renew(c: Connection, tenant: UUID, key: str, lease: float, words: str | None = None) -> bool:
    """Goes on speaking; `words` are about to be shown, for whoever has to end it."""
    if words is None:
        return await _live(c, tenant, key, lease, "listener = listener")
    return await _live(c, tenant, key, lease, "words = $4", words)


async def grown(c: Connection, tenant: UUID, key: str, lease: float, messages: Sequence[Grown]) -> bool:
    """These are there now, and none is being begun."""
    noted = orjson.dumps([{"id": each.id, "kind": each.kind} for each in messages]).decode()
    # Where it was taken away meanwhile, whoever ends it still has to know what there is to be ended.
    await c.execute(
        "update streams set messages = $3, starting_at = null where tenant_id = $1 and key = $2",
        tenant,
        key,
        noted,
    )
    return await _live(c, tenant, key, lease, "listener = listener")


async def _live(c: Connection, tenant: UUID, key: str, lease: float, change: str, *more: Any) -> bool:
    found = await c.fetchval(
        f"update streams set {change}, until = now() + make_interval(secs => $3)"  # noqa: S608 (constants)
        " where tenant_id = $1 and key = $2 and state = 'live' and final is null and until > now()"
        " returning 1",
        tenant,
        key,
        lease,
        *more,
    )
    return found is not None


async def rest(c: Connection, tenant: UUID, key: str, *, doubt: bool) -> None:
    """Its listener is done: no call of its own is under way, and none will be.

    `doubt`: a message was begun, and it is not known whether it is there.
    """
    await c.execute(
        "update streams set state = 'resting', until = least(until, now()),"
        " starting_at = case when $3 then starting_at end"
        " where tenant_id = $1 and key = $2 and state = 'live'",
        tenant,
        key,
        doubt,
    )


async def taken(c: Connection, tenant: UUID, key: str, final: str) -> None:
    """The effect is over: this message of the outbox is what becomes of it."""
    await c.execute("update streams set final = $3 where tenant_id = $1 and key = $2", tenant, key, final)


async def closed(c: Connection, tenant: UUID, key: str) -> None:
    await c.execute(
        "update streams set state = 'closed', closed_at = now(), words = '', starting_at = null"
        " where tenant_id = $1 and key = $2 and state <> 'closed'",
        tenant,
        key,
    )


async def stop(c: Connection, tenant: UUID, key: str) -> bool:
    """Somebody said stop; False where that was said already, or there is nothing to be stopped."""
    found = await c.fetchval(
        "update streams set stopped_at = now() where tenant_id = $1 and key = $2 and stopped_at is null"
        " and state <> 'closed' and final is null returning 1",
        tenant,
        key,
    )
    return found is not None


async def is_unwanted(c: Connection, tenant: UUID, key: str) -> bool:
    """Whether it was stopped, or the run does not wait for it any more: nobody needs the rest."""
    found: bool = await c.fetchval(
        "select coalesce((select stopped_at is not null from streams where tenant_id = $1 and key = $2),"
        " false) or not exists (select 1 from effects e join runs r on r.tenant_id = e.tenant_id"
        " and r.id = e.run_id where e.tenant_id = $1 and e.key = $2 and r.status = 'waiting'"
        " and r.state->>'waiting' = $2)",
        tenant,
        key,
    )
    return found


async def orphans(c: Connection, tenant: UUID, quiet: float, most: int) -> list[Stream]:
    """Open, in nobody's hands for `quiet` seconds, and without anything in the outbox that will end them."""
    rows = await c.fetch(
        "select s.*, true as free from streams s where s.tenant_id = $1 and s.state <> 'closed'"
        " and s.until < now() - make_interval(secs => $2)"
        " and not exists (select 1 from outbox o where o.tenant_id = $1 and o.id = s.final"
        "  and o.state in ('queued', 'sending'))"
        " and not exists (select 1 from effects e where e.tenant_id = $1 and e.key = s.key"
        "  and e.state not in ('done','failed','unknown','dead','withdrawn'))"
        " order by s.started_at limit $3 for update of s skip locked",
        tenant,
        quiet,
        most,
    )
    return [found for row in rows if (found := _stream(row))]


async def drop_old(c: Connection, tenant: UUID, age: float, most: int) -> int:
    gone = await c.fetch(
        "delete from streams where tenant_id = $1 and key = any(array(select key from streams"
        " where tenant_id = $1 and state = 'closed' and closed_at < now() - make_interval(secs => $2)"
        " limit $3)) returning 1",
        tenant,
        age,
        most,
    )
    return len(gone)


async def account_of(c: Connection, tenant: UUID, person: UUID, place: Place) -> Account | None:
    """Whose message it answers, on the platform where it is said."""
    row = await c.fetchrow(
        "select user_id, workspace from accounts where tenant_id = $1 and person_id = $2 and platform = $3"
        " order by (workspace = $4) desc, seen_at desc limit 1",
        tenant,
        person,
        place.platform,
        place.workspace,
    )
    return Account(place.platform, row["workspace"], row["user_id"]) if row else None


def _stream(row: Any) -> Stream | None:
    if row is None:
        return None
    place = codec.loads(row["place"])
    noted = orjson.loads(row["messages"])
    last = len(noted) - 1
    return Stream(
        row["key"],
        place,
        codec.loads(row["account"]) if row["account"] else None,
        row["requester"],
        row["listener"],
        row["state"],
        tuple(
            Grown(place, each["id"], each["kind"], row["words"] if at == last else "")
            for at, each in enumerate(noted)
        ),
        row["starting_at"],
        row["free"] or row["state"] != "live",
        row["final"],
        row["stopped_at"] is not None,
    )
