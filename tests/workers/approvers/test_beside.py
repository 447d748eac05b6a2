"""Changing a call, asking back and handing on, in the database: who may, and what never runs."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast
from uuid import uuid4

import orjson
import pytest

from bot.reply import Form, Reply
from bot.turn import Account, PersonId, Place, Submitted, Turn, TurnId
from flows.approval_stages import Stage
from flows.policy import Outcome, Policy, Rule
from flows.run import Requester, Run, to_json
from flows.scene import Known
from tests.workers.approvers.asked import asks, email, met, policy, presses, state, told
from tests.workers.store.conftest import There
from workers import home, sealed
from workers.approvers import beside, editing, holding
from workers.approvers.rules import Rules
from workers.approvers.situation import Known as Situation
from workers.commit import Commit
from workers.services import Services
from workers.store import approvals, conversations, runs
from workers.store.approvals import Approval
from workers.store.people import Person
from workers.tools import cards

RULES = Rules((), (), Services({"STRIPE_API_KEY": "sk_test_1"}))
ONE = policy(Stage((email("grace"), email("omar"))))
TWO = policy(Stage((email("grace"), email("omar")), 2))
REFUND: dict[str, Any] = {
    "payment_intent": "pi_1", "currency": "usd", "amount": 5000, "reason": "duplicate", "left": 9600,
    "customer": "cus_x", "email": "eve@example.com", "payment": "Lunch",
}  # fmt: skip
LINE = {
    "price": "price_1",
    "product": "prod_1",
    "name": "Cola",
    "quantity": 1,
    "unit_amount": 300,
    "amount": 300,
}
FOR_EVE: dict[str, Any] = {"email": email("eve"), "lines": [LINE], "amount": 300, "currency": "usd"}
PRIVATE = Place("slack", "T1", "U-grace-slack", private=True)


def world(policy: Policy) -> Any:
    return SimpleNamespace(known=Known(policy, cards()), tools=cards())


def turn(approval: Approval, by: Person, form: str, /, **answers: str) -> Turn:
    account = Account("slack", "T1", f"U-{by.name.lower()}-slack")
    return Turn(TurnId(f"t{uuid4()}"), PRIVATE, account, Submitted(form, approval.id, answers), True)


async def held_for(there: There, rules: Policy, arguments: dict[str, Any] = REFUND, **more: Any) -> Approval:
    """Ada asks for a refund of somebody else's payment."""
    ada = await met(there, "ada")
    run = Run(there.run, "refund", "v1", Requester(PersonId(str(ada.id)), "Ada", ada.email), step="charge")
    async with there.db.tenant(there.tenant) as c:
        await c.execute("update runs set state = $1", orjson.dumps(to_json(run)).decode())
    tool = "stripe.charge" if "lines" in arguments else "stripe.refund"
    return await asks(there, rules, ada, tool, arguments, **more)


async def edits(
    there: There, rules: Policy, approval: Approval, person: Person, **answers: str
) -> tuple[Form | Reply | str, Commit]:
    commit, tools = Commit(), cast("Any", SimpleNamespace(rules=RULES))
    seen: Any = SimpleNamespace(world=world(rules))
    sent = turn(approval, person, beside.EDIT, **answers)
    async with there.db.tenant(there.tenant) as c:
        found = await holding.held(
            c, tools, there.tenant, approval.id, sent, person, seen.world, deciding=True
        )
        if isinstance(found, str):
            return found, commit
        return await editing._edit(c, tools, there.tenant, commit, found, sent, person, seen), commit


async def live(there: There, approval: Approval) -> Approval:
    async with there.db.tenant(there.tenant) as c:
        found = await approvals.of_effect(c, there.tenant, approval.effect_key)
    assert found is not None
    return found


async def arguments(there: There, approval: Approval) -> dict[str, Any]:
    stored = await there.value("select arguments from effects where key = $1", approval.effect_key)
    return cast("dict[str, Any]", orjson.loads(stored))


async def fits(there: There, approval: Approval, rules: Policy) -> str:
    """Why it would not run; nothing, where it would."""
    async with there.db.tenant(there.tenant) as c:
        stored = await runs.by_id(c, there.tenant, approval.run_id)
        raw = await c.fetchval("select arguments from effects where key = $1", approval.effect_key)
    assert stored is not None
    claimed: Any = SimpleNamespace(tool=approval.tool, arguments=raw, step=approval.step)
    return sealed._differs(there.tenant, claimed, stored.run, approval, rules, approval.account)


