"""The marks by which we know again what an earlier try of ours made.

Jira has no idempotency keys. A ticket carries our mark as a label and as an entity property,
where labels cannot be set as the last line of its description; a comment carries it as a property.
What people type can hold no mark: in texts it is broken, as a label it is refused.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from integrations.jira.words import plain

PROPERTY = "countersign.effect"
LINE = "Reference: "

# Clocks differ; and Jira's relative times count in whole minutes.
SKEW = timedelta(seconds=60)

_MARK = re.compile(r"bot-(?=[0-9a-f]{20})", re.IGNORECASE)
_WORD_JOINER = "\u2060"


def mark_of(key: str) -> str:
    """The mark of an effect, fit to be a label."""
    return "bot-" + hashlib.sha256(key.encode()).hexdigest()[:20]


def looks_like_a_mark(label: str) -> bool:
    return _MARK.match(label) is not None


def unmarked(text: str) -> str:
    """What somebody typed, in which nothing is a mark any more: an unseen letter breaks it."""
    return _MARK.sub(lambda found: found[0] + _WORD_JOINER, text)


def as_property(mark: str) -> dict[str, Any]:
    return {"key": PROPERTY, "value": {"mark": mark}}


def ticket_carries(issue: Mapping[str, Any], mark: str) -> bool:
    """Does this ticket, as Jira gives it, hold the mark in any of the three places?"""
    fields = issue.get("fields") or {}
    if mark in (fields.get("labels") or []):
        return True
    if _value(issue.get("properties"), mark):
        return True
    lines = plain(fields.get("description")).rstrip().splitlines()
    return bool(lines) and lines[-1].strip() == LINE + mark


def comment_carries(comment: Mapping[str, Any], mark: str) -> bool:
    return _value(comment.get("properties"), mark)


def _value(properties: object, mark: str) -> bool:
    """Issues give their properties by name, comments as a list of pairs."""
    if isinstance(properties, Mapping):
        found = properties.get(PROPERTY)
        return isinstance(found, Mapping) and found.get("mark") == mark
    if isinstance(properties, list):
        return as_property(mark) in [
            {"key": each.get("key"), "value": each.get("value")}
            for each in properties
            if isinstance(each, Mapping)
        ]
    return False


def moment(value: object) -> datetime:
    """One of Jira's times ("2026-11-21T10:00:00.000+0000"); long ago for what is none."""
    text = value if isinstance(value, str) else ""
    text = re.sub(r"([+-]\d\d)(\d\d)$", r"\1:\2", text.replace("Z", "+00:00"), count=1)
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return datetime.min.replace(tzinfo=UTC)
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)
