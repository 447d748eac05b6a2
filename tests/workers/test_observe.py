"""How much waits and for how long, as the database counts it, and as /metrics tells it."""

from __future__ import annotations

from typing import Any

import pytest

from bot.metrics import Metrics
from bot.settings import Settings
from tests.workers.store.conftest import There
from workers import observe


async def told(there: There) -> dict[str, float]:
    counted = Metrics()
    await observe.look(there.db, counted)
    lines = [line for line in counted.text().decode().splitlines() if not line.startswith("#")]
    return {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in lines}


async def grown(there: There, superuser: Any, statements: str) -> dict[str, float]:
    """By how much each number is more after these statements: others' rows are in the same database."""
    before = await told(there)
    for statement in statements.split(";"):
        await there.fetch(statement)
    after = await told(there)
    return {name: value - before.get(name, 0.0) for name, value in after.items() if value != before.get(name)}


async def test_what_is_dead_is_counted_until_it_is_settled(there: There, superuser: Any) -> None:
    found = await grown(
        there,
        superuser,
        "update effects set state = 'unknown', tool = 'stripe.charge', settled = null;"
        "update inbox set state = 2; update outbox set state = 'failed'",
    )
    assert found['countersign_dead{what="effect"}'] == 1
    assert found['countersign_dead{what="inbox"}'] == 1
    assert found['countersign_dead{what="outbox"}'] == 1
    assert found['countersign_effects_open{state="unknown",tool="stripe.charge"}'] == 1
    settled = await grown(there, superuser, "update effects set settled = 'left'")
    assert settled['countersign_dead{what="effect"}'] == -1


async def test_what_waits_is_counted_with_the_age_of_the_oldest(there: There, superuser: Any) -> None:
    found = await grown(
        there,
        superuser,
        "update inbox set state = 0, received_at = now() - interval '90 days';"
        "update outbox set state = 'queued', created_at = now() - interval '90 days';"
        "update approvals set state = 'pending'",
    )
    assert found["countersign_inbox_waiting"] == 1
    assert found["countersign_outbox_waiting"] == 1
    assert found.get("countersign_approvals_pending", 0) >= 0
    now = await told(there)
    assert now["countersign_inbox_lag_seconds"] >= 90 * 86_400
    assert now["countersign_outbox_age_seconds"] >= 90 * 86_400


async def test_entries_of_the_audit_that_are_not_sealed_are_counted_with_the_age_of_the_oldest(
    there: There, superuser: Any
) -> None:
    found = await grown(
        there,
        superuser,
        "insert into audit (tenant_id, at, entry)"
        f" values ('{there.tenant}', now() - interval '90 days', '{{}}')",
    )
    assert found["countersign_audit_unsealed"] == 1
    assert (await told(there))["countersign_audit_unsealed_age_seconds"] >= 90 * 86_400


async def test_a_tool_that_nobody_uses_any_more_is_no_longer_told(there: There) -> None:
    counted = Metrics()
    counted.measured([("effects", "queued a.tool", 3.0)])
    assert b'tool="a.tool"' in counted.text()
    counted.measured([("dead", "effect", 1.0), ("something new", "x", 1.0)])
    assert b'tool="a.tool"' not in counted.text()


async def test_the_database_hands_out_numbers_and_our_own_few_words_only(there: There, db: Any) -> None:
    rows = await db.dispatch("select * from measure()")
    assert {type(row["value"]) for row in rows} == {float}
    assert not any(str(there.tenant) in row["label"] and row["what"] != "effects" for row in rows)


async def test_nobody_looks_where_nobody_collects(monkeypatch: pytest.MonkeyPatch) -> None:
    import asyncio

    async def never(*_: Any) -> None:
        raise AssertionError

    monkeypatch.setattr(observe, "_watch", never)
    stop = asyncio.Event()
    stop.set()
    await observe.run(Settings(_env_file=None), stop)
