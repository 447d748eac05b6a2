"""understanding: what examples teach, on BANKING77: right, calibrated, fast, and aware of what it is not."""

from __future__ import annotations

import csv
import os
import random
import time
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from pathlib import Path

from integrations.models.learned.calibration import (
    area_under,
    calibration_error,
    coverage_at,
    reliability,
    risk_coverage,
)
from integrations.models.learned.classifier import Classifier, Guess, learn
from tests.bench.bed import ROOT, Bed
from tests.bench.harness import Report, at_least, at_most, percentile, say

Pairs = list[tuple[str, str]]
HELD_OUT, CHOSEN_BY = 20, 77  # so many intents, drawn with this seed
BAR = 0.6  # the engine's: below it, it asks back


def folder() -> Path:
    """`BANKING77` names it; else it is looked for beside the checkout."""
    return Path(os.environ.get("BANKING77") or ROOT.parent / "shared" / "data" / "banking77")


def pairs(path: Path) -> Pairs:
    with path.open(encoding="utf-8", newline="") as file:
        return [(row["text"], row["category"]) for row in csv.DictReader(file)]


async def run(bed: Bed, report: Report) -> None:
    if not (folder() / "train.csv").is_file():
        report.skip("BANKING77 is not here: set BANKING77 to the folder with train.csv and test.csv")
        return
    measure(pairs(folder() / "train.csv"), pairs(folder() / "test.csv"), report)


def measure(train: Pairs, test: Pairs, report: Report) -> None:
    classifier, spent = _taught(train)
    report.add(f"learn {len(train)} sentences, calibration included", "CPU s", spent, at_most(60))
    guesses, costs = _asked(classifier, [text for text, _ in test])
    right = [guess.label == label for guess, (_, label) in zip(guesses, test, strict=True)]
    stated = [guess.confidence for guess in guesses]
    report.add("accuracy", "%", 100 * sum(right) / len(right), at_least(92))
    report.add(
        "calibration error (15 bins of equal number)", "", calibration_error(stated, right), at_most(0.02)
    )
    curve = risk_coverage(stated, right)
    report.add("area under risk over coverage", "", area_under(curve))
    for risk in (1, 2):
        report.add(f"coverage at {risk} % error", "%", 100 * coverage_at(curve, risk / 100))
    report.add("one message, median", "CPU ms", percentile(costs, 50) * 1e3, at_most(2))
    report.add("one message, p99", "CPU ms", percentile(costs, 99) * 1e3, at_most(2))
    say("  stated  right  number")
    for part in reliability(stated, right):
        say(f"  {part.stated:.3f}   {part.right:.3f}  {part.number}")
    if not report.quick:
        _foreign(train, test, report)


def _foreign(train: Pairs, test: Pairs, report: Report) -> None:
    """Some intents are never taught; their sentences belong to none that is."""
    labels = sorted({label for _, label in train})
    foreign = set(random.Random(CHOSEN_BY).sample(labels, min(HELD_OUT, len(labels) // 2)))
    classifier, _ = _taught([pair for pair in train if pair[1] not in foreign])
    guesses, _ = _asked(classifier, [text for text, _ in test])
    outside = [guess.confidence for guess, (_, label) in zip(guesses, test, strict=True) if label in foreign]
    inside = [
        (guess.confidence, guess.label == label)
        for guess, (_, label) in zip(guesses, test, strict=True)
        if label not in foreign
    ]
    for cut in (BAR, 0.8):
        recall = sum(confidence < cut for confidence in outside) / len(outside)
        kept = sum(hit and confidence >= cut for confidence, hit in inside) / len(inside)
        report.add(f"out of scope found at a bar of {cut}", "%", 100 * recall)
        report.add(f"in scope right and above a bar of {cut}", "%", 100 * kept)
    report.add("in scope surer than out of scope (AUROC)", "", _surer([one for one, _ in inside], outside))


def _taught(train: Pairs) -> tuple[Classifier, float]:
    began = time.process_time()
    return learn(train), time.process_time() - began


def _asked(classifier: Classifier, texts: Sequence[str]) -> tuple[list[Guess], list[float]]:
    guesses, costs = [], []
    for text in texts:
        began = time.process_time()
        guesses.append(classifier.guess(text))
        costs.append(time.process_time() - began)
    return guesses, costs


def _surer(inside: Sequence[float], outside: Sequence[float]) -> float:
    """The chance that one from inside is surer than one from outside; a tie counts half."""
    below = sorted(outside)
    wins = sum((bisect_left(below, value) + bisect_right(below, value)) / 2 for value in inside)
    return wins / (len(inside) * len(outside))
