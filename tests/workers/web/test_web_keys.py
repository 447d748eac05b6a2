"""Who may write on the web, asked of a real database: tokens that end, other tenants, one human."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest

from bot.errors import InboxRefused, Unverified
from bot.platforms.base import Profile
from bot.platforms.web import verify
from bot.platforms.web.base import Who
from bot.platforms.web.client import WebClient
from bot.secrets import Vault
from bot.turn import Account
from tests.conftest import SECRET
from tests.workers.web.people import NEWER, VAULT, issuer, main_of, session, token
from workers import rotation
from workers.store import people, tenants
from workers.store import web_keys as kept
from workers.store.door import Database
from workers.web_keys import StoredKeys


async def test_a_token_leads_to_its_person_and_is_kept_as_a_hash_only(
    db: Database, tenant: UUID, keys: StoredKeys
) -> None:
    text = await token(db, tenant, "ada@example.com")
    who = await keys.who(text)
    assert (who.tenant, who.user) == (str(tenant), "mail:ada@example.com")
    async with db.tenant(tenant) as c:
        rows = await c.fetch("select * from web_tokens where tenant_id = $1", tenant)
    assert text.rpartition("_")[2] not in str([dict(row) for row in rows])


async def test_a_token_that_was_revoked_counts_for_nothing_from_then_on(
    db: Database, tenant: UUID, keys: StoredKeys
) -> None:
    text = await token(db, tenant, "ada@example.com")
    who = await keys.who(text)
    async with db.tenant(tenant) as c:
        assert await kept.revoke(c, tenant, who.credential.partition(":")[2]) == "token"
        assert await kept.revoke(c, tenant, who.credential.partition(":")[2]) is None
    assert not await keys.still(who)
    with pytest.raises(Unverified):
        await keys.who(text)


@pytest.mark.twin
async def test_twin_if_revoking_were_not_looked_at_the_token_would_go_on(
    db: Database, tenant: UUID, keys: StoredKeys, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = await token(db, tenant, "ada@example.com")
    who = await keys.who(text)
    async with db.tenant(tenant) as c:
        await kept.revoke(c, tenant, who.credential.partition(":")[2])
    true = kept.token

    async def lax(c: Any, whose: UUID, id: str) -> Any:
        found = await true(c, whose, id)
        return replace(found, holds=True) if found else None

    monkeypatch.setattr(kept, "token", lax)
    assert (await keys.who(text)).user == "mail:ada@example.com"


async def test_a_token_that_is_over_counts_for_nothing(db: Database, tenant: UUID, keys: StoredKeys) -> None:
    text = await token(db, tenant, "ada@example.com")
    who = await keys.who(text)
    async with db.tenant(tenant) as c:
        await c.execute("update web_tokens set expires_at = now() where tenant_id = $1", tenant)
    assert not await keys.still(who)
    with pytest.raises(Unverified):
        await keys.who(text)


async def test_a_token_does_not_count_for_another_tenant_however_it_is_written(
    db: Database, tenant: UUID, keys: StoredKeys
) -> None:
    other = await tenants.create(db, "Another")
    text = await token(db, tenant, "ada@example.com")
    await token(db, other, "eve@example.com")
    for forged in (text.replace(tenant.hex, other.hex), text.replace(tenant.hex, uuid4().hex)):
        with pytest.raises(Unverified):
            await keys.who(forged)


async def test_a_session_counts_while_its_secret_does(db: Database, tenant: UUID, keys: StoredKeys) -> None:
    kid, secret = await issuer(db, tenant)
    text = session(tenant, kid, secret, email="ada@example.com", email_verified=True)
    who = await keys.who(text)
    assert who.credential == f"issuer:{kid}"
    assert await keys.still(who)
    async with db.tenant(tenant) as c:
        assert await kept.revoke(c, tenant, kid) == "issuer"
    assert not await keys.still(who)
    with pytest.raises(Unverified):
        await keys.who(text)


async def test_a_session_that_is_over_counts_no_more_on_a_socket_either(db: Database, tenant: UUID) -> None:
    kid, secret = await issuer(db, tenant)
    now = [time.time()]
    keys = StoredKeys(db, VAULT, clock=lambda: now[0])
    who = await keys.who(session(tenant, kid, secret))
    now[0] += 601
    assert not await keys.still(who)


async def test_a_secret_of_one_tenant_signs_nobody_of_another(
    db: Database, tenant: UUID, keys: StoredKeys
) -> None:
    other = await tenants.create(db, "Another")
    mine, theirs = await issuer(db, tenant), await issuer(db, other)
    for whose, kid, secret in (
        (other, mine[0], mine[1]),
        (other, theirs[0], mine[1]),
        (tenant, theirs[0], theirs[1]),
        (uuid4(), mine[0], mine[1]),
    ):
        with pytest.raises(Unverified):
            await keys.who(session(whose, kid, secret, email="grace@example.com", email_verified=True))


async def test_the_secret_is_sealed_where_it_is_kept_and_a_new_key_seals_it_anew(
    db: Database, tenant: UUID, admin: Any
) -> None:
    kid, secret = await issuer(db, tenant)
    async with db.tenant(tenant) as c:
        sealed = await kept.issuer(c, tenant, kid)
    assert sealed is not None
    assert secret not in sealed
    both = Vault(f"{NEWER},{SECRET}")
    await rotation._rotate(
        db, both, tenant, next(each for each in rotation.SEALED if each.table == "web_issuers"), 10
    )
    who = await StoredKeys(db, Vault(NEWER)).who(session(tenant, kid, secret))
    assert who.user == "id:u7:"


async def test_a_sealed_secret_copied_to_another_tenant_opens_nothing_there(
    db: Database, tenant: UUID, keys: StoredKeys
) -> None:
    other = await tenants.create(db, "Another")
    kid, secret = await issuer(db, tenant)
    async with db.tenant(tenant) as c:
        sealed = await kept.issuer(c, tenant, kid)
    async with db.tenant(other) as c:
        await kept.add_issuer(c, other, kid, str(sealed))
    with pytest.raises(InboxRefused):
        await keys.who(session(other, kid, secret))


async def test_with_a_verified_address_it_is_the_human_that_slack_knows_and_keeps_their_name(
    db: Database, tenant: UUID, keys: StoredKeys, client: WebClient
) -> None:
    async with db.tenant(tenant) as c:
        slack = await people.remember(
            c,
            tenant,
            Account("slack", "T1", "U1"),
            Profile("Grace Okafor", "grace@example.com", "Europe/Rome"),
        )
    kid, secret = await issuer(db, tenant)
    who = await keys.who(
        session(tenant, kid, secret, name="g.", email="grace@example.com", email_verified=True)
    )
    assert await person_of(db, tenant, client, who) == slack


@pytest.mark.parametrize("verified", [False, None, "true"])
async def test_with_an_address_that_nobody_verified_it_is_nobody_known(
    db: Database, tenant: UUID, keys: StoredKeys, client: WebClient, verified: object
) -> None:
    async with db.tenant(tenant) as c:
        slack = await people.remember(
            c, tenant, Account("slack", "T1", "U1"), Profile("Grace Okafor", "grace@example.com")
        )
    kid, secret = await issuer(db, tenant)
    claims = {"email": "grace@example.com", "email_verified": verified, "name": "Grace Okafor"}
    who = await keys.who(session(tenant, kid, secret, **claims))
    found = await person_of(db, tenant, client, who)
    assert found.id != slack.id
    assert found.email == ""


@pytest.mark.twin
async def test_twin_if_any_address_counted_anybody_could_be_the_approver(
    db: Database, tenant: UUID, keys: StoredKeys, client: WebClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with db.tenant(tenant) as c:
        slack = await people.remember(
            c, tenant, Account("slack", "T1", "U1"), Profile("Grace Okafor", "grace@example.com")
        )
    kid, secret = await issuer(db, tenant)
    true = verify._session
    monkeypatch.setattr(
        verify, "_session", lambda claims, expires: true({**claims, "email_verified": True}, expires)
    )
    who = await keys.who(session(tenant, kid, secret, email="grace@example.com", email_verified=False))
    assert (await person_of(db, tenant, client, who)).id == slack.id


async def person_of(db: Database, tenant: UUID, client: WebClient, who: Who) -> people.Person:
    account = Account("web", who.tenant, who.user)
    profile = await client.profile(account, main_of(who))
    async with db.tenant(tenant) as c:
        return await people.remember(c, tenant, account, profile)
