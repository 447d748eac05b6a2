"""With whose secret a webhook is checked: by the address that was called, and nothing else."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from importlib import import_module
from typing import Any
from uuid import UUID

import pytest

from bot.errors import InboxRefused, Malformed, Unverified
from bot.front_inbox import Delivery
from bot.hooks import OWN_ACCOUNT, Hook, Signer
from bot.settings import Settings
from bot.turn import Ignored
from integrations import PLACES
from integrations.stripe import webhook
from tests.conftest import SECRET
from workers import hooked, installs
from workers.hooked import Heard, StoredSigners, heard, workspace_of
from workers.services import Opened, Services
from workers.store import services, tenants
from workers.store.door import Database

NOW = 1_800_000_000
SETTINGS = Settings(_env_file=None, secret_key=SECRET, stripe_webhook_secret="whsec_ours")


@pytest.fixture
def kept() -> Services:
    return Services(SETTINGS.plain(), SECRET)


@pytest.fixture
def signers(db: Database, kept: Services) -> StoredSigners:
    return StoredSigners(db, kept)


@pytest.fixture
async def own(db: Database) -> AsyncIterator[UUID]:
    """Our own tenant, with nothing kept: it is the same for every test of this process."""
    tenant = await installs.own_tenant(db)
    yield tenant
    async with db.tenant(tenant) as c:
        await c.execute("delete from services where tenant_id = $1", tenant)


async def keep(db: Database, kept: Services, tenant: UUID, service: str, token: str, **values: str) -> None:
    async with db.tenant(tenant) as c:
        await services.hold(c, tenant, service)
        sealed = kept.sealed(tenant, service, Opened(values, token))
        await services.put(c, tenant, service, sealed, other_account=True)
        await tenants.install(c, tenant, service, workspace_of(token), "", None)


def a_token(tenant: UUID) -> str:
    return f"token-of-{tenant}"


def hook(signers: StoredSigners, service: str = "stripe") -> Hook:
    return Hook(heard()[service].caller, signers, clock=lambda: NOW)


def signed(body: bytes, secret: str) -> dict[str, str]:
    return {"Stripe-Signature": webhook.sign(body, secret, NOW)}


BODY = json.dumps(
    {"id": "evt_1", "object": "event", "type": "charge.refunded", "data": {"object": {"id": "ch_1"}}}
).encode()


async def test_our_own_address_is_checked_with_the_environments_secret(
    own: UUID, signers: StoredSigners
) -> None:
    found = await hook(signers).verify(signed(BODY, "whsec_ours"), BODY)

    assert isinstance(found, Delivery)
    assert (found.workspace, found.id, found.conversation) == (OWN_ACCOUNT, "evt_1", "stripe:ch_1")


async def test_a_kept_secret_of_ours_counts_before_the_environments(
    db: Database, kept: Services, own: UUID, signers: StoredSigners
) -> None:
    await keep(db, kept, own, "stripe", "ours", STRIPE_WEBHOOK_SECRET="whsec_kept")

    assert isinstance(await hook(signers).verify(signed(BODY, "whsec_kept"), BODY), Delivery)
    with pytest.raises(Unverified):
        await hook(signers).verify(signed(BODY, "whsec_ours"), BODY)


async def test_a_tenants_address_is_checked_with_its_own_secret_and_leads_to_it(
    db: Database, kept: Services, tenant: UUID, signers: StoredSigners
) -> None:
    token = a_token(tenant)
    await keep(db, kept, tenant, "stripe", token, STRIPE_WEBHOOK_SECRET="whsec_theirs")
    found = await hook(signers).verify(signed(BODY, "whsec_theirs"), BODY, token)

    assert isinstance(found, Delivery)
    assert await tenants.of_installation(db, "stripe", found.workspace) == tenant
    with pytest.raises(Unverified):
        await hook(signers).verify(signed(BODY, "whsec_ours"), BODY, token)


async def test_two_tenants_cannot_reach_each_other(
    db: Database, kept: Services, tenant: UUID, signers: StoredSigners
) -> None:
    other = await tenants.create(db, "Another")
    for each in (tenant, other):
        await keep(db, kept, each, "stripe", a_token(each), STRIPE_WEBHOOK_SECRET=f"whsec_{each}")
    for mine, theirs in ((tenant, other), (other, tenant)):
        with pytest.raises(Unverified):
            await hook(signers).verify(signed(BODY, f"whsec_{mine}"), BODY, a_token(theirs))


@pytest.mark.twin
async def test_twin_without_the_tenant_from_the_address_one_signs_for_the_other(
    db: Database, kept: Services, tenant: UUID, signers: StoredSigners, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = await tenants.create(db, "Another")
    for each in (tenant, other):
        await keep(db, kept, each, "stripe", a_token(each), STRIPE_WEBHOOK_SECRET=f"whsec_{each}")
    look = StoredSigners._look

    async def mine(self: StoredSigners, service: str, workspace: str) -> Any:
        found = await look(self, service, workspace_of(a_token(tenant)))
        return replace(found, signer=replace(found.signer, workspace=workspace)) if found else None

    monkeypatch.setattr(StoredSigners, "_look", mine)
    found = await hook(signers).verify(signed(BODY, f"whsec_{tenant}"), BODY, a_token(other))

    assert isinstance(found, Delivery)
    assert await tenants.of_installation(db, "stripe", found.workspace) == other


async def test_a_tenant_without_a_secret_of_its_own_is_not_checked_with_ours(
    db: Database, kept: Services, tenant: UUID, signers: StoredSigners
) -> None:
    await keep(db, kept, tenant, "stripe", a_token(tenant), STRIPE_API_KEY="sk")
    with pytest.raises(Unverified):
        await hook(signers).verify(signed(BODY, "whsec_ours"), BODY, a_token(tenant))


async def test_a_token_is_good_for_its_own_service_only(
    db: Database, kept: Services, tenant: UUID, signers: StoredSigners
) -> None:
    await keep(db, kept, tenant, "jira", a_token(tenant), JIRA_WEBHOOK_SECRET="s")

    assert await signers.of("stripe", a_token(tenant)) is None


async def test_whoever_reads_the_database_does_not_learn_the_address(
    db: Database, kept: Services, tenant: UUID
) -> None:
    token = a_token(tenant)
    await keep(db, kept, tenant, "stripe", token)
    async with db.tenant(tenant) as c:
        rows = [
            *await c.fetch("select row_to_json(i)::text as t from installations i"),
            *await c.fetch("select row_to_json(s)::text as t from services s"),
        ]

    assert rows
    assert not any(token in row["t"] for row in rows)


async def test_a_digest_is_no_token(
    db: Database, kept: Services, tenant: UUID, signers: StoredSigners
) -> None:
    await keep(db, kept, tenant, "stripe", a_token(tenant), STRIPE_WEBHOOK_SECRET="s")

    assert await signers.of("stripe", workspace_of(a_token(tenant))) is None
    assert await signers.of("stripe", OWN_ACCOUNT) is None


async def test_a_changed_secret_counts_a_few_seconds_later(
    db: Database, kept: Services, tenant: UUID, signers: StoredSigners, monkeypatch: pytest.MonkeyPatch
) -> None:
    await keep(db, kept, tenant, "stripe", a_token(tenant), STRIPE_WEBHOOK_SECRET="before")
    monkeypatch.setattr(hooked, "KEPT", -1.0)
    found = await signers.of("stripe", a_token(tenant))
    assert found is not None
    assert found.secret == "before"
    await keep(db, kept, tenant, "stripe", a_token(tenant), STRIPE_WEBHOOK_SECRET="after")
    found = await signers.of("stripe", a_token(tenant))
    assert found is not None
    assert found.secret == "after"


async def test_what_cannot_be_opened_is_to_be_sent_again(
    db: Database, kept: Services, tenant: UUID, signers: StoredSigners
) -> None:
    await keep(db, kept, tenant, "stripe", a_token(tenant))
    async with db.tenant(tenant) as c:
        await c.execute("update services set sealed = sealed || 'x' where tenant_id = $1", tenant)
    with pytest.raises(InboxRefused):
        await signers.of("stripe", a_token(tenant))


def test_every_service_that_has_a_webhook_is_heard() -> None:
    assert set(heard()) <= {place.split(".")[1] for place in PLACES}
    assert "stripe" in heard()


# ── each service as it really signs ──────────────────────────────────────────────────────

HEADERS = {
    "stripe": "Stripe-Signature",
    "github": "X-Hub-Signature-256",
    "jira": "X-Hub-Signature",
    "notion": "X-Notion-Signature",
}
SHARED = "a-secret-that-is-long-enough"


def real(name: str) -> tuple[Heard, Any]:
    module = import_module(f"integrations.{name}.webhook")
    return hooked._heard(name, module), module


class One:
    """One signer for every address."""

    async def of(self, _service: str, _token: str) -> Signer | None:
        return Signer(OWN_ACCOUNT, SHARED)

    async def introduced(self, _service: str, _token: str, _secret: str) -> bool:
        return False


def signature(module: Any, name: str, body: bytes) -> str:
    found: str = module.sign(body, SHARED, NOW) if name == "stripe" else module.sign(body, SHARED)
    return found


def door(name: str) -> tuple[Hook, Any]:
    service, module = real(name)
    return Hook(service.caller, One(), clock=lambda: NOW), module


@pytest.mark.parametrize("name", HEADERS)
async def test_what_each_service_signs_passes_the_signature(name: str) -> None:
    hook, module = door(name)
    headers = {HEADERS[name]: signature(module, name, b"no json"), "Content-Type": "application/json"}
    with pytest.raises(Malformed):
        await hook.verify(headers, b"no json")


@pytest.mark.parametrize("wrong", HEADERS.values())
@pytest.mark.parametrize("name", HEADERS)
async def test_under_another_services_header_it_is_refused_and_never_parsed(
    name: str, wrong: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if HEADERS[name] == wrong:
        wrong = "X-Signature"
    hook, module = door(name)

    def parsed(*_arguments: Any, **_more: Any) -> Any:
        raise AssertionError("parsed")

    monkeypatch.setattr(module.json, "loads", parsed)
    headers = {wrong: signature(module, name, BODY), "Content-Type": "application/json"}
    with pytest.raises(Unverified):
        await hook.verify(headers, BODY)


@pytest.mark.parametrize("secret", ["", "another", SHARED + " "])
@pytest.mark.parametrize("name", HEADERS)
async def test_with_another_secret_it_is_refused(name: str, secret: str) -> None:
    hook, module = door(name)
    given = module.sign(BODY, secret, NOW) if name == "stripe" else module.sign(BODY, secret)
    with pytest.raises(Unverified):
        await hook.verify({HEADERS[name]: given, "Content-Type": "application/json"}, BODY)


async def test_jiras_token_is_good_for_the_address_that_was_called_only() -> None:
    """It signs no body, so what it does sign has to hold: another tenant's address is another path."""
    hook, module = door("jira")
    seen: list[str] = []
    service, _ = real("jira")
    caller = replace(service.caller, verify=lambda *given: seen.append(given[-1]) or {})
    await Hook(caller, One(), clock=lambda: NOW).verify({}, BODY, "theirs")

    assert seen == ["/webhooks/jira/theirs"]
    assert hook.path == module.PATH


