"""`countersign audit export`: sealed entries as JSON Lines, and the program that verifies them offline."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson

from bot.errors import ConfigurationError
from bot.secrets import SecretUnreadable, Vault
from bot.settings import Settings
from workers import beside, ops
from workers.audit_chain import Link, stamp
from workers.store import audit, audit_sealing, person_keys
from workers.store.door import Connection, Database

PAGE = 1_000
MOST_KEYS = 1_000

SCRIPT = """# Verifies an export of the audit: python verify.py audit.jsonl [NUMBER:HASH of its last entry]
import hashlib, json, sys

last, links, head = {}, 0, sys.argv[2] if len(sys.argv) > 2 else None
for line in open(sys.argv[1], encoding="utf-8"):
    each = json.loads(line)
    tenant, seq, before = each["tenant"], each["seq"], last.get(each["tenant"])
    begin = "countersign audit 1\\n" + tenant
    follows = hashlib.sha256(begin.encode()).hexdigest() if seq == 1 else each["prev"]
    if before:
        if seq != before[0] + 1:
            sys.exit(f"{tenant}: #{before[0]} is followed by #{seq}")
        follows = before[1]
    place = f"{begin}\\n{seq}\\n{each['id']}\\n{each['at']}\\n{follows}\\n"
    found = hashlib.sha256((place + each["entry"]).encode()).hexdigest()
    if each["prev"] != follows or found != each["hash"]:
        sys.exit(f"{tenant}: #{seq}, id {each['id']}, is not what was sealed")
    last[tenant], links = (seq, each["hash"]), links + 1
if head and head not in [f"{seq}:{found}" for seq, found in last.values()]:
    sys.exit("the last entry is not the one that was named")
print(f"{links} entries, whole:", *(f"{tenant} to #{seq}" for tenant, (seq, _) in last.items()))
"""


def export(
    settings: Settings, tenant: str = "", since: str = "", until: str = "", *, names: bool = False
) -> int:
    """In the order of each chain, without a hole: a few from just outside the span may be among them."""
    begin, end = moment(since, "--since"), moment(until, "--until")
    settings = beside.completed(settings)

    async def work(db: Database) -> int:
        vault = Vault(settings.secret("secret_key")) if names else None
        for id, _ in await ops.chosen(db, tenant):
            await _one(db, id, begin, end, vault)
        return 0

    return ops.with_database(settings, work)


def moment(text: str, name: str) -> datetime | None:
    """None for nothing. Without a time zone it is UTC. Raises `ConfigurationError`."""
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise ConfigurationError(f"{name} is a day or a time, as 2026-11-01 or 2026-11-01T08:00.") from None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found


async def _one(
    db: Database, tenant: UUID, since: datetime | None, until: datetime | None, vault: Vault | None
) -> None:
    async with db.tenant(tenant) as c:
        span = await audit_sealing.span(c, tenant, since, until)
    if span is None:
        return
    after, last = (span[0], -1), span[1]
    while True:
        async with db.tenant(tenant) as c:
            await audit_sealing.along_the_index(c)
            page = await audit_sealing.links(c, tenant, after, PAGE)
            links = [link for link in page if link.seq <= last]
            keys = await _keys(c, tenant, links, vault) if vault else None
        for line in lines(tenant, links, keys):
            sys.stdout.buffer.write(line)
        if not links or len(links) < PAGE:
            return
        after = (links[-1].seq, links[-1].id)


def lines(tenant: UUID, links: list[Link], keys: Mapping[UUID, Vault] | None) -> Iterator[bytes]:
    """`entry` is the text that was hashed, letter by letter; `personal` what of it can still be opened."""
    for link in links:
        line: dict[str, Any] = {
            "tenant": str(tenant),
            "seq": link.seq,
            "id": link.id,
            "at": stamp(link.at),
            "entry": link.entry.decode("utf-8", "backslashreplace"),
            "prev": link.prev.hex(),
            "hash": link.hash.hex(),
        }
        if keys is not None:
            line["personal"] = opened(tenant, link.entry, keys)
        yield orjson.dumps(line) + b"\n"


def opened(tenant: UUID, entry: bytes, keys: Mapping[UUID, Vault]) -> dict[str, str | None]:
    """By field; None for whoever was forgotten, or what opens for nobody."""
    found: dict[str, str | None] = {}
    for name, person, sealed in _sealed(entry):
        key = keys.get(person)
        try:
            found[name] = key.open(sealed, audit.spot(tenant, person, name)) if key else None
        except SecretUnreadable:
            found[name] = None
    return found


def _sealed(entry: bytes) -> Iterator[tuple[str, UUID, str]]:
    try:
        fields = orjson.loads(entry)
    except orjson.JSONDecodeError:
        return
    for name, value in fields.items() if isinstance(fields, dict) else ():
        match value:
            case {"of": str(of), "sealed": str(sealed)}:
                try:
                    yield name, UUID(of), sealed
                except ValueError:
                    continue


async def _keys(c: Connection, tenant: UUID, links: list[Link], vault: Vault) -> dict[UUID, Vault]:
    people = {person for link in links for _, person, _ in _sealed(link.entry)}
    found = {}
    for person in sorted(people)[:MOST_KEYS]:
        try:
            key = await person_keys.known(c, tenant, person, vault)
        except SecretUnreadable:
            continue
        if key is not None:
            found[person] = key
    return found
