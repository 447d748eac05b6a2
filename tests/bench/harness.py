"""Figures: measured more than once, told with their spread, and held against what was wanted."""

from __future__ import annotations

import json
import os
import platform
import statistics
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Wanted:
    """At least, or at most, this much."""

    sign: str
    bound: float

    def met(self, value: float) -> bool:
        return value >= self.bound if self.sign == "≥" else value <= self.bound

    def __str__(self) -> str:
        return f"{self.sign} {number(self.bound)}"


def at_least(bound: float) -> Wanted:
    return Wanted("≥", bound)


def at_most(bound: float) -> Wanted:
    return Wanted("≤", bound)


@dataclass(frozen=True, slots=True)
class Figure:
    """One quantity. `values` are its repeats, `load` the machine's while it was measured."""

    bench: str
    name: str
    unit: str
    values: tuple[float, ...]
    load: float
    wanted: Wanted | None = None
    note: str = ""

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    @property
    def met(self) -> bool | None:
        return None if self.wanted is None else self.wanted.met(self.median)

    def line(self) -> str:
        spread = ""
        if len(self.values) > 1:
            spread = f"({number(min(self.values))}–{number(max(self.values))}, {len(self.values)} ×)"
        said = f"  {self.name:<56} {number(self.median):>9} {self.unit:<10} {spread:<26}"
        if self.wanted is not None:
            said += f" wanted {self.wanted}: {'met' if self.met else 'MISSED'}"
        tail = f"  [{self.note}]" if self.note else ""
        return f"{said.rstrip()}  load {self.load:.1f}{tail}"


@dataclass(slots=True)
class Report:
    """Where benches put their figures; each is printed at once. `quick`: fewer and shorter repeats."""

    quick: bool = False
    figures: list[Figure] = field(default_factory=list)
    skipped: dict[str, str] = field(default_factory=dict)
    bench: str = ""

    def pick(self, full: int, quick: int) -> int:
        return quick if self.quick else full

    def add(
        self,
        name: str,
        unit: str,
        values: float | Sequence[float],
        wanted: Wanted | None = None,
        note: str = "",
    ) -> Figure:
        found = (values,) if isinstance(values, (int, float)) else tuple(values)
        figure = Figure(self.bench, name, unit, found, os.getloadavg()[0], wanted, note)
        self.figures.append(figure)
        say(figure.line())
        return figure

    def skip(self, why: str) -> None:
        self.skipped[self.bench] = why
        say(f"  skipped: {why}")

    def missed(self) -> list[Figure]:
        return [figure for figure in self.figures if figure.met is False]

    def document(self) -> dict[str, Any]:
        return {
            "machine": machine(),
            "quick": self.quick,
            "figures": [
                asdict(figure) | {"median": figure.median, "met": figure.met} for figure in self.figures
            ],
            "skipped": self.skipped,
        }

    def write(self, path: Path) -> None:
        path.write_text(json.dumps(self.document(), indent=1, ensure_ascii=False) + "\n")


def machine() -> dict[str, Any]:
    return {
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "load": os.getloadavg(),
        "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def number(value: float) -> str:
    """Three digits that count, whole numbers whole."""
    if value >= 1000:
        return f"{value:,.0f}".replace(",", " ")
    if value >= 100 or value == int(value):
        return f"{value:.0f}"
    return f"{value:.2f}" if value < 10 else f"{value:.1f}"


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest value that so many percent do not exceed."""
    ordered = sorted(values)
    if not ordered:
        return float("nan")
    return ordered[min(len(ordered) - 1, max(0, -(-len(ordered) * percent // 100).__int__() - 1))]


def ratios(ours: Sequence[float], theirs: Sequence[float]) -> list[float]:
    """Pair by pair, as they were measured one after the other: what disturbed one disturbed both."""
    return [one / other for one, other in zip(ours, theirs, strict=True)]
