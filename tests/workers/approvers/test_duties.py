"""Separation of duties: over people, whatever accounts they hold and whoever stands in for them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from bot.turn import Account
from flows.approval_quorum import unfilled
from flows.approval_stages import Stage
from tests.workers.approvers.asked import asks, email, met, policy, presses, released, state, still, told
from tests.workers.store.conftest import There
from workers.approvers import duties, linking, situation, standins
from workers.commit import Commit
from workers.store import delegations, directory, links
from workers.store.people import Person

ONE = policy(Stage((email("ada"), email("grace"), email("omar"))))
TWO = policy(Stage((email("ada"), email("grace"), email("omar")), 2))


async def linked(there: There, one: Person, other: Person) -> None:
    async with there.db.tenant(there.tenant) as c:
        await links.add(c, there.tenant, one.id, other.id)


async def delegated(there: There, by: Person, to: str, until: str = "for 3 days") -> str:
    account = Account("slack", "T1", f"U-{by.name.lower()}-slack")
    async with there.db.tenant(there.tenant) as c:
        said, _ = await standins.said(c, there.tenant, Commit(), by, account, f"to {to} {until}")
    return said


# ── who may not ──────────────────────────────────────────────────────────────────────────


async def test_whoever_pushed_the_flow_or_the_policy_last_does_not_decide(there: There) -> None:
    ada, grace, omar = [await met(there, name) for name in ("ada", "grace", "omar")]
    async with there.db.tenant(there.tenant) as c:
        await directory.pushed(c, there.tenant, "flow", "order", "v1", email("grace"))
        await directory.pushed(c, there.tenant, "policy", "", "p1", email("omar"))
    approval = await asks(there, ONE, ada)

    assert "changed the flow" in told((await presses(there, ONE, approval, grace))[0])
    assert "changed the policy" in told((await presses(there, ONE, approval, omar))[0])
    assert await state(there, approval) == "pending"


async def test_whoever_gets_it_does_not_decide(there: There, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(duties, "beneficiaries", lambda tool, arguments: (email("grace"),))
    ada, grace, omar = [await met(there, name) for name in ("ada", "grace", "omar")]
    approval = await asks(there, ONE, ada)

    assert "This is for you" in told((await presses(there, ONE, approval, grace))[0])
    assert released((await presses(there, ONE, approval, omar))[1]) == ["events.Approved"]


@pytest.mark.twin
async def test_without_the_look_at_who_wrote_the_rules_they_decide(
    there: There, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def careless(*_: Any) -> dict[str, str]:
        return {}

    monkeypatch.setattr(duties, "of", careless)
    ada, grace = await met(there, "ada"), await met(there, "grace")
    async with there.db.tenant(there.tenant) as c:
        await directory.pushed(c, there.tenant, "flow", "order", "v1", email("grace"))
    approval = await asks(there, ONE, ada)
    assert released((await presses(there, ONE, approval, grace))[1]) == ["events.Approved"]


async def test_nobody_left_is_known_before_anybody_is_asked(there: There) -> None:
    lone = policy(Stage((email("ada"), email("grace")), 2))
    ada = await met(there, "ada")
    approval = await asks(there, lone, ada)
    async with there.db.tenant(there.tenant) as c:
        now = await c.fetchval("select now()")
        assert approval.terms is not None
        known = await situation.known(c, there.tenant, approval, approval.terms, lone, now)
    assert unfilled(known.stages, known.excluded) == 0


# ── one person, two accounts ─────────────────────────────────────────────────────────────


async def test_the_other_account_of_the_requester_does_not_decide(there: There) -> None:
    ada = await met(there, "ada")
    guest = await met(there, "adaguest", "teams", known=False)
    await linked(there, ada, guest)
    approval = await asks(there, ONE, guest)

    assert "asked for this yourself" in told((await presses(there, ONE, approval, ada))[0])


async def test_two_accounts_of_one_person_count_once(there: There) -> None:
    ada, grace = await met(there, "ada"), await met(there, "grace")
    other = await met(there, "gracealt", "teams", known=False)
    await linked(there, grace, other)
    approval = await asks(there, TWO, ada)

    assert "Your yes is counted" in told((await presses(there, TWO, approval, other))[0])
    assert "counts once" in told((await presses(there, TWO, approval, grace))[0])


@pytest.mark.twin
async def test_without_links_one_person_is_two(there: There, monkeypatch: pytest.MonkeyPatch) -> None:
    async def none(*_: Any) -> list[links.Link]:
        return []

    ada, guest = await met(there, "ada"), await met(there, "adaguest", "teams", known=False)
    await linked(there, ada, guest)
    monkeypatch.setattr(links, "around", none)
    approval = await asks(there, ONE, guest)
    assert released((await presses(there, ONE, approval, ada))[1]) == ["events.Approved"]


async def test_unlinking_does_not_let_an_account_approve_what_the_other_asked_for(there: There) -> None:
    ada, guest = await met(there, "ada"), await met(there, "adaguest", "teams", known=False)
    await linked(there, ada, guest)
    approval = await asks(there, ONE, guest)
    async with there.db.tenant(there.tenant) as c:
        said, told_others = await linking.unlinked(c, there.tenant, Commit(), guest)

    assert "For a month yet" in said
    assert [who for who, _ in told_others] == [ada.id]
    assert "asked for this yourself" in told((await presses(there, ONE, approval, ada))[0])


@pytest.mark.twin
async def test_were_a_link_over_at_once_unlinking_would_do(
    there: There, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(links, "COUNTS_ON", -1.0)
    ada, guest = await met(there, "ada"), await met(there, "adaguest", "teams", known=False)
    await linked(there, ada, guest)
    approval = await asks(there, ONE, guest)
    async with there.db.tenant(there.tenant) as c:
        await linking.unlinked(c, there.tenant, Commit(), guest)
    assert released((await presses(there, ONE, approval, ada))[1]) == ["events.Approved"]


async def test_a_link_gives_nothing_to_an_account_that_has_an_address_of_its_own(there: There) -> None:
    """Whoever is talked into typing somebody's code does not hand over what they may decide."""
    ada, grace, mallory = [await met(there, name) for name in ("ada", "grace", "mallory")]
    await linked(there, grace, mallory)
    approval = await asks(there, ONE, ada)

    assert "Only the named" in told((await presses(there, ONE, approval, mallory))[0])
    assert released((await presses(there, ONE, approval, grace))[1]) == ["events.Approved"]


