"""approvers.reasons of policy.yaml: why somebody may say no, to choose from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flows.approval_stages import REASONS

MOST, LONGEST = 8, 60
RIGHT = 'reasons: ["Wrong amount", "Not needed"]'


def parse_reasons(raw: Mapping[str, Any], wrong: Callable[[str, str, str], None]) -> tuple[str, ...]:
    """None at all is a choice too: then there is the free text alone."""
    listed = raw.get("reasons", list(REASONS))
    if not isinstance(listed, list) or len(listed) > MOST or not all(map(_fits, listed)):
        wrong("reasons", f"must be at most {MOST} texts of {LONGEST} characters", RIGHT)
        return REASONS
    found = tuple(each.strip() for each in listed)
    if len(set(found)) != len(found):
        wrong("reasons", "has one of them twice", RIGHT)
    return found


def _fits(each: Any) -> bool:
    return isinstance(each, str) and len(each.strip()) > 0 and len(each) <= LONGEST and each.isprintable()
