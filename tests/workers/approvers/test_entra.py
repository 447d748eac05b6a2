"""Groups of Entra and managers by Entra: asked before they are needed, and what is refused is said."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from bot.errors import PlatformError
from bot.platforms.teams.graph import NotGranted
from flows.approval_stages import Stage
from tests.workers.approvers.asked import asks, met, policy, presses, released, told
from tests.workers.store.conftest import There
from workers.approvers import groups, managers
from workers.store import directory, tenants

TREASURY = "entra:0f0f0f0f-1111-4222-8333-444444444444"
GROUP = policy(Stage((TREASURY,)))
BOSS = policy(Stage(("manager",)))


class Entra:
    """As much of Teams' client as asks Microsoft Graph. `bosses`: by the name Entra knows them by."""

    def __init__(self, members: tuple[str, ...] | Exception | None = None, **bosses: Any) -> None:
        self.members, self.bosses = members, bosses
        self.asked: list[str] = []

    async def group_members(self, workspace: str, group: str) -> tuple[str, ...] | None:
        self.asked.append(group)
        if isinstance(self.members, Exception):
            raise self.members
        return self.members

    async def manager_of(self, workspace: str, user: str) -> tuple[str, str] | None:
        self.asked.append(user)
        found = self.bosses.get(user.partition("@")[0].removeprefix("U-").removesuffix("-teams"))
        if isinstance(found, Exception):
            raise found
        return found


async def refreshed(there: There, entra: Any, wanted: Any = GROUP, *requesters: str) -> None:
    async with there.db.tenant(there.tenant) as c:
        await c.execute("update accounts set workspace = $1", str(there.tenant))
        await c.execute("update approvals set state = 'expired' where requester = $1", there.person)
        if await tenants.workspace(c, there.tenant, "teams") is None:
            await tenants.install(c, there.tenant, "teams", str(there.tenant), "", None)
    tools: Any = SimpleNamespace(db=there.db, clients={"teams": entra})
    await groups.refresh(tools, there.tenant, wanted, requesters)


async def test_who_is_in_the_group_decides_and_it_is_not_asked_at_every_press(there: There) -> None:
    ada, grace, omar = [await met(there, name, platform="teams") for name in ("ada", "grace", "omar")]
    entra = Entra(("U-grace-teams",))
    await refreshed(there, entra)
    await refreshed(there, entra)
    approval = await asks(there, GROUP, ada)

    assert entra.asked == [TREASURY.removeprefix("entra:")]
    assert "Only the named" in told((await presses(there, GROUP, approval, omar))[0])
    assert released((await presses(there, GROUP, approval, grace))[1]) == ["events.Approved"]


async def test_what_has_to_be_granted_is_said_to_whoever_presses(there: There) -> None:
    ada, grace = [await met(there, name, platform="teams") for name in ("ada", "grace")]
    await refreshed(there, Entra(NotGranted("GroupMember.Read.All")))
    approval = await asks(there, GROUP, ada)

    said = told((await presses(there, GROUP, approval, grace))[0])
    assert TREASURY in said
    assert "an administrator of Entra has to grant the app GroupMember.Read.All" in said


async def test_once_it_is_granted_nothing_of_the_refusal_is_left(there: There) -> None:
    ada, grace = [await met(there, name, platform="teams") for name in ("ada", "grace")]
    await refreshed(there, Entra(NotGranted("GroupMember.Read.All")))
    await refreshed(there, Entra(("U-grace-teams",)))
    approval = await asks(there, GROUP, ada)
    assert released((await presses(there, GROUP, approval, grace))[1]) == ["events.Approved"]


@pytest.mark.parametrize("members", [None, (), PlatformError("Microsoft Graph", "asked us to slow down")])
async def test_a_group_that_cannot_be_asked_lets_nobody_in(there: There, members: Any) -> None:
    ada, grace = [await met(there, name, platform="teams") for name in ("ada", "grace")]
    await refreshed(there, Entra(members))
    approval = await asks(there, GROUP, ada)
    assert "cannot tell just now who belongs to entra:" in told(
        (await presses(there, GROUP, approval, grace))[0]
    )


