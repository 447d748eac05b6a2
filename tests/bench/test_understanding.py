"""The bench of understanding works on any two lists of sentences, and says so when its own are not there."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import cast

import pytest

from tests.bench import understanding
from tests.bench.bed import Bed
from tests.bench.harness import Report

sys.path.insert(0, str(Path(__file__).parents[1] / "integrations" / "models" / "learned"))

from sentences import PARAPHRASES, SENTENCES


def test_every_figure_is_told() -> None:
    report = Report(bench="understanding")

    understanding.measure(list(SENTENCES), list(PARAPHRASES), report)

    told = {figure.name.split(",")[0]: figure.median for figure in report.figures}
    assert told["accuracy"] == 100
    assert {"area under risk over coverage", "coverage at 1 % error", "coverage at 2 % error"} <= set(told)
    assert {"out of scope found at a bar of 0.6", "in scope right and above a bar of 0.6"} <= set(told)


async def test_without_the_sentences_it_is_skipped_with_a_word(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("BANKING77", str(tmp_path))
    report = Report(bench="understanding")

    await understanding.run(cast(Bed, None), report)

    assert "BANKING77" in report.skipped["understanding"]


@pytest.mark.parametrize(
    ("inside", "outside", "found"), [([0.9, 0.8], [0.1], 1.0), ([0.1], [0.9], 0.0), ([0.5], [0.5], 0.5)]
)
def test_surer_is_a_share_of_all_pairs(inside: list[float], outside: list[float], found: float) -> None:
    assert understanding._surer(inside, outside) == found
