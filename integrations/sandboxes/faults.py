"""Faults that one may switch on in a sandbox, to see what we do then."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

LONGEST = 600_000  # milliseconds


@dataclass(frozen=True, slots=True)
class Fault:
    """`path` is compared with the end of the request's path; "*" is every path.

    `after` lets so many calls that fit go through first. `retry_after` is sent as it is; empty:
    no such header. `code` and `to` say more of some kinds: a decline's code, where a redirect leads.
    """

    path: str
    kind: str
    times: int = 1
    delay_ms: int = 0
    method: str = "*"
    retry_after: str = ""
    code: str = ""
    to: str = ""
    after: int = 0

    def fits(self, method: str, path: str) -> bool:
        if self.method not in ("*", method):
            return False
        return self.path == "*" or path.rstrip("/").endswith(self.path.rstrip("/"))


@dataclass(slots=True)
class FaultList:
    """The faults that are switched on, oldest first; each is used up. `method`: of those that name none."""

    kinds: frozenset[str]
    method: str = "*"
    waiting: list[Fault] = field(default_factory=list)

    def add(self, wanted: Any) -> Fault:
        """Raises ValueError naming what is wrong."""
        if not isinstance(wanted, dict):
            raise ValueError("a fault is an object")
        kind = str(wanted.get("kind", ""))
        if kind not in self.kinds:
            raise ValueError(f"kind is one of {', '.join(sorted(self.kinds))}")
        numbers = [wanted.get("times", 1), wanted.get("delay_ms", 0), wanted.get("after", 0)]
        if not all(isinstance(each, int) and 0 <= each <= LONGEST for each in numbers):
            raise ValueError("times, after and delay_ms are whole numbers")
        times, delay, after = numbers
        fault = Fault(
            path=str(wanted.get("path", "*")),
            kind=kind,
            times=max(1, times),
            delay_ms=delay,
            method=str(wanted.get("method", self.method)).upper(),
            retry_after=str(wanted.get("retry_after", "")),
            code=str(wanted.get("code", "")),
            to=str(wanted.get("to", "")),
            after=after,
        )
        self.waiting.append(fault)
        return fault

    def take(self, method: str, path: str) -> Fault | None:
        """The fault that this call meets, if any; it is used up by as much."""
        for position, fault in enumerate(self.waiting):
            if not fault.fits(method, path):
                continue
            if fault.after:
                self.waiting[position] = replace(fault, after=fault.after - 1)
                return None
            left = replace(fault, times=fault.times - 1)
            self.waiting[position : position + 1] = [left] if left.times else []
            return fault
        return None
