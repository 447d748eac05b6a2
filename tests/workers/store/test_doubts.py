"""What nobody knows of money is settled once: by a person, or by the service when it speaks at last."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import uuid4

import orjson
import pytest

from tests.workers.store.conftest import There
from workers.store import doubts
from workers.store.doubts import Doubt

CHARGE = "stripe.charge"


async def doubted(there: There, *, state: str = "unknown", tool: str = CHARGE, external: str = "") -> Doubt:
    key = f"{there.run}:pay{uuid4().hex[:6]}:1"
    async with there.db.tenant(there.tenant) as c:
        await c.execute(
            "insert into effects (tenant_id, key, run_id, conversation, step, tool, arguments,"
            " policy_version, risk, state, fence, external_id)"
            " values ($1, $2, $3, $4, 'pay', $5, '{}', 'p', 'money', $6, 3, nullif($7, ''))",
            there.tenant,
            key,
            there.run,
            there.conversation,
            tool,
            state,
            external,
        )
        found = await doubts.by_key(c, there.tenant, key)
    assert found is not None
    return found


async def told(there: There, key: str, result: Any = None, problem: str = "", external: str = "pi_1") -> bool:
    async with there.db.tenant(there.tenant) as c:
        return await doubts.told(c, there.tenant, "stripe", external, key, result, problem)


async def by_person(there: There, doubt: Doubt, verdict: str = "left") -> bool:
    async with there.db.tenant(there.tenant) as c:
        return await doubts.settle(c, there.tenant, doubt.key, doubt.fence, verdict)


async def now(there: There, doubt: Doubt) -> tuple[str, str | None]:
    [row] = await there.fetch("select state, settled from effects where key = $1", doubt.key)
    return row["state"], row["settled"]


async def events(there: There, doubt: Doubt) -> list[Any]:
    rows = await there.fetch("select payload from inbox where state = 0 order by id")
    return [raw for row in rows if (raw := orjson.loads(row["payload"]))["key"] == doubt.key]


@pytest.mark.parametrize("state", ["unknown", "dead"])
async def test_the_service_says_that_it_was_carried_out(there: There, state: str) -> None:
    doubt = await doubted(there, state=state)
    assert await told(there, doubt.key, {"status": "paid"})

    assert await now(there, doubt) == ("done", "told")
    [event] = await events(there, doubt)
    assert (event["_"], event["result"]) == ("events.Finished", {"status": "paid"})


async def test_the_service_says_that_it_was_not(there: There) -> None:
    doubt = await doubted(there)
    assert await told(there, doubt.key, None, "The payment did not go through.")

    assert await now(there, doubt) == ("failed", "told")
    [event] = await events(there, doubt)
    assert (event["_"], event["sentence"]) == ("events.Failed", "The payment did not go through.")


async def test_it_is_known_by_the_service_s_own_id_too(there: There) -> None:
    doubt = await doubted(there, external=f"pi_{uuid4()}")
    [row] = await there.fetch("select external_id from effects where key = $1", doubt.key)
    assert await told(there, "", {}, external=row["external_id"])
    assert await now(there, doubt) == ("done", "told")


async def test_however_often_it_is_told_it_is_settled_once(there: There) -> None:
    doubt = await doubted(there)
    answers = await asyncio.gather(*(told(there, doubt.key, {"status": "paid"}) for _ in range(6)))

    assert sorted(answers) == [False] * 5 + [True]
    assert len(await events(there, doubt)) == 1


@pytest.mark.parametrize("verdict", ["carried_out", "left", "again"])
async def test_what_a_person_has_settled_meanwhile_stays_as_they_settled_it(
    there: There, verdict: str
) -> None:
    doubt = await doubted(there)
    assert await by_person(there, doubt, verdict)
    before = await now(there, doubt)

    assert not await told(there, doubt.key, None, "It did not go through.")
    assert await now(there, doubt) == before
    assert await events(there, doubt) == []


async def test_a_person_who_comes_later_changes_nothing(there: There) -> None:
    doubt = await doubted(there)
    assert await told(there, doubt.key, {})
    assert not await by_person(there, doubt, "again")
    assert await now(there, doubt) == ("done", "told")


@pytest.mark.twin
async def test_without_asking_whether_it_is_open_the_service_overrules_whoever_settled_it(
    there: There, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doubts, "TOLD", doubts.TOLD.replace(doubts.OPEN, "true"))
    doubt = await doubted(there)
    assert await by_person(there, doubt, "again")

    assert await told(there, doubt.key, None, "It did not go through.")
    assert await now(there, doubt) == ("failed", "told")


async def test_a_person_and_the_service_at_once_one_of_them_settles_it(there: There) -> None:
    for _ in range(5):
        doubt = await doubted(there)
        answers = await asyncio.gather(told(there, doubt.key, {}), by_person(there, doubt))
        assert sorted(answers) == [False, True]


@pytest.mark.parametrize("state", ["held", "queued", "running", "done", "failed", "withdrawn"])
async def test_what_is_not_in_doubt_is_not_settled(there: There, state: str) -> None:
    doubt = await doubted(there, state=state)
    assert not await told(there, doubt.key, {})
    assert (await now(there, doubt))[0] == state


async def test_another_service_settles_nothing(there: There) -> None:
    doubt = await doubted(there, tool="bank.transfer")
    assert not await told(there, doubt.key, {})


async def test_nobody_is_told_of_what_is_another_tenant_s(there: There, tenant: Any) -> None:
    doubt = await doubted(there)
    async with there.db.tenant(tenant) as c:
        assert not await doubts.told(c, tenant, "stripe", "", doubt.key, {}, "")
        assert not await doubts.told(c, there.tenant, "stripe", "", doubt.key, {}, "")
    assert (await now(there, doubt))[0] == "unknown"
