"""`countersign forget …` and `countersign export person …`: what they print, and their exit status."""

from __future__ import annotations

import asyncio
import os
import sys
from datetime import datetime
from pathlib import Path
from uuid import UUID

import orjson

from bot.errors import ConfigurationError
from bot.secrets import Vault
from bot.settings import Settings
from bot.turn import Account
from workers import beside, ops
from workers.assemble import doors
from workers.forget import export, receipt
from workers.forget.broker import Cache
from workers.forget.desk import desk
from workers.forget.erasing import Eraser
from workers.forget.steps import World
from workers.store import audit, forgetting, forgetting_who
from workers.store.door import Connection, Database

PATIENCE = 120.0  # seconds that the program waits; an engine goes on anyway
MOST_LISTED = 50
MOST_MARKS = 1_000_000
NOBODY = (
    "Nobody is known by that. An e-mail address, an account's id, or platform:workspace:user names a person."
)
SEVERAL = "That means several people. Say platform:workspace:user."
GOES_ON = (
    "An engine goes on with it as soon as one runs: requests of theirs that are open have to be ended first."
)
OTHERS = (
    "Beside this, the organisation's own policy and flows may name them: `countersign policy show` tells."
)


def forget(settings: Settings, who: str, tenant: str = "", *, block: bool = False) -> int:
    """0: done; 2: begun, and not done yet."""
    settings = beside.completed(settings)

    async def run(db: Database) -> int:
        whose = await ops.whose(db, tenant)
        eraser = eraser_of(db, settings)
        by = desk(settings)
        async with db.tenant(whose) as c:
            person = await _one(c, whose, who)
            if person is None:
                known = await forgetting.marked(c, whose, receipt.mark(whose, who, by.signer))
                id = known or ""
            else:
                id = await begin(c, whose, person, "operator", block=block)
        if not id:
            return _say(NOBODY, 1)
        found = await eraser.finish(whose, id, PATIENCE)
        assert found is not None
        _say(receipt.words(found).replace("You are forgotten", "Forgotten"))
        return _say(OTHERS) if found.done else _say(GOES_ON, 2)

    return ops.with_database(settings, run)


def listed(settings: Settings, tenant: str = "") -> int:
    async def run(db: Database) -> int:
        whose = await ops.whose(db, tenant)
        async with db.tenant(whose) as c:
            found = await forgetting.newest(c, whose, MOST_LISTED)
        for row in found:
            kept = f", {len(row.kept)} kept" if row.kept else ""
            rows = sum(row.counts.values())
            _say(f"{row.id}  {row.asked_at:%Y-%m-%d %H:%M}  {row.state:<8} {rows} rows{kept}, by {row.by}")
        return 0 if found else _say("Nobody asked to be forgotten.")

    return ops.with_database(settings, run)


def token(settings: Settings, tenant: str = "") -> int:
    """With it, a server of the tenant's own may call POST /forget."""
    settings = beside.completed(settings)

    async def run(db: Database) -> int:
        return _say(desk(settings).bearer(await ops.whose(db, tenant)))

    return ops.with_database(settings, run)


def unblock(settings: Settings, who: str, tenant: str = "") -> int:
    settings = beside.completed(settings)

    async def run(db: Database) -> int:
        whose = await ops.whose(db, tenant)
        parts = who.split(":", 2)
        if len(parts) != 3:
            raise ConfigurationError("Say platform:workspace:user, as slack:T0123:U0456.")
        async with db.tenant(whose) as c:
            mark = receipt.account_mark(whose, Account(*parts), desk(settings).signer)
            done = await forgetting.unblock(c, whose, mark)
            if done:
                await audit.record(c, whose, "person.unblocked", by=audit.OPERATOR)
        return _say("Heard again.") if done else _say("That account is not blocked.", 1)

    return ops.with_database(settings, run)


def marks(settings: Settings, tenant: str = "") -> int:
    """To be kept beside the backups: by it, whoever comes back out of one is known to have been forgotten."""

    async def run(db: Database) -> int:
        whose = await ops.whose(db, tenant)
        async with db.tenant(whose) as c:
            for mark, id, at in await forgetting.marks(c, whose):
                _say(f"{mark.hex()} {id} {at.isoformat()}")
        return 0

    return ops.with_database(settings, run)