async def test_accounts_found_to_be_one_after_the_press_are_one_at_the_claim(there: There) -> None:
    ada, grace, omar = [await met(there, name) for name in ("ada", "grace", "omar")]
    approval = await asks(there, TWO, ada)
    await presses(there, TWO, approval, grace)
    await presses(there, TWO, approval, omar)
    assert await still(there, TWO, approval)

    await linked(there, grace, omar)
    assert not await still(there, TWO, approval)


# ── standing in ──────────────────────────────────────────────────────────────────────────


async def test_a_stand_in_decides_and_the_card_says_for_whom(there: There) -> None:
    only = policy(Stage((email("omar"),)))
    ada, grace, omar = [await met(there, name) for name in ("ada", "grace", "omar")]
    assert "may decide in your stead" in await delegated(there, omar, email("grace"))
    approval = await asks(there, only, ada)

    _, commit = await presses(there, only, approval, grace)

    assert commit.events[0][2]["name"] == "Grace for Omar"
    assert await still(there, only, approval)


async def test_a_stand_in_does_not_decide_what_they_asked_for(there: There) -> None:
    only = policy(Stage((email("omar"),)))
    grace, omar = await met(there, "grace"), await met(there, "omar")
    await delegated(there, omar, email("grace"))
    approval = await asks(there, only, grace)
    assert "asked for this yourself" in told((await presses(there, only, approval, grace))[0])


async def test_the_requester_s_stand_in_has_no_say_for_them(there: There) -> None:
    only = policy(Stage((email("omar"), email("ada"))))
    grace, omar = await met(there, "grace"), await met(there, "omar")
    await delegated(there, omar, email("grace"))
    approval = await asks(there, only, omar)
    assert "Only the named" in told((await presses(there, only, approval, grace))[0])


async def test_a_person_and_their_stand_in_count_once(there: There) -> None:
    ada, grace, omar, linus = [await met(there, name) for name in ("ada", "grace", "omar", "linus")]
    await delegated(there, omar, email("linus"))
    approval = await asks(there, TWO, ada)
    await presses(there, TWO, approval, linus)

    assert "counts once" in told((await presses(there, TWO, approval, omar))[0])
    assert released((await presses(there, TWO, approval, grace))[1]) == ["events.Approved"]


async def test_circles_are_refused(there: There) -> None:
    grace, omar, linus = [await met(there, name) for name in ("grace", "omar", "linus")]
    await delegated(there, grace, email("omar"))
    await delegated(there, omar, email("linus"))
    assert "circle" in await delegated(there, linus, email("grace"))
    assert "yourself" in await delegated(there, linus, email("linus"))


@pytest.mark.twin
async def test_without_the_look_for_circles_one_would_stand(
    there: There, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(standins, "closes_a_circle", lambda lent, new: False)
    grace, omar = await met(there, "grace"), await met(there, "omar")
    await delegated(there, grace, email("omar"))
    assert "may decide in your stead" in await delegated(there, omar, email("grace"))


async def test_either_ends_it_early_and_what_was_decided_under_it_does_not_run(there: There) -> None:
    only = policy(Stage((email("omar"),)))
    ada, grace, omar = [await met(there, name) for name in ("ada", "grace", "omar")]
    await delegated(there, omar, email("grace"))
    approval = await asks(there, only, ada)
    await presses(there, only, approval, grace)
    account = Account("slack", "T1", "U-grace-slack")
    async with there.db.tenant(there.tenant) as c:
        said, others = await standins.said(c, there.tenant, Commit(), grace, account, "stop")

    assert said == "It is ended."
    assert [who for who, _ in others] == [omar.id]
    assert not await still(there, only, approval)


async def test_what_was_decided_in_time_counts_once_the_time_is_over(there: There) -> None:
    only = policy(Stage((email("omar"),)))
    ada, grace, omar = [await met(there, name) for name in ("ada", "grace", "omar")]
    async with there.db.tenant(there.tenant) as c:
        now = await c.fetchval("select now()")
        day = timedelta(days=1)
        await delegations.add(c, there.tenant, omar.id, grace.id, now - day, now + timedelta(seconds=30))
    approval = await asks(there, only, ada)
    await presses(there, only, approval, grace)
    async with there.db.tenant(there.tenant) as c:
        await c.execute("update delegations set ends = clock_timestamp()")
    assert await still(there, only, approval)
    again = await asks(there, only, ada)
    assert "Only the named" in told((await presses(there, only, again, grace))[0])


async def test_a_name_that_two_people_have_is_asked_back(there: There) -> None:
    ada = await met(there, "ada")
    await met(there, "grace")
    await met(there, "grace", "teams", known=False)
    assert "more than one person" in await delegated(there, ada, "Grace")
    assert "know nobody" in await delegated(there, ada, "nobody@example.com")
