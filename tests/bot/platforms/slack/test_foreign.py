"""Words from outside: what one reads on a card is all there is."""

from __future__ import annotations

import json
import time
import unicodedata
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.platforms.slack import foreign, limits, render
from bot.platforms.slack.blocks import characters
from bot.reply import Facts, Paragraph, Reply
from bot.workbench.slack_blocks import problems
from tests.bot.text_attacks import ATTACKS, Attack


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
def test_what_would_deceive_somebody_who_decides_is_marked_on_the_card(attack: Attack) -> None:
    reply = Reply("x", (Facts((("Amount", attack.text),)), Paragraph(attack.text)))
    cards = [render.render(part) for part in render.parts(reply)]
    for card in cards:
        assert problems(card["blocks"], "message") == []
        assert characters(card["blocks"]) <= limits.MESSAGE_CHARACTERS
    assert attack.shows in str(cards[0]["blocks"][0])


PILE = "a" + "\u0301" * 10_000 + "\u0327" * 10_000


def seconds(work: Callable[[str], object]) -> float:
    start = time.process_time()
    work(PILE)
    return time.process_time() - start


def test_piles_of_accents_cost_no_quadratic_time() -> None:
    assert seconds(foreign.shown) < 0.3
    assert foreign.shown(foreign.shown(PILE)) == foreign.shown(PILE)


@pytest.mark.twin
def test_twin_without_the_guard_one_message_stops_the_clock_for_everybody(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    guarded = seconds(foreign.shown)
    monkeypatch.setattr(foreign, "few_marks", lambda text: text)
    assert seconds(lambda text: unicodedata.normalize("NFC", foreign.few_marks(text))) > 3 * guarded


@pytest.mark.twin
def test_twin_without_showing_a_reordered_amount_looks_like_another(monkeypatch: pytest.MonkeyPatch) -> None:
    hidden = Reply("x", (Facts((("Pay", "\u202e00.1\u202c"),)),))
    assert "\u202e" not in json.dumps(render.render(hidden), ensure_ascii=False)
    monkeypatch.setattr("bot.platforms.slack.pieces.decided", lambda text: text)
    assert "\u202e" in json.dumps(render.render(hidden), ensure_ascii=False)


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=400), st.integers(min_value=2, max_value=60))
def test_chunks_together_are_the_text_and_each_fits(text: str, limit: int) -> None:
    found = limits.chunks(text, limit)
    assert "".join(found) == text
    assert all(limits.width(piece) <= limit for piece in found)


def test_an_emoji_is_never_torn() -> None:
    family = "👩\u200d👩\u200d👧"
    for piece in limits.chunks(family * 50, 20):
        assert not piece.startswith("\u200d")
        assert not piece.endswith("\u200d")
