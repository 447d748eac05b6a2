"""What GitHub says when it says no, and the faults that one may switch on to see what we do then."""

from __future__ import annotations

from typing import Any

from integrations.sandboxes.faults import FaultList

# Answers that were switched on: status, message, further headers.
SAYS: dict[str, tuple[int, str, dict[str, str]]] = {
    "401": (401, "Bad credentials", {}),
    "403": (403, "Resource not accessible by personal access token", {}),
    "403_primary": (403, "API rate limit exceeded for user ID 1.", {"x-ratelimit-remaining": "0"}),
    "403_secondary": (403, "You have exceeded a secondary rate limit.", {}),
    "404": (404, "Not Found", {}),
    "409": (409, "Conflict", {}),
    "410": (410, "This issue was deleted", {}),
    "422": (422, "Validation Failed", {}),
    "429": (429, "Too many requests", {}),
    "500_before": (500, "Server Error", {}),
    "503": (503, "Service unavailable", {}),
}
# These let the call be carried out, and lose or spoil the answer.
AFTER = frozenset({"500_after", "drop_after", "html", "empty", "truncated", "drip", "drip_headers"})
KINDS = frozenset(SAYS) | AFTER | {"hang", "drop_before", "redirect", "delay"}


class Refusal(Exception):
    """An error in GitHub's form. What the request changed so far is rolled back."""

    def __init__(self, status: int, message: str, *errors: dict[str, str], **headers: str) -> None:
        super().__init__(message)
        self.status, self.headers = status, headers
        self.body: dict[str, Any] = {
            "message": message,
            "documentation_url": "https://docs.github.com/rest",
            "status": str(status),
        }
        if errors:
            self.body["errors"] = list(errors)


def not_found() -> Refusal:
    return Refusal(404, "Not Found")


def invalid(resource: str, name: str, code: str = "invalid") -> Refusal:
    return Refusal(422, "Validation Failed", {"resource": resource, "field": name, "code": code})


def faults() -> FaultList:
    """None, to begin with."""
    return FaultList(KINDS, method="POST")
