"""Whom a wish to be forgotten means, all that they are known by, and what of theirs is under way."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import orjson

from bot.turn import Account, Place
from workers.forget.subject import GONE, Kept, Subject, renamed
from workers.store import codec
from workers.store.door import Connection

ON_ITS_WAY = "it is on its way: nobody can call it back"
UNCLEAR = "nobody knows yet whether it was carried out"
WAITS = "it waits for you to pay, or for the service to say that you did"
GIVE_BACK = "it may still have to be given back"
# State of a call → why it stays. What is held was taken back before.
UNDER_WAY = {
    "queued": ON_ITS_WAY,
    "running": ON_ITS_WAY,
    "waiting": WAITS,
    "unknown": UNCLEAR,
    "dead": UNCLEAR,
}


async def found(c: Connection, tenant: UUID, who: str) -> list[UUID]:
    """By an e-mail address, an account's id on its platform, or `platform:workspace:user`."""
    text = who.strip()
    platform, _, rest = text.partition(":")
    workspace, _, user = rest.partition(":")
    rows = await c.fetch(
        "select id from people where tenant_id = $1 and email <> '' and email = lower($2)"
        " union select person_id from accounts where tenant_id = $1 and user_id = $2"
        " union select person_id from accounts where tenant_id = $1 and platform = $3 and workspace = $4"
        " and user_id = $5 order by 1",
        tenant,
        text,
        platform,
        workspace,
        user,
    )
    return [row["id"] for row in rows]


async def one_human(c: Connection, tenant: UUID, person: UUID) -> tuple[UUID, ...]:
    """This one, and those that they said they are too, and that still holds."""
    rows = await c.fetch(
        "with recursive all_of(id) as (select $2::uuid union select case when l.one = a.id then l.other"
        "  else l.one end from all_of a join person_links l on l.tenant_id = $1"
        "  and (l.one = a.id or l.other = a.id) and l.ended_at is null)"
        " select id from all_of",
        tenant,
        person,
    )
    return (person, *(row["id"] for row in rows if row["id"] != person))


async def gathered(
    c: Connection, tenant: UUID, people: tuple[UUID, ...], cut: datetime | None, days: int
) -> Subject:
    """As they are known at this moment. `cut`: how far it reached where this was begun before.

    `days`: for how long a payment that went through is kept, so that it can be given back.
    """
    given = (tenant, list(people))
    rows = await c.fetch(
        "select platform, workspace, user_id, name, direct from accounts where tenant_id = $1"
        " and person_id = any($2) order by 1, 2, 3",
        *given,
    )
    known = await c.fetch(
        "select name, email from people where tenant_id = $1 and id = any($2) order by name", *given
    )
    accounts = tuple(Account(row["platform"], row["workspace"], row["user_id"]) for row in rows)
    names = dict.fromkeys([*(row["name"] for row in known), *(row["name"] for row in rows)])
    places = [codec.loads(row["direct"]) for row in rows if row["direct"]]
    places += await _private_runs(c, *given)
    channels = tuple(dict.fromkeys(place.channel for place in places if place.channel))
    kept = await kept_of(c, tenant, people, days)
    at = await c.fetchrow(
        "select coalesce($2::timestamptz, now()) as cut, coalesce((select max(id) from inbox"
        " where tenant_id = $1 and received_at <= coalesce($2::timestamptz, now())), 0) as rows",
        tenant,
        cut,
    )
    return Subject(
        people,
        accounts,
        tuple(dict.fromkeys(row["email"] for row in known if row["email"])),
        tuple(name for name in names if name and name != GONE),
        await conversations(c, tenant, places),
        channels,
        kept,
        at["rows"],
        at["cut"],
    )


async def conversations(c: Connection, tenant: UUID, places: Sequence[Place]) -> dict[str, str]:
    """Every thread of these places, with the name that what stays of it gets."""
    begins = [f"{place.platform}:{place.workspace}:{place.channel}:" for place in places if place.channel]
    rows = await c.fetch(
        "select distinct k.key from conversations k join unnest($2::text[]) b on starts_with(k.key, b)"
        " where k.tenant_id = $1 order by 1",
        tenant,
        list(dict.fromkeys(begins)),
    )
    return {row["key"]: renamed() for row in rows}


async def _private_runs(c: Connection, tenant: UUID, people: list[UUID]) -> list[Place]:
    rows = await c.fetch(
        "select distinct place::text as place from runs where tenant_id = $1 and requester = any($2)"
        " and place->>'private' = 'true' and place->>'channel' <> ''",
        tenant,
        people,
    )
    return [codec.loads(row["place"]) for row in rows]


