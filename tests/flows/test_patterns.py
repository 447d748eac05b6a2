"""Patterns of flow files: what they may do, and that none takes for ever."""

from __future__ import annotations

import time

import pytest

from flows import patterns
from flows.errors import TemplateError


@pytest.mark.parametrize(
    "source", ["[A-Z]{2,5}-[0-9]{1,6}", r"\d+", "(PAY|OPS)-[0-9]+", "a?b+", r"[^@\s]+@x\.de"]
)
def test_what_one_needs_is_allowed(source: str) -> None:
    patterns.check(source)


@pytest.mark.parametrize(
    "source",
    ["(a+)+b", "(a|a)*b", "(a{1,9}){1,9}", "a*a*a*a*b", r"(a)\1", "(?=a)b", "(?:a)b", "[", "x{1,9999}",
     "a|" * 40, "x" * 200, r"\bx"],
)  # fmt: skip
def test_what_could_take_for_ever_is_refused(source: str) -> None:
    with pytest.raises(TemplateError):
        patterns.check(source)


def test_the_worst_that_is_allowed_ends_soon() -> None:
    patterns.check("[ab]*[ab]*[ab]*c")
    began = time.process_time()
    assert not patterns.fits("[ab]*[ab]*[ab]*c", "a" * patterns.LONGEST_TEXT)
    assert time.process_time() - began < 1.0


def test_a_long_text_is_never_held_against_it() -> None:
    assert not patterns.fits("[a]*", "a" * (patterns.LONGEST_TEXT + 1))


@pytest.mark.twin
def test_twin_without_the_check_a_few_letters_take_for_ever() -> None:
    costs = []
    for length in (14, 20):
        began = time.process_time()
        patterns.fits("(a+)+b", "a" * length)
        costs.append(time.process_time() - began)
    assert costs[1] > 8 * costs[0]
