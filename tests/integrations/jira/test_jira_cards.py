"""What stands on the approval card is all that will be sent, and nothing is shortened."""

from __future__ import annotations

from typing import Any

import pytest

from integrations.base import Reversibility, Risk
from integrations.jira.tools import JIRA

LONG = "word " * 5000
ASKED: dict[str, dict[str, Any]] = {
    "jira.create_issue": {
        "title": "The oven's door",
        "description": LONG,
        "type": "Incident",
        "priority": "High",
        "labels": ["kitchen", "friday"],
        "assignee": "712020:ada",
        "project": "OPS",
    },
    "jira.update_issue": {
        "issue": "SHOP-1",
        "title": "New",
        "description": LONG,
        "priority": "Low",
        "add_labels": ["on"],
        "remove_labels": ["off"],
    },
    "jira.comment": {"issue": "SHOP-1", "text": LONG},
    "jira.assign": {"issue": "SHOP-1", "person": "712020:ada", "name": "Ada Reyes"},
    "jira.transition": {"issue": "SHOP-1", "to": "Done", "resolution": "Won't Do"},
    "jira.link": {"issue": "SHOP-1", "other": "OPS-2", "type": "Blocks"},
    "jira.search": {
        "project": "OPS",
        "text": "oven",
        "labels": ["hot"],
        "statuses": ["Done"],
        "updated_days": 7,
        "open_only": True,
        "jql": "priority = High",
        "limit": 20,
    },
    "jira.find_person": {"query": "ada", "project": "OPS"},
}


@pytest.mark.parametrize("tool", JIRA.tools, ids=lambda tool: tool.name)
def test_every_argument_stands_on_the_card_whole(tool: Any) -> None:
    shown = "\n".join(value for _, value in tool.describe(ASKED[tool.name]))

    for value in ASKED[tool.name].values():
        for each in value if isinstance(value, list) else [value]:
            assert (str(each) if each is not True else "open tickets") in shown


@pytest.mark.parametrize("tool", JIRA.tools, ids=lambda tool: tool.name)
def test_the_card_takes_what_is_validated_or_plain_alike(tool: Any) -> None:
    asked = ASKED[tool.name]

    assert tool.describe(asked) == tool.describe(tool.arguments.model_validate(asked))


def test_what_was_not_asked_for_does_not_stand_on_the_card() -> None:
    create = next(tool for tool in JIRA.tools if tool.name == "jira.create_issue")
    assert create.describe is not None

    assert create.describe({"title": "x"}) == (
        ("Title", "x"),
        ("Kind", "Task"),
        ("Project", "the one in JIRA_PROJECT"),
    )


def test_reading_is_reading_and_all_else_is_a_write() -> None:
    reads = {tool.name for tool in JIRA.tools if tool.risk is Risk.READ}

    assert reads == {"jira.search", "jira.find_person"}
    assert all((tool.reversibility is Reversibility.READ_ONLY) == (tool.name in reads) for tool in JIRA.tools)
