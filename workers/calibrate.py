"""`countersign calibrate`: asks a model sentences whose flow is known, and fits what it states to that."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bot.errors import ConfigurationError
from bot.settings import Settings
from integrations.errors import NotConfigured
from integrations.models import reader
from integrations.models.base import FlowChoice, ModelUnavailable, Question, Reader, Reading
from integrations.models.calibrated import FEWEST, Answer, Fit, crossed, fit, save
from integrations.models.learned.calibration import (
    area_under,
    coverage_at,
    reliability,
    risk_coverage,
)
from workers.push import load_catalog

LARGEST = 4 * 1024 * 1024
MOST = 5_000
LONGEST = 2_000
AT_ONCE = 8
OFFLINE = "offline"
Sentences = list[tuple[str, str]]


def run(settings: Settings, sentences: Path, catalog: Path, keep: bool) -> int:
    flows = tuple(FlowChoice(each.id, each.description, each.examples) for each in load_catalog(catalog))
    asked = read_sentences(sentences, {flow.id for flow in flows})
    try:
        reading = reader({**settings.plain(), "CALIBRATION": "off"})
    except NotConfigured as error:
        raise ConfigurationError(str(error)) from None
    answers, model, unanswered = asyncio.run(_all(reading, asked, flows))
    if unanswered:
        _say(f"{unanswered} of {len(asked)} sentences got no answer and do not count.")
    try:
        fitted = fit(answers)
    except ValueError as error:
        raise ConfigurationError(f"{sentences}: {error}") from None
    _told(model, fitted, answers)
    if model == OFFLINE:
        _say("Nothing is kept: offline fits itself whenever it learns.")
    elif keep:
        _say(f"Kept in {save(settings.state_dir, model, fitted)}; running processes read it when they start.")
    return 0


def read_sentences(path: Path, flows: set[str]) -> Sentences:
    """JSON Lines: `{"text": …, "flow": …}`, the flow empty where none is meant."""
    try:
        with path.open("rb") as file:
            raw = file.read(LARGEST + 1)
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}") from None
    if len(raw) > LARGEST:
        raise ConfigurationError(f"{path} is longer than {LARGEST // 1024 // 1024} MB")
    lines = [(at, line) for at, line in enumerate(raw.splitlines(), 1) if line.strip()]
    if not FEWEST <= len(lines) <= MOST:
        raise ConfigurationError(f"{path} has {len(lines)} sentences; between {FEWEST} and {MOST} are of use")
    return [_sentence(path, at, line, flows) for at, line in lines]


def _sentence(path: Path, at: int, line: bytes, flows: set[str]) -> tuple[str, str]:
    try:
        found: Any = json.loads(line)
    except (ValueError, RecursionError):
        found = None
    match found:
        case {"text": str(text), "flow": str(flow)} if 0 < len(text.strip()) <= LONGEST:
            if flow and flow not in flows:
                known = ", ".join(sorted(flows))
                raise ConfigurationError(
                    f"{path}, line {at}: there is no flow {flow[:60]!r}; there are {known}"
                )
            return text, flow
    raise ConfigurationError(
        f'{path}, line {at}: must be like {{"text": "order two colas", "flow": "order"}}'
    )


async def _all(
    reading: Reader, asked: Sequence[tuple[str, str]], flows: tuple[FlowChoice, ...]
) -> tuple[list[Answer], str, int]:
    """Answers, who gave them, and how many sentences got none."""
    places = asyncio.Semaphore(AT_ONCE)

    async def one(text: str) -> Reading | None:
        async with places:
            try:
                return await reading.read(Question(text, flows))
            except ModelUnavailable:
                return None

    try:
        found = await asyncio.gather(*(one(text) for text, _ in asked))
    finally:
        await reading.close()
    models = sorted({each.model for each in found if each})
    if len(models) > 1:
        raise ConfigurationError(f"Several models answered ({', '.join(models)}): calibrate one at a time")
    answers = [
        Answer(each.route_confidence, each.route == flow)
        for each, (_, flow) in zip(found, asked, strict=True)
        if each and each.route
    ]
    return answers, models[0] if models else "", sum(each is None for each in found)


def _told(model: str, fitted: Fit, answers: Sequence[Answer]) -> None:
    stated, right = [each.stated for each in answers], [each.right for each in answers]
    earned = crossed(answers)
    curve = risk_coverage(earned, right)
    _say(f"{model}: {len(answers)} answers that name a flow, {100 * sum(right) / len(right):.1f} % right")
    _say("calibration error, the mean of |stated − right| over 15 bins of equal number:")
    _say(f"  as stated {fitted.before:.3f}, fitted {fitted.after:.3f} (on answers left out of the fit)")
    _say(f"  area under risk over coverage {area_under(curve):.4f}")
    _say(f"  coverage at 1 % error {coverage_at(curve, 0.01):.0%}, at 2 % {coverage_at(curve, 0.02):.0%}")
    _say("  stated  fitted  right  number")
    by_stated = reliability(stated, right)
    for part in by_stated:
        _say(f"  {part.stated:6.3f}  {fitted.stairs(part.stated):6.3f}  {part.right:5.3f}  {part.number}")


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
