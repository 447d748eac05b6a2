"""A call of every tool, which its schema takes: what tests sweep over all tools with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from integrations.base import Tool
from integrations.openapi.example import example
from tests.workers.sealed_case import ARGUMENTS

# What an example cannot guess: what has to fit together.
KNOWN: Mapping[str, Mapping[str, Any]] = {
    "stripe.charge": ARGUMENTS,
    "stripe.refund": {"payment_intent": "pi_1", "currency": "usd", "amount": 100},
    "stripe.refund_quote": {"payment_intent": "pi_1"},
    "stripe.invoice": {
        "customer": "cus_1", "email": "a@example.com", "currency": "usd", "amount": 100,
        "lines": [{"description": "x", "quantity": 1, "unit_amount": 100, "amount": 100}],
    },
    "jira.update_issue": {"issue": "PAY-1", "title": "x"},
    "jira.comment": {"issue": "PAY-1", "text": "x"},
    "jira.assign": {"issue": "PAY-1", "person": "p1"},
    "jira.transition": {"issue": "PAY-1", "to": "Done"},
    "jira.link": {"issue": "PAY-1", "other": "PAY-2"},
    "github.label": {"number": 1, "add": ["bug"]},
    "github.assign": {"number": 1, "add": ["ada"]},
    "github.comment": {"number": 1, "body": "x"},
    "github.close": {"number": 1},
    "notion.append": {"page": "0" * 32, "text": "x"},
    "schedule.add": {"flow": "order", "rule": "every Monday at 9:00"},
    "notion.read_page": {"page": "0" * 32},
    "schedule.stop": {"flow": "order"},
    "schedule.list": {"flow": "order"},
}  # fmt: skip


def arguments(tool: Tool) -> dict[str, Any]:
    """A call of it that its schema takes. A tool whose arguments cannot be guessed gets a line in KNOWN."""
    found = {**example(tool.arguments.model_json_schema()), **KNOWN.get(tool.name, {})}
    try:
        tool.arguments.model_validate(found)
    except ValidationError as error:
        raise AssertionError(f"KNOWN needs a call of {tool.name}") from error
    return found
