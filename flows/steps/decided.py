"""What a flow hears of those who decided: why not, and what they changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flows.effects import Effect
from flows.events import Edited, Rejected
from flows.scene import say

LONGEST = 1_000


def rejection(event: Rejected) -> Mapping[str, str]:
    """For the flow to read as data: `error.reason` is all that was said, `error.preset` which of the
    policy's reasons, `error.by` who."""
    return {"reason": event.reason.strip()[:LONGEST], "preset": event.preset, "by": event.name}


def change(event: Edited) -> Mapping[str, Any]:
    """For the flow to read: `edited.by`, and each field as it was and is."""
    fields = [{"field": each[0], "before": each[1], "after": each[2]} for each in event.changes]
    return {"by": event.name, "fields": fields}


def edited(event: Edited) -> Effect:
    """The requester is told exactly what became of what they asked for."""
    lines = [f"• {each[0]}: {each[1]} → {each[2]}" for each in event.changes]
    after = "" if event.settled else "\nSo it is decided anew; I have asked."
    return say("\n".join([f"{event.name} changed what you asked for:", *lines]) + after)
