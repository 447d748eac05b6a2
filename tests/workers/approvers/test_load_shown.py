"""What comes beyond an hour's budget waits and is never dropped; the costly first; figures of nobody."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from flows.load import Load
from tests.workers.approvers.asked import asks, met, presses, state
from tests.workers.approvers.batched import RULED, batching, empty, shows, waits
from tests.workers.store.conftest import There
from workers.approvers import load as loading
from workers.approvers import load_listed
from workers.store import batches
from workers.store.batches import Queued


@pytest.fixture(autouse=True)
async def _installed(there: There) -> None:
    await empty(there)


BUSY = batching(load=Load(2))


async def busy(there: There, count: int) -> None:
    """So many were put to both of them just now."""
    ada = await met(there, "ada")
    for _ in range(count):
        approval = await asks(there, RULED, ada)
        async with there.db.tenant(there.tenant) as c:
            await batches.put(
                c, there.tenant, Queued(approval.id, "", "people", ("g", "o"), 900, 5, False, False)
            )


async def test_within_their_hour_it_is_shown_and_beyond_it_it_waits_and_is_not_dropped(there: There) -> None:
    ada = await met(there, "ada")
    await busy(there, 1)
    now = await waits(there, ada, group="")
    assert [each for each, _ in (await shows(there, now, BUSY)).copies] == [now.id]
    later = await waits(there, ada, group="")

    commit = await shows(there, later, BUSY)

    assert commit.copies == []
    [(name, due, event)] = commit.timers
    assert event["approval"] == later.id
    assert due <= later.expires_at
    assert name == f"{later.id}:show:1"


async def test_when_it_can_wait_no_longer_it_is_shown_whoever_has_had_enough(there: There) -> None:
    await busy(there, 5)
    late = await waits(
        there, await met(there, "ada"), group="", latest=(await now_(there)) - timedelta(seconds=1)
    )
    assert [each for each, _ in (await shows(there, late, BUSY)).copies] == [late.id]


async def now_(there: There) -> Any:
    return await there.value("select now()")


async def test_what_would_cost_most_is_shown_first(there: There) -> None:
    ada = await met(there, "ada")
    small = await waits(there, ada, 500, group="")
    large = await waits(there, ada, 4_000, group="")

    commit = await shows(there, small, BUSY)

    assert commit.copies == []
    assert [event["approval"] for _, _, event in commit.events] == [large.id]
    assert [event["approval"] for _, _, event in commit.timers] == [small.id]


async def test_what_is_held_back_can_be_decided_all_the_same(there: There) -> None:
    held = await waits(there, await met(there, "ada"), group="")
    await presses(there, RULED, held, await met(there, "grace"))
    assert await state(there, held) == "approved"
    assert (await shows(there, held)).messages == []


async def test_the_list_has_what_would_cost_most_first_shown_or_not(there: There) -> None:
    ada = await met(there, "ada")
    async with there.db.tenant(there.tenant) as c:
        await c.execute("update approvals set state = 'expired' where state = 'pending'")
    listed = [await waits(there, ada, amount, group="") for amount in (500, 4_000, 1_000)]
    async with there.db.tenant(there.tenant) as c:
        found = await load_listed.pending(c, there.tenant, 10)
        certain = await load_listed.pending(c, there.tenant, 10, lambda _: 0.0)
    assert [each.id for each in found] == [listed[1].id, listed[2].id, listed[0].id]
    assert [each.id for each in certain] == [each.id for each in listed]


async def test_figures_are_of_tools_and_of_groups_and_never_of_people(there: There) -> None:
    ada, grace = await met(there, "ada"), await met(there, "grace")
    for action in ("approval.approve", "approval.reject"):
        approval = await waits(there, ada, group="")
        await presses(there, RULED, approval, grace, action)
    async with there.db.tenant(there.tenant) as c:
        await c.execute("update approvals set state = 'expired' where state = 'pending'")
        await waits(there, ada, group="")
    async with there.db.tenant(there.tenant) as c:
        [figure] = await load_listed.figures(c, there.tenant, 7)
        assert (figure.tool, figure.decided, figure.overridden, figure.instant) == (
            "stripe.refund",
            2,
            0.5,
            1.0,
        )
        assert await load_listed.queues(c, there.tenant) == [("people", 1)]
    rows = await there.db.dispatch("select what, label, value from measure_approvals()")
    labels = {row["label"] for row in rows}
    assert {row["what"] for row in rows} >= {"approval_seconds", "approval_instant", "approval_waiting"}
    assert not any("@" in label or "Grace" in label or str(grace.id) in label for label in labels)


def test_a_group_of_people_is_named_by_its_group_and_never_by_an_address() -> None:
    def named(*terms: str) -> str:
        known: Any = SimpleNamespace(terms=SimpleNamespace(at=lambda *_: terms))
        return loading.approvers_of(known)

    assert named("finance") == "finance"
    assert named("grace@example.com") == "people"
    assert named("finance", "grace@example.com") == "people"
    assert named() == "place"
