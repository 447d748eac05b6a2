"""What Stripe says when it says no, and the faults that one may switch on to see what we do then."""

from __future__ import annotations

from typing import Any

from integrations.sandboxes.faults import FaultList

KINDS = frozenset(
    {
        "decline",
        "429",
        "409",
        "500_before",
        "500_saved",
        "500_after",
        "hang",
        "drop_before",
        "drop_after",
        "drip",
        "drip_headers",
        "html",
        "redirect",
        "delay",
    }
)


class Refusal(Exception):
    """An error in Stripe's envelope. What the request changed so far is rolled back."""

    def __init__(
        self,
        message: str,
        *,
        status: int = 400,
        type: str = "invalid_request_error",
        code: str = "",
        param: str = "",
    ) -> None:
        super().__init__(message)
        self.status = status
        details = {"type": type, "message": message, "code": code, "param": param}
        self.body: dict[str, Any] = {"error": {name: value for name, value in details.items() if value}}


def missing(kind: str, id: str) -> Refusal:
    return Refusal(f"No such {kind}: '{id[:80]}'", status=404, code="resource_missing", param="id")


FAULT_OF_OURS = {"error": {"type": "api_error", "message": "An unknown error occurred"}}


def faults() -> FaultList:
    """None, to begin with."""
    return FaultList(KINDS, method="POST")
