"""Every query of the hot path, explained over tables in which a hundred thousand rows are over.

What a turn costs must not grow with what was. The queries are those that the code really sends:
it runs against a connection that notes them.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import pytest
import pytest_asyncio

from bot.reply import Reply
from bot.turn import Account, Place
from flows.effects import Call
from tests.workers.store.rows import seed
from workers.store import (
    approvals,
    conversations,
    dead,
    doubts,
    effects,
    enqueue,
    inbox,
    look,
    old,
    outbox,
    people,
    timers,
)
from workers.store.conversations import Claimed
from workers.store.door import Database
from workers.store.outbox import Message

MANY = 100_000
BIG = ("inbox", "outbox", "effects", "runs", "conversations")
PLACE = Place("slack", "T1", "C1", "17.1")
ADA = Account("slack", "T1", "U1")

FILL = f"""
    insert into conversations (tenant_id, key) select $1, 'c' || n from generate_series(1, {MANY}) n;
    insert into inbox (tenant_id, source, dedupe, conversation, kind, payload, state, done_at)
      select $1, 'slack', 'e' || n, 'c' || n, 'turn', 'x', 1, now() from generate_series(1, {MANY}) n;
    insert into runs (tenant_id, id, conversation, place, flow, flow_version, requester, state, status,
                      finished_at)
      select $1, 'r' || n, 'c' || n, '{{}}', v.flow, v.version, p.id, '{{}}', 'done', now()
      from generate_series(1, {MANY}) n, flow_versions v, people p
      where v.tenant_id = $1 and p.tenant_id = $1;
    insert into effects (tenant_id, key, run_id, conversation, step, tool, arguments, policy_version, risk,
                         state, finished_at)
      select $1, 'r' || n || ':s:1', 'r' || n, 'c' || n, 's', 't', '', 'v', 'read', 'done', now()
      from generate_series(1, {MANY}) n;
    insert into outbox (tenant_id, id, conversation, seq, kind, place, content, state, sent_at)
      select $1, 'o' || n, 'c' || n, 1, 'post', '{{"channel": "C1"}}', '{{}}', 'sent', now()
      from generate_series(1, {MANY}) n
"""


@dataclass
class Noting:
    """A connection that explains whatever is asked of it first, and keeps the plans."""

    real: Any
    plans: list[tuple[str, str]] = field(default_factory=list)

    async def _explain(self, query: str, arguments: tuple[Any, ...]) -> None:
        rows = await self.real.fetch(f"explain {query}", *arguments)
        self.plans.append((query, "\n".join(row[0] for row in rows)))

    async def fetch(self, query: str, *arguments: Any, **more: Any) -> Any:
        await self._explain(query, arguments)
        return await self.real.fetch(query, *arguments)

    async def fetchrow(self, query: str, *arguments: Any, **more: Any) -> Any:
        await self._explain(query, arguments)
        return await self.real.fetchrow(query, *arguments)

    async def fetchval(self, query: str, *arguments: Any, **more: Any) -> Any:
        await self._explain(query, arguments)
        return await self.real.fetchval(query, *arguments)

    async def execute(self, query: str, *arguments: Any, **more: Any) -> Any:
        if arguments:
            await self._explain(query, arguments)
        return await self.real.execute(query, *arguments)

    async def executemany(self, query: str, rows: list[tuple[Any, ...]], **more: Any) -> Any:
        await self._explain(query, rows[0])
        return await self.real.executemany(query, rows)

    async def read_whole(self) -> dict[str, int]:
        """How often each of the big tables was read from end to end, by functions of ours too.

        Counts since this connection told its statistics last.
        """
        rows = await self.real.fetch(
            "select relname, seq_scan from pg_stat_xact_user_tables where relname = any($1)", list(BIG)
        )
        return {row["relname"]: row["seq_scan"] for row in rows}

    @property
    def scans(self) -> list[tuple[str, str]]:
        """Queries that read one of the big tables from end to end."""
        found = re.compile(r"Seq Scan on (\w+)")
        return [(query, plan) for query, plan in self.plans if set(found.findall(plan)) & set(BIG)]


@pytest_asyncio.fixture(scope="module")
async def crowded(db: Database, superuser: Any) -> Any:
    """A tenant with a long history; gone afterwards, so that nobody else's test is slow."""
    tenant = uuid4()
    async with db.tenant(tenant) as c:
        await seed(c, tenant)
    await superuser.execute("set session_replication_role = replica")  # the rows fit together as they are
    for statement in FILL.split(";\n"):
        await superuser.execute(statement.replace("$1", f"'{tenant}'::uuid"))
    await superuser.execute(f"analyze {', '.join(BIG)}")
    yield tenant
    for table in ("outbox", "effects", "runs", "inbox", "conversations"):
        await superuser.execute(f"delete from {table} where tenant_id = $1", tenant)
    await superuser.execute("set session_replication_role = default")
    await superuser.execute(f"analyze {', '.join(BIG)}")


def call(key: str) -> Call:
    return Call(key, "stripe.charge", {}, "s")


