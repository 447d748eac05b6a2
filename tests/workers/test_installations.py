"""Workspaces that install by OAuth: each a tenant of its own, its credentials sealed into its row."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

import pytest
from slack_sdk.oauth.installation_store import Installation

from bot.secrets import SecretUnreadable
from bot.settings import Settings
from flows.policy import Outcome, judge
from tests.bot.platforms.slack.conftest import stand_in
from tests.workers.installed import a_team, installation, of, settings, stored
from workers import installations
from workers.installations import StoredInstallations, spot
from workers.installs import OWN, own_tenant
from workers.known import Library
from workers.store import definitions, tenants
from workers.store.door import Database

__all__ = ["settings", "stand_in", "stored"]


async def token_of(stored: StoredInstallations, team: str) -> str | None:
    found = await stored.async_find_installation(enterprise_id=None, team_id=team)
    return found.bot_token if found else None


# ── Tenants ──────────────────────────────────────────────────────────────────────────────


async def test_a_new_workspace_becomes_a_tenant_with_the_shipped_flows(
    db: Database, stored: StoredInstallations
) -> None:
    team = a_team()
    await stored.async_save(installation(team))

    tenant = await of(db, team)
    async with db.tenant(tenant) as c:
        assert "order" in await definitions.active_flows(c, tenant)
        assert await tenants.policy_version(c, tenant)
    assert (tenant, f"Acme ({team})") in await tenants.every(db)
    assert tenant != await own_tenant(db)


async def test_it_may_use_no_account_of_ours(db: Database, stored: StoredInstallations) -> None:
    team = a_team()
    await stored.async_save(installation(team))

    library, tenant = Library(money_tools=True), await of(db, team)
    async with db.tenant(tenant) as c:
        world = await library.world(c, tenant)
    verdicts = {name: judge(world.known.policy, tool, {}, 1.0) for name, tool in world.tools.items()}
    assert {name: verdict.outcome for name, verdict in verdicts.items()} == dict.fromkeys(
        verdicts, Outcome.DENY
    )
    assert "no stripe account of its own" in verdicts["stripe.charge"].because


@pytest.mark.twin
async def test_twin_without_that_rule_a_stranger_s_workspace_may_ask_for_a_charge_on_our_account(
    db: Database, stored: StoredInstallations, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(installations, "without_our_accounts", lambda policy: policy)
    team = a_team()
    await stored.async_save(installation(team))

    library, tenant = Library(money_tools=True), await of(db, team)
    async with db.tenant(tenant) as c:
        world = await library.world(c, tenant)
    paying = {"customer_email": "ada@example.com"}
    assert judge(world.known.policy, world.tools["stripe.charge"], paying, 1.0).outcome is not Outcome.DENY


async def test_our_own_workspace_is_ours_however_it_is_installed(db: Database, settings: Settings) -> None:
    team = a_team()
    stored = StoredInstallations(db, settings.model_copy(update={"slack_team_id": team}))
    await stored.async_save(installation(team))

    assert await of(db, team) == await own_tenant(db)


async def test_a_workspace_named_like_ours_is_not_ours(db: Database, stored: StoredInstallations) -> None:
    team = a_team()
    named = installation(team)
    named.team_name = OWN
    await stored.async_save(named)

    assert await of(db, team) != await own_tenant(db)


async def test_who_is_installed_already_stays_the_same_tenant_with_its_own_flows(
    db: Database, stored: StoredInstallations
) -> None:
    team = a_team()
    await stored.async_save(installation(team))
    tenant = await of(db, team)
    async with db.tenant(tenant) as c:
        await c.execute("delete from active_flows where tenant_id = $1", tenant)
    await stored.async_save(installation(team, "xoxb-second"))

    assert await of(db, team) == tenant
    assert await token_of(stored, team) == "xoxb-second"
    async with db.tenant(tenant) as c:
        assert await definitions.active_flows(c, tenant) == {}


async def test_who_comes_back_is_who_they_were(db: Database, stored: StoredInstallations) -> None:
    team = a_team()
    await stored.async_save(installation(team))
    tenant = await of(db, team)
    await stored.async_delete_all(enterprise_id=None, team_id=team)
    assert await tenants.of_installation(db, "slack", team) is None
    await stored.async_save(installation(team, "xoxb-back"))

    assert await of(db, team) == tenant
    assert await token_of(stored, team) == "xoxb-back"


async def test_a_workspace_that_was_ours_by_token_is_ours_when_it_comes_back(
    db: Database, stored: StoredInstallations
) -> None:
    team, own = a_team(), await own_tenant(db)
    async with db.tenant(own) as c:
        await tenants.install(c, own, "slack", team, "U0BOT", None)
        await tenants.uninstall(c, own, "slack", team)
    await stored.async_save(installation(team))

    assert await of(db, team) == own


async def test_two_installs_at_once_make_one_tenant(db: Database, stored: StoredInstallations) -> None:
    team = a_team()
    await asyncio.gather(*(stored.async_save(installation(team, f"xoxb-{n}")) for n in range(4)))

    assert [name for _, name in await tenants.every(db)].count(f"Acme ({team})") == 1


async def test_an_install_that_names_no_workspace_is_refused(stored: StoredInstallations) -> None:
    with pytest.raises(ValueError, match="no workspace"):
        await stored.async_save(Installation(user_id="U0ADA", bot_token="xoxb-1"))


# ── Credentials ──────────────────────────────────────────────────────────────────────────


async def test_nobody_who_reads_the_table_reads_a_token(superuser: Any, stored: StoredInstallations) -> None:
    team = a_team()
    await stored.async_save(installation(team, "xoxb-very-secret", bot_refresh_token="xoxe-very-secret"))
    text = await superuser.fetchval("select credentials from installations where workspace = $1", team)

    assert text.startswith("v1.")
    assert "secret" not in text


async def test_a_person_s_own_token_is_not_kept(stored: StoredInstallations) -> None:
    team = a_team()
    await stored.async_save(installation(team, user_token="xoxp-ada"))
    found = await stored.async_find_installation(enterprise_id=None, team_id=team)

    assert found is not None
    assert found.user_token is None


async def test_uninstalling_takes_the_credentials_away(superuser: Any, stored: StoredInstallations) -> None:
    team = a_team()
    await stored.async_save(installation(team))
    await stored.async_delete_all(enterprise_id=None, team_id=team)

    assert await token_of(stored, team) is None
    row = await superuser.fetchrow("select * from installations where workspace = $1", team)
    assert row["credentials"] is None


async def test_credentials_copied_to_another_tenant_s_row_do_not_open(
    db: Database, stored: StoredInstallations, superuser: Any
) -> None:
    theirs, mine = a_team(), a_team()
    await stored.async_save(installation(theirs))
    await stored.async_save(installation(mine, "xoxb-mine"))
    await _copy(superuser, theirs, mine)

    with pytest.raises(SecretUnreadable):
        await token_of(stored, mine)


@pytest.mark.twin
async def test_twin_without_the_row_in_the_seal_a_copied_token_speaks_for_another(
    stored: StoredInstallations, superuser: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(installations, "spot", lambda tenant, workspace: spot(UUID(int=0), ""))
    theirs, mine = a_team(), a_team()
    await stored.async_save(installation(theirs))
    await stored.async_save(installation(mine, "xoxb-mine"))
    await _copy(superuser, theirs, mine)

    assert await token_of(stored, mine) == "xoxb-theirs"


async def _copy(superuser: Any, source: str, target: str) -> None:
    await superuser.execute(
        "update installations set credentials = (select credentials from installations where workspace = $1)"
        " where workspace = $2",
        source,
        target,
    )


async def test_noting_our_workspace_at_a_start_keeps_its_credentials(
    db: Database, stored: StoredInstallations
) -> None:
    team = a_team()
    await stored.async_save(installation(team))
    tenant = await of(db, team)
    async with db.tenant(tenant) as c:
        await tenants.install(c, tenant, "slack", team, "U0BOT", None)

    assert await token_of(stored, team) == "xoxb-theirs"
