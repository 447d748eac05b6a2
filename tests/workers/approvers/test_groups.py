"""Slack user groups: asked before they are needed, believed for a while, and then nobody is in them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from bot.errors import PlatformError
from bot.platforms.slack.groups import members
from flows.approval_stages import Stage
from tests.workers.approvers.asked import asks, met, policy, presses, released, told
from tests.workers.store.conftest import There
from workers.approvers import groups, who
from workers.store import directory, tenants

TREASURY = policy(Stage(("slack:@treasury",)))


class Slack:
    """As much of Slack as has user groups."""

    def __init__(self, people: tuple[str, ...] | None) -> None:
        self.people, self.asked = people, 0

    async def group_members(self, workspace: str, handle: str) -> tuple[str, ...] | None:
        self.asked += 1
        if self.people == ("trouble",):
            raise PlatformError("Slack", "does not answer")
        return self.people if handle == "treasury" else None


async def refreshed(there: There, slack: Any) -> None:
    async with there.db.tenant(there.tenant) as c:
        await tenants.install(c, there.tenant, "slack", str(there.tenant), "", None)
        await c.execute("update accounts set workspace = $1", str(there.tenant))
    tools: Any = SimpleNamespace(db=there.db, clients={"slack": slack})
    await groups.refresh(tools, there.tenant, TREASURY)


async def test_who_is_in_the_group_decides(there: There) -> None:
    ada, grace, omar = [await met(there, name) for name in ("ada", "grace", "omar")]
    slack = Slack(("U-grace-slack",))
    await refreshed(there, slack)
    await refreshed(there, slack)
    approval = await asks(there, TREASURY, ada)

    assert slack.asked == 1
    assert "Only the named" in told((await presses(there, TREASURY, approval, omar))[0])
    assert released((await presses(there, TREASURY, approval, grace))[1]) == ["events.Approved"]


@pytest.mark.parametrize("people", [None, (), ("trouble",)])
async def test_a_group_that_is_not_there_or_cannot_be_asked_lets_nobody_in(there: There, people: Any) -> None:
    ada, grace = await met(there, "ada"), await met(there, "grace")
    await refreshed(there, Slack(people))
    approval = await asks(there, TREASURY, ada)
    assert "slack:@treasury" in told((await presses(there, TREASURY, approval, grace))[0])


async def old(there: There) -> str:
    """What is said to a member of a group that was last asked two hours ago."""
    ada, grace = await met(there, "ada"), await met(there, "grace")
    await refreshed(there, Slack(("U-grace-slack",)))
    async with there.db.tenant(there.tenant) as c:
        await c.execute("update directory set asked_at = now() - interval '2 hours'")
    await refreshed(there, Slack(("trouble",)))
    approval = await asks(there, TREASURY, ada)
    return told((await presses(there, TREASURY, approval, grace))[0])


async def test_what_was_known_long_ago_is_not_believed(there: There) -> None:
    assert "cannot tell just now" in await old(there)


@pytest.mark.twin
async def test_were_it_believed_for_ever_who_left_would_decide(
    there: There, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(who, "BELIEVED", 1e9)
    assert "Approved by Grace" in await old(there)


async def test_the_requester_s_manager_decides_by_the_table(there: There) -> None:
    boss = policy(Stage(("manager",)))
    ada, grace, omar = [await met(there, name) for name in ("ada", "grace", "omar")]
    async with there.db.tenant(there.tenant) as c:
        await directory.put_managers(c, there.tenant, [("ada@example.com", "grace@example.com")])
    approval = await asks(there, boss, ada)

    assert "Only the named" in told((await presses(there, boss, approval, omar))[0])
    assert released((await presses(there, boss, approval, grace))[1]) == ["events.Approved"]


GROUPS = {"usergroups": [{"id": "S1", "handle": "Treasury"}, {"id": "S2", "handle": "other"}, "odd"]}


@pytest.mark.parametrize(
    ("listed", "users", "found"),
    [
        (GROUPS, {"users": ["U1", "U2", 3, ""]}, ("U1", "U2")),
        (GROUPS, {"users": "U1"}, None),
        (GROUPS, {}, None),
        ({}, {"users": ["U1"]}, None),
        ({"usergroups": "odd"}, {"users": ["U1"]}, None),
        ({"usergroups": [{"id": "S1", "handle": "treasury"}] * 2}, {"users": ["U1"]}, None),
        ({"usergroups": [{"handle": "treasury"}]}, {"users": ["U1"]}, None),
        (GROUPS, {"users": [f"U{n}" for n in range(600)]}, tuple(f"U{n}" for n in range(500))),
    ],
)
async def test_what_slack_answers_is_read_with_care(listed: Any, users: Any, found: Any) -> None:
    async def call(method: str, arguments: Any) -> Any:
        if method == "usergroups.list":
            return listed
        assert arguments["usergroup"] == "S1"
        return users

    assert await members(call, "treasury") == found
