"""The harness itself: what it says of the figures it is given."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.bench.harness import Report, at_least, at_most, number, percentile, ratios


@pytest.fixture
def report() -> Report:
    return Report(bench="ack")


def test_a_figure_is_the_median_of_its_repeats_with_their_spread(report: Report) -> None:
    line = report.add("front", "req/CPU s", [3.0, 1.0, 2.0]).line()

    assert report.figures[0].median == 2.0
    assert "(1–3, 3 ×)" in line


def test_a_missed_figure_is_printed_as_missed_and_is_no_crash(report: Report) -> None:
    figure = report.add("front against Bolt", "×", 1.3, at_least(2.0))

    assert figure.met is False
    assert "MISSED" in figure.line()
    assert report.missed() == [figure]


def test_a_bound_itself_is_good_enough(report: Report) -> None:
    assert report.add("p99", "ms", 50.0, at_most(50)).met is True
    assert report.add("ratio", "×", 2.0, at_least(2)).met is True


def test_a_figure_nobody_asked_for_is_neither_met_nor_missed(report: Report) -> None:
    assert report.add("front", "ms", 1.0).met is None
    assert report.missed() == []


def test_the_load_stands_beside_each_figure(report: Report) -> None:
    assert "load " in report.add("front", "ms", 1.0).line()


@pytest.mark.parametrize(
    ("values", "percent", "found"),
    [([1.0], 99, 1.0), ([3.0, 1.0, 2.0], 50, 2.0), (list(map(float, range(1, 101))), 99, 99.0)],
)
def test_a_percentile_is_a_value_that_was_measured(values: list[float], percent: int, found: float) -> None:
    assert percentile(values, percent) == found


def test_ratios_are_taken_pair_by_pair() -> None:
    assert ratios([4.0, 9.0], [2.0, 3.0]) == [2.0, 3.0]
    with pytest.raises(ValueError, match="argument"):
        ratios([1.0], [])


@pytest.mark.parametrize(
    ("value", "said"), [(12345.6, "12 346"), (123.4, "123"), (12.34, "12.3"), (1.234, "1.23")]
)
def test_numbers_have_three_digits_that_count(value: float, said: str) -> None:
    assert number(value) == said


def test_what_is_written_can_be_read_by_a_program(report: Report, tmp_path: Path) -> None:
    report.add("front", "×", [2.0, 4.0], at_least(2))
    report.bench = "peer"
    report.skip("no Python 3.12")

    report.write(tmp_path / "figures.json")

    document = json.loads((tmp_path / "figures.json").read_text())
    assert document["figures"][0]["median"] == 3.0
    assert document["figures"][0]["met"] is True
    assert document["skipped"] == {"peer": "no Python 3.12"}
