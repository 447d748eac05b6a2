"""What every task waits for when a test has hung: its own stack ends in the event loop's select."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

INSIDE = ("cr_await", "ag_await", "gi_yieldfrom")
FRAMES = ("cr_frame", "ag_frame", "gi_frame")
DEEPEST = 60


def waits() -> str:
    """One paragraph a task, from the outermost coroutine to what it awaits."""
    tasks = [task for task in list(asyncio.tasks._all_tasks) if not task.done()]  # type: ignore[attr-defined]
    return "\n".join("\n  ".join([task.get_name(), *_steps(task.get_coro())]) for task in tasks)


def _steps(inner: Any) -> Iterator[str]:
    for _ in range(DEEPEST):
        if inner is None:
            return
        frame = _first(inner, FRAMES)
        if frame is None:
            yield repr(inner)  # a future, or something that C wrote
        else:
            yield f"{frame.f_code.co_filename}:{frame.f_lineno} {frame.f_code.co_name}"
        inner = _first(inner, INSIDE)


def _first(what: Any, names: tuple[str, ...]) -> Any:
    return next((found for name in names if (found := getattr(what, name, None)) is not None), None)
