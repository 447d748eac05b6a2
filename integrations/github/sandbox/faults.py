"""What GitHub says when it says no, and the faults that one may switch on to see what we do then."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

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


@dataclass(frozen=True, slots=True)
class Fault:
    """`path` is compared with the end of the request's path; "*" is every path."""

    path: str
    kind: str
    times: int = 1
    delay_ms: int = 0
    method: str = "POST"
    retry_after: str = ""
    to: str = ""

    def fits(self, method: str, path: str) -> bool:
        if self.method not in ("*", method):
            return False
        return self.path == "*" or path.rstrip("/").endswith(self.path.rstrip("/"))


@dataclass(slots=True)
class Faults:
    """The faults that are switched on, oldest first; each is used up."""

    waiting: list[Fault] = field(default_factory=list)

    def add(self, wanted: Any) -> Fault:
        """Raises ValueError naming what is wrong."""
        if not isinstance(wanted, dict):
            raise ValueError("a fault is an object")
        kind = str(wanted.get("kind", ""))
        if kind not in KINDS:
            raise ValueError(f"kind is one of {', '.join(sorted(KINDS))}")
        times, delay = wanted.get("times", 1), wanted.get("delay_ms", 0)
        if not isinstance(times, int) or not isinstance(delay, int) or not 0 <= delay <= 600_000:
            raise ValueError("times and delay_ms are whole numbers")
        fault = Fault(
            path=str(wanted.get("path", "*")),
            kind=kind,
            times=max(1, times),
            delay_ms=delay,
            method=str(wanted.get("method", "POST")).upper(),
            retry_after=str(wanted.get("retry_after", "")),
            to=str(wanted.get("to", "")),
        )
        self.waiting.append(fault)
        return fault

    def take(self, method: str, path: str) -> Fault | None:
        for position, fault in enumerate(self.waiting):
            if fault.fits(method, path):
                left = replace(fault, times=fault.times - 1)
                self.waiting[position : position + 1] = [left] if left.times else []
                return fault
        return None
