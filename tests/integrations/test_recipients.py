"""Each tool that changes something says whom it reaches, from its arguments and nothing else."""

from __future__ import annotations

import pytest

from integrations import tools
from integrations.base import Risk
from integrations.recipients import named

REACHED = [
    ("stripe.refund", {"payment_intent": "pi_1", "currency": "usd"}, "pi_1"),
    ("stripe.charge", {"customer": "cus_1", "email": "ada@example.com"}, "cus_1"),
    ("stripe.charge", {"customer": "", "email": "ada@example.com"}, "ada@example.com"),
    ("stripe.charge", {"customer": "", "email": ""}, ""),
    ("github.comment", {"repository": "acme/app", "number": 1, "body": "x"}, "acme/app"),
    ("github.comment", {"number": 1, "body": "x"}, "usual"),
    ("jira.create_issue", {"title": "x", "project": "PAY"}, "PAY"),
    ("jira.create_issue", {"title": "x"}, "usual"),
    ("jira.comment", {"issue": "PAY-1", "text": "x"}, "PAY-1"),
    ("jira.assign", {"issue": "PAY-1", "person": "5f"}, "5f"),
    ("notion.create_page", {"title": "x"}, "usual"),
    ("notion.append", {"page": "abc", "text": "x"}, "abc"),
]


@pytest.mark.parametrize(("tool", "arguments", "reached"), REACHED)
def test_a_call_says_whom_it_reaches(tool: str, arguments: dict[str, object], reached: str) -> None:
    recipient = tools()[tool].recipient
    assert recipient is not None
    assert recipient(arguments) == reached


def test_every_tool_that_moves_money_says_to_whom() -> None:
    assert [name for name, tool in tools().items() if tool.risk is Risk.MONEY and not tool.recipient] == []


def test_the_first_that_is_there_counts() -> None:
    assert named("a", "b")({"a": "", "b": 2}) == "2"
