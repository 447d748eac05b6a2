"""Groups of Entra that a policy names are looked at, and what is missing is said."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.platforms.teams.graph import NotGranted
from bot.settings import Settings
from bot.workbench import cast
from bot.workbench.driver import LocalWorld, stand_ins
from workers.doctor import directory
from workers.doctor.finding import Finding, Level

EMPTY = "00000000-0000-4000-8000-000000000001"


def told(findings: list[Finding]) -> list[tuple[Level, str]]:
    return [(each.level, each.told) for each in findings]


def with_groups(world: LocalWorld, folder: Path, *groups: str) -> Settings:
    folder.mkdir(exist_ok=True)
    policy: dict[str, Any] = {"rules": [{"name": "all", "outcome": "ask", "because": "So."}]}
    if groups:
        policy["approvers"] = {"any_of": [{"entra_group": each} for each in groups]}
    (folder / "policy.yaml").write_text(yaml.safe_dump(policy))
    return world.settings(policy_file=folder / "policy.yaml")


async def test_groups_that_a_policy_names_are_asked_about(tmp_path: Path) -> None:
    async with stand_ins(tmp_path / "state") as world:
        settings = with_groups(world, tmp_path / "flows", cast.TREASURY, EMPTY)
        found = await directory.entra(settings)

        assert told(found) == [
            (Level.GOOD, f"the group {cast.TREASURY} has 2 members"),
            (Level.BAD, f"there is no group {EMPTY}"),
        ]

        await world.fault("teams", "error", "listMembers", error="Authorization_RequestDenied")
        [refused] = await directory.entra(settings)
        assert refused.told == str(NotGranted("GroupMember.Read.All"))
        assert "GroupMember.Read.All at API permissions" in refused.fix


@pytest.mark.parametrize("broken", [False, True])
async def test_where_none_is_named_nothing_is_said(tmp_path: Path, broken: bool) -> None:
    async with stand_ins(tmp_path / "state") as world:
        settings = with_groups(world, tmp_path / "flows")
        if broken:
            (tmp_path / "flows" / "policy.yaml").write_text("rules: [")
        assert await directory.entra(settings) == []
