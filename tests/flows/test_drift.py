"""The alarm on what is asked for: it comes when that changes, and seldom when it does not."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from flows import drift
from flows.drift import NEW_RECIPIENT, OUT_OF_SCOPE, QUIET, Watch, after, from_json, rank, to_json, watch

APART = 2.235  # normal scores so far apart have an AUROC of 0.943, as out-of-scope sentences of CLINC150
NEVER = 10_000


def looks(random: np.random.Generator, number: int, out_of_scope: float) -> list[dict[str, float]]:
    """Requests with a share that is out of scope: those name new recipients more often too."""
    out = random.random(number) < out_of_scope
    scores = random.normal(size=number) + APART * out
    new = random.random(number) < np.where(out, 0.5, 0.05)
    return [
        {OUT_OF_SCOPE: float(score), NEW_RECIPIENT: float(each)}
        for score, each in zip(scores, new, strict=True)
    ]


def first_alarm(before: Watch, coming: list[dict[str, float]]) -> int:
    for number, look in enumerate(coming, 1):
        before = after(before, look)
        if before.alarm:
            return number
    return NEVER


@cache
def alarms(out_of_scope: float, times: int, length: int, quiet: int = 0) -> tuple[int, ...]:
    found = []
    for seed in range(times):
        random = np.random.default_rng(seed)
        began = watch(looks(random, 1_000, 0.0))
        for look in looks(random, quiet, 0.0):
            began = after(began, look)
        found.append(first_alarm(began, looks(random, length, out_of_scope)))
    return tuple(found)


def test_with_a_tenth_out_of_scope_the_alarm_comes_within_200_requests() -> None:
    found = alarms(0.1, 100, 400)
    assert np.median(found) <= 100
    assert np.quantile(found, 0.95) <= 200


def test_also_after_a_long_quiet_time() -> None:
    assert np.median(alarms(0.1, 30, 400, quiet=600)) <= 100


@pytest.mark.parametrize(("share", "within"), [(0.2, 60), (0.5, 30), (1.0, 20)])
def test_the_more_changes_the_sooner_it_comes(share: float, within: int) -> None:
    assert np.median(alarms(share, 30, 200)) <= within


def test_without_a_change_there_is_hardly_any_alarm_in_a_thousand_requests() -> None:
    assert sum(each < NEVER for each in alarms(0.0, 40, 1_000)) <= 8


def test_without_a_change_the_stakes_gain_no_more_than_one_for_each_request() -> None:
    """The promise: on average at least `QUIET` requests between two false alarms."""
    sums = []
    for seed in range(200):
        random = np.random.default_rng(seed)
        now = watch(looks(random, 800, 0.0))
        for look in looks(random, 50, 0.0):
            now = after(now, look)
        sums.append(sum(drift.WEIGHTS[name] * each.sum for name, each in now.streams.items()))
    assert np.mean(sums) <= 50 * 1.2


@pytest.mark.twin
def test_a_test_that_sums_without_stakes_alarms_without_any_change(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bets that pay more than they should (as if p-values were smaller than they are)."""
    monkeypatch.setattr(drift, "rank", lambda usual, value: rank(usual, value) / 2)
    random = np.random.default_rng(1)
    assert first_alarm(watch(looks(random, 800, 0.0)), looks(random, 1_000, 0.0)) < NEVER


@pytest.mark.twin
def test_a_sum_that_begins_once_and_for_all_comes_late_after_a_quiet_time() -> None:
    """One bet from the beginning loses its money while nothing happens, and has to win it back."""
    random = np.random.default_rng(2)
    usual = sorted(look[OUT_OF_SCOPE] for look in looks(random, 800, 0.0))
    wealth = np.zeros(len(drift.STAKES))
    for look in looks(random, 3_000, 0.0):
        unusual = rank(usual, look[OUT_OF_SCOPE])
        wealth += [np.log(1 - s + s * e * unusual ** (e - 1)) for s, e in drift.STAKES]
    late = 0
    for look in looks(random, 200, 0.1):
        unusual = rank(usual, look[OUT_OF_SCOPE])
        wealth += [np.log(1 - s + s * e * unusual ** (e - 1)) for s, e in drift.STAKES]
        late += wealth.max() < np.log(QUIET)
    assert late == 200


def test_the_alarm_says_what_has_changed() -> None:
    random = np.random.default_rng(3)
    began = watch(looks(random, 500, 0.0))
    assert began.alarm == ""
    for _ in range(60):
        began = after(began, {OUT_OF_SCOPE: 0.0, NEW_RECIPIENT: 1.0})
    assert began.alarm == NEW_RECIPIENT


def test_an_alarm_stays() -> None:
    now = watch([{OUT_OF_SCOPE: 0.0, NEW_RECIPIENT: 0.0}] * 300)
    while not now.alarm:
        now = after(now, {OUT_OF_SCOPE: 1.0, NEW_RECIPIENT: 0.0})
    assert after(now, {OUT_OF_SCOPE: 0.0, NEW_RECIPIENT: 0.0}) == now
    assert now.alarm == OUT_OF_SCOPE


@pytest.mark.parametrize(("value", "share"), [(0.0, 1.0), (0.5, 3 / 5), (0.9, 2 / 5), (1.0, 1 / 5)])
def test_how_unusual_something_is_counts_what_is_as_unusual_and_itself(value: float, share: float) -> None:
    assert rank((0.1, 0.2, 0.5, 0.95), value) == pytest.approx(share)


def test_a_watch_without_evidence_never_alarms() -> None:
    now = watch([])
    for _ in range(500):
        now = after(now, {OUT_OF_SCOPE: 1.0, NEW_RECIPIENT: 1.0})
    assert now.alarm == ""


def test_only_the_newest_evidence_is_kept() -> None:
    found = watch([{OUT_OF_SCOPE: at / 5_000, NEW_RECIPIENT: 0.0} for at in range(5_000)])
    assert len(found.streams[OUT_OF_SCOPE].usual) == drift.MOST_KEPT
    assert min(found.streams[OUT_OF_SCOPE].usual) >= 0.79


def test_it_is_the_same_after_it_was_kept() -> None:
    random = np.random.default_rng(4)
    now = watch(looks(random, 300, 0.0))
    for look in looks(random, 40, 0.1):
        now = after(now, look)
    assert from_json(to_json(now)) == now
