"""A person of whom there is a row in every table, with a canary in everything personal; and a colleague."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import orjson
from pgvector.sqlalchemy import HALFVEC
from sqlalchemy import Column, Identity, LargeBinary, Text, Uuid
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TSVECTOR

from bot.reply import Reply
from bot.turn import Account, Place
from tests.workers.store.rows import TABLES, Row, insert, row
from workers.store import codec
from workers.store.door import Connection, Database
from workers.store.schema import metadata

CANARY = "zqcanary77"
USER = f"U{CANARY.upper()}"
EMAIL = f"{CANARY}@example.com"
NAME = f"{CANARY.title()} Fields"
PLACE = Place("slack", "T1", f"D{CANARY.upper()}", None, "", True)
ACCOUNT = Account("slack", "T1", USER)

# Where nobody works with it any more.
STATES = {
    "preferences.tone": 5,
    "effects.state": "done",
    "approvals.state": "used",
    "outbox.state": "sent",
    "inbox.state": 1,
    "handoffs.state": "resolved",
    "streams.state": "closed",
    "runs.status": "done",
    "grants.state": "revoked",
    "forgettings.state": "done",
    "timers.state": "fired",
    "schedules.state": "stopped",
}
# Where a value has a shape that somebody reads.
SHAPES: dict[str, Any] = {
    "conversations.key": PLACE.conversation,
    "accounts.platform": "slack",
    "accounts.workspace": "T1",
    "accounts.user_id": USER,
    "accounts.direct": codec.dumps(PLACE),
    "people.email": EMAIL,
    "people.name": NAME,
    "accounts.name": NAME,
    "home_views.user_id": USER,
    "managers.email": EMAIL,
    "pushers.email": EMAIL,
    "grants.requester": EMAIL,
    "grants.recipient": EMAIL,
    "web_accounts.user_id": USER,
    "web_accounts.email": EMAIL,
    "web_conversations.channel": PLACE.channel,
    "web_messages.channel": PLACE.channel,
    "runs.id": "r7",
    "effects.key": "r7:pay:1",
    "outbox.id": "r7:1",
    "timers.id": "r7:pay:1",
    "history.run_id": "r7",
    "directory.members": orjson.dumps([f"slack:{USER}", "slack:UOTHER"]).decode(),
    "outbox.content": codec.dumps(Reply(f"Hello {NAME}")),
    "approvals.card": codec.dumps(Reply(f"For {NAME}")),
    "inbox.payload": orjson.dumps({"event": {"type": "message", "user": USER, "text": CANARY}}),
    "inbox.kind": "turn",
    "inbox.source": "slack",
    "runs.state": orjson.dumps({"step": "", "slots": {"note": CANARY}, "requester": {"name": NAME}}).decode(),
    "effects.risk": "write",
    "grants.terms": orjson.dumps({"approvers": [EMAIL]}).decode(),
    "approval_queue.people": orjson.dumps([EMAIL, f"slack:{USER}"]).decode(),
    "forgotten_marks.mark": b"a keyed hash",
    "audit.entry": b'{"what":"sealed: see test_audit_forget"}',
    "forgettings.subject": "{}",
    "forgettings.place": None,
    "forgettings.account": None,
}


@dataclass(frozen=True)
class Planted:
    """`rows` are the person's by table, `others` the colleague's."""

    db: Database
    tenant: UUID
    person: UUID
    rows: dict[str, Row]
    others: dict[str, Row]

    async def fetch(self, query: str, *given: Any) -> list[Any]:
        async with self.db.tenant(self.tenant) as c:
            return list(await c.fetch(query, *given))

    async def value(self, query: str, *given: Any) -> Any:
        async with self.db.tenant(self.tenant) as c:
            return await c.fetchval(query, *given)

    async def holding(self, text: str) -> list[str]:
        """Every column of every table in which it stands, however it is written there."""
        return await holding(self.db, self.tenant, text)

    async def colleague(self) -> dict[str, Row | None]:
        """Their rows as they are now."""
        found: dict[str, Row | None] = {}
        async with self.db.tenant(self.tenant) as c:
            for table, values in self.others.items():
                keys = [column.name for column in metadata.tables[table].primary_key.columns]
                where = " and ".join(f'"{key}" = ${at}' for at, key in enumerate(keys, 1))
                kept = await c.fetchrow(f"select * from {table} where {where}", *(values[k] for k in keys))
                found[table] = dict(kept) if kept else None
        return found


async def holding(db: Database, tenant: UUID, text: str) -> list[str]:
    found = []
    async with db.tenant(tenant) as c:
        for table in metadata.sorted_tables:
            for column in table.columns:
                name = f'"{column.name}"'
                plain = (
                    f"encode({name}, 'escape')" if isinstance(column.type, LargeBinary) else f"{name}::text"
                )
                if await c.fetchval(
                    f"select 1 from {table.name} where tenant_id = $1 and position($2 in lower({plain})) > 0"
                    " limit 1",
                    tenant,
                    text.lower(),
                ):
                    found.append(f"{table.name}.{column.name}")
    return found


async def plant(db: Database, tenant: UUID) -> Planted:
    rows: dict[str, Row] = {}
    others: dict[str, Row] = {}
    async with db.tenant(tenant) as c:
        for table in TABLES:
            query, given = insert(table, _others(row(table, tenant, "omar", others), table))
            if table == "tenants":
                others[table] = rows[table] = dict(
                    await c.fetchrow("select * from tenants where tenant_id = $1", tenant)
                )
                continue
            others[table] = dict(await c.fetchrow(query, *given))
        # Whose they are comes first: not every table points at people by a foreign key.
        for table in sorted(TABLES, key=lambda name: name != "people"):
            if table != "tenants":
                rows[table] = await _planted(c, table, tenant, rows)
    person: UUID = rows["people"]["id"]
    return Planted(db, tenant, person, rows, others)


def _others(values: Row, table: str) -> Row:
    """The colleague's rows are over as well, and read as what they are."""
    for name, state in STATES.items():
        if name.partition(".")[0] == table:
            values[name.partition(".")[2]] = state
    for begun in ("received_at", "created_at", "done_at", "again_at"):
        values.pop(begun, None)
    return values


