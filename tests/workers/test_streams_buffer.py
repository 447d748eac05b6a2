"""What waits to be shown: in order, without gaps, whole words, no white space at the edges."""

from __future__ import annotations

import random

import pytest

from workers.streams_buffer import MOST, Buffer, pause_before


def test_pieces_are_shown_in_the_order_in_which_they_were_written() -> None:
    buffer = Buffer()
    buffer.add(0, "The ")
    buffer.add(4, "lamp")
    assert buffer.take(100) == "The lamp"


def test_white_space_waits_for_what_comes_after_it() -> None:
    buffer = Buffer()
    buffer.add(0, "The ")
    assert buffer.take(100) == "The"
    buffer.add(4, "lamp")
    assert buffer.take(100) == " lamp"


@pytest.mark.parametrize(("at", "why"), [(3, "one came twice"), (9, "one was lost"), (0, "it began anew")])
def test_a_piece_that_does_not_follow_ends_the_preview(at: int, why: str) -> None:
    buffer = Buffer()
    buffer.add(0, "The ")
    buffer.add(at, "lamp")
    assert buffer.broken, why
    buffer.add(4, "lamp")
    assert buffer.ready == "The"


def test_a_text_without_end_is_not_kept() -> None:
    buffer = Buffer()
    buffer.add(0, "x" * MOST)
    buffer.add(MOST, "x")
    assert buffer.broken


def test_what_does_not_fit_ends_after_a_word() -> None:
    buffer = Buffer()
    buffer.add(0, "one two three")
    assert buffer.take(9) == "one two"
    buffer.begin()
    assert buffer.take(100) == "three"


def test_what_was_not_shown_is_put_back_in_front() -> None:
    buffer = Buffer()
    buffer.add(0, "one two")
    buffer.put_back(buffer.take(4))
    assert buffer.take(100) == "one two"


def test_however_it_is_torn_all_of_it_is_shown_once() -> None:
    chance = random.Random(7)
    for _ in range(200):
        words = " ".join("w" * chance.randint(1, 9) for _ in range(chance.randint(1, 30)))
        buffer, shown, at = Buffer(), "", 0
        while at < len(words):
            size = chance.randint(1, 7)
            buffer.add(at, words[at : at + size])
            at += size
            if chance.random() < 0.5:
                shown += buffer.take(chance.randint(2, 12))
        while piece := buffer.take(12):
            shown += piece
        assert shown == words


@pytest.mark.parametrize(
    ("waiting", "since", "pause"),
    [(1, 0.0, 0.3), (1, 0.2, 0.1), (1, 0.4, 0.0), (256, 0.0, 0.0), (255, 0.1, 0.2)],
)
def test_a_call_waits_for_its_time_or_for_enough_words(waiting: int, since: float, pause: float) -> None:
    assert pause_before(waiting, since, 0.3, 256) == pytest.approx(pause)
