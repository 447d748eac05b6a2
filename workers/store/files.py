"""files: messages whose files are to be read, by one worker at a time, and what was read of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from bot.turn import Turn
from workers.store import codec
from workers.store.door import Connection, Lost
from workers.store.inbox import add_event

LATELY = 2 * 86_400.0  # seconds for which "it" may still mean a file of this thread
EMPTY = "{}"


@dataclass(frozen=True, slots=True)
class Coming:
    """A message with files, as the engine took it."""

    key: str
    conversation: str
    person: UUID
    turn: Turn


@dataclass(frozen=True, slots=True)
class Taken:
    """One that is ours to read until the lease runs out. `attempts` counts this one."""

    tenant: UUID
    key: str
    turn: Turn
    person: UUID
    attempts: int


@dataclass(frozen=True, slots=True)
class Read:
    """What came of one file: `words`, or a `problem`, a sentence for whoever sent it.

    `notes`: what of it was left out, or how it was had.
    """

    name: str
    kind: str
    words: str = ""
    notes: str = ""
    problem: str = ""


async def expect(c: Connection, tenant: UUID, coming: Coming) -> None:
    await c.execute(
        "insert into file_turns (tenant_id, key, conversation, person_id, turn) values ($1, $2, $3, $4, $5)"
        " on conflict (tenant_id, key) do nothing",
        tenant,
        coming.key,
        coming.conversation,
        coming.person,
        codec.dumps(coming.turn),
    )


async def claim(c: Connection, tenant: UUID, key: str, lease: float) -> Taken | None:
    """None where it was read, where another reads it, or where there is no such thing."""
    row = await c.fetchrow(
        "update file_turns set attempts = attempts + 1, lease_until = now() + make_interval(secs => $3)"
        " where tenant_id = $1 and key = $2 and state = 'waiting' and lease_until < now()"
        " returning turn, person_id, attempts",
        tenant,
        key,
        lease,
    )
    if row is None:
        return None
    turn = codec.loads(row["turn"])
    assert isinstance(turn, Turn)
    return Taken(tenant, key, turn, row["person_id"], row["attempts"])


async def renew(c: Connection, taken: Taken, lease: float) -> None:
    await c.execute(
        "update file_turns set lease_until = now() + make_interval(secs => $4) where tenant_id = $1"
        " and key = $2 and state = 'waiting' and attempts = $3",
        taken.tenant,
        taken.key,
        taken.attempts,
        lease,
    )


async def waiting(c: Connection, tenant: UUID, key: str) -> int | None:
    """How often it was tried; None where it is read or gone."""
    found: int | None = await c.fetchval(
        "select attempts from file_turns where tenant_id = $1 and key = $2 and state = 'waiting'", tenant, key
    )
    return found


async def finish(c: Connection, taken: Taken, read: Sequence[Read]) -> None:
    """Notes what was read, and tells the conversation; the addresses of the files are forgotten with it.

    Raises `Lost` where somebody else did it meanwhile.
    """
    if not await settle(c, taken.tenant, taken.key, attempts=taken.attempts):
        raise Lost(taken.key)
    for number, each in enumerate(read, 1):
        await c.execute(
            "insert into files (tenant_id, key, number, conversation, person_id, name, kind, words, notes,"
            " problem) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
            taken.tenant,
            taken.key,
            number,
            taken.turn.place.conversation,
            taken.person,
            each.name,
            each.kind,
            each.words,
            each.notes,
            each.problem,
        )
    conversation = taken.turn.place.conversation
    await add_event(
        c, taken.tenant, conversation, f"files:{taken.key}", {"_": "files.read", "key": taken.key}
    )


async def settle(c: Connection, tenant: UUID, key: str, *, attempts: int | None = None) -> bool:
    """Nobody reads it any more; the words that came with it stay until they are heard."""
    done = await c.fetchval(
        "update file_turns set state = 'read', read_at = now() where tenant_id = $1 and key = $2"
        " and state = 'waiting' and ($3::int is null or attempts = $3) returning 1",
        tenant,
        key,
        attempts,
    )
    return done is not None


async def turn_of(c: Connection, tenant: UUID, key: str) -> Turn | None:
    """What was said with them; None once it was heard."""
    found = await c.fetchval(
        "select turn from file_turns where tenant_id = $1 and key = $2 and state = 'read'", tenant, key
    )
    turn = codec.loads(found) if found and found != EMPTY else None
    return turn if isinstance(turn, Turn) else None


async def heard(c: Connection, tenant: UUID, key: str) -> None:
    """It is in the inbox now, and needed nowhere else."""
    await c.execute(
        "update file_turns set turn = $3::jsonb where tenant_id = $1 and key = $2", tenant, key, EMPTY
    )


async def of_key(c: Any, tenant: UUID, key: str) -> tuple[Read, ...]:
    rows = await c.fetch(
        "select name, kind, words, notes, problem from files where tenant_id = $1 and key = $2"
        " order by number",
        tenant,
        key,
    )
    return tuple(Read(**dict(row)) for row in rows)


async def of_run(c: Connection, tenant: UUID, run: str) -> tuple[Read, ...]:
    """Those that came with the words that began this run, whose number is the inbox's for those words."""
    if not run[1:].isdecimal():
        return ()
    key = await c.fetchval(
        "select split_part(dedupe, ':', 2) from inbox where tenant_id = $1 and id = $2 and source = 'us'"
        " and dedupe like 'files:%:said'",
        tenant,
        int(run[1:]),
    )
    return await of_key(c, tenant, key) if key else ()


async def latest(c: Connection, tenant: UUID, conversation: str) -> tuple[Read, ...]:
    """Those of the last message of this conversation that something was read of; empty where that was
    long ago."""
    rows = await c.fetch(
        "select name, kind, words, notes, problem from files where tenant_id = $1 and key = (select key"
        "  from files where tenant_id = $1 and conversation = $2 and words <> ''"
        "  and read_at > now() - make_interval(secs => $3) order by read_at desc limit 1)"
        " and words <> '' order by number",
        tenant,
        conversation,
        LATELY,
    )
    return tuple(Read(**dict(row)) for row in rows)


async def drop_old(c: Connection, tenant: UUID, age: float, most: int) -> int:
    """What was read and said longer ago than messages are kept; `age` in seconds."""
    count = 0
    for table, key, at in (("files", "key, number", "read_at"), ("file_turns", "key", "created_at")):
        gone = await c.fetch(
            f"delete from {table} where tenant_id = $1 and ({key}) in (select {key} from {table}"  # noqa: S608
            f" where tenant_id = $1 and {at} < now() - make_interval(secs => $2) limit $3) returning 1",
            tenant,
            age,
            most,
        )
        count += len(gone)
    return count
