"""`countersign export tuning`: what it writes, and what it says of what it left out."""

from __future__ import annotations

import os
import sys
from collections import Counter
from contextlib import suppress
from pathlib import Path
from uuid import UUID

import orjson

from bot.errors import ConfigurationError
from bot.settings import Settings
from bot.text import one_line
from workers import ops, tuning
from workers.store import audit, preferences
from workers.store import tuning as stored
from workers.store.audit import OPERATOR
from workers.store.door import Connection, Database
from workers.store.tuning import Candidate
from workers.tuning import Masker, Why

PAGE = 200
MOST = 100_000  # conversations in one file
Taken = tuple[list[bytes], Counter[Why]]


def export(settings: Settings, tenant: str, out: Path) -> int:
    """The file appears whole, readable by its owner alone, or not at all."""
    if out.exists():
        raise ConfigurationError(f"{out} is there already: name a file that is not.")
    if not out.absolute().parent.is_dir():
        raise ConfigurationError(f"There is no folder {out.parent} to write into.")

    async def run(db: Database) -> int:
        lines: list[bytes] = []
        for whose, name in await ops.chosen(db, tenant):
            found, why = await taken(db, whose, MOST - len(lines))
            lines += found
            async with db.tenant(whose) as c:
                left = {each.name.lower(): count for each, count in why.items()}
                await audit.record(
                    c, whose, "tuning.exported", conversations=len(found), left_out=left, by=OPERATOR
                )
            sys.stdout.write("".join(f"{line}\n" for line in told(name, len(found), why)))
        written(out, lines)
        sys.stdout.write(f"{len(lines)} conversations are in {out}.\n")
        return 0

    return ops.with_database(settings, run)


def told(name: str, count: int, why: Counter[Why]) -> list[str]:
    lines = [f"{one_line(name)}: {count} conversations, {why.total()} left out"]
    return [*lines, *(f"  {why[each]:>6}  {each}" for each in Why if why[each])]


def written(out: Path, lines: list[bytes]) -> None:
    beside = out.with_name(f".{out.name}.{os.getpid()}")
    try:
        with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.writelines(lines)
        os.link(beside, out)  # unlike a rename, it replaces nothing that came in between
    except FileExistsError:
        raise ConfigurationError(f"{out} is there already: name a file that is not.") from None
    except OSError as error:
        raise ConfigurationError(f"{out} cannot be written: {error.strerror}.") from error
    finally:
        with suppress(OSError):
            beside.unlink()


async def taken(db: Database, tenant: UUID, most: int) -> Taken:
    """A line for each conversation that may be learned from, in no order that tells when it was."""
    from integrations.models.redaction import redact

    async with db.tenant(tenant) as c:
        consented = await preferences.consenting(c, tenant)
        mask = tuning.masker(redact, await stored.names(c, tenant))
    lines, why, after = list[bytes](), Counter[Why](), ""
    while len(lines) < most:
        async with db.tenant(tenant) as c:
            page = await stored.candidates(c, tenant, after, PAGE)
            for each in page:
                problem = tuning.left_out(each, consented)
                line = problem or await _line(c, tenant, each, mask)
                if isinstance(line, Why):
                    why[line] += 1
                else:
                    lines.append(line)
        if len(page) < PAGE:
            break
        after = page[-1].run
    return sorted(lines[:most]), why


async def _line(c: Connection, tenant: UUID, run: Candidate, mask: Masker) -> bytes | Why:
    events = await stored.events(c, tenant, run.run)
    if problem := tuning.unfit(events, str(run.requester)):
        return problem
    posts = await stored.posts(c, tenant, run.conversation, run.run)
    turns = tuning.messages(events, posts, str(run.requester))
    if len(turns) < 2:
        return Why.EMPTY
    clean = tuning.unrecognisable(turns, mask)
    if clean is None:
        return Why.SENSITIVE
    return orjson.dumps({"messages": clean, "flow": run.flow}) + b"\n"
