"""A mistake in a flow or policy file, told so that its author can mend it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mistake:
    """Where it is and what would be right. `line` counts from 1; 0 where none is known."""

    file: str
    line: int
    step: str
    field: str
    problem: str
    right: str = ""

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.line else self.file
        spot = " ".join(
            part
            for part in (
                f"step {self.step!r}" if self.step else "",
                f"field {self.field!r}" if self.field else "",
            )
            if part
        )
        hint = f" Right would be: {self.right}." if self.right else ""
        return f"{where}: {spot + ': ' if spot else ''}{self.problem}.{hint}"


class FlowError(Exception):
    """A flow or policy file cannot be used; `mistakes` says why, all of them at once."""

    def __init__(self, mistakes: Sequence[Mistake]) -> None:
        super().__init__("\n".join(str(mistake) for mistake in mistakes))
        self.mistakes = tuple(mistakes)


class TemplateError(Exception):
    """A template or condition is not allowed, or costs too much."""
