"""A model's stated confidence, mapped to what it earned: fitted by `countersign calibrate`, kept in a file.

A fit belongs to one model and one wording of the question. With another model, or after our prompt has
changed, it does not apply, and the reading stays as it was: capped, and not mapped (`surety.py`).
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from itertools import pairwise
from pathlib import Path
from typing import Any

from .asking import RULES, schema
from .base import Question, Reader, Reading
from .learned.calibration import Staircase, calibration_error, fitted_staircase

FILE = "calibration.json"
LARGEST = 256 * 1024
MOST_CORNERS = 200
FOLDS = 5
CAP = 0.95  # no reading is certain
FEWEST = 50  # answers; fewer say nothing about how often a model is right


@dataclass(frozen=True, slots=True)
class Answer:
    """What a model stated of one sentence, and whether it was right."""

    stated: float
    right: bool


@dataclass(frozen=True, slots=True)
class Fit:
    """`before` and `after` are calibration errors; `after` is of answers left out of the fit."""

    stairs: Staircase
    answers: int
    before: float
    after: float


def prompt_version() -> str:
    """Changes with every change of what a model is asked, and of the form it has to answer in."""
    asked = RULES + json.dumps(schema(Question("")), sort_keys=True)
    return blake2b(asked.encode(), digest_size=5).hexdigest()


def key_of(model: str) -> str:
    return f"{model[:200]}#{prompt_version()}"


def fit(answers: Sequence[Answer]) -> Fit:
    """Raises `ValueError` for fewer answers than can say anything."""
    if len(answers) < FEWEST:
        raise ValueError(f"{len(answers)} answers are too few: at least {FEWEST} are needed")
    stated, right = [each.stated for each in answers], [each.right for each in answers]
    return Fit(
        fitted_staircase(stated, right),
        len(answers),
        calibration_error(stated, right),
        calibration_error(crossed(answers), right),
    )


def crossed(answers: Sequence[Answer]) -> list[float]:
    """Each answer's confidence by stairs that were fitted without its fold."""
    stairs = []
    for fold in range(FOLDS):
        rest = [each for at, each in enumerate(answers) if at % FOLDS != fold]
        stairs.append(fitted_staircase([each.stated for each in rest], [each.right for each in rest]))
    return [stairs[at % FOLDS](each.stated) for at, each in enumerate(answers)]


class CalibratedReader:
    """Maps the route's confidence of any reader whose model has a fit; all else passes as it is."""

    def __init__(self, reader: Reader, fits: Mapping[str, Staircase]) -> None:
        self.reader, self.fits = reader, fits

    async def read(self, question: Question) -> Reading:
        return calibrated(await self.reader.read(question), self.fits)

    async def close(self) -> None:
        await self.reader.close()


def calibrated(reading: Reading, fits: Mapping[str, Staircase]) -> Reading:
    stairs = fits.get(key_of(reading.model))
    if stairs is None or not reading.route:
        return reading
    return replace(reading, route_confidence=round(min(stairs(reading.route_confidence), CAP), 3))


# the file


def load(folder: Path) -> dict[str, Staircase]:
    """By model and prompt. A file that is not ours, or damaged, is as none: nothing is mapped."""
    try:
        with (folder / FILE).open("rb") as file:
            raw = file.read(LARGEST + 1)
        found = json.loads(raw) if len(raw) <= LARGEST else {}
    except (OSError, ValueError, RecursionError):
        return {}
    entries = found.items() if isinstance(found, dict) else ()
    return {key: stairs for key, entry in entries if (stairs := _stairs(entry)) is not None}


def _stairs(entry: Any) -> Staircase | None:
    """Only what goes uphill, within 0 to 1: a file cannot make a low confidence a high one by a slip."""
    match entry:
        case {"corners": [_, *_] as corners} if len(corners) <= MOST_CORNERS:
            pairs = [tuple(map(float, each)) for each in corners if _is_corner(each)]
        case _:
            return None
    found = tuple((pair[0], pair[1]) for pair in pairs)
    uphill = all(one[0] < other[0] and one[1] <= other[1] for one, other in pairwise(found))
    return Staircase(found) if uphill and len(found) == len(corners) else None


def _is_corner(each: Any) -> bool:
    return (
        isinstance(each, list)
        and len(each) == 2
        and all(type(one) in (int, float) and math.isfinite(one) and 0 <= one <= 1 for one in each)
    )


def save(folder: Path, model: str, fitted: Fit) -> Path:
    """Beside the fits of other models; written whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / FILE
    try:
        found = json.loads(target.read_bytes()) if target.stat().st_size <= LARGEST else {}
    except (OSError, ValueError, RecursionError):
        found = {}
    entries = found if isinstance(found, dict) else {}
    entries[key_of(model)] = {
        "corners": [[round(x, 6), round(y, 6)] for x, y in _thinned(fitted.stairs.corners)],
        "answers": fitted.answers,
        "error_before": round(fitted.before, 4),
        "error_after": round(fitted.after, 4),
    }
    beside = target.with_suffix(f".{os.getpid()}.new")
    beside.write_text(json.dumps(entries, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    beside.replace(target)
    return target


def _thinned(corners: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    step = math.ceil(len(corners) / MOST_CORNERS)
    kept = list(corners[::step])
    return [one for at, one in enumerate(kept) if at == 0 or round(one[0], 6) > round(kept[at - 1][0], 6)]
