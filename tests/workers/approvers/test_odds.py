"""What experience says of a request orders what people see, and decides nothing."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from flows import calibrator
from flows.calibrator import Calibrator, Decided, fit
from flows.features import NAMES
from flows.load import Load
from tests.workers.approvers.asked import met
from tests.workers.approvers.batched import RULED, batching, shows, waits
from tests.workers.store.conftest import There
from workers.approvers import load_listed, odds
from workers.approvers.odds import cost, sure
from workers.store.approvals import Approval
from workers.store.batches import Queued

SURE_OF, DOUBTED = (1.0,) * len(NAMES), (0.0,) * len(NAMES)
LEARNED = fit(
    [Decided("stripe.refund", SURE_OF, True)] * 300 + [Decided("stripe.refund", DOUBTED, False)] * 300
)
BUSY = batching(load=Load(1))


def test_it_was_fitted_to_something() -> None:
    assert LEARNED.score("stripe.refund", SURE_OF) > 0.95
    assert LEARNED.score("stripe.refund", DOUBTED) < 0.05


async def learned(
    there: There, approval: Approval, values: tuple[float, ...], fitted: Calibrator | None = LEARNED
) -> None:
    """It looked like this, and people decided about many of its like."""
    raw = calibrator.to_json(fitted) if fitted else {}
    await there.fetch(
        "insert into learned_actions (tenant_id, effect_key, evidence, tool, features, score)"
        " values ($1, $2, 'e1', 'stripe.refund', $3, 0.5)",
        there.tenant,
        approval.effect_key,
        orjson.dumps(values).decode(),
    )
    await there.fetch("delete from bars where evidence = 'e1'")
    await there.fetch(
        "insert into bars (tenant_id, evidence, tool, risk, rule, flow, step, error, confidence, calibrator)"
        " values ($1, 'e1', 'stripe.refund', 'money', 'r', 'f', 's', 0.01, 0.9, $2)",
        there.tenant,
        orjson.dumps(raw).decode(),
    )


def queued(id: str, sure: int | None = 900, stake: int = 1_000) -> Queued:
    return Queued(id, "", "people", ("g",), sure, stake, False, True)


def test_what_is_known_takes_the_place_of_how_sure_we_are() -> None:
    assert cost(queued("a"), {"a": 0.5}) == 500
    assert cost(queued("a"), {"b": 0.5}) == pytest.approx(100)
    assert cost(queued("a", None)) == 500
    assert cost(queued("a", None), {"a": 0.01}) == pytest.approx(10)


def test_experience_makes_nobody_surer_of_what_was_not_understood() -> None:
    assert sure(queued("a", 600), {"a": 0.01}) == 0.6
    assert sure(queued("a", 990), {"a": 0.4}) == 0.6
    assert sure(queued("a", None), {"a": 0.01}) is None
    assert sure(queued("a", 600)) == 0.6


async def test_the_smaller_one_comes_first_where_experience_speaks_against_it(there: There) -> None:
    ada = await met(there, "ada")
    await there.fetch("update approvals set state = 'expired' where state = 'pending'")
    small = await waits(there, ada, 500, group="")
    large = await waits(there, ada, 4_000, group="")
    await learned(there, small, DOUBTED)
    await learned(there, large, SURE_OF)
    async with there.db.tenant(there.tenant) as c:
        known = await odds.of(c, there.tenant, [small.id, large.id])
        listed = await load_listed.pending(c, there.tenant, 10)

    assert known[small.id] > 0.95 > 0.05 > known[large.id]
    assert [each.id for each in listed] == [small.id, large.id]
    commit = await shows(there, large, BUSY)
    assert [event["approval"] for _, _, event in commit.events] == [small.id]


async def test_without_a_fit_the_amount_decides_as_ever(there: There) -> None:
    ada = await met(there, "ada")
    await there.fetch("update approvals set state = 'expired' where state = 'pending'")
    small = await waits(there, ada, 500, group="")
    large = await waits(there, ada, 4_000, group="")
    await learned(there, small, DOUBTED, None)
    async with there.db.tenant(there.tenant) as c:
        assert await odds.of(c, there.tenant, [small.id, large.id]) == {}
        listed = await load_listed.pending(c, there.tenant, 10)
    assert [each.id for each in listed] == [large.id, small.id]


async def test_a_fit_to_other_features_says_nothing(there: There) -> None:
    ada = await met(there, "ada")
    one = await waits(there, ada, 500, group="")
    await learned(there, one, (*DOUBTED, 0.0))
    async with there.db.tenant(there.tenant) as c:
        assert await odds.of(c, there.tenant, [one.id]) == {}


async def test_in_a_batch_what_experience_speaks_against_stands_apart(there: There) -> None:
    ada = await met(there, "ada")
    alike: list[Any] = [await waits(there, ada, 1_000) for _ in range(4)]
    await learned(there, alike[2], DOUBTED)
    commit = await shows(there, alike[0], RULED)

    [(_, told)] = [each for each in commit.audit if each[0] == "approval.batched"]
    assert told["apart"] == [alike[2].id]
