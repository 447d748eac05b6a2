"""What steps share for when they are not understood."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flows.outcome import GoTo, Outcome
from flows.scene import Scene

MISSES = ".misses"
MISUNDERSTOOD = "misunderstood"
LONGEST_HEARD = 500


def misunderstood(
    scene: Scene, step: str, tries: int, on_error: Mapping[str, str], sentence: str, heard: str = ""
) -> Outcome | None:
    """Where the flow goes after so many answers that did not fit; None where it asks on.

    `heard` is what was said last, so that a flow can take it for something else.
    """
    target = on_error.get(MISUNDERSTOOD, on_error.get("*", ""))
    misses = scene.run.slots.get(MISSES) or {}
    if not target or misses.get(step, 0) + 1 < tries:
        return None
    error: dict[str, Any] = {
        "code": MISUNDERSTOOD,
        "sentence": sentence,
        "heard": heard.strip()[:LONGEST_HEARD],
    }
    return GoTo(target, (), {"error": error, MISSES: {**misses, step: 0}, ".doubt": None})