async def test_what_is_made_less_by_somebody_entitled_is_approved_by_it_in_the_same_transaction(
    there: There,
) -> None:
    grace = await met(there, "grace")
    approval = await held_for(there, ONE)

    answer, commit = await edits(there, ONE, approval, grace, amount="40.00", reason="duplicate")

    new = await live(there, approval)
    assert new.id != approval.id
    assert (await state(there, approval), new.state) == ("changed", "approved")
    assert (await arguments(there, approval))["amount"] == 4000
    assert [event["_"] for _, _, event in commit.events] == [
        "events.Edited",
        "approval.noted",
        "events.Approved",
    ]
    assert commit.events[0][2]["changes"] == [["Amount", "$50.00", "$40.00"]]
    assert isinstance(answer, Reply)
    assert "Approved by Grace" in answer.text
    assert await fits(there, new, ONE) == ""
    noted = dict(commit.audit)
    assert noted["approval.edited"]["fields"] == ["amount"]
    assert noted["approval.edited"]["into"] == new.id


async def test_nothing_of_the_old_approval_runs_and_its_buttons_change_nothing(there: There) -> None:
    grace, omar = await met(there, "grace"), await met(there, "omar")
    approval = await held_for(there, ONE)
    await edits(there, ONE, approval, grace, amount="40.00")

    async with there.db.tenant(there.tenant) as c:
        assert not await approvals.use(c, there.tenant, approval.id)
        assert not await approvals.decide(c, there.tenant, approval.id, "approved", omar.id, "")
    answer, commit = await presses(there, ONE, approval, omar)
    assert told(answer) == "Grace changed this, so only the newer card can be decided."
    assert commit.events == []
    assert "not what was approved" in await fits(there, approval, ONE)


async def test_whoever_makes_it_more_has_in_effect_asked_for_it_and_somebody_else_decides(
    there: There,
) -> None:
    grace, omar = await met(there, "grace"), await met(there, "omar")
    approval = await held_for(there, ONE)

    _, commit = await edits(there, ONE, approval, grace, amount="90.00")

    new = await live(there, approval)
    assert new.state == "pending"
    assert [event["_"] for _, _, event in commit.events] == ["events.Edited", "approval.noted"]
    assert beside.EDITOR in told((await presses(there, ONE, new, grace))[0])
    _, commit = await presses(there, ONE, new, omar)
    assert [event["_"] for _, _, event in commit.events] == ["events.Approved"]


async def test_where_nobody_else_is_left_it_is_said_in_the_form_and_nothing_changes(there: There) -> None:
    alone = policy(Stage((email("grace"),)))
    grace = await met(there, "grace")
    approval = await held_for(there, alone)

    answer, commit = await edits(there, alone, approval, grace, amount="90.00")

    assert isinstance(answer, Form)
    assert "nobody left who may decide this" in answer.fields[0].error
    assert (await live(there, approval)).id == approval.id
    assert (await state(there, approval), (await arguments(there, approval))["amount"]) == ("pending", 5000)
    assert commit.events == []


