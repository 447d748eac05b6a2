"""One question to people: decided once, by the database's clock, and used once."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from bot.reply import Facts, Reply
from bot.turn import Place
from flows.effects import Call
from tests.workers.store.conftest import There
from workers.store import approvals, conversations, effects, enqueue
from workers.store.approvals import Approval
from workers.store.outbox import Message

CARD = Reply("Charge 50.00 EUR?", (Facts((("Amount", "50.00 EUR"),)),))
PEOPLE = ("approved", "rejected")


async def asked(there: There, expires_in: float = 60.0) -> str:
    """A held charge and the question about it."""
    key = f"{uuid4()}:charge:1"
    id = f"{key}:approval"
    async with there.db.tenant(there.tenant) as c:
        call = Call(key, "stripe.charge", {"amount": 5000}, "charge")
        await effects.intend(c, there.tenant, there.conversation, there.run, call, "p1", "money", "held")
        now = await c.fetchval("select now()")
        await approvals.ask(c, there.tenant, question(there, id, key, now + timedelta(seconds=expires_in)))
    return id


def question(there: There, id: str, key: str, expires: Any, code: str = "ABC123") -> Approval:
    return Approval(
        id=id,
        effect_key=key,
        run_id=there.run,
        conversation=there.conversation,
        step="charge",
        tool="stripe.charge",
        requester=there.person,
        account="acct_1",
        flow_version="v1",
        policy_version="p1",
        digest=b"\x00" * 32,
        code=code,
        rule="money",
        because="it is 50.00 or more",
        words="two pizzas",
        card=CARD,
        state="pending",
        expires_at=expires,
    )


async def decide(there: There, id: str, verdict: str, person: UUID | None = None, reason: str = "") -> bool:
    async with there.db.tenant(there.tenant) as c:
        return await approvals.decide(c, there.tenant, id, verdict, person or there.person, reason)


async def use(there: There, id: str) -> bool:
    async with there.db.tenant(there.tenant) as c:
        return await approvals.use(c, there.tenant, id)


async def stored(there: There, id: str) -> Approval:
    async with there.db.tenant(there.tenant) as c:
        found = await approvals.by_id(c, there.tenant, id)
    assert found is not None
    return found


async def test_of_a_hundred_presses_at_once_one_decides(there: There) -> None:
    id = await asked(there)
    people = [uuid4() for _ in range(100)]
    verdicts = [PEOPLE[number % 2] for number in range(100)]
    counted = await asyncio.gather(*(decide(there, id, v, p) for v, p in zip(verdicts, people, strict=True)))
    assert counted.count(True) == 1
    found = await stored(there, id)
    assert found.decided_by == people[counted.index(True)]
    assert found.state == verdicts[counted.index(True)]


@pytest.mark.twin
async def test_without_the_condition_every_press_decides_again(there: There) -> None:
    id = await asked(there)

    async def careless(verdict: str) -> Any:
        async with there.db.tenant(there.tenant) as c:
            return await c.fetchval("update approvals set state = $2 where id = $1 returning 1", id, verdict)

    assert await asyncio.gather(*(careless(PEOPLE[n % 2]) for n in range(20))) == [1] * 20


@pytest.mark.parametrize("first", ["approved", "rejected", "withdrawn"])
async def test_what_is_decided_stays_decided(there: There, first: str) -> None:
    id = await asked(there)
    assert await decide(there, id, first)
    for later in ("approved", "rejected", "withdrawn", "expired"):
        assert not await decide(there, id, later)
    assert (await stored(there, id)).state == first


async def test_before_its_time_it_is_for_people_and_after_it_for_the_clock_alone(there: There) -> None:
    early, late = await asked(there, 60.0), await asked(there, -0.001)
    assert not await decide(there, early, "expired")
    assert await decide(there, early, "approved")
    for verdict in PEOPLE:
        assert not await decide(there, late, verdict)
    assert await decide(there, late, "expired")


async def test_at_the_very_instant_of_expiry_it_is_the_clocks(there: There) -> None:
    id = await asked(there)
    async with there.db.tenant(there.tenant) as c:
        await c.execute("update approvals set expires_at = now() where id = $1", id)
        assert not await approvals.decide(c, there.tenant, id, "approved", there.person, "")
        assert await approvals.decide(c, there.tenant, id, "expired", None, "")


@pytest.mark.parametrize("order", [("approved", "expired"), ("expired", "approved")])
async def test_press_and_expiry_at_the_same_instant_give_one_decision(
    there: There, order: tuple[str, str]
) -> None:
    """Both are asked while the time runs out, many times over."""
    for _ in range(20):
        id = await asked(there, 0.004)
        counted = dict.fromkeys(order, 0)

        async def press(verdict: str, id: str = id, counted: dict[str, int] = counted) -> None:
            while not sum(counted.values()):
                counted[verdict] += await decide(there, id, verdict)

        await asyncio.gather(*(press(verdict) for verdict in order))
        assert sum(counted.values()) == 1
        assert counted[(await stored(there, id)).state] == 1


@pytest.mark.twin
async def test_without_the_clock_a_late_press_would_count(there: There) -> None:
    id = await asked(there, -60.0)

    class Careless:
        def __init__(self, c: Any) -> None:
            self.c = c

        async def fetchval(self, query: str, *arguments: Any) -> Any:
            return await self.c.fetchval(
                query.replace("else expires_at > now() end", "else true end"), *arguments
            )

    async with there.db.tenant(there.tenant) as c:
        assert await approvals.decide(Careless(c), there.tenant, id, "approved", there.person, "")


async def test_an_approval_is_used_once_by_however_many_who_try_at_once(there: There) -> None:
    id = await asked(there)
    assert not await use(there, id)
    assert await decide(there, id, "approved")
    assert (await asyncio.gather(*(use(there, id) for _ in range(20)))).count(True) == 1
    assert (await stored(there, id)).state == "used"


async def test_a_use_that_was_rolled_back_can_be_made_again(there: There) -> None:
    id = await asked(there)
    await decide(there, id, "approved")
    with suppress(RuntimeError):
        async with there.db.tenant(there.tenant) as c:
            assert await approvals.use(c, there.tenant, id)
            raise RuntimeError("killed")
    assert await use(there, id)


@pytest.mark.parametrize("how", ["rejected", "expired", "withdrawn", "void", "pending"])
async def test_what_was_not_approved_or_no_longer_holds_is_not_used(there: There, how: str) -> None:
    id = await asked(there, -1.0 if how == "expired" else 60.0)
    if how == "void":
        await decide(there, id, "approved")
        async with there.db.tenant(there.tenant) as c:
            await approvals.void(c, there.tenant, id)
    elif how != "pending":
        assert await decide(there, id, how)
    assert (await stored(there, id)).state == how
    assert not await use(there, id)


async def test_a_used_approval_cannot_be_made_void(there: There) -> None:
    id = await asked(there)
    await decide(there, id, "approved")
    await use(there, id)
    async with there.db.tenant(there.tenant) as c:
        await approvals.void(c, there.tenant, id)
    assert (await stored(there, id)).state == "used"


async def test_asking_again_changes_nothing_of_what_people_were_shown(there: There) -> None:
    id = await asked(there)
    before = await stored(there, id)
    async with there.db.tenant(there.tenant) as c:
        changed = question(there, id, before.effect_key, before.expires_at, code="OTHER1")
        await approvals.ask(c, there.tenant, changed)
    assert await stored(there, id) == before
    assert before.card == CARD


async def test_the_question_of_another_tenant_can_be_neither_found_nor_decided(
    there: There, tenant: UUID
) -> None:
    id = await asked(there)
    async with there.db.tenant(tenant) as c:
        assert await approvals.by_id(c, there.tenant, id) is None
        assert await approvals.by_id(c, tenant, id) is None
        assert not await approvals.decide(c, there.tenant, id, "approved", there.person, "")
        assert not await approvals.decide(c, tenant, id, "approved", there.person, "")
        assert await approvals.pending(c, there.tenant) == []
    assert (await stored(there, id)).state == "pending"


async def test_every_copy_of_the_card_is_found_and_every_press_is_kept(there: There) -> None:
    id = await asked(there)
    places = [Place("slack", "T1", "C1"), Place("teams", "t", "c", via="https://example.com")]
    async with there.db.tenant(there.tenant) as c:
        await conversations.lock(c, there.tenant, [there.conversation])
        for number, place in enumerate(places):
            message = Message(f"{id}:{number}", "post", place, CARD)
            await enqueue.add(c, there.tenant, there.conversation, [message])
            await approvals.card_posted(c, there.tenant, id, message.id)
            await approvals.card_posted(c, there.tenant, id, message.id)
        assert await approvals.cards(c, there.tenant, id) == [(f"{id}:{n}", p) for n, p in enumerate(places)]
        for outcome in ("counted", "too late", "too late"):
            await approvals.note(c, there.tenant, id, there.person, "slack", "approved", outcome)
        kept = await c.fetch("select outcome from decisions where approval_id = $1 order by id", id)
    assert [each["outcome"] for each in kept] == ["counted", "too late", "too late"]


async def test_a_reason_of_any_length_is_kept_up_to_a_limit_and_as_it_was_typed(there: There) -> None:
    id = await asked(there)
    hostile = "'; set app.tenant = '00000000-0000-0000-0000-000000000000'; drop table people; --" + "x" * 5000
    assert await decide(there, id, "rejected", None, hostile)
    found = await stored(there, id)
    assert found.reason == hostile[:2000]