async def test_trouble_leaves_what_was_known_for_an_hour_and_no_longer(there: There) -> None:
    ada, grace = [await met(there, name, platform="teams") for name in ("ada", "grace")]
    await refreshed(there, Entra(("U-grace-teams",)))
    trouble = Entra(PlatformError("Microsoft Graph", "did not answer"))
    for age, outcome in (("59 minutes", []), ("61 minutes", ["cannot tell"])):
        async with there.db.tenant(there.tenant) as c:
            await c.execute("update directory set asked_at = now() - $1::text::interval", age)
        await refreshed(there, trouble)
        approval = await asks(there, GROUP, ada)
        said = told((await presses(there, GROUP, approval, grace))[0])
        assert [each for each in ["cannot tell"] if each in said] == outcome
    assert len(trouble.asked) == 2


async def test_a_group_of_slack_that_cannot_be_asked_does_not_hide_one_of_entra(there: There) -> None:
    both = policy(Stage(("slack:@treasury", TREASURY)))
    ada, grace = [await met(there, name, platform="teams") for name in ("ada", "grace")]
    await refreshed(there, Entra(("U-grace-teams",)), both)
    approval = await asks(there, both, ada)
    assert released((await presses(there, both, approval, grace))[1]) == ["events.Approved"]


async def test_the_requesters_manager_is_asked_of_entra_before_it_is_asked_of_them(there: There) -> None:
    ada, grace, omar = [await met(there, name, platform="teams") for name in ("ada", "grace", "omar")]
    entra = Entra(ada=("U-grace-teams", "grace@example.com"))
    await refreshed(there, entra, BOSS, str(ada.id))
    approval = await asks(there, BOSS, ada)

    assert len(entra.asked) == 1
    assert "Only the named" in told((await presses(there, BOSS, approval, omar))[0])
    assert released((await presses(there, BOSS, approval, grace))[1]) == ["events.Approved"]


async def test_what_the_table_says_of_a_manager_comes_before_entra(there: There) -> None:
    ada, grace, omar = [await met(there, name, platform="teams") for name in ("ada", "grace", "omar")]
    async with there.db.tenant(there.tenant) as c:
        await directory.put_managers(c, there.tenant, [("ada@example.com", "omar@example.com")])
    entra = Entra(ada=("U-grace-teams", "grace@example.com"))
    await refreshed(there, entra, BOSS, str(ada.id))
    approval = await asks(there, BOSS, ada)

    assert entra.asked == []
    assert "Only the named" in told((await presses(there, BOSS, approval, grace))[0])
    assert released((await presses(there, BOSS, approval, omar))[1]) == ["events.Approved"]


async def test_a_manager_is_asked_about_anew_while_an_approval_waits(there: There) -> None:
    ada, grace, omar = [await met(there, name, platform="teams") for name in ("ada", "grace", "omar")]
    await refreshed(there, Entra(ada=("U-grace-teams", "")), BOSS, str(ada.id))
    approval = await asks(there, BOSS, ada)
    async with there.db.tenant(there.tenant) as c:
        await c.execute("update directory set asked_at = now() - interval '10 minutes'")
    await refreshed(there, Entra(ada=("U-omar-teams", "")), BOSS)

    assert "Only the named" in told((await presses(there, BOSS, approval, grace))[0])
    assert released((await presses(there, BOSS, approval, omar))[1]) == ["events.Approved"]


async def test_nobody_is_their_own_manager(there: There) -> None:
    ada = await met(there, "ada", platform="teams")
    await refreshed(there, Entra(ada=("U-ada-teams", "ada@example.com")), BOSS, str(ada.id))
    approval = await asks(there, BOSS, ada)
    assert released((await presses(there, BOSS, approval, ada))[1]) == []


async def test_without_a_right_to_see_managers_it_is_said(there: There) -> None:
    ada, grace = [await met(there, name, platform="teams") for name in ("ada", "grace")]
    await refreshed(there, Entra(ada=NotGranted("User.Read.All")), BOSS, str(ada.id))
    approval = await asks(there, BOSS, ada)
    assert "grant the app User.Read.All" in told((await presses(there, BOSS, approval, grace))[0])


@pytest.mark.twin
async def test_twin_were_a_manager_kept_for_everybody_one_persons_would_decide_for_all(
    there: There, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(managers, "term_of", lambda person: "manager:all")
    ada, grace, omar = [await met(there, name, platform="teams") for name in ("ada", "grace", "omar")]
    await refreshed(there, Entra(ada=("U-grace-teams", "")), BOSS, str(ada.id))
    approval = await asks(there, BOSS, omar)
    assert released((await presses(there, BOSS, approval, grace))[1]) == ["events.Approved"]
