"""Requests come out of the queue: several in one card, what stands out apart, and each decided by itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest

from bot.reply import Buttons, Facts, Reply
from bot.turn import Account, Pressed, Turn, TurnId
from flows.approval_stages import Stage
from flows.batch import Batching
from flows.load import Load
from flows.policy import Policy
from tests.workers.approvers.asked import PLACE, RULES, asks, email, met, policy, presses, state
from tests.workers.store.conftest import There
from workers.approvers import batch, batch_card, batch_news, batch_press, load_listed
from workers.approvers import load as loading
from workers.commit import Commit
from workers.store import approvals, batches, enqueue, tenants
from workers.store.approvals import Approval
from workers.store.batches import Queued
from workers.store.people import Person

WHO = Stage((email("grace"), email("omar")))
SECTION = Batching(("stripe.*",), frozenset({"money"}), "50.00", at_least=3)


def batching(**more: Any) -> Policy:
    found = policy(WHO)
    approvers = replace(found.approvers, places=("slack:CAPPROVE",), load=more.pop("load", Load()))
    return replace(found, batch=SECTION, approvers=approvers, **more)


RULED = batching()


def arguments(amount: int, customer: str = "cus_1") -> dict[str, Any]:
    return {"payment_intent": f"pi_{customer}", "amount": amount, "currency": "usd"}


async def waits(there: There, requester: Person, amount: int = 1_000, **more: Any) -> Approval:
    """Asked, held back, and nothing of it shown."""
    approval = await asks(there, RULED, requester, "stripe.refund", arguments(amount))
    async with there.db.tenant(there.tenant) as c:
        await c.execute("delete from approval_cards where approval_id = $1", approval.id)
        group = more.pop("group", "alike")
        queued = Queued(approval.id, group, "people", ("g", "o"), 900, amount, False, True)
        more.setdefault("latest", approval.expires_at)
        await batches.put(c, there.tenant, replace(queued, **more))
    return approval


async def shows(there: There, approval: Approval, ruled: Policy = RULED, **raw: Any) -> Commit:
    """Its timer rang."""
    commit = Commit()
    async with there.db.tenant(there.tenant) as c:
        mine = await batches.held(c, there.tenant, approval=approval.id)
        if mine:
            await batch._show(c, there.tenant, commit, approval, mine[0], ruled, RULES, (), raw)
        await enqueue.add(c, there.tenant, there.conversation, commit.messages)
        for each, outbox in commit.copies:
            await approvals.card_posted(c, there.tenant, each, outbox)
    return commit


@pytest.fixture(autouse=True)
async def installed(there: There) -> None:
    """The approvers' place can be found."""
    async with there.db.tenant(there.tenant) as c:
        await c.execute("delete from approval_queue; delete from batch_members; delete from installations")
        await tenants.install(c, there.tenant, "slack", f"T{there.tenant.hex[:12]}", "", None)


async def three(there: There, *amounts: int) -> tuple[Person, list[Approval]]:
    ada = await met(there, "ada")
    return ada, [await waits(there, ada, amount) for amount in amounts or (1_000, 1_100, 1_200)]


async def batch_of(there: There) -> str:
    found: str = await there.value("select batch_id from batch_members order by batch_id limit 1")
    return found


async def approves_all(
    there: There, person: Person, action: str = batch_card.APPROVE, ruled: Policy = RULED
) -> tuple[Any, Commit]:
    commit, found = Commit(), await batch_of(there)
    account = Account("slack", "T1", f"U-{person.name.lower()}-slack")
    turn = Turn(TurnId(f"t{uuid4()}"), PLACE, account, Pressed(action, found))
    world: Any = SimpleNamespace(known=SimpleNamespace(policy=ruled))
    async with there.db.tenant(there.tenant) as c:
        if action == batch_card.SINGLE:
            listed = await batches.members(c, there.tenant, found)
            said: Any = await batch_press.one_by_one(
                c, there.tenant, commit, found, listed, turn, person, world, RULES
            )
        else:
            said = await batch_press.approve_all(c, there.tenant, commit, found, turn, person, world, RULES)
    return said, commit


def texts(commit: Commit) -> str:
    return " ".join(
        words(message.content) for message in commit.messages if isinstance(message.content, Reply)
    )


def words(card: Reply) -> str:
    pairs = [pair for block in card.blocks if isinstance(block, Facts) for pair in block.pairs]
    return " ".join([card.text, *(f"{label} {value}" for label, value in pairs)])


def buttons(card: Any) -> list[str]:
    return [each.label for block in card.blocks if isinstance(block, Buttons) for each in block.buttons]


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


async def test_where_two_have_to_agree_one_press_is_one_yes_for_each(there: There) -> None:
    global RULED
    before, RULED = RULED, batching()
    RULED = replace(RULED, approvers=replace(RULED.approvers, stages=(replace(WHO, quorum=2),)))
    try:
        _, listed = await three(there)
        await shows(there, listed[0])
        done, _ = await approves_all(there, await met(there, "grace"), ruled=RULED)
        assert done.words == "Your yes is counted for 3; others are needed for 3."
        done, _ = await approves_all(there, await met(there, "omar"), ruled=RULED)
        assert done.settled == 3
    finally:
        RULED = before


async def test_one_by_one_gives_each_its_own_card_and_closes_this_one(there: There) -> None:
    _, listed = await three(there)
    await shows(there, listed[0])
    said, commit = await approves_all(there, await met(there, "mallory"), batch_card.SINGLE)
    assert "Only the named approvers" in said

    said, commit = await approves_all(there, await met(there, "grace"), batch_card.SINGLE)

    assert "Each of these 3" in said
    assert [event["approval"] for _, _, event in commit.events if event["_"] == batch.SHOW] == [
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


# ── load ─────────────────────────────────────────────────────────────────────────────────

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