async def kept_of(c: Connection, tenant: UUID, people: Sequence[UUID], days: int) -> tuple[Kept, ...]:
    """Open calls keep their run and its conversation; of one that went through only the call stays."""
    rows = await c.fetch(
        "select e.key, e.run_id, e.conversation, e.tool, e.state,"
        " (e.finished_at + make_interval(days => $3))::date::text as until"
        " from effects e join runs r on r.tenant_id = e.tenant_id and r.id = e.run_id"
        " where e.tenant_id = $1 and r.requester = any($2) and (e.state in ('queued', 'running', 'waiting')"
        "  or (e.state in ('unknown', 'dead') and e.settled is null and e.risk <> 'read')"
        "  or (e.risk = 'money' and e.state = 'done' and e.finished_at > now() - make_interval(days => $3)))"
        " order by e.created_at",
        tenant,
        list(people),
        days,
    )
    return tuple(
        Kept(row["key"], row["run_id"], row["conversation"], row["tool"], UNDER_WAY[row["state"]])
        if row["state"] in UNDER_WAY
        else Kept(row["key"], "", "", row["tool"], GIVE_BACK, row["until"])
        for row in rows
    )


async def open_runs(c: Connection, tenant: UUID, people: Sequence[UUID]) -> list[tuple[str, str]]:
    """Run and conversation of what waits for them, or for somebody on their behalf."""
    rows = await c.fetch(
        "select id, conversation from runs where tenant_id = $1 and requester = any($2)"
        " and status = 'waiting' order by started_at",
        tenant,
        list(people),
    )
    return [(row["id"], row["conversation"]) for row in rows]


async def unheard(c: Connection, tenant: UUID, dedupes: Sequence[str]) -> int:
    """How many of these events of ours nobody has dealt with yet."""
    count: int = await c.fetchval(
        "select count(*) from inbox where tenant_id = $1 and source = 'us' and dedupe = any($2)"
        " and state = 0",
        tenant,
        list(dedupes),
    )
    return count


async def leave(c: Connection, tenant: UUID, subject: Subject) -> int:
    """From now on nobody is known by these accounts: whoever comes with one is somebody new. A turn of
    theirs that is being dealt with loses its lease, and is dealt with anew."""
    given = (tenant, list(subject.people))
    gone = await c.fetchval(
        "with gone as (delete from accounts where tenant_id = $1 and person_id = any($2) returning 1)"
        " select count(*) from gone",
        *given,
    )
    await c.execute(
        "update people set name = $3, email = '', time_zone = 'UTC' where tenant_id = $1 and id = any($2)",
        *given,
        GONE,
    )
    await c.execute(
        "update conversations k set fence = fence + 1, lease_until = '-infinity', lease_owner = '',"
        " ready_at = least(ready_at, now()) where tenant_id = $1 and lease_until > now()"
        " and (key = any($3) or exists (select 1 from runs r where r.tenant_id = $1"
        "  and r.conversation = k.key and r.requester = any($2) and r.status = 'waiting'))",
        *given,
        list(subject.private),
    )
    count: int = gone
    return count


async def nobody_used(c: Connection, tenant: UUID, people: Sequence[UUID]) -> int:
    """What models were asked for them, as figures of nobody in particular."""
    count: int = await c.fetchval(
        "with gone as (delete from model_use where tenant_id = $1 and person = any($2) returning *),"
        " put as (insert into model_use as u (tenant_id, day, person, model, calls, failed, prompt, cached,"
        "  completion, estimated, unpriced, cost) select tenant_id, day, $3, model, sum(calls), sum(failed),"
        "  sum(prompt), sum(cached), sum(completion), sum(estimated), sum(unpriced), sum(cost) from gone"
        "  group by tenant_id, day, model on conflict (tenant_id, day, person, model) do update set"
        "  calls = u.calls + excluded.calls, failed = u.failed + excluded.failed,"
        "  prompt = u.prompt + excluded.prompt, cached = u.cached + excluded.cached,"
        "  completion = u.completion + excluded.completion, estimated = u.estimated + excluded.estimated,"
        "  unpriced = u.unpriced + excluded.unpriced, cost = u.cost + excluded.cost)"
        " select count(*) from gone",
        tenant,
        list(people),
        UUID(int=0),
    )
    return count


async def changes_emptied(c: Connection, tenant: UUID, people: Sequence[UUID]) -> int:
    """What others changed in their calls; by the one function that may."""
    count: int = await c.fetchval("select forget_changes($1)", list(people))
    return count


async def still_said(c: Connection, tenant: UUID, people: Sequence[UUID], since: datetime) -> bool:
    """Whether anything of their runs, or of what we change now, is on its way to a platform."""
    return (
        await c.fetchval(
            "select 1 from outbox t where t.tenant_id = $1 and t.state in ('queued', 'sending')"
            " and (right(t.id, 10) = ':forgotten' or split_part(t.id, ':', 1) in (select id from runs"
            "  where tenant_id = $1 and requester = any($2))) and t.created_at >= $3 limit 1",
            tenant,
            list(people),
            since,
        )
        is not None
    )


