"""The words that a flow is begun with, as its first step can use them."""

from __future__ import annotations

import re

from flows.flow import Flow
from flows.steps.gather import Gather

LONGEST_LINE = 200


def opening(flow: Flow, text: str) -> str:
    """ "escalate: the delivery never came" is said as a command would be, where the flow begins by
    asking for a sentence: so what follows its name is the answer, and is not asked for again."""
    first = flow.steps[flow.start]
    if not isinstance(first, Gather) or first.slots[0].type != "text":
        return text
    named = re.match(rf"\s*/?{re.escape(flow.id)}\b\s*[:,–-]?\s*(?=\S)", text, re.IGNORECASE)
    return f"/{flow.id} {text[named.end() :].strip()}" if named else text


def pointed_at(flow: str, text: str) -> str:
    """A message that somebody used a shortcut on: its first line is what it is about."""
    lines = [line.strip() for line in text.strip().splitlines()]
    first = lines[0] if lines else ""
    return f"/{flow} {first[:LONGEST_LINE]}".strip()
