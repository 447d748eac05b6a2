"""What Notion says when it says no, and the faults that one may switch on to see what we do then."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

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


@dataclass(frozen=True, slots=True)
class Fault:
    """`path` is compared with the end of the request's path; "*" is every path.

    `after` lets so many calls that fit go through first. `retry_after` empty: no such header.
    """

    path: str
    kind: str
    times: int = 1
    delay_ms: int = 0
    method: str = "*"
    to: str = ""
    retry_after: str = ""
    after: int = 0

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
        kind = str(wanted.get("kind", ""))
        if kind not in KINDS:
            raise ValueError(f"kind is one of {', '.join(sorted(KINDS))}")
        times, delay, after = wanted.get("times", 1), wanted.get("delay_ms", 0), wanted.get("after", 0)
        if not all(isinstance(each, int) and 0 <= each <= 600_000 for each in (times, delay, after)):
            raise ValueError("times, after and delay_ms are whole numbers")
        fault = Fault(
            path=str(wanted.get("path", "*")),
            kind=kind,
            times=max(1, times),
            delay_ms=delay,
            method=str(wanted.get("method", "*")).upper(),
            to=str(wanted.get("to", "")),
            retry_after=str(wanted.get("retry_after", "")),
            after=after,
        )
        self.waiting.append(fault)
        return fault

    def take(self, method: str, path: str) -> Fault | None:
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
