"""A charge that somebody approved, as stored; and what its claim says once something was changed."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import lru_cache
from typing import Any
from uuid import uuid4

import orjson

from bot.platforms.base import Profile
from bot.turn import Account, PersonId
from flows import approval as sealing
from flows.effects import Call
from flows.run import Requester, Run, to_json
from tests.workers.store.conftest import There
from workers import drawn, sealed
from workers.approve import Rules
from workers.approvers.asking import spelled
from workers.installations import shipped
from workers.known import Library
from workers.push import put
from workers.services import Services
from workers.store import approvals, definitions, effects, people, runs, tenants
from workers.store.approvals import Approval
from workers.store.door import Connection
from workers.tools import cards

ACCOUNT = "stripe:acct_1"
RULES = Rules((), (), Services({}))
POLICY = {"rules": [{"name": "all", "tool": "*", "outcome": "ask", "because": "It is a test."}]}
ARGUMENTS: dict[str, Any] = {
    "amount": 4000,
    "currency": "usd",
    "email": "ada@example.com",
    "customer": "cus_1",
    "payment_method": "pm_1",
    "description": "Café, order 12",
    "lines": [
        {
            "price": "price_1",
            "product": "prod_1",
            "name": "Café crème",
            "quantity": 2,
            "unit_amount": 2000,
            "amount": 4000,
        }
    ],
}


@dataclass(frozen=True, slots=True)
class Case:
    """`key` is the effect's. `library` reads policies as a worker does."""

    there: There
    key: str
    approval: Approval
    library: Library


_shipped = lru_cache(shipped)


async def settled(there: There) -> Library:
    """The tenant gets its flows and a policy, and its run can be read."""
    async with there.db.tenant(there.tenant) as c:
        ours = await asyncio.to_thread(_shipped)
        await c.execute("delete from services")
        orders = [flow for flow in ours.flows if flow.id == "order"]
        await put(c, there.tenant, orders, POLICY)
        run = Run(there.run, "order", "v1", Requester(PersonId(str(there.person)), "Ada"))
        await c.execute(
            "update runs set state = $1, flow = 'order', flow_version = $2",
            orjson.dumps(to_json(run)).decode(),
            orders[0].version,
        )
        account = Account("slack", "T1", f"U{uuid4()}")
        await people.remember(c, there.tenant, account, Profile("Ada", "ada@example.com"))
        await c.execute("update accounts set person_id = $1 where name = 'Ada'", there.person)
    return Library(money_tools=True)


async def asked(there: There, library: Library, lasts: float = 3600.0) -> Case:
    """Held and asked; nobody has decided it."""
    key = f"{there.run}:charge:{uuid4().hex[:8]}"
    async with there.db.tenant(there.tenant) as c:
        version = await tenants.policy_version(c, there.tenant)
        assert version
        policy = await library.policy(c, there.tenant, version)
        call = Call(key, "stripe.charge", ARGUMENTS, "charge")
        await effects.intend(c, there.tenant, there.conversation, there.run, call, version, "money", "held")
        stored = await runs.by_id(c, there.tenant, there.run)
        assert stored is not None
        expires = await c.fetchval("select date_trunc('second', now())") + timedelta(seconds=lasts)
        because, words = "It is a test.", "two coffees"
        shown = drawn.Shown(cards()[call.tool], ARGUMENTS, stored.run, because, words, expires)
        approval = Approval(
            id=f"{key}:approval",
            effect_key=key,
            run_id=there.run,
            conversation=there.conversation,
            step=call.step,
            tool=call.tool,
            requester=there.person,
            account=ACCOUNT,
            flow_version=stored.run.flow_version,
            policy_version=version,
            digest=b"",
            code="",
            rule="all",
            because=because,
            words=words,
            card=drawn.draw(shown, ""),
            state="pending",
            expires_at=expires,
            terms=RULES.terms(policy, frozenset()),
        )
        digest = sealing.digest(
            sealing.Sealed(
                tenant=str(there.tenant),
                requester=stored.run.requester.id,
                tool=call.tool,
                arguments=ARGUMENTS,
                account=ACCOUNT,
                flow_version=stored.run.flow_version,
                step=call.step,
                policy_version=version,
                approval=approval.id,
                expires_at=expires.isoformat(),
                terms=spelled(approval.terms),
                card=drawn.fingerprint(approval.card, ""),
            )
        )
        code = sealing.code(digest)
        approval = replace(approval, digest=digest, code=code, card=drawn.draw(shown, code))
        await approvals.ask(c, there.tenant, approval)
    return Case(there, key, approval, library)


async def approved(case: Case) -> None:
    """By Grace, whose yes is enough; the call is let go."""
    there = case.there
    async with there.db.tenant(there.tenant) as c:
        grace = await people.remember(
            c, there.tenant, Account("slack", "T1", "UGRACE"), Profile("Grace", "grace@example.com")
        )
        await agree(c, case, grace.id)


async def agree(c: Connection, case: Case, person: Any) -> bool:
    """One transaction, as a press that counts makes it, with the release that follows from it."""
    from workers.store import approval_terms

    tenant, approval = case.there.tenant, case.approval
    if not await approvals.decide(c, tenant, approval.id, "approved", person, ""):
        return False
    await approval_terms.vote(c, tenant, approval.id, person, person, 0, "slack")
    await effects.release(c, tenant, case.key)
    return True


async def claim(c: Connection, case: Case) -> str | None:
    """As a worker claims it: nothing where it would run, else why not. None: it is not to be had."""
    tenant = case.there.tenant
    claimed = await effects.claim(c, tenant, case.key, 30.0)
    if claimed is None:
        return None
    stored = await runs.by_id(c, tenant, claimed.run_id)
    version = await tenants.policy_version(c, tenant)
    assert stored is not None
    assert version
    policy = await case.library.policy(c, tenant, version)
    return await sealed.check(c, tenant, claimed, stored.run, policy, RULES, ACCOUNT)


async def after(c: Connection, case: Case, statement: str, *given: Any) -> str | None:
    """What the claim says once this was done between the press and the run. All of it is undone again."""
    await c.execute("savepoint changed")
    if statement:
        await c.execute(statement, *given)
    said = await claim(c, case)
    state = await c.fetchval("select state from approvals where id = $1", case.approval.id)
    await c.execute("rollback to savepoint changed")
    assert said is None or state == ("void" if said else "used")
    return said


async def other_policy(c: Connection, case: Case, document: dict[str, Any]) -> str | None:
    """The same, with another policy that counts by then."""
    await c.execute("savepoint changed")
    from flows.policy_file import stored_policy

    await definitions.keep_policy(c, case.there.tenant, stored_policy(document).version, document)
    said = await claim(c, case)
    await c.execute("rollback to savepoint changed")
    return said