async def a_turn(c: Any, tenant: UUID) -> None:
    """Everything that the way of one turn asks of the database, from the front to the last delivery."""
    await inbox.add_many(c, tenant, [("slack", "new", "c7", "turn", b"{}", None)])
    await inbox.answered(c, tenant, "slack", "new")
    mine = Claimed(tenant, "c7", 0)
    await look.look(c, mine)
    await timers.fire(c, tenant, "c7")
    await people.of_account(c, tenant, ADA, 60.0)
    await conversations.lock(c, tenant, ["c7", "c8"])
    await effects.intend(c, tenant, "c7", "r7", call("r7:s:2"), "v", "money", "held")
    await effects.release(c, tenant, "r7:s:2")
    await effects.withdraw(c, tenant, "r7:s:2")
    await inbox.add_event(c, tenant, "c7", "effect:x", {})
    message = Message("new", "post", PLACE, Reply("hello"), ADA)
    update = Message("u", "update", PLACE, Reply("x"), target="new")
    await enqueue.close(c, mine, 30.0, 1, None, [message, update], at_once=True)
    await outbox.next_waiting(c, tenant, "c7")
    await outbox.sending(c, tenant, "new")
    await enqueue.sent(c, mine, "new", "1.2", "1.1")
    await outbox.hold(c, tenant, "u", 1.0)
    await outbox.refused(c, tenant, "u", 1.0, "slow down")


async def an_effect(c: Any, tenant: UUID) -> None:
    claimed = await effects.claim(c, tenant, "r7:s:2", 30)
    assert claimed is not None
    await effects.later(c, claimed, 0.0, "not_reached", "no")
    await effects.complete(c, tenant, "pi_1", "r7:s:2", None, "no")
    await doubts.by_key(c, tenant, "r7:s:2")


async def approval(c: Any, tenant: UUID) -> None:
    await approvals.of_effect(c, tenant, "r7:s:2")
    await approvals.cards(c, tenant, "a")
    await approvals.decide(c, tenant, "a", "approved", None, "")
    await approvals.pending(c, tenant)


async def upkeep(c: Any, tenant: UUID) -> None:
    """By and by, a thousand rows at a time."""
    age = 30 * 86_400.0
    await old.runs(c, tenant, age)
    await old.inbox(c, tenant, age, 0, 1000)
    await old.inbox_bodies(c, tenant, 60.0, 0, 1000)
    await old.outbox(c, tenant, age, 1000)
    await old.outbox_bodies(c, tenant, 60.0, 3600.0, 1000)
    await dead.every(c, tenant)


@pytest.mark.parametrize("work", [a_turn, approval, upkeep])
async def test_no_query_reads_a_table_from_end_to_end(
    db: Database, crowded: UUID, work: Callable[[Any, UUID], Awaitable[None]]
) -> None:
    async with db.tenant(crowded) as real:
        await real.execute("savepoint before")
        c = Noting(real)
        before = await c.read_whole()
        await work(c, crowded)
        assert await c.read_whole() == before
        await real.execute("rollback to before")
    assert c.plans
    assert c.scans == []


async def test_nor_does_an_effect_s(db: Database, crowded: UUID) -> None:
    async with db.tenant(crowded) as real:
        await real.execute("savepoint before")
        await effects.intend(real, crowded, "c7", "r7", call("r7:s:2"), "v", "money", "queued")
        c = Noting(real)
        await an_effect(c, crowded)
        await real.execute("rollback to before")
    assert c.scans == []


async def test_giving_a_conversation_back_reads_only_what_waits_in_it(
    db: Database, crowded: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    noted: list[Noting] = []

    class Door:
        def tenant(self, tenant: UUID) -> Any:
            from contextlib import asynccontextmanager

            @asynccontextmanager
            async def opened() -> Any:
                async with db.tenant(tenant) as real:
                    noted.append(Noting(real))
                    yield noted[0]

            return opened()

    await conversations.release(Door(), Claimed(crowded, "c7", 0))  # type: ignore[arg-type]  # as much as it uses
    assert noted[0].plans
    assert noted[0].scans == []


@pytest.mark.parametrize("name", ["claim_conversations", "due_effects", "measure", "tenant_of_effect"])
async def test_nor_does_what_looks_across_tenants(superuser: Any, crowded: UUID, name: str) -> None:
    body = await superuser.fetchval("select prosrc from pg_proc where proname = $1", name)
    values = {
        "p_owner": "''",
        "p_lease": "30::float8",
        "p_most": "16",
        "p_quiet": "2::float8",
        "p_key": "'r7'",
    }
    for given, value in values.items():
        body = re.sub(rf"\b{given}\b", value, body)
    plan = "\n".join(row[0] for row in await superuser.fetch(f"explain {body}"))
    assert not set(re.findall(r"Seq Scan on (\w+)", plan)) & set(BIG), plan


@pytest.mark.twin
async def test_without_its_index_a_query_is_found_out(superuser: Any, db: Database, crowded: UUID) -> None:
    transaction = superuser.transaction()
    await transaction.start()
    try:
        await superuser.execute("drop index outbox_waiting; alter table outbox drop constraint outbox_order")
        await superuser.execute(f"set local app.tenant = '{crowded}'")
        c = Noting(superuser)
        before = await c.read_whole()
        await outbox.next_waiting(c, crowded, "c7")
        assert c.scans
        assert (await c.read_whole())["outbox"] > before["outbox"]
    finally:
        await transaction.rollback()
