"""All that is kept about a person, row by row, readable: the same list as erasing walks along.

Secrets are left out, and what would tell of somebody else is taken out: an export is for one person's eyes.
"""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Uuid

from bot.platforms.base import Door
from bot.secrets import SecretUnreadable, Vault
from bot.turn import Place
from workers.forget import inboxed
from workers.forget.others import ELSE, Others
from workers.forget.subject import Subject
from workers.forget.ways import Way, ways
from workers.forget.ways_of import OF_THEIR_RUN, RUN_OF_ID, its_approval
from workers.store import audit, forgetting_pages, forgetting_who, person_keys
from workers.store.door import Connection, Database
from workers.store.schema import metadata

PAGE = 1_000
APPROVAL = its_approval("a.requester = any(:people) or a.decided_by = any(:people)")
SPOKE = (
    "t.conversation = any(:private) or exists (select 1 from unnest(:users::text[]) x"
    " where position(convert_to(x, 'UTF8') in t.payload) > 0)"
)
# Where what is theirs is found otherwise than erasing finds what may go.
WHERE: dict[str, str] = {
    "accounts": "t.person_id = any(:people)",
    "people": "t.id = any(:people)",
    "person_keys": "false",  # it opens what is exported below, and nothing else
    "forgotten_marks": "false",  # of those who are gone; nobody can tell whose it was
    "conversations": "t.key = any(:private)",
    "model_use": "t.person = any(:people)",
    "inbox": SPOKE,
    "outbox": f"t.conversation = any(:private) or t.account->>'user' = any(:users) or {RUN_OF_ID}",
    "runs": "t.requester = any(:people)",
    "effects": OF_THEIR_RUN,
    "history": OF_THEIR_RUN,
    "spending": "t.requester = any(:people)",
    "approvals": "t.requester = any(:people) or t.decided_by = any(:people)",
    "approval_terms": APPROVAL,
    "approval_queue": APPROVAL,
    "approval_questions": f"t.person_id = any(:people) or {APPROVAL}",
    "approval_edits": f"t.person_id = any(:people) or {APPROVAL}",
    "batch_members": APPROVAL,
    "handoffs": "t.requester = any(:people) or t.helper = any(:people)",
    "grants": (
        "lower(t.requester) = any(:emails) or lower(t.recipient) = any(:emails)"
        " or t.proposed_by = any(:people) or t.ended_by = any(:people)"
    ),
    "audit": "exists (select 1 from unnest(:people::uuid[]) x"
    " where position(convert_to(x::text, 'UTF8') in t.entry) > 0)",
}


async def rows(
    db: Database, tenant: UUID, person: UUID, vault: Vault, doors: Mapping[str, Door]
) -> AsyncIterator[tuple[str, dict[str, Any]]]:
    """Table and row. Read in pages, each in a transaction of its own: turns go on meanwhile."""
    async with db.tenant(tenant) as c:
        people = await forgetting_who.one_human(c, tenant, person)
        who = replace(await forgetting_who.gathered(c, tenant, people, None, 0), kept=())
    who = await _with_private(db, tenant, who, doors)
    async with db.tenant(tenant) as c:
        others = Others(who, await forgetting_who.everybody_else(c, tenant, people))
        keys = {id: key for id in people if (key := await _key(c, tenant, id, vault))}
    for way in sorted(ways(), key=lambda each: each.table):
        where, columns = where_of(way), columns_of(way)
        if not where:
            continue
        after = ""
        while True:
            async with db.tenant(tenant) as c:
                found, after = await _page(c, tenant, way, where, columns, who, after)
            for row in found:
                if way.table == "inbox" and not _said(doors, who, row):
                    continue
                if way.table == "audit":
                    yield way.table, _audited(tenant, row, keys, others)
                else:
                    yield way.table, {name: readable(row[name], others) for name in columns}
            if not after:
                break


async def _with_private(db: Database, tenant: UUID, who: Subject, doors: Mapping[str, Door]) -> Subject:
    """Conversations with them alone of which nothing but what they said there tells."""
    way = next(each for each in ways() if each.table == "inbox")
    places: dict[str, Place] = {}
    after = ""
    while True:
        async with db.tenant(tenant) as c:
            found, after = await _page(c, tenant, way, SPOKE, columns_of(way), who, after)
        for row in found:
            said = inboxed.whose(doors, who, row)
            if said.private is not None:
                places[said.private.conversation] = said.private
        if not after:
            break
    async with db.tenant(tenant) as c:
        more = await forgetting_who.conversations(c, tenant, list(places.values()))
    return replace(who, private={**who.private, **more})


async def _key(c: Connection, tenant: UUID, person: UUID, vault: Vault) -> Vault | None:
    try:
        return await person_keys.known(c, tenant, person, vault)
    except SecretUnreadable:
        return None


def where_of(way: Way) -> str:
    """Which rows of a table are about them; empty: none can be."""
    if way.table in WHERE:
        return WHERE[way.table]
    if way.own:
        return " or ".join(f"({rule.where})" for rule in way.own)
    model = metadata.tables[way.table]
    return " or ".join(
        f't."{column.name}" = any(:people)'
        for column in model.columns
        if column.info.get("class") == "personal" and isinstance(column.type, Uuid)
    )


def columns_of(way: Way) -> list[str]:
    model = metadata.tables[way.table]
    return [
        f"{column.name}"
        for column in model.columns
        if column.name != "tenant_id" and column.info.get("class") != "secret"
    ]


async def _page(
    c: Connection, tenant: UUID, way: Way, where: str, columns: list[str], who: Subject, after: str
) -> tuple[list[Any], str]:
    values = {**who.binds(), "tenant": tenant}
    return await forgetting_pages.theirs(c, way, where, columns, values, after, PAGE)


def _said(doors: Mapping[str, Door], who: Subject, row: Any) -> bool:
    return inboxed.whose(doors, who, row).theirs


def readable(value: Any, others: Others) -> Any:
    """As JSON that a person can read."""
    match value:
        case bytes():
            try:
                return readable(value.decode(), others)
            except UnicodeDecodeError:
                return base64.b64encode(value).decode()
        case str():
            if value[:1] in ("{", "["):
                try:
                    return others.value(orjson.loads(value))
                except orjson.JSONDecodeError:
                    pass
            return others.text(value)
        case UUID():
            return others.text(str(value))
        case datetime():
            return value.isoformat()
        case None | bool() | int() | float():
            return value
    return str(value)


def _audited(tenant: UUID, row: Any, keys: Mapping[UUID, Vault], others: Others) -> dict[str, Any]:
    """An entry with what is personal of them opened, and what is another's left sealed."""
    entry = orjson.loads(bytes(row["entry"]))
    opened = {name: _opened(tenant, name, value, keys) for name, value in entry.items()}
    return {"id": row["id"], "at": row["at"].isoformat(), "entry": others.value(opened)}


def _opened(tenant: UUID, name: str, value: Any, keys: Mapping[UUID, Vault]) -> Any:
    if not isinstance(value, dict) or "of" not in value:
        return value
    person = UUID(value["of"])
    if person not in keys or "sealed" not in value:
        return ELSE
    try:
        return keys[person].open(value["sealed"], audit.spot(tenant, person, name))
    except SecretUnreadable:
        return "(unreadable)"
