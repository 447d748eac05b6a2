"""Who stands in for whom. A key is a person, whatever accounts they hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Lent:
    """`by` lets `to` decide in their stead."""

    by: str
    to: str


def principals(lent: Sequence[Lent], delegate: str) -> tuple[str, ...]:
    """In whose stead this person may decide, nearest first: also of those who stand in themselves."""
    found: list[str] = []
    todo = [delegate]
    while todo:
        at = todo.pop(0)
        for each in lent:
            if each.to == at and each.by != delegate and each.by not in found:
                found.append(each.by)
                todo.append(each.by)
    return tuple(found)


def closes_a_circle(lent: Sequence[Lent], new: Lent) -> bool:
    """Whether this would let somebody stand in for themselves, at however many removes."""
    return new.by == new.to or new.to in principals(lent, new.by)
