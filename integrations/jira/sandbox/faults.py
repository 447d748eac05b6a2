"""What Jira says when it says no, and the faults that one may switch on to see what we do then."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

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


@dataclass(frozen=True, slots=True)
class Fault:
    """`path` is compared with the end of the request's path; "*" is every path.

    `retry_after` is sent as it is; empty: the header is left out.
    """

    path: str
    kind: str
    times: int = 1
    delay_ms: int = 0
    method: str = "*"
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
            method=str(wanted.get("method", "*")).upper(),
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
