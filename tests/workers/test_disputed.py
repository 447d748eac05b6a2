"""A disputed payment is told in its thread, ends the grant that it ran under, and counts as wrong."""

from __future__ import annotations

from typing import Any, cast

import pytest

from integrations.base import Happened
from tests.integrations.stripe.test_disputes import dispute
from tests.workers.learned import POLICY, There, there
from tests.workers.store.conftest import There as Seeded
from tests.workers.store.conftest import there as seeded_there
from tests.workers.test_deliveries import heard, made
from workers import disputed
from workers.commit import Commit
from workers.store import bars, learning
from workers.store.learning import Action

__all__ = ["there"]

seeded = seeded_there


async def test_it_is_told_in_the_thread_of_the_order(seeded: Seeded) -> None:
    await made(seeded, tool="stripe.charge", external="pi_1")
    [(conversation, _, event)] = (await heard(seeded, "stripe", dispute())).events

    assert conversation == seeded.conversation
    assert event["kind"] == "disputed"
    assert event["sentence"].startswith("The payment of $27.00 is disputed")


async def test_what_was_paid_by_a_link_is_found_by_its_payment(seeded: Seeded) -> None:
    """Stripe names the payment, and we know the link."""
    key = await made(seeded, tool="stripe.charge", external="cs_1")
    await seeded.fetch('update effects set result = \'{"payment_intent": "pi_1"}\' where key = $1', key)
    [(_, _, event)] = (await heard(seeded, "stripe", dispute())).events

    assert event["effect_key"] == key
    assert (await heard(seeded, "stripe", dispute(payment_intent="pi_2"))).events == []


async def test_a_payment_that_is_still_waited_for_is_not_over_by_it(seeded: Seeded) -> None:
    key = await made(seeded, tool="stripe.charge", external="pi_1", state="waiting")
    await heard(seeded, "stripe", dispute())
    assert await seeded.value("select state from effects where key = $1", key) == "waiting"


# ── what learns from it ──────────────────────────────────────────────────────────────────


async def action(there: There, **more: Any) -> Action:
    found = Action(f"r:{len(more)}:{more}"[:60], "e1", "stripe.charge", (), 0.9, **more)
    async with there.db.tenant(there.tenant) as c:
        await learning.note(c, there.tenant, found)
    return found


async def overturned(there: There, key: str, kind: str = "disputed") -> tuple[bool, bool | None, str]:
    async with there.db.tenant(there.tenant) as c:
        done = await learning.overturned(c, there.tenant, key, kind)
        row = await c.fetchrow("select verdict, why from learned_actions where effect_key = $1", key)
    return done, row["verdict"], row["why"]


async def test_what_a_person_approved_was_wrong_after_all(there: There) -> None:
    one = await action(there)
    async with there.db.tenant(there.tenant) as c:
        await learning.settle(c, there.tenant, one.key, True, "approved")
    assert await overturned(there, one.key) == (True, False, "disputed")


async def test_what_ran_alone_and_nobody_looked_at_counts_as_a_failure_and_gets_no_verdict(
    there: There,
) -> None:
    one = await action(there, alone=True, chance=0.1)
    assert await overturned(there, one.key) == (True, None, "failed")


async def test_what_ran_alone_and_was_found_right_was_wrong_after_all(there: There) -> None:
    one = await action(there, alone=True, drawn=True, chance=0.1)
    async with there.db.tenant(there.tenant) as c:
        await learning.settle(c, there.tenant, one.key, True, "audit")
    assert await overturned(there, one.key) == (True, False, "failed")


async def test_it_counts_once_however_it_ends(there: There) -> None:
    for more in ({}, {"alone": True}):
        one = await action(there, **more)
        assert (await overturned(there, one.key))[0]
        assert not (await overturned(there, one.key, "dispute_lost"))[0]


@pytest.mark.parametrize("kind", ["dispute_won", "inquiry", "inquiry_closed", "refunded"])
async def test_what_says_nothing_against_it_counts_nothing(there: There, kind: str) -> None:
    async with there.db.tenant(there.tenant) as c:
        happened = Happened("evt", "pi_1", kind, "It happened.")
        await disputed.counted(c, there.tenant, Commit(), "stripe", happened, POLICY, cast(Any, None))
        assert await c.fetchval("select count(*) from learned_actions where why <> ''") == 0
    assert kind not in disputed.KINDS


async def test_a_bar_falls_by_it(there: There, monkeypatch: pytest.MonkeyPatch) -> None:
    """One in two of what ran alone is disputed: more than the promise allows for certain."""
    await there.earned()
    keys = [(await there.called())[1].action.key for _ in range(4)]

    async def mine(*_: Any) -> list[str]:
        return keys

    monkeypatch.setattr(disputed.effects, "keys_of", mine)
    commit = Commit()
    nowhere = cast(Any, type("Rules", (), {"where": lambda self, policy: ()})())
    async with there.db.tenant(there.tenant) as c:
        evidence = await learning.by_key(c, there.tenant, keys[0])
        assert evidence is not None
        await disputed.counted(
            c, there.tenant, commit, "stripe", Happened("e", "pi", "disputed", "x"), POLICY, nowhere
        )
        bar = await bars.by_evidence(c, there.tenant, evidence.evidence)
    assert bar is not None
    assert not bar.stands
    assert [what for what, _ in commit.audit].count("learning.disputed") == len(keys)
