"""Approvers are not asked for a call whose account nobody can tell."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

from bot.turn import PersonId
from flows.effects import AskApproval, Call
from flows.policy import Approvers
from flows.run import Requester, Run
from tests.workers.store.conftest import There
from workers import approve
from workers.approve import Rules
from workers.commit import Commit
from workers.services import Opened, Services
from workers.store import services as store
from workers.store import tenants

KEY = "a-secret-key-that-is-gone-by-now-0123456789-abcdef"


async def test_settings_that_cannot_be_opened_are_told_and_nothing_is_asked(there: There) -> None:
    run = Run(there.run, "order", "v1", Requester(PersonId(str(there.person)), "Ada"))
    call = Call(f"{there.run}:charge:1", "stripe.charge", {}, "charge")
    asked = cast("AskApproval", SimpleNamespace(call=call))
    policy = SimpleNamespace(version="p", expires=60, approvers=Approvers(places=("slack:C1",)))
    world: Any = SimpleNamespace(
        known=SimpleNamespace(policy=policy), tools={"stripe.charge": SimpleNamespace(risk="money")}
    )
    stored: Any = SimpleNamespace(conversation=there.conversation)
    commit = Commit(runs=[(stored, run)])
    async with there.db.tenant(there.tenant) as c:
        await c.execute("delete from services")
        await tenants.install(c, there.tenant, "slack", str(there.tenant), "", None)
        await store.hold(c, there.tenant, "stripe")
        sealed = Services({}, KEY).sealed(there.tenant, "stripe", Opened({"STRIPE_API_KEY": "x"}))
        await store.put(c, there.tenant, "stripe", sealed, other_account=True)
        rules = Rules((), (), Services({}, "another-secret-key-0123456789-abcdefghij"))
        await approve.ask(c, there.tenant, commit, run, cast("Any", None), asked, world, rules)

    [(_, _, event)] = commit.events
    assert "not in SECRET_KEY any more" in event["sentence"]
    assert "Nothing was done" in event["sentence"]
    assert commit.withdrawals == [call.key]
    assert commit.asks == []
