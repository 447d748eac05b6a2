"""`countersign approvers …`: who is whose manager, and who wrote the rules last."""

from __future__ import annotations

import csv
import sys
from collections.abc import Mapping
from pathlib import Path
from uuid import UUID

from bot.errors import ConfigurationError
from bot.settings import Settings
from flows.duty_file import EMAIL
from workers import ops
from workers.store import audit, definitions, directory, tenants
from workers.store.door import Connection, Database

MOST_PEOPLE, LARGEST = 50_000, 16 * 1024 * 1024
COLUMNS = ("email", "manager")


def pairs(path: Path) -> list[tuple[str, str]]:
    """From CSV with the columns email and manager. Raises `ConfigurationError`, which names the line."""
    try:
        if path.stat().st_size > LARGEST:
            raise ConfigurationError(f"{path} is larger than {LARGEST // 1024 // 1024} MB.")
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            if not set(COLUMNS) <= set(reader.fieldnames or ()):
                raise ConfigurationError(f"{path} needs a first line with the columns email and manager.")
            found = {}
            for row in reader:
                person, manager = (_address(row, column, path, reader.line_num) for column in COLUMNS)
                if person in found:
                    raise ConfigurationError(f"{path}, line {reader.line_num}: {person} stands there twice.")
                if person == manager:
                    raise ConfigurationError(f"{path}, line {reader.line_num}: {person} manages themselves.")
                found[person] = manager
                if len(found) > MOST_PEOPLE:
                    raise ConfigurationError(f"{path} has more than {MOST_PEOPLE} people.")
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ConfigurationError(f"{path} cannot be read as CSV: {type(error).__name__}.") from error
    return sorted(found.items())


def _address(row: Mapping[str, str | None], column: str, path: Path, line: int) -> str:
    value = (row[column] or "").strip().lower()
    if not EMAIL.match(value):
        raise ConfigurationError(f"{path}, line {line}: {column} is no e-mail address.")
    return value


def managers(settings: Settings, path: Path, tenant: str = "") -> int:
    """Instead of those that were there; all or nothing."""
    try:
        listed = pairs(path)
    except ConfigurationError as error:
        return _say(str(error), 1)

    async def run(db: Database) -> int:
        whose = await ops.whose(db, tenant)
        async with db.tenant(whose) as c:
            await directory.put_managers(c, whose, listed)
            await audit.record(c, whose, "managers.set", count=len(listed), by=audit.OPERATOR)
        return _say(f"{len(listed)} people and their managers are kept.")

    return ops.with_database(settings, run)


def wrote(settings: Settings, email: str, tenant: str = "") -> int:
    """Whoever wrote the active policy and flows last does not decide what comes of them."""
    author = email.strip().lower()
    if not EMAIL.match(author):
        return _say("That is no e-mail address.", 1)

    async def run(db: Database) -> int:
        whose = await ops.whose(db, tenant)
        async with db.tenant(whose) as c:
            count = await note_author(c, whose, author)
        return _say(f"{count} versions are noted as written by {author}.")

    return ops.with_database(settings, run)


async def note_author(c: Connection, tenant: UUID, author: str) -> int:
    """Of every version that is active now; how many there are."""
    active = await definitions.active_flows(c, tenant)
    for flow, version in sorted(active.items()):
        await directory.pushed(c, tenant, "flow", flow, version, author)
    policy = await tenants.policy_version(c, tenant)
    if policy is not None:
        await directory.pushed(c, tenant, "policy", "", policy, author)
    return len(active) + (policy is not None)


def _say(text: str, status: int = 0) -> int:
    (sys.stderr if status else sys.stdout).write(f"{text}\n")
    return status