async def cards(c: Connection, tenant: UUID, people: Sequence[UUID], most: int) -> list[str]:
    """The newest approvals that are over, of their calls or decided by them, of which a copy was sent."""
    rows = await c.fetch(
        "select a.id from approvals a where a.tenant_id = $1 and a.state not in ('pending', 'approved')"
        " and (a.requester = any($2) or a.decided_by = any($2)) and exists (select 1 from approval_cards k"
        "  join outbox o on o.tenant_id = k.tenant_id and o.id = k.outbox_id"
        "  where k.tenant_id = $1 and k.approval_id = a.id and o.state in ('queued', 'sending', 'sent'))"
        " order by a.created_at desc limit $3",
        tenant,
        list(people),
        most,
    )
    return [row["id"] for row in rows]


async def moved(c: Connection, tenant: UUID, subject: Subject, old: str, most: int) -> int:
    """A bite of what still stands under the old name of a conversation; 0: nothing of theirs does."""
    new = subject.private[old]
    await c.execute(
        "insert into conversations (tenant_id, key) values ($1, $2) on conflict do nothing", tenant, new
    )
    count = 0
    for table, where in _HANGING.items():
        done = await c.fetchval(
            f"with page as (select t.ctid from {table} t where t.tenant_id = $1"  # noqa: S608 (constants)
            f" and t.conversation = $2 and ({where}) limit $4),"
            f" gone as (update {table} t set conversation = $3 from page where t.ctid = page.ctid"
            "  and ($5::uuid[] is null or $6::bigint is null or $7::timestamptz is null or true)"
            "  returning 1) select count(*) from gone",
            tenant,
            old,
            new,
            most,
            list(subject.people),
            subject.rows,
            subject.cut,
        )
        count += done
        if count >= most:
            break
    return count


_THEIR_RUNS = "(select id from runs where tenant_id = $1 and requester = any($5))"
_HANGING = {
    "inbox": "t.id <= $6",
    "outbox": "t.created_at <= $7",
    "runs": "t.requester = any($5)",
    "effects": f"t.run_id in {_THEIR_RUNS}",
    "approvals": "t.requester = any($5)",
    "handoffs": "t.requester = any($5)",
    "timers": f"split_part(t.id, ':', 1) in {_THEIR_RUNS}",
}


async def dropped(c: Connection, tenant: UUID, key: str) -> bool:
    """The old name goes, unless something hangs on it: then somebody new is there already."""
    from workers.store.idle import NOTHING_HANGS

    found = await c.fetchval(
        "select 1 from conversations where tenant_id = $1 and key = $2 for update skip locked", tenant, key
    )
    if found is None:
        return False
    gone = await c.fetchval(
        f"delete from conversations k where k.tenant_id = $1 and k.key = $2 and {NOTHING_HANGS} returning 1",  # noqa: S608
        tenant,
        key,
    )
    return gone is not None


def kept_json(kept: Sequence[Kept]) -> list[dict[str, str]]:
    """For the receipt: what, why and until when."""
    lines = dict.fromkeys((each.tool, each.why, each.until) for each in kept)
    return [{"what": tool, "why": why, "until": until} for tool, why, until in lines]


def parsed(text: str) -> list[dict[str, str]]:
    return list(orjson.loads(text))


async def everybody_else(c: Connection, tenant: UUID, people: Sequence[UUID]) -> list[str]:
    """By what all others are known: numbers, names, addresses and accounts."""
    rows = await c.fetch(
        "select id::text as known from people where tenant_id = $1 and id <> all($2)"
        " union select name from people where tenant_id = $1 and id <> all($2)"
        " union select email from people where tenant_id = $1 and id <> all($2)"
        " union select user_id from accounts where tenant_id = $1 and person_id <> all($2)"
        " union select name from accounts where tenant_id = $1 and person_id <> all($2)",
        tenant,
        list(people),
    )
    return [row["known"] for row in rows if row["known"] and row["known"] != GONE]


async def known_by(c: Connection, tenant: UUID) -> list[tuple[UUID, str]]:
    """Everybody who is there, by address and by each account."""
    rows = await c.fetch(
        "select id, email as known from people where tenant_id = $1 and email <> ''"
        " union select person_id, user_id from accounts where tenant_id = $1"
        " union select person_id, platform || ':' || workspace || ':' || user_id from accounts"
        " where tenant_id = $1",
        tenant,
    )
    return [(row["id"], row["known"]) for row in rows]


async def older(c: Connection, tenant: UUID, person: UUID, mark: bytes) -> bool:
    """Whether they were there before whoever was known by that mark was forgotten: so they came back out of
    a backup. Who came afterwards is somebody new."""
    found = await c.fetchval(
        "select 1 from people p join forgotten_marks m on m.tenant_id = p.tenant_id and m.mark = $3"
        " where p.tenant_id = $1 and p.id = $2 and p.created_at < m.at",
        tenant,
        person,
        mark,
    )
    return found is not None
