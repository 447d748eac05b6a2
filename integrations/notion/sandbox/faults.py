"""What Notion says when it says no, and the faults that one may switch on to see what we do then."""

from __future__ import annotations

from typing import Any

from integrations.sandboxes.faults import FaultList

# Statuses that are answered in Notion's envelope, with their code there.
REFUSALS = {
    "400": (400, "validation_error"),
    "401": (401, "unauthorized"),
    "403": (403, "restricted_resource"),
    "404": (404, "object_not_found"),
    "409": (409, "conflict_error"),
    "413": (413, "validation_error"),
    "422": (422, "validation_error"),
    "429": (429, "rate_limited"),
    "500_before": (500, "internal_server_error"),
    "503_before": (503, "service_unavailable"),
    "529": (529, "service_overload"),
}
# Carried out, and then answered in a way that nobody can read as yes.
AFTER = frozenset({"500_after", "503_after", "drop_after", "html", "empty", "truncated", "404_html_after"})
KINDS = (
    frozenset(REFUSALS)
    | AFTER
    | {"502_html", "hang", "drop_before", "drip", "drip_headers", "redirect", "delay"}
)


class Refusal(Exception):
    """An error in Notion's envelope. What the request changed so far is rolled back."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


def invalid(message: str) -> Refusal:
    return Refusal(400, "validation_error", message)


def missing(kind: str, id: str) -> Refusal:
    return Refusal(
        404,
        "object_not_found",
        f"Could not find {kind} with ID: {id[:80]}. Make sure the relevant pages and databases are shared"
        " with your integration.",
    )


def envelope(status: int, code: str, message: str, request: str) -> dict[str, Any]:
    return {"object": "error", "status": status, "code": code, "message": message, "request_id": request}


def faults() -> FaultList:
    """None, to begin with."""
    return FaultList(KINDS)
