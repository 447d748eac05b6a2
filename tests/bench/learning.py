"""learning: bars held against simulated approvers, the alarm on drift, the error by audits, and the cost."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from flows.calibration import weighted
from flows.calibrator import Decided, fit
from flows.certify import Seen, certify
from flows.drift import watch
from flows.features import NAMES
from tests.bench.bed import Bed
from tests.bench.harness import Report, at_least, at_most, say
from tests.flows.approvers import peeking, violations
from tests.flows.test_calibration import naive, stream
from tests.flows.test_drift import alarms, first_alarm, looks

CONFIDENCE = 0.9


async def run(bed: Bed, report: Report) -> None:
    say("All approvers here are simulated, so that the truth is known; no person took part.")
    _promises(report)
    _drift(report)
    _audits(report)
    _costs(report)


def _promises(report: Report) -> None:
    splits = report.pick(300, 100)
    for error in (0.01, 0.02, 0.05):
        for worst in (0.03, 0.12, 0.3):
            found = violations(1, splits, error, CONFIDENCE, worst=worst)
            what = f"bar at {error:.0%}, {worst:.0%} wrong at the bottom: of {splits} re-splits broken"
            report.add(what, "%", 100 * found.share, at_most(10))
            say(f"  certified {found.certified}, {found.alone:.0%} ran alone")
        flat = 1.02 * error
        found = violations(2, splits, error, CONFIDENCE, best=flat, worst=flat)
        every = violations(2, splits, error, CONFIDENCE, way=peeking, best=flat, worst=flat)
        report.add(f"bar at {error:.0%}, all slightly too bad: broken", "%", 100 * found.share, at_most(10))
        report.add("  the same by looking at every cut", "%", 100 * every.share)
    noisy = violations(3, splits, 0.02, CONFIDENCE, false_alarms=0.005)
    report.add("bar at 2%, one right in 200 rejected: broken", "%", 100 * noisy.share, at_most(10))
    blind = violations(3, splits, 0.02, CONFIDENCE, misses=0.25)
    report.add("bar at 2%, one wrong in 4 waved through: broken", "%", 100 * blind.share)


def _drift(report: Report) -> None:
    times = report.pick(300, 60)
    found = alarms(0.1, times, 500)
    report.add("10 % out of scope: alarm after, median", "requests", float(np.median(found)), at_most(200))
    report.add(
        "10 % out of scope: alarm after, 95 %", "requests", float(np.quantile(found, 0.95)), at_most(200)
    )
    long = report.pick(4_000, 1_000)
    quiet = [
        min(first_alarm(watch(looks(random, 1_000, 0.0)), looks(random, long, 0.0)), long)
        for random in map(np.random.default_rng, range(report.pick(40, 20)))
    ]
    report.add("nothing changed: requests to a false alarm, at least", "requests", float(np.mean(quiet)),
               at_least(1_000 if long > 1_000 else 800))  # fmt: skip


def _audits(report: Report) -> None:
    off, plain = [], []
    for seed in range(report.pick(200, 40)):
        judged, truth = stream(seed)
        estimate = weighted(judged)
        assert estimate is not None
        off.append(100 * abs(estimate.error - truth))
        plain.append(100 * abs(naive(judged) - truth))
    report.add(
        "5,000 actions: weighted error off by, 90 %", "points", float(np.quantile(off, 0.9)), at_most(0.5)
    )
    report.add("5,000 actions: naive error off by, least", "points", float(min(plain)), at_least(2))


def _costs(report: Report) -> None:
    random = np.random.default_rng(1)
    rows = [
        Decided("a", tuple(map(float, random.random(len(NAMES)))), bool(random.random() < 0.95))
        for _ in range(2_000)
    ]
    report.add("fit 2,000 decisions", "ms", _took(lambda: fit(rows)))
    scores = [float(each) for each in random.random(2_000)]
    seen = [Seen(score, bool(random.random() < 0.999)) for score in scores]
    report.add("certify 2,000 decisions", "ms", _took(lambda: certify(seen, 0.01, CONFIDENCE)))


def _took(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return 1_000 * (time.perf_counter() - began)
