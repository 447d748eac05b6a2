"""A run moves from one state to the next, and only for whoever saw the latest; its versions never change."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from bot.turn import PersonId, Place
from flows.approval import canonical
from flows.run import Requester, Run
from tests.workers.store.conftest import There
from workers.store import audit, definitions, runs
from workers.store.door import Database, Lost
from workers.store.runs import Stored

PLACE = Place("slack", "T1", "C1", "17.1")


async def new(there: There) -> Stored:
    flow, version = (await there.fetch("select flow, version from flow_versions"))[0]
    requester = Requester(PersonId(str(there.person)), "Ada", "ada@example.com", "Europe/London")
    run = Run(str(uuid4()), flow, version, requester, "ask", slots={"items": [{"name": "cola", "n": 2}]})
    return Stored(run, there.conversation, PLACE, 0)


async def save(there: There, stored: Stored, run: Run | None = None) -> None:
    async with there.db.tenant(there.tenant) as c:
        await runs.save(c, there.tenant, stored, run or stored.run)


async def load(there: There, id: str) -> Stored:
    async with there.db.tenant(there.tenant) as c:
        found = await runs.by_id(c, there.tenant, id)
    assert found is not None
    return found


async def test_a_run_comes_back_as_it_was_saved(there: There) -> None:
    stored = await new(there)
    await save(there, stored)
    assert await load(there, stored.run.id) == replace(stored, version=1)


async def test_of_two_who_move_it_from_the_same_state_the_second_is_told_that_he_lost(there: There) -> None:
    stored = await new(there)
    await save(there, stored)
    seen = await load(there, stored.run.id)
    await save(there, seen, replace(seen.run, step="confirm"))
    with pytest.raises(Lost):
        await save(there, seen, replace(seen.run, step="charge"))
    assert (await load(there, stored.run.id)).run.step == "confirm"


@pytest.mark.twin
async def test_without_the_version_the_second_would_undo_the_first(there: There) -> None:
    stored = await new(there)
    await save(there, stored)
    seen = await load(there, stored.run.id)
    await save(there, seen, replace(seen.run, step="confirm"))
    current = await there.value("select version from runs where id = $1", seen.run.id)
    await save(there, replace(seen, version=current), replace(seen.run, step="charge"))
    assert (await load(there, stored.run.id)).run.step == "charge"


async def test_the_newest_run_that_waits_is_the_open_one_and_none_when_all_are_over(there: There) -> None:
    await there.fetch("update runs set status = 'done'")
    older, newer = await new(there), await new(there)
    await save(there, older)
    await save(there, newer)
    async with there.db.tenant(there.tenant) as c:
        found = await runs.open_run(c, there.tenant, there.conversation)
        assert found is not None
        assert found.run.id == newer.run.id
    for stored in (older, newer):
        seen = await load(there, stored.run.id)
        await save(there, seen, replace(seen.run, status="done"))
    async with there.db.tenant(there.tenant) as c:
        assert await runs.open_run(c, there.tenant, there.conversation) is None
    over = "select count(*) from runs where finished_at is not null and id = any ($1)"
    assert await there.value(over, [older.run.id, newer.run.id]) == 2


async def test_a_version_of_a_flow_is_kept_once_and_can_be_activated_again(
    db: Database, tenant: UUID
) -> None:
    async with db.tenant(tenant) as c:
        assert await definitions.keep_flow(c, tenant, "order", "v1", {"steps": [1]})
        assert not await definitions.keep_flow(c, tenant, "order", "v1", {"steps": ["other"]})
        assert await definitions.keep_flow(c, tenant, "order", "v2", {"steps": [2]})
        for version in ("v1", "v2", "v1"):
            await definitions.activate_flow(c, tenant, "order", version)
            assert await definitions.active_flows(c, tenant) == {"order": version}
        assert await definitions.flow_definition(c, tenant, "order", "v1") == {"steps": [1]}
        assert await definitions.flow_definition(c, tenant, "order", "v3") is None
        versions = await definitions.flow_versions(c, tenant)
    assert {(flow, version, active) for flow, version, _, active in versions} == {
        ("order", "v2", False),
        ("order", "v1", True),
    }


async def test_what_was_never_pushed_cannot_be_activated(db: Database, tenant: UUID) -> None:
    with pytest.raises(asyncpg.ForeignKeyViolationError):
        async with db.tenant(tenant) as c:
            await definitions.activate_flow(c, tenant, "order", "never")


async def test_a_policy_is_kept_once_and_is_the_active_one(db: Database, tenant: UUID) -> None:
    async with db.tenant(tenant) as c:
        await definitions.keep_policy(c, tenant, "p1", {"rules": [1]})
        await definitions.keep_policy(c, tenant, "p1", {"rules": ["other"]})
        assert await definitions.policy_document(c, tenant, "p1") == {"rules": [1]}
        assert await c.fetchval("select policy_version from tenants") == "p1"


async def test_an_audit_entry_is_exact_bytes_and_waits_to_be_sealed(db: Database, tenant: UUID) -> None:
    details: dict[str, Any] = {"key": "run:charge:1", "amount": 5000, "nothing": None}
    async with db.tenant(tenant) as c:
        await audit.record(c, tenant, "effect.done", **details)
        row = await c.fetchrow("select entry, seal_seq, prev, hash from audit")
    assert row["entry"] == canonical({"amount": 5000, "key": "run:charge:1", "what": "effect.done"})
    assert (row["seal_seq"], row["prev"], row["hash"]) == (None, None, None)


async def test_an_amount_that_has_no_one_spelling_is_refused_in_the_audit(db: Database, tenant: UUID) -> None:
    with pytest.raises(ValueError, match="float"):
        async with db.tenant(tenant) as c:
            await audit.record(c, tenant, "effect.done", amount=50.0)