@pytest.mark.twin
async def test_without_that_one_person_could_move_any_sum_on_somebody_elses_request(
    there: There, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(editing._Edit, "dictates", property(lambda self: False))
    grace = await met(there, "grace")
    approval = await held_for(there, ONE)

    await edits(there, ONE, approval, grace, amount="96.00")

    assert (await live(there, approval)).state == "approved"


@pytest.mark.parametrize("name", ["ada", "mallory"])
async def test_an_edit_by_somebody_who_may_not_decide_does_nothing(there: There, name: str) -> None:
    """The requester, though the policy names them, and a bystander."""
    rules = policy(Stage((email("grace"), email("ada"))))
    approval = await held_for(there, rules)

    for answers in ({"amount": "1.00"}, {"reason": "fraudulent"}, {"email": "x@example.com"}, {}):
        answer, commit = await edits(there, rules, approval, await met(there, name), **answers)
        assert isinstance(answer, str)
        assert (commit.events, commit.audit) == ([], [])
    assert (await live(there, approval)).id == approval.id
    assert await arguments(there, approval) == REFUND


@pytest.mark.twin
async def test_without_being_judged_a_bystander_could_change_what_is_held(
    there: There, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def careless(c: Any, tools: Any, tenant: Any, id: str, *_: Any, **__: Any) -> Any:
        approval = await approvals.by_id(c, tenant, id, lock=True)
        return holding.Held(cast("Approval", approval), cast("Situation", None), cast("Any", None))

    monkeypatch.setattr(holding, "held", careless)
    approval = await held_for(there, ONE)

    await edits(there, ONE, approval, await met(there, "mallory"), amount="1.00")

    assert (await arguments(there, approval))["amount"] == 100


async def test_of_two_who_have_to_agree_the_editor_is_one(there: There) -> None:
    grace, omar = await met(there, "grace"), await met(there, "omar")
    approval = await held_for(there, TWO)
    await presses(there, TWO, approval, omar)

    await edits(there, TWO, approval, grace, amount="40.00")

    new = await live(there, approval)
    assert new.state == "pending"
    rows = await there.fetch("select person_id from approval_votes where approval_id = $1", new.id)
    assert [row["person_id"] for row in rows] == [grace.id]
    await presses(there, TWO, new, omar)
    assert (await live(there, approval)).state == "approved"


async def test_what_the_policy_of_now_forbids_is_said_at_the_field(there: There) -> None:
    rules = Policy(
        "p1",
        (Rule("small", Outcome.DENY, "Less than {below} is not given back.", below="10.00"),),
        ONE.approvers,
    )
    approval = await held_for(there, rules)

    answer, _ = await edits(there, rules, approval, await met(there, "grace"), amount="9.00")

    assert isinstance(answer, Form)
    assert "Less than $10.00 is not given back." in answer.fields[0].error
    assert answer.fields[0].value == "9.00"
    assert await state(there, approval) == "pending"


async def test_an_edit_of_an_edit_has_a_question_of_its_own_and_the_card_tells_both(there: There) -> None:
    grace, omar = await met(there, "grace"), await met(there, "omar")
    approval = await held_for(there, TWO)
    await edits(there, TWO, approval, grace, amount="40.00")
    first = await live(there, approval)
    await edits(there, TWO, first, omar, amount="30.00")
    second = await live(there, approval)

    assert len({approval.id, first.id, second.id}) == 3
    assert all(each.id.endswith(":approval") for each in (first, second))
    async with there.db.tenant(there.tenant) as c:
        notes = (await beside.read(c, there.tenant, second.id)).notes()
    assert notes == (
        ("Changed by Grace", "Amount: $50.00 → $40.00"),
        ("Changed by Omar", "Amount: $40.00 → $30.00"),
    )


async def test_of_two_who_edit_at_once_one_is_told_that_it_was_changed(there: There) -> None:
    import asyncio

    grace, omar = await met(there, "grace"), await met(there, "omar")
    approval = await held_for(there, ONE)
    async with there.db.tenant(there.tenant) as c:
        await conversations.wake(c, there.tenant, there.conversation)

    done = await asyncio.gather(
        edits(there, ONE, approval, grace, amount="40.00"), edits(there, ONE, approval, omar, amount="30.00")
    )

    refused = [answer for answer, _ in done if isinstance(answer, str)]
    assert len(refused) == 1
    assert "only the newer card" in refused[0]
    assert await there.value("select count(*) from approvals where effect_key = $1", approval.effect_key) == 2


async def test_the_bots_own_page_lists_only_what_is_for_one_to_decide_by_now(there: There) -> None:
    stages = policy(Stage((email("grace"),), 1, "first"), Stage((email("omar"),), 1, "second"))
    grace, omar, ada = [await met(there, name) for name in ("grace", "omar", "ada")]
    approval = await held_for(there, stages)

    async def listed(person: Person) -> bool:
        async with there.db.tenant(there.tenant) as c:
            return await home.theirs(c, there.tenant, approval, person, stages, RULES)

    assert [await listed(each) for each in (grace, omar, ada)] == [True, False, False]
    await presses(there, stages, approval, grace)
    assert [await listed(each) for each in (grace, omar, ada)] == [False, True, False]