def again(settings: Settings, file: Path, tenant: str = "") -> int:
    """After a backup was restored: everybody who was forgotten since is looked for, and forgotten anew."""
    settings = beside.completed(settings)
    noted = [_noted(line) for line in file.read_text().splitlines()[:MOST_MARKS] if line.strip()]

    async def run(db: Database) -> int:
        whose = await ops.whose(db, tenant)
        signer = desk(settings).signer
        async with db.tenant(whose) as c:
            for mark, id, at in noted:
                await forgetting.mark(c, whose, [mark], id, blocked=False, at=at)
            back = [
                person
                for person, text in await forgetting_who.known_by(c, whose)
                if await forgetting_who.older(c, whose, person, receipt.mark(whose, text, signer))
            ]
            ids = [await begin(c, whose, person, "restored", block=False) for person in dict.fromkeys(back)]
        for id in ids:
            await eraser_of(db, settings).finish(whose, id, PATIENCE)
        return _say(f"{len(ids)} forgotten anew.")

    return ops.with_database(settings, run)


def _noted(line: str) -> tuple[bytes, str, datetime]:
    try:
        mark, id, at = line.split()
        return bytes.fromhex(mark), id, datetime.fromisoformat(at)
    except ValueError:
        raise ConfigurationError(
            "That file holds something else than what `countersign forget --marks` prints."
        ) from None


def export_person(settings: Settings, who: str, out: Path, tenant: str = "") -> int:
    """One file of JSON Lines for each table in which there is something."""
    settings = beside.completed(settings)

    async def run(db: Database) -> int:
        whose = await ops.whose(db, tenant)
        async with db.tenant(whose) as c:
            person = await _one(c, whose, who)
        if person is None:
            return _say(NOBODY, 1)
        await asyncio.to_thread(_made, out)
        vault = Vault(settings.secret("secret_key"))
        counts: dict[str, int] = {}
        async for table, row in export.rows(db, whose, person, vault, doors(settings)):
            counts[table] = counts.get(table, 0) + 1
            await asyncio.to_thread(_append, out / f"{table}.jsonl", row)
        async with db.tenant(whose) as c:
            await audit.record(c, whose, "person.exported", person=str(person), by=audit.OPERATOR)
        for table, count in sorted(counts.items()):
            _say(f"{count:>8}  {table}.jsonl")
        return _say(f"{sum(counts.values())} rows in {out}. It is about one person: guard it, and delete it.")

    return ops.with_database(settings, run)


def _made(out: Path) -> None:
    out.mkdir(mode=0o700, parents=True, exist_ok=True)
    if any(out.iterdir()):
        raise ConfigurationError(f"{out} is not empty: an export goes into a folder of its own.")


def _append(path: Path, row: object) -> None:
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab") as file:
        file.write(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE))


def eraser_of(db: Database, settings: Settings) -> Eraser:
    settings = beside.completed(settings)
    world = World(desk(settings).signer, doors(settings), settings.forget_keeps_charges_days)
    return Eraser(db, world, Cache(settings.secret("redis_url")))


async def begin(c: Connection, tenant: UUID, person: UUID, by: str, *, block: bool) -> str:
    """The receipt's number; the same for a second wish."""
    new = receipt.new_id()
    row = await forgetting.ask(c, tenant, new, person, by, block=block)
    if row.id == new:
        await audit.record(c, tenant, "person.forgetting", person=str(person), receipt=row.id, by=by)
    return row.id


async def _one(c: Connection, tenant: UUID, who: str) -> UUID | None:
    found = await forgetting_who.found(c, tenant, who)
    if len(found) > 1:
        raise ConfigurationError(SEVERAL)
    return found[0] if found else None


def _say(text: str, status: int = 0) -> int:
    (sys.stderr if status == 1 else sys.stdout).write(f"{text}\n")
    return status