# ── Notion's first call ──────────────────────────────────────────────────────────────────

HELLO = b'{"verification_token": "secret_that_notion_made_up"}'


async def test_notions_token_is_kept_sealed_and_counts_from_then_on(
    db: Database, kept: Services, tenant: UUID, signers: StoredSigners
) -> None:
    token = a_token(tenant)
    await keep(db, kept, tenant, "notion", token)

    assert await hook(signers, "notion").verify({}, HELLO, token) == Ignored("introduction")
    found = await signers.of("notion", token)
    assert found is not None
    assert found.secret == "secret_that_notion_made_up"
    async with db.tenant(tenant) as c:
        row = await services.kept(c, tenant, "notion")
    assert row.unseen
    assert "notion_made_up" not in str(row)


async def test_the_first_token_stays_whoever_sends_another(
    db: Database, kept: Services, tenant: UUID, signers: StoredSigners
) -> None:
    token = a_token(tenant)
    await keep(db, kept, tenant, "notion", token)
    notion = hook(signers, "notion")
    await notion.verify({}, HELLO, token)
    forged = b'{"verification_token": "secret_of_an_attacker"}'
    with pytest.raises(Unverified):
        await notion.verify({}, forged, token)
    with pytest.raises(Unverified):
        await hook(StoredSigners(db, kept), "notion").verify({}, forged, token)
    found = await signers.of("notion", token)
    assert found is not None
    assert found.secret == "secret_that_notion_made_up"


async def test_at_our_plain_address_nobody_gives_us_a_secret(
    db: Database, own: UUID, signers: StoredSigners
) -> None:
    with pytest.raises(Unverified):
        await hook(signers, "notion").verify({}, HELLO)
    async with db.tenant(own) as c:
        assert await services.names(c, own) == []


@pytest.mark.twin
async def test_twin_if_an_introduction_replaced_what_is_there_an_attacker_would_sign(
    db: Database, kept: Services, tenant: UUID, signers: StoredSigners, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = a_token(tenant)
    await keep(db, kept, tenant, "notion", token, NOTION_WEBHOOK_SECRET="theirs-for-years")
    await signers.of("notion", token)
    assert not await signers.introduced("notion", token, "of-an-attacker")
    connected = kept.connected

    def empty(tenant: UUID, row: Any) -> Any:
        return replace(connected(tenant, row), values={})

    with monkeypatch.context() as patched:
        patched.setattr(kept, "connected", empty)
        assert await signers.introduced("notion", token, "of-an-attacker")
    found = await signers.of("notion", token)
    assert found is not None
    assert found.secret == "of-an-attacker"
