"""Whether what came is what was expected, and where it differs: one finding a line."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from workers.flowtest.script import Matches
from workers.flowtest.seen import Told


def fits(wanted: Matches, told: Told) -> bool:
    match wanted.how:
        case "exact":
            return told.text == wanted.text
        case "contains":
            return wanted.text in told.whole
    return re.search(wanted.text, told.whole) is not None


def lacking(wanted: Any, found: Any, path: str = "") -> list[str]:
    """How `found` is not what is wanted: a mapping may hold more, a list may not."""
    match wanted:
        case Mapping():
            if not isinstance(found, Mapping):
                return [f"{path or 'it'}: expected a mapping, was {found!r}"]
            return [
                each
                for name, value in wanted.items()
                for each in (
                    lacking(value, found[name], f"{path}.{name}" if path else str(name))
                    if name in found
                    else [f"{path + '.' if path else ''}{name}: expected {value!r}, was not there"]
                )
            ]
        case list() | tuple():
            if not isinstance(found, list | tuple) or len(found) != len(wanted):
                return [f"{path or 'it'}: expected {len(wanted)} of them, was {found!r}"]
            return [
                each
                for at, (one, other) in enumerate(zip(wanted, found, strict=True))
                for each in lacking(one, other, f"{path}[{at}]")
            ]
    same = wanted == found and isinstance(wanted, bool) == isinstance(found, bool)
    return [] if same else [f"{path or 'it'}: expected {wanted!r}, was {found!r}"]


def difference(wanted: Matches, told: Sequence[Told]) -> list[str]:
    """The expected text against the nearest of those that were said."""
    texts = [each.text if wanted.how == "exact" else each.whole for each in told]
    if not texts or wanted.how == "regex":
        return []
    nearest = max(texts, key=lambda text: difflib.SequenceMatcher(None, wanted.text, text[:4000]).ratio())
    line = max(nearest.splitlines() or [""], key=lambda one: _alike(wanted.text, one))
    found = nearest if wanted.how == "exact" else line
    return [f"- {wanted.text}", f"+ {found}", *_pointers(wanted.text, found)]


def in_order(wanted: Iterable[Matches], told: Sequence[Told]) -> Matches | None:
    """The first of the expected texts that nobody said behind those before it."""
    at = 0
    for each in wanted:
        later = next((n for n in range(at, len(told)) if fits(each, told[n])), None)
        if later is None:
            return each
        at = later + 1
    return None


def _alike(one: str, other: str) -> float:
    return difflib.SequenceMatcher(None, one, other).ratio()


def _pointers(wanted: str, found: str) -> list[str]:
    """Where two single lines part ways."""
    if "\n" in wanted or "\n" in found:
        return []
    same = next(
        (n for n, (a, b) in enumerate(zip(wanted, found, strict=False)) if a != b),
        min(len(wanted), len(found)),
    )
    return [f"  {' ' * same}^"]
