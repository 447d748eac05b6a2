"""Handing an approval on, asking back, and forms that are sent off from nowhere: in the database."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from bot.reply import Form, Reply
from flows.approval_stages import Terms
from flows.policy import Policy
from integrations import tools as every_tool
from tests.workers.approvers.asked import met, policy, presses, state, told
from tests.workers.approvers.test_beside import (
    FOR_EVE,
    ONE,
    REFUND,
    RULES,
    TWO,
    arguments,
    edits,
    held_for,
    live,
    turn,
    world,
)
from tests.workers.store.conftest import There
from workers.approvers import beside, handing_on, holding, questions, situation
from workers.commit import Commit
from workers.store import beside as kept
from workers.store import effects
from workers.store.approvals import Approval
from workers.store.people import Person

# ── handing on ───────────────────────────────────────────────────────────────────────────


async def hands(there: There, rules: Policy, approval: Approval, by: Person, to: Person) -> Reply | str:
    commit, tools = Commit(), cast("Any", SimpleNamespace(rules=RULES))
    seen: Any = SimpleNamespace(world=world(rules))
    sent = turn(approval, by, beside.HAND, person=to.email)
    async with there.db.tenant(there.tenant) as c:
        found = await holding.held(c, tools, there.tenant, approval.id, sent, by, seen.world, deciding=True)
        if isinstance(found, str):
            return found
        return await handing_on._try(c, there.tenant, commit, found, sent, by, to, seen)


async def test_whom_it_is_handed_to_decides_in_the_others_stead_and_the_two_count_once(there: There) -> None:
    grace, omar, linus = [await met(there, name) for name in ("grace", "omar", "linus")]
    approval = await held_for(there, TWO)

    assert isinstance(await hands(there, TWO, approval, grace, linus), Reply)

    await presses(there, TWO, approval, linus)
    assert "counts once" in told((await presses(there, TWO, approval, grace))[0])
    await presses(there, TWO, approval, omar)
    assert await state(there, approval) == "approved"


async def test_it_is_for_this_one_alone(there: There) -> None:
    grace, linus = await met(there, "grace"), await met(there, "linus")
    one, other = await held_for(there, ONE), await held_for(there, ONE)
    await hands(there, ONE, one, grace, linus)

    assert "Only the named" in told((await presses(there, ONE, other, linus))[0])


@pytest.mark.parametrize(
    ("name", "why"),
    [("ada", "may never decide"), ("eve", "may never decide"), ("grace", "yourself")],
)
async def test_it_is_never_handed_to_who_may_not_decide_it(there: There, name: str, why: str) -> None:
    approval = await held_for(there, ONE, FOR_EVE)
    said = await hands(there, ONE, approval, await met(there, "grace"), await met(there, name))

    assert why in str(said)
    assert (
        await there.value("select count(*) from approval_handings where approval_id = $1", approval.id) == 0
    )


async def test_nor_back_to_whoever_handed_it_on_nor_by_who_has_no_say(there: There) -> None:
    grace, linus, mallory = [await met(there, name) for name in ("grace", "linus", "mallory")]
    approval = await held_for(there, ONE)
    await hands(there, ONE, approval, grace, linus)

    assert "circle" in str(await hands(there, ONE, approval, linus, grace))
    assert "Only the named" in str(await hands(there, ONE, approval, mallory, linus))


@pytest.mark.twin
async def test_without_separation_of_duties_whoever_gets_the_money_could_be_handed_it(
    there: There, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handing_on, "refusal", lambda *given: "")

    async def nobody(*given: Any) -> dict[str, str]:
        return {}

    monkeypatch.setattr(situation.duties, "of", nobody)
    approval = await held_for(there, ONE, FOR_EVE)
    eve = await met(there, "eve")
    await hands(there, ONE, approval, await met(there, "grace"), eve)

    await presses(there, ONE, approval, eve)
    assert await state(there, approval) == "approved"


async def test_what_was_asked_and_whom_it_was_handed_to_stays_when_the_call_changes(there: There) -> None:
    grace, linus = await met(there, "grace"), await met(there, "linus")
    approval = await held_for(there, TWO)
    await hands(there, TWO, approval, grace, linus)
    async with there.db.tenant(there.tenant) as c:
        await kept.ask(c, there.tenant, approval.id, 1, grace.id, "Why?")

    await edits(there, TWO, approval, linus, amount="40.00")

    new = await live(there, approval)
    rows = await there.fetch("select person_id, seat from approval_votes where approval_id = $1", new.id)
    assert [(row["person_id"], row["seat"]) for row in rows] == [(linus.id, grace.id)]
    async with there.db.tenant(there.tenant) as c:
        labels = [label for label, _ in (await beside.read(c, there.tenant, new.id)).notes()]
    assert labels == ["Changed by Linus", "Question by Grace", "Handed on by Grace"]


# ── questions ────────────────────────────────────────────────────────────────────────────


async def answers(there: There, approval: Approval, person: Person, text: str, number: str = "1") -> Any:
    commit = Commit()
    async with there.db.tenant(there.tenant) as c:
        return await questions._answer(c, there.tenant, commit, approval.id, number, person, text)


async def test_an_answer_is_the_requesters_once_and_approves_nothing(there: There) -> None:
    grace, ada = await met(there, "grace"), await met(there, "ada")
    approval = await held_for(there, ONE)
    async with there.db.tenant(there.tenant) as c:
        await kept.ask(c, there.tenant, approval.id, 1, grace.id, "Why?")

    assert await answers(there, approval, grace, "approved") == questions.NOT_YOURS
    assert isinstance(await answers(there, approval, ada, "x" * 501), Form)
    assert await answers(there, approval, ada, "approved, go ahead") == ""
    assert await answers(there, approval, ada, "again") == questions.BEFORE
    assert await state(there, approval) == "pending"
    assert await arguments(there, approval) == REFUND


async def test_an_answer_to_what_was_changed_meanwhile_stands_on_what_it_is_now(there: There) -> None:
    grace, ada = await met(there, "grace"), await met(there, "ada")
    approval = await held_for(there, TWO)
    async with there.db.tenant(there.tenant) as c:
        await kept.ask(c, there.tenant, approval.id, 1, grace.id, "Why?")
    await edits(there, TWO, approval, grace, amount="40.00")

    assert await answers(there, approval, ada, "because") == ""

    async with there.db.tenant(there.tenant) as c:
        notes = (await beside.read(c, there.tenant, (await live(there, approval)).id)).notes()
    assert ("Answered by Ada", "because") in notes


def test_several_lines_stand_behind_bars_so_that_none_passes_for_a_fact() -> None:
    assert beside.behind_bars("One.\nApproved by: Grace") == "│ One.\n│ Approved by: Grace"
    assert "⟨" in beside.behind_bars("a\u202eb")


async def test_a_form_that_was_opened_where_it_was_asked_counts_as_pressed_there(there: There) -> None:
    """A form is sent off from nowhere: without this, nobody could reject what whoever is there decides."""
    anyone = policy()
    grace = await met(there, "grace")
    approval = await held_for(there, anyone, terms=Terms())
    sent = turn(approval, grace, "approval.reject_form", reason="no")
    tools: Any = SimpleNamespace(rules=RULES)
    async with there.db.tenant(there.tenant) as c:
        args = (c, tools, there.tenant, approval.id, sent, grace, world(anyone))
        assert "where the approvers were asked" in str(await holding.held(*args, deciding=False))
        await kept.opened(c, there.tenant, approval.id, grace.id, here=True)
        assert isinstance(await holding.held(*args, deciding=False), holding.Held)


def test_the_tools_of_these_tests_are_the_real_ones() -> None:
    assert every_tool()["stripe.refund"].editable == ("amount", "reason")
    assert effects.change.__doc__
