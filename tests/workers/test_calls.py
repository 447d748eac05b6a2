"""A call is made with the account of the tenant whose call it is, and with the one that was approved."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import orjson
import pytest

from bot.embedded import Servers
from bot.platforms.base import Profile
from bot.reply import Reply
from bot.settings import Settings
from bot.turn import Account, PersonId
from flows.effects import Call
from flows.run import Requester, Run, to_json
from integrations import integration_of, tools
from integrations.base import Arguments, Attempt, Done, Identity, Integration, Performed
from integrations.errors import NotConfigured, RateLimited
from tests.conftest import SECRET
from tests.workers.store.conftest import There
from workers import calls, sealed, services
from workers.approve import Rules
from workers.calls import Hands
from workers.installations import shipped
from workers.push import put
from workers.services import Opened, Services
from workers.store import approvals, effects, people, tenants
from workers.store import services as store
from workers.store.approvals import Approval
from workers.store.effects import Claimed


class Nothing(Arguments):
    """A call that takes none."""


class Fake:
    """A service that remembers with which settings it was called, and who asked who we are."""

    def __init__(self) -> None:
        self.called_with: list[str] = []
        self.introduced = 0
        self.error: Exception | None = None

    def integration(self) -> Integration:
        real = integration_of("stripe.charge")
        charge = replace(tools()["stripe.charge"], perform=self.perform, arguments=Nothing)
        return replace(real, tools=(charge,), connect=self.connect, whoami=self.whoami)

    def connect(self, values: Any) -> Any:
        if not values.get("STRIPE_API_KEY"):
            raise NotConfigured("Stripe", "is not connected: set STRIPE_API_KEY")
        return dict(values)

    def perform(self, client: Any, _arguments: Any, _attempt: Attempt) -> Performed:
        self.called_with.append(client["STRIPE_API_KEY"])
        if self.error is not None:
            raise self.error
        return Done({"paid": True}, "pi_1")

    def whoami(self, client: Any) -> Identity:
        self.introduced += 1
        if client["STRIPE_API_KEY"] == "sk_silent":
            raise NotConfigured("Stripe", "says nothing")
        return Identity(f"acct_of_{client['STRIPE_API_KEY']}", "Acme Inc")


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Fake:
    fake = Fake()
    monkeypatch.setattr(calls, "integration_of", lambda _tool: fake.integration())
    return fake


@pytest.fixture
async def hands(
    servers: Servers, app_dsn: str, fake: Fake, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Hands]:
    settings = Settings(
        _env_file=None,
        database_url=servers.database_url,
        redis_url=servers.redis_url,
        secret_key=SECRET,
        stripe_api_key="sk_of_the_environment",
    )
    hands = await asyncio.to_thread(Hands, settings)
    monkeypatch.setattr(hands, "_tools", {"stripe.charge": fake.integration().tools[0]})
    yield hands
    await asyncio.to_thread(hands._await, _end(hands))
    hands._loop.call_soon_threadsafe(hands._loop.stop)


async def _end(hands: Hands) -> None:
    under_way = asyncio.all_tasks() - {asyncio.current_task()}
    await asyncio.gather(*under_way, return_exceptions=True)
    await hands._hints.close()
    await hands._db.close()


@pytest.fixture
async def ready(there: There) -> There:
    """With the shipped policy, and a run that can be read."""
    async with there.db.tenant(there.tenant) as c:
        ours = await asyncio.to_thread(shipped)
        await c.execute("delete from services")
        await put(c, there.tenant, ours.flows, {"rules": [_ALONE]})
        run = Run(there.run, "order", "v1", Requester(PersonId(str(there.person)), "Ada"))
        await c.execute("update runs set state = $1", orjson.dumps(to_json(run)).decode())
    return there


_ALONE = {"name": "all", "tool": "*", "outcome": "may run alone", "because": "a test"}


async def keep(there: There, **values: str) -> None:
    async with there.db.tenant(there.tenant) as c:
        kept = await store.hold(c, there.tenant, "stripe")
        book = Services({}, SECRET)
        before = book.connected(there.tenant, kept).account
        sealed = book.sealed(there.tenant, "stripe", Opened(values, "t" * 32))
        after = book.connected(there.tenant, replace(kept, sealed=sealed)).account
        await store.put(c, there.tenant, "stripe", sealed, other_account=after != before)


async def intended(there: There) -> str:
    key = f"{there.run}:charge:{uuid4()}"
    async with there.db.tenant(there.tenant) as c:
        version = await tenants.policy_version(c, there.tenant)
        assert version
        call = Call(key, "stripe.charge", {}, "charge")
        await effects.intend(c, there.tenant, there.conversation, there.run, call, version, "money", "queued")
    return key


async def state(there: There, key: str) -> tuple[str, str]:
    [row] = await there.fetch("select state, coalesce(error, '') as error from effects where key = $1", key)
    return row["state"], row["error"]


async def run(hands: Hands, there: There) -> tuple[str, str]:
    key = await intended(there)
    await asyncio.to_thread(hands.run, key)
    return await state(there, key)


# ── whose account ────────────────────────────────────────────────────────────────────────


async def test_a_tenants_call_is_made_with_its_own_key(hands: Hands, fake: Fake, ready: There) -> None:
    await keep(ready, STRIPE_API_KEY="sk_theirs")

    assert await run(hands, ready) == ("done", "")
    assert fake.called_with == ["sk_theirs"]


async def test_a_tenant_without_a_key_is_told_so_and_not_given_ours(
    hands: Hands, fake: Fake, ready: There
) -> None:
    found, problem = await run(hands, ready)

    assert found == "failed"
    assert "is not connected" in problem
    assert fake.called_with == []


@pytest.mark.twin
async def test_twin_without_the_guard_it_is_made_with_the_operators_key(
    hands: Hands, fake: Fake, ready: There, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services, "may_use_environment", lambda _kept: True)

    assert (await run(hands, ready))[0] == "done"
    assert fake.called_with == ["sk_of_the_environment"]


async def test_a_tool_that_is_no_longer_there_ends_its_effect_with_a_word(
    hands: Hands, fake: Fake, ready: There, monkeypatch: pytest.MonkeyPatch
) -> None:
    await keep(ready, STRIPE_API_KEY="sk_theirs")
    monkeypatch.setattr(hands, "_tools", {})

    found, problem = await run(hands, ready)
    assert (found, problem) == (
        "failed",
        "There is no tool stripe.charge here any more, so nothing was sent.",
    )
    assert fake.called_with == []


async def test_a_changed_key_counts_at_the_next_call(hands: Hands, fake: Fake, ready: There) -> None:
    for key in ("sk_1", "sk_2", "sk_1"):
        await keep(ready, STRIPE_API_KEY=key)
        await run(hands, ready)

    assert fake.called_with == ["sk_1", "sk_2", "sk_1"]


async def test_settings_that_cannot_be_opened_call_nothing(hands: Hands, fake: Fake, ready: There) -> None:
    await keep(ready, STRIPE_API_KEY="sk_theirs")
    async with ready.db.tenant(ready.tenant) as c:
        await c.execute("update services set sealed = sealed || 'x'")
    found, problem = await run(hands, ready)

    assert found == "failed"
    assert "Nothing was done" in problem
    assert fake.called_with == []


async def test_after_a_try_with_one_account_there_is_none_with_another(
    hands: Hands, fake: Fake, ready: There
) -> None:
    await keep(ready, STRIPE_API_KEY="sk_1")
    fake.error = RateLimited("Stripe", retry_after=0.0)
    key = await intended(ready)
    await asyncio.to_thread(hands.run, key)
    fake.error = None
    await keep(ready, STRIPE_API_KEY="sk_2")
    async with ready.db.tenant(ready.tenant) as c:
        await c.execute("update effects set not_before = now() where key = $1", key)
    await asyncio.to_thread(hands.run, key)
    found, problem = await state(ready, key)

    assert fake.called_with == ["sk_1"]
    assert found == "unknown"
    assert "another account" in problem


@pytest.mark.twin
async def test_twin_without_that_look_the_second_try_is_made_elsewhere(
    hands: Hands, fake: Fake, ready: There, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store.Kept, "changed_since", lambda _self, _claimed: False)
    await keep(ready, STRIPE_API_KEY="sk_1")
    fake.error = RateLimited("Stripe", retry_after=0.0)
    key = await intended(ready)
    await asyncio.to_thread(hands.run, key)
    fake.error = None
    await keep(ready, STRIPE_API_KEY="sk_2")
    async with ready.db.tenant(ready.tenant) as c:
        await c.execute("update effects set not_before = now() where key = $1", key)
    await asyncio.to_thread(hands.run, key)

    assert fake.called_with == ["sk_1", "sk_2"]


async def test_a_second_try_with_the_same_account_is_made(hands: Hands, fake: Fake, ready: There) -> None:
    await keep(ready, STRIPE_API_KEY="sk_1")
    fake.error = RateLimited("Stripe", retry_after=0.0)
    key = await intended(ready)
    await asyncio.to_thread(hands.run, key)
    fake.error = None
    await keep(ready, STRIPE_API_KEY="sk_1", STRIPE_WEBHOOK_SECRET="whsec_new")
    async with ready.db.tenant(ready.tenant) as c:
        await c.execute("update effects set not_before = now() where key = $1", key)
    await asyncio.to_thread(hands.run, key)

    assert await state(ready, key) == ("done", "")


# ── who we are there ─────────────────────────────────────────────────────────────────────


async def account(there: There) -> str:
    async with there.db.tenant(there.tenant) as c:
        return await store.account(c, there.tenant, "stripe")


async def test_after_the_first_call_it_is_asked_once_who_we_are(
    hands: Hands, fake: Fake, ready: There
) -> None:
    await keep(ready, STRIPE_API_KEY="sk_1")
    for _ in range(3):
        await run(hands, ready)

    assert fake.introduced == 1
    assert await account(ready) == "acct_of_sk_1"


async def test_with_another_account_it_is_asked_again(hands: Hands, fake: Fake, ready: There) -> None:
    for key in ("sk_1", "sk_2"):
        await keep(ready, STRIPE_API_KEY=key)
        await run(hands, ready)

    assert await account(ready) == "acct_of_sk_2"


async def test_a_service_that_does_not_say_it_holds_up_nothing(
    hands: Hands, fake: Fake, ready: There
) -> None:
    await keep(ready, STRIPE_API_KEY="sk_silent")

    assert await run(hands, ready) == ("done", "")
    assert await account(ready) == ""


# ── what was approved ────────────────────────────────────────────────────────────────────

RULES = Rules((), (), Services({}))


async def approved_for(there: There, account: str) -> tuple[Claimed, Run, Any]:
    """A claimed charge under an approval that another person gave for this account."""
    key = await intended(there)
    async with there.db.tenant(there.tenant) as c:
        grace = await people.remember(
            c, there.tenant, Account("slack", "T1", f"U{uuid4()}"), Profile("Grace", "")
        )
        await people.remember(c, there.tenant, Account("slack", "T1", f"U{uuid4()}"), Profile("Ada", ""))
        await c.execute("update accounts set person_id = $1 where name = 'Ada'", there.person)
        claimed = await effects.claim(c, there.tenant, key, 30.0)
        assert claimed is not None
        run = Run(there.run, "order", "v1", Requester(PersonId(str(there.person)), "Ada"))
        version = await tenants.policy_version(c, there.tenant)
        policy = await _policy(c, there.tenant, version)
        approval = _approval(there, key, await c.fetchval("select date_trunc('second', now()) + '1 hour'"))
        digest = sealed._digest(there.tenant, claimed, run, approval, policy, account)
        await approvals.ask(c, there.tenant, replace(approval, digest=digest))
        assert await approvals.decide(c, there.tenant, approval.id, "approved", grace.id, "")
    return claimed, run, policy


async def _policy(c: Any, tenant: UUID, version: str | None) -> Any:
    from workers.known import Library

    assert version is not None
    return await Library(money_tools=True).policy(c, tenant, version)


def _approval(there: There, key: str, expires: Any) -> Approval:
    return Approval(
        id=f"{key}:approval",
        effect_key=key,
        run_id=there.run,
        conversation=there.conversation,
        step="charge",
        tool="stripe.charge",
        requester=there.person,
        account="",
        flow_version="v1",
        policy_version="p",
        digest=b"",
        code="ABC123",
        rule="r",
        because="",
        words="",
        card=Reply("Charge?"),
        state="pending",
        expires_at=expires,
    )


async def _checked(there: There, claimed: Claimed, run: Run, policy: Any, account: str) -> str:
    async with there.db.tenant(there.tenant) as c:
        return await sealed.check(c, there.tenant, claimed, run, policy, RULES, account)


async def test_what_was_approved_for_an_account_runs_with_it(ready: There) -> None:
    assert await _checked(ready, *await approved_for(ready, "stripe:a"), "stripe:a") == ""


async def test_what_was_approved_for_one_account_runs_with_no_other(ready: There) -> None:
    claimed, run, policy = await approved_for(ready, "stripe:a")

    assert "not what was approved" in await _checked(ready, claimed, run, policy, "stripe:b")
    assert await ready.value("select state from approvals where effect_key = $1", claimed.key) == "void"


@pytest.mark.twin
async def test_twin_without_the_account_in_the_digest_it_runs_with_any(
    ready: There, monkeypatch: pytest.MonkeyPatch
) -> None:
    digest = sealed._digest
    monkeypatch.setattr(sealed, "_digest", lambda *given: digest(*given[:-1], "stripe:any"))

    assert await _checked(ready, *await approved_for(ready, "stripe:a"), "stripe:b") == ""
