"""Whether something grows: a line through samples that a few odd ones cannot bend, and how sure it is."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

Sample = tuple[float, float]  # when, in seconds; how much


@dataclass(frozen=True, slots=True)
class Trend:
    """Growth per hour: the median of the slopes between all pairs (Theil and Sen), and the range in
    which it lies with 95 %, by how many pairs rise and fall (Kendall). A third of the samples may be
    anything at all without moving it."""

    slope: float
    low: float
    high: float


def trend(samples: Sequence[Sample]) -> Trend:
    """Of three samples at least, at different times. Raises `ValueError`."""
    slopes = sorted(
        (later - before) / (then - at) * 3600
        for number, (at, before) in enumerate(samples)
        for then, later in samples[number + 1 :]
        if then > at
    )
    count = len(samples)
    if len(slopes) < 3:
        raise ValueError("too few samples to tell a trend")
    spread = 1.96 * math.sqrt(count * (count - 1) * (2 * count + 5) / 18)
    last = len(slopes) - 1
    low = max(0, math.floor((last - spread) / 2))
    high = min(last, math.ceil((last + spread) / 2))
    return Trend(statistics.median(slopes), slopes[low], slopes[high])


def after(samples: Sequence[Sample], seconds: float) -> list[Sample]:
    """Those that were taken later than so many seconds after the first."""
    return [each for each in samples if each[0] - samples[0][0] >= seconds]
