"""redaction: messages a second on one core, through Presidio, against our patterns alone."""

from __future__ import annotations

import asyncio
import time

from integrations.models.redaction import Finder, get_ready, redacted
from integrations.models.redaction_patterns import spans
from tests.bench.bed import Bed
from tests.bench.harness import Report, at_least, ratios

PLAIN = "please order two margheritas and a large cola for friday, tell grace that room four is free and "
DATA = "card 4242 4242 4242 4242 mail ada@example.com ring +44 20 7946 0958 "
ALONE = Finder(spans)
KINDS = {"with nothing to find": PLAIN * 3, "with three finds": PLAIN + DATA + PLAIN}
LENGTH = 200  # characters


async def run(bed: Bed, report: Report) -> None:
    await asyncio.to_thread(_measure, report)


def _measure(report: Report) -> None:
    presidio = get_ready()
    for kind, words in KINDS.items():
        text = words[:LENGTH]
        ours, bare = [], []
        for _ in range(report.pick(7, 3)):
            ours.append(_rate(text, presidio))
            bare.append(_rate(text, ALONE))
        report.add(f"messages of {LENGTH} characters {kind}", "/CPU s", ours, at_least(1_000))
        report.add("patterns alone would be so many times as fast", "×", ratios(bare, ours))


def _rate(text: str, finder: Finder) -> float:
    began = time.process_time()
    for at in range(1_000):
        redacted(f"{text}{at % 7}", finder)
    return 1_000 / (time.process_time() - began)
