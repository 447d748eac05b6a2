"""The ledger: an effect happens once, whoever dies, comes late, or comes twice."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any
from uuid import uuid4

import orjson
import pytest

from flows.effects import Call
from tests.workers.store.conftest import There
from workers.store import effects
from workers.store.door import Database, Lost
from workers.store.effects import Claimed

LEASE = 30.0


async def intended(there: There, state: str = "queued", key: str = "") -> str:
    key = key or f"{uuid4()}:charge:1"
    call = Call(key, "stripe.charge", {"amount": 5000, "currency": "eur"}, "charge")
    async with there.db.tenant(there.tenant) as c:
        await effects.intend(c, there.tenant, there.conversation, there.run, call, "policy-1", "money", state)
    return key


async def claim(there: There, key: str, lease: float = LEASE) -> Claimed | None:
    async with there.db.tenant(there.tenant) as c:
        return await effects.claim(c, there.tenant, key, lease)


async def claimed(there: There, key: str = "", lease: float = LEASE) -> Claimed:
    found = await claim(there, key or await intended(there), lease)
    assert found is not None
    return found


async def finish(there: There, mine: Claimed, *, waiting: bool = False, external: str = "pi_1") -> None:
    async with there.db.tenant(there.tenant) as c:
        await effects.finish(c, mine, {"paid": 5000}, external, waiting=waiting)


async def state(there: There, key: str) -> str:
    found: str = await there.value("select state from effects where key = $1", key)
    return found


async def heard(there: There) -> list[dict[str, Any]]:
    """The events that its run was told, in order."""
    rows = await there.fetch("select payload from inbox where state = 0 order by id")
    return [orjson.loads(row["payload"]) for row in rows]


async def test_of_twenty_who_claim_at_once_one_has_it(there: There) -> None:
    key = await intended(there)
    found = await asyncio.gather(*(claim(there, key) for _ in range(20)))
    assert len([each for each in found if each]) == 1
    assert await there.value("select attempts from effects where key = $1", key) == 1


@pytest.mark.twin
async def test_without_the_lease_in_the_claim_all_twenty_have_it(there: There) -> None:
    key = await intended(there)

    async def careless() -> Any:
        async with there.db.tenant(there.tenant) as c:
            query = "update effects set state = 'running' where key = $1 and state in ('queued', 'running')"
            return await c.fetchval(query + " returning 1", key)

    assert await asyncio.gather(*(careless() for _ in range(20))) == [1] * 20


async def test_what_is_claimed_is_what_was_intended_to_the_byte(there: There) -> None:
    mine = await claimed(there)
    assert mine.arguments == b'{"amount":5000,"currency":"eur"}'
    assert (mine.tool, mine.risk, mine.policy_version, mine.attempts) == (
        "stripe.charge",
        "money",
        "policy-1",
        1,
    )


async def test_intending_the_same_key_again_changes_nothing(there: There) -> None:
    key = await intended(there)
    mine = await claimed(there, key)
    await intended(there, "held", key)
    assert await state(there, key) == "running"
    assert await claim(there, key) is None
    await finish(there, mine)
    await intended(there, "queued", key)
    assert await state(there, key) == "done"


@pytest.mark.parametrize("how", ["held", "withdrawn", "done", "failed", "unknown", "dead", "waiting"])
async def test_what_is_held_or_over_is_not_claimed(there: There, how: str) -> None:
    key = await intended(there)
    await there.fetch("update effects set state = $2 where key = $1", key, how)
    assert await claim(there, key) is None


async def test_what_is_not_due_yet_is_not_claimed(there: There) -> None:
    mine = await claimed(there)
    async with there.db.tenant(there.tenant) as c:
        await effects.later(c, mine, 60.0, "rate_limited", "Stripe asked us to slow down.")
    assert await state(there, mine.key) == "queued"
    assert await claim(there, mine.key) is None
    await there.fetch("update effects set not_before = now() where key = $1", mine.key)
    again = await claimed(there, mine.key)
    assert again.attempts == 2
    assert again.began_at == mine.began_at


async def test_approval_lets_a_held_effect_run_and_withdrawal_never(there: There) -> None:
    approved, withdrawn = await intended(there, "held"), await intended(there, "held")
    async with there.db.tenant(there.tenant) as c:
        await effects.release(c, there.tenant, approved)
        await effects.withdraw(c, there.tenant, withdrawn)
        await effects.release(c, there.tenant, withdrawn)
        await effects.withdraw(c, there.tenant, approved)
    assert await state(there, withdrawn) == "withdrawn"
    assert await claim(there, withdrawn) is None
    assert await claim(there, approved) is not None


async def test_a_lease_that_ran_out_goes_to_the_next_and_the_first_may_write_nothing(there: There) -> None:
    first = await claimed(there)
    await there.fetch(
        "update effects set lease_until = now() - interval '1 second' where key = $1", first.key
    )
    second = await claimed(there, first.key)
    assert (second.attempts, second.fence) == (2, first.fence + 1)
    with pytest.raises(Lost):
        await finish(there, first)
    with pytest.raises(Lost):
        async with there.db.tenant(there.tenant) as c:
            await effects.fail(c, first, "failed", "declined", "The card was declined.")
    with pytest.raises(Lost):
        async with there.db.tenant(there.tenant) as c:
            await effects.later(c, first, 1.0, "down", "It is down.")
    assert await heard(there) == []
    await finish(there, second)
    assert [each["_"] for each in await heard(there)] == ["events.Finished"]


@pytest.mark.twin
async def test_without_the_fence_the_first_would_write_over_the_second(
    there: There, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = await claimed(there)
    await there.fetch(
        "update effects set lease_until = now() - interval '1 second' where key = $1", first.key
    )
    await claimed(there, first.key)

    async def careless(c: Any, mine: Claimed, query: str, *arguments: Any) -> None:
        await c.execute(
            query.replace("fence = $3", "fence >= $3"), mine.tenant, mine.key, mine.fence, *arguments
        )

    monkeypatch.setattr(effects, "_close", careless)
    await finish(there, first)
    assert await state(there, first.key) == "done"


async def test_a_finished_effect_tells_its_run_once_and_cannot_be_finished_again(there: There) -> None:
    mine = await claimed(there)
    await finish(there, mine)
    with pytest.raises(Lost):
        await finish(there, mine)
    assert await heard(there) == [{"_": "events.Finished", "key": mine.key, "result": {"paid": 5000}}]
    assert await there.value("select ready_at <= now() from conversations where key = $1", there.conversation)


async def test_a_crash_before_the_commit_leaves_neither_result_nor_event(there: There) -> None:
    mine = await claimed(there)
    with suppress(RuntimeError):
        async with there.db.tenant(there.tenant) as c:
            await effects.finish(c, mine, {"paid": 5000}, "pi_1", waiting=False)
            raise RuntimeError("killed")
    assert await state(there, mine.key) == "running"
    assert await heard(there) == []
    await finish(there, mine)
    assert await state(there, mine.key) == "done"


@pytest.mark.parametrize("how", ["failed", "unknown", "dead"])
async def test_a_failure_is_told_in_words_and_not_tried_again(there: There, how: str) -> None:
    mine = await claimed(there)
    async with there.db.tenant(there.tenant) as c:
        await effects.fail(c, mine, how, "declined", "The card was declined.")
    assert await state(there, mine.key) == how
    assert await claim(there, mine.key) is None
    [told] = await heard(there)
    assert (told["_"], told["code"], told["sentence"]) == (
        "events.Failed",
        "declined",
        "The card was declined.",
    )


async def test_a_paused_tenant_starts_nothing_and_loses_nothing(there: There) -> None:
    key = await intended(there)
    await there.fetch("update tenants set paused = true")
    assert await claim(there, key) is None
    await there.fetch("update tenants set paused = false")
    assert await claim(there, key) is not None


@pytest.mark.twin
async def test_without_the_pause_in_the_claim_a_paused_tenant_charges_on(there: There) -> None:
    class Careless:
        def __init__(self, c: Any) -> None:
            self.c = c

        async def fetchrow(self, query: str, *arguments: Any) -> Any:
            without = query.replace(
                " and not exists (select 1 from tenants where tenant_id = $1 and paused)", ""
            )
            assert without != query
            return await self.c.fetchrow(without, *arguments)

    key = await intended(there)
    await there.fetch("update tenants set paused = true")
    async with there.db.tenant(there.tenant) as c:
        assert await effects.claim(Careless(c), there.tenant, key, LEASE) is not None


# -- begun here, completed by a webhook


async def complete(there: There, external: str, key: str, result: Any = None, problem: str = "") -> bool:
    async with there.db.tenant(there.tenant) as c:
        return await effects.complete(c, there.tenant, external, key, result, problem)


async def begun(there: There, external: str = "") -> Claimed:
    mine = await claimed(there)
    await finish(there, mine, waiting=True, external=external or f"cs_{uuid4()}")
    return mine


@pytest.mark.parametrize("by", ["its id there", "our key"])
async def test_a_webhook_completes_what_was_begun_once_however_often_it_comes(there: There, by: str) -> None:
    external = f"cs_{uuid4()}"
    mine = await begun(there, external)
    names = (external, "") if by == "its id there" else ("pi_other", mine.key)
    answers = await asyncio.gather(*(complete(there, *names, {"receipt": "url"}) for _ in range(5)))
    assert sorted(answers) == [False, False, False, False, True]
    first, second = await heard(there)
    assert (first["_"], second["_"]) == ("events.Began", "events.Finished")
    assert second["result"] == {"paid": 5000, "receipt": "url"}


async def test_a_payment_that_fails_outside_is_told_as_a_failure(there: There) -> None:
    mine = await begun(there)
    assert await complete(there, "", mine.key, None, "The link ran out.")
    assert await state(there, mine.key) == "failed"
    assert (await heard(there))[-1]["sentence"] == "The link ran out."


async def test_a_webhook_of_something_else_completes_nothing(there: There) -> None:
    mine = await begun(there)
    assert not await complete(there, "cs_of_others", "a:b:1", {})
    assert not await complete(there, "", "", {})
    assert await state(there, mine.key) == "waiting"


async def test_a_webhook_completes_nothing_of_another_tenant(there: There, tenant: Any) -> None:
    external = f"cs_{uuid4()}"
    mine = await begun(there, external)
    async with there.db.tenant(tenant) as c:
        assert not await effects.complete(c, there.tenant, external, mine.key, {}, "")
    assert await state(there, mine.key) == "waiting"


# -- what was lost on the way


async def due(db: Database, quiet: float) -> list[str]:
    return await effects.due(db, 100, quiet)


async def published(there: There, key: str, ago: str) -> None:
    await there.fetch("update effects set published_at = now() - $2::text::interval where key = $1", key, ago)


async def test_a_lost_message_is_sent_again_after_the_quiet_time_and_not_before(there: There) -> None:
    key = await intended(there)
    assert key not in await due(there.db, 2.0)
    await published(there, key, "3 seconds")
    assert await due(there.db, 2.0) == [key]
    assert await due(there.db, 2.0) == []


async def test_what_somebody_works_on_is_left_alone_until_his_lease_runs_out(there: There) -> None:
    mine = await claimed(there)
    await published(there, mine.key, "1 hour")
    assert await due(there.db, 2.0) == []
    await there.fetch("update effects set lease_until = now() - interval '1 second' where key = $1", mine.key)
    assert await due(there.db, 2.0) == [mine.key]


@pytest.mark.parametrize("how", ["held", "waiting", "done", "failed", "unknown", "dead", "withdrawn"])
async def test_what_is_held_or_over_is_never_sent_again(there: There, how: str) -> None:
    key = await intended(there)
    await published(there, key, "1 hour")
    await there.fetch("update effects set state = $2 where key = $1", key, how)
    assert await due(there.db, 2.0) == []


async def test_what_is_to_be_tried_again_later_is_sent_when_its_time_has_come(there: There) -> None:
    mine = await claimed(there)
    async with there.db.tenant(there.tenant) as c:
        await effects.later(c, mine, 60.0, "down", "It is down.")
    assert await due(there.db, 2.0) == []
    await there.fetch("update effects set not_before = now() where key = $1", mine.key)
    assert await due(there.db, 2.0) == [mine.key]


async def test_sweepers_side_by_side_send_each_lost_effect_once(there: There) -> None:
    keys = [await intended(there) for _ in range(30)]
    for key in keys:
        await published(there, key, "1 hour")
    found = await asyncio.gather(*(due(there.db, 2.0) for _ in range(6)))
    assert sorted(key for each in found for key in each) == sorted(keys)


async def test_an_effects_key_leads_to_its_tenant_and_an_unknown_one_to_nobody(there: There) -> None:
    key = await intended(there)
    assert await effects.tenant_of(there.db, key) == there.tenant
    assert await effects.tenant_of(there.db, "nobody:knows:1") is None
