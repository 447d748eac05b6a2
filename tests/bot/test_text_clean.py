"""Marks without end: short on the page, and quick to deal with."""

from __future__ import annotations

import re
import time
import unicodedata
from collections.abc import Callable

import pytest

from bot import text_clean
from bot.text import for_card, plain
from bot.text_clean import MOST_ACCENTS, MOST_SORTED, clean

STACKS = {
    "two classes, out of order": "a" + "\u0301" * 20_000 + "\u0327" * 20_000,
    "in turns": "a" + "\u0327\u0301" * 20_000,
    "marks made of two marks": "\u0344\u0327" * 20_000,
    "class 0, made of marks": "\u0f73" * 40_000,
    "many small stacks": ("a" + "\u0301" * 15 + "\u0327" * 15) * 1_300,
}


def seconds(text: str) -> float:
    """Of this thread's own work: the machine may be busy with other things."""
    best = float("inf")
    for _ in range(3):
        began = time.thread_time()
        clean(text, show_all=False)
        best = min(best, time.thread_time() - began)
    return best


def test_two_stacks_of_twenty_thousand_marks_take_less_than_50_ms() -> None:
    assert seconds(STACKS["two classes, out of order"]) < 0.05


@pytest.mark.parametrize("name", STACKS)
def test_no_stack_of_marks_takes_long(name: str) -> None:
    assert seconds(STACKS[name]) < 0.25


@pytest.mark.twin
def test_twin_without_the_limit_before_normalising_the_stack_takes_seconds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(text_clean, "unstacked", lambda text: text)
    began = time.thread_time()
    clean("a" + "\u0301" * 8_000 + "\u0327" * 8_000, show_all=False)

    assert time.thread_time() - began > 0.2


@pytest.mark.parametrize("surface", [plain, for_card])
def test_what_was_left_out_is_counted(surface: Callable[[str], str]) -> None:
    shown = surface("a" + "\u0301" * 1_000 + " pays")

    assert f"⟨{1_000 - MOST_SORTED} more marks⟩" in shown
    assert shown.endswith("pays")


@pytest.mark.parametrize("base", ["a", "я", "م", "क"])
def test_no_letter_carries_more_than_a_few_marks(base: str) -> None:
    shown = unicodedata.normalize("NFD", clean(base + "\u0301\u0327" * 500, show_all=False))
    run = most = 0
    for character in shown:
        run = run + 1 if unicodedata.combining(character) else 0
        most = max(most, run)

    assert most <= MOST_ACCENTS + 1  # one may have been composed into the letter


@pytest.mark.parametrize("text", ["é", "Việt Nam", "नमस्ते", "שָׁלוֹם", "بِسْمِ", "ผู้ใหญ่", "བོད་སྐད།", "e\u0301"])
def test_ordinary_writing_stays_as_it_is(text: str) -> None:
    assert clean(text, show_all=False) == unicodedata.normalize("NFC", text)


def test_what_is_taken_as_it_is_would_come_out_the_same_the_long_way(monkeypatch: pytest.MonkeyPatch) -> None:
    short = text_clean._ORDINARY
    characters = [chr(code) for code in range(0x2100) if short.fullmatch(chr(code))]
    assert len(characters) > 190
    monkeypatch.setattr(text_clean, "_ORDINARY", re.compile("(?!)"))
    for first in characters:
        text = "".join(f"{first}{second}" for second in characters)
        for show_all in (False, True):
            assert text_clean.clean(text, show_all=show_all) == text
