"""What of what is said is a command: with its slash anywhere, and as it is picked from Teams' list."""

from __future__ import annotations

import pytest

from bot.platforms.teams import manifest
from bot.turn import Account, Place, Said, Turn, TurnId
from workers.approvers.commands import is_one


def turn(text: str, *, mentioned: bool = False, private: bool = False) -> Turn:
    place = Place("teams", "T1", "19:x", private=private)
    return Turn(TurnId("t1"), place, Account("teams", "T1", "U1"), Said(text, mentioned=mentioned))


@pytest.mark.parametrize("text", ["/grants", "/Grants revoke 3", "/approvals", "/link", "/delegate to grace"])
def test_a_slash_says_that_it_is_one_wherever_it_is_said(text: str) -> None:
    assert is_one(turn(text))


@pytest.mark.parametrize(
    "text", ["approvals", "Grants", " grants ", "grants revoke 3", "grants add tool=x each=5"]
)
def test_what_is_picked_from_the_list_of_teams_is_one_where_it_is_said_to_us(text: str) -> None:
    assert is_one(turn(text, mentioned=True))
    assert is_one(turn(text, private=True))
    assert not is_one(turn(text))


@pytest.mark.parametrize(
    "text", ["approvals are late", "grants for all", "grants add", "order grants", "link", ""]
)
def test_whoever_only_speaks_of_it_means_something_else(text: str) -> None:
    assert not is_one(turn(text, mentioned=True))


def test_teams_offers_what_an_approver_may_type() -> None:
    assert {"approvals", "grants"} <= {title for title, _ in manifest.COMMANDS}
    assert len(manifest.COMMANDS) <= 12  # what Teams takes in one list
