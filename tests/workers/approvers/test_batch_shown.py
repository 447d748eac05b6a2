"""Requests come out of the queue: several in one card, what stands out apart, and each decided by itself."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.workers.approvers import batched
from tests.workers.approvers.asked import PLACE, asks, met, presses, state
from tests.workers.approvers.batched import (
    RULED,
    SECTION,
    WHO,
    approves_all,
    batch_of,
    batching,
    buttons,
    empty,
    shows,
    texts,
    three,
    words,
)
from tests.workers.store.conftest import There
from workers.approvers import batch, batch_card, batch_news, load_listed
from workers.approvers import load as loading
from workers.commit import Commit
from workers.store import batches


@pytest.fixture(autouse=True)
async def _installed(there: There) -> None:
    await empty(there)


# ── one card ─────────────────────────────────────────────────────────────────────────────


async def test_three_alike_come_in_one_card_with_every_amount_and_their_sum(there: There) -> None:
    _, [first, second, third] = await three(there)

    commit = await shows(there, first)

    [card] = commit.messages
    said = words(card.content)  # type: ignore[arg-type]  # a card is a reply
    assert "Together $33.00" in said
    for amount in ("$10.00", "$11.00", "$12.00"):
        assert amount in said or amount.replace("$", "") in said
    assert buttons(card.content) == ["Approve all 3", "One by one"]
    assert commit.copies == []
    assert (await shows(there, second)).messages == (await shows(there, third)).messages == []


async def test_fewer_than_the_policy_says_come_one_by_one(there: There) -> None:
    _, [first, second] = await three(there, 1_000, 1_100)
    assert [each for each, _ in (await shows(there, first)).copies] == [first.id]
    assert [each for each, _ in (await shows(there, second)).copies] == [second.id]


async def test_no_more_than_the_policy_says_are_in_one_card(there: There) -> None:
    _, listed = await three(there, *([1_000] * 6))
    four = replace(RULED, batch=replace(SECTION, at_most=4))
    await shows(there, listed[0], four)
    assert await there.value("select count(*) from batch_members") == 4
    await shows(there, listed[4], four)
    assert await there.value("select count(*) from batch_members") == 4


async def test_what_stands_out_is_shown_apart_with_its_reason_and_not_approved_with_the_rest(
    there: There,
) -> None:
    _, listed = await three(there, 1_000, 1_100, 1_200, 4_900)
    commit = await shows(there, listed[0])
    assert "far more than the others" in texts(commit)
    assert buttons(commit.messages[0].content) == ["Approve all 3", "One by one"]
    [(_, _, event)] = commit.events
    assert event["approval"] == listed[3].id

    done, _ = await approves_all(there, await met(there, "grace"))

    assert done.settled == 3
    assert await state(there, listed[3]) == "pending"


async def test_what_is_left_alone_by_its_outliers_is_no_batch(there: There) -> None:
    _, [first, *_] = await three(there, 1_000, 1_100, 4_900)
    assert [each for each, _ in (await shows(there, first)).copies] == [first.id]


# ── one press ────────────────────────────────────────────────────────────────────────────


async def test_approve_all_decides_each_by_itself_and_marks_it_as_one_of_several(there: There) -> None:
    _, listed = await three(there)
    await shows(there, listed[0])
    grace = await met(there, "grace")

    done, commit = await approves_all(there, grace)

    assert done.words == "Approved 3."
    assert [await state(there, each) for each in listed] == ["approved"] * 3
    decided = [details for what, details in commit.audit if what == "approval.decided"]
    found = await batch_of(there)
    assert {each["approval"] for each in decided} == {each.id for each in listed}
    assert {each["batch"] for each in decided} == {found}
    assert await there.value("select count(*) from decisions where outcome = 'counted' and person_id = $1",
                             grace.id) == 3  # fmt: skip
    async with there.db.tenant(there.tenant) as c:
        assert all([await batches.in_bulk(c, there.tenant, each.id) for each in listed])
        assert await load_listed.figures(c, there.tenant, 7) == []
    told = [event["_"] for _, _, event in commit.events]
    assert told.count("events.Approved") == 3


async def test_a_decision_by_its_own_card_is_not_marked(there: There) -> None:
    ada = await met(there, "ada")
    approval = await asks(there, RULED, ada)
    await presses(there, RULED, approval, await met(there, "grace"))
    async with there.db.tenant(there.tenant) as c:
        assert not await batches.in_bulk(c, there.tenant, approval.id)


async def test_what_was_withdrawn_changed_or_decided_meanwhile_is_left_out_and_said_so(there: There) -> None:
    _, listed = await three(there, 1_000, 1_000, 1_000, 1_000, 1_000)
    await shows(there, listed[0])
    async with there.db.tenant(there.tenant) as c:
        await c.execute("update approvals set state = 'withdrawn' where id = $1", listed[0].id)
        await c.execute("update approvals set digest = '\\x00' where id = $1", listed[1].id)
        await c.execute("update approvals set expires_at = now() - interval '1 second' where id = $1",
                        listed[2].id)  # fmt: skip
    done, _ = await approves_all(there, await met(there, "grace"))

    assert done.settled == 2
    assert "1 (taken back)" in done.words
    assert "2 (changed" in done.words
    assert "3 (expired)" in done.words
    assert await state(there, listed[1]) == "pending"


@pytest.mark.twin
async def test_without_the_digest_the_changed_one_would_be_approved_unseen(
    there: There, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, listed = await three(there)
    await shows(there, listed[0])
    async with there.db.tenant(there.tenant) as c:
        await c.execute("update approvals set digest = '\\x00' where id = $1", listed[1].id)
    real = batches.members

    async def blind(*given: Any) -> Any:
        return [replace(each, state="pending") for each in await real(*given)]

    monkeypatch.setattr(batches, "members", blind)
    done, _ = await approves_all(there, await met(there, "grace"))
    assert done.settled == 3
    assert await state(there, listed[1]) == "approved"


async def test_a_bystander_and_the_requester_approve_nothing_of_it(there: There) -> None:
    ada, listed = await three(there)
    await shows(there, listed[0])
    for who in (ada, await met(there, "mallory")):
        done, _ = await approves_all(there, who)
        assert done.counted == 0
        assert "Nothing was approved" in done.words
    assert [await state(there, each) for each in listed] == ["pending"] * 3
    assert await there.value("select count(*) from batch_decisions") <= 1


async def test_where_two_have_to_agree_one_press_is_one_yes_for_each(
    there: There, monkeypatch: pytest.MonkeyPatch
) -> None:
    two = batching()
    two = replace(two, approvers=replace(two.approvers, stages=(replace(WHO, quorum=2),)))
    monkeypatch.setattr(batched, "RULED", two)
    _, listed = await three(there)
    await shows(there, listed[0], two)
    done, _ = await approves_all(there, await met(there, "grace"), ruled=two)
    assert done.words == "Your yes is counted for 3; others are needed for 3."
    done, _ = await approves_all(there, await met(there, "omar"), ruled=two)
    assert done.settled == 3


async def test_one_by_one_gives_each_its_own_card_and_closes_this_one(there: There) -> None:
    _, listed = await three(there)
    await shows(there, listed[0])
    said, commit = await approves_all(there, await met(there, "mallory"), batch_card.SINGLE)
    assert "Only the named approvers" in said

    said, commit = await approves_all(there, await met(there, "grace"), batch_card.SINGLE)

    assert "Each of these 3" in said
    assert [event["approval"] for _, _, event in commit.events if event["_"] == loading.SHOW] == [
        each.id for each in listed
    ]
    async with there.db.tenant(there.tenant) as c:
        [again] = await batch.redrawn(c, there.tenant, await batch_of(there), 7)
    assert buttons(again.content) == []


async def test_one_that_ends_elsewhere_is_told_to_the_card(there: There) -> None:
    _, listed = await three(there)
    await shows(there, listed[0])
    await presses(there, RULED, listed[1], await met(there, "grace"), place=PLACE)
    commit, fresh = Commit(), Commit()
    async with there.db.tenant(there.tenant) as c:
        await batch_news.changed(c, there.tenant, commit, listed[1], "approved")
        [(to, _, event)] = commit.events
        fresh.messages += await batch.redrawn(c, there.tenant, event["batch"], event["version"])
    assert to == there.conversation
    assert "approved" in texts(fresh)
    assert buttons(fresh.messages[0].content) == ["Approve all 2", "One by one"]
