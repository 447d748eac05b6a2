"""The part of a rule that lets experience loosen it, and nothing else: `may_learn`, `error`, `confidence`.

Learning is no way around a policy. A rule that asks may say of itself that it need not go on asking once
it is shown how seldom the answer is no. What any other rule says stays what it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

FIELDS = ("may_learn", "error", "confidence")
NEVER = (
    "mode",
    "confidence_below",
    "first_time",
    "limit",
)  # doubt, news and excess are no matter of experience
_PERCENT = re.compile(r"(\d{1,2}(?:\.\d{1,2})?) ?%\Z")
LEAST_ERROR, MOST_ERROR = 0.001, 0.2
LEAST_CONFIDENCE = 0.8
RIGHT = "may_learn: true, error: 1%, confidence: 90%"


@dataclass(frozen=True, slots=True)
class Learn:
    """At most so large a share may be wrong (`error`), shown with so much `confidence`."""

    error: float
    confidence: float

    @property
    def words(self) -> str:
        return f"error ≤ {percent(self.error)} with {percent(self.confidence)} confidence"


@dataclass(frozen=True, slots=True)
class Experience:
    """What is known of a call beside its rules: the rule that it concerns, whether that may let go, and
    the sentence for people."""

    rule: str
    alone: bool
    words: str


def percent(share: float) -> str:
    return f"{round(100 * share, 2):g} %"


def parse_learn(raw: Mapping[str, Any], wrong: Callable[[str, str, str], None]) -> Learn | None:
    """Whatever is wrong is noted."""
    if raw.get("may_learn") is None and raw.get("error") is None and raw.get("confidence") is None:
        return None
    if raw.get("may_learn") is False:
        return None
    if raw.get("may_learn") is not True:
        wrong("may_learn", "must be true or false", RIGHT)
        return None
    if raw.get("outcome") != "ask":
        wrong("may_learn", "is for rules that ask", RIGHT)
        return None
    for field in NEVER:
        if raw.get(field) is not None and not (field == "mode" and raw[field] == "enforced"):
            wrong("may_learn", f"cannot stand with {field}: that is always asked about", RIGHT)
            return None
    error, confidence = _share(raw.get("error")), _share(raw.get("confidence"))
    if error is None or not LEAST_ERROR <= error <= MOST_ERROR:
        wrong("error", "must be between 0.1% and 20%", RIGHT)
        return None
    if confidence is None or not LEAST_CONFIDENCE <= confidence < 1:
        wrong("confidence", "must be between 80% and 99.99%", RIGHT)
        return None
    return Learn(error, confidence)


def _share(value: Any) -> float | None:
    found = _PERCENT.match(value) if isinstance(value, str) else None
    return round(float(found[1]) / 100, 6) if found else None
