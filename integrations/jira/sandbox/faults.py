"""What Jira says when it says no, and the faults that one may switch on to see what we do then."""

from __future__ import annotations

from typing import Any

from integrations.sandboxes.faults import FaultList

STATUSES = {"400": 400, "401": 401, "403": 403, "404": 404, "409": 409, "413": 413, "422": 422, "429": 429}
KINDS = frozenset(STATUSES) | {
    "500_before",
    "500_after",
    "503",
    "hang",
    "drop_before",
    "drop_after",
    "drip",
    "drip_headers",
    "html",
    "truncated",
    "empty",
    "redirect",
    "delay",
}


class Refusal(Exception):
    """An error in Jira's form. What the request changed so far is rolled back."""

    def __init__(self, *messages: str, status: int = 400, errors: dict[str, str] | None = None) -> None:
        super().__init__(*messages)
        self.status = status
        self.body: dict[str, Any] = {"errorMessages": list(messages), "errors": errors or {}}


def missing() -> Refusal:
    return Refusal("Issue does not exist or you do not have permission to see it.", status=404)


def faults() -> FaultList:
    """None, to begin with."""
    return FaultList(KINDS)
