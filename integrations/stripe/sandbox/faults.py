"""What Stripe says when it says no, and the faults that one may switch on to see what we do then."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

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


@dataclass(frozen=True, slots=True)
class Fault:
    """`path` is compared with the end of the request's path; "*" is every path."""

    path: str
    kind: str
    times: int = 1
    delay_ms: int = 0
    method: str = "POST"
    code: str = ""
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
            code=str(wanted.get("code", "")),
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