async def _planted(c: Connection, table: str, tenant: UUID, there: dict[str, Row]) -> Row:
    model = metadata.tables[table]
    values = _others(row(table, tenant, "person " + uuid4().hex[:8], there), table)
    if len(model.primary_key.columns) == 1:  # the tenant's one row is nobody's
        found = await c.fetchrow(f"select * from {table} where tenant_id = $1", tenant)
        if found:
            return dict(found)
    for column in model.columns:
        name = f"{table}.{column.name}"
        if column.identity is not None or isinstance(column.server_default, Identity):
            continue
        if name in SHAPES:
            values[column.name] = SHAPES[name]
        elif column.info["class"] in ("personal", "money") and not column.foreign_keys:
            values[column.name] = _canary(column, there, values[column.name])
    query, given = insert(table, values)
    return dict(await c.fetchrow(query, *given))


def _canary(column: Column[Any], there: dict[str, Row], otherwise: Any) -> Any:
    if column.name == "conversation":
        return PLACE.conversation
    if column.name == "place":
        return codec.dumps(PLACE)
    if column.name == "account" and isinstance(column.type, JSONB):
        return codec.dumps(ACCOUNT)
    match column.type:
        case Uuid():
            return there["people"]["id"] if "people" in there else otherwise
        case JSONB():
            return orjson.dumps({"said": CANARY}).decode()
        case LargeBinary():
            return orjson.dumps({"said": CANARY})
        case HALFVEC() | ARRAY() | TSVECTOR():
            return otherwise
        case Text():
            return f"about {CANARY} {there.get('people', {}).get('id', '')}"
    return otherwise
