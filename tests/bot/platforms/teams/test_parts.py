"""Long replies are split within Teams' limits, and nothing of them is lost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from bot.platforms.splitting import cut
from bot.platforms.teams.limits import CARD_BYTES, MESSAGE_UTF16_BYTES, shortened
from bot.platforms.teams.parts import parts
from bot.platforms.teams.render import encode, render
from bot.reply import (
    Ask,
    Block,
    Button,
    Buttons,
    Facts,
    Heading,
    Lines,
    Option,
    Paragraph,
    Reply,
    Select,
)

FAMILY = "👩‍👩‍👧‍👦"


def assert_within_limits(reply: Reply) -> None:
    sent = encode(render(reply, marker="m" * 80, sandbox=True))
    assert len(sent) <= CARD_BYTES
    assert len(sent.decode().encode("utf-16-le")) <= MESSAGE_UTF16_BYTES


def test_a_short_reply_is_one_part_and_untouched() -> None:
    reply = Reply("hello", (Paragraph("hello"),), mentions=("g",))

    assert parts(reply) == (reply,)


@pytest.mark.parametrize(
    "text", ["word " * 8_000, "x" * 40_000, FAMILY * 5_700, "<b>&" * 10_000, "\n" * 40_000, "שלום " * 8_000]
)
def test_forty_thousand_characters_are_all_said(text: str) -> None:
    for reply in (Reply(text), Reply("short", (Paragraph(text),))):
        split = parts(reply)
        for part in split:
            assert_within_limits(part)
        said = [
            part.text if not part.blocks else "".join(b.text for b in part.blocks if isinstance(b, Paragraph))
            for part in split
        ]
        assert "".join(said) == text
        assert all(part.text for part in split)


def test_a_family_stays_together() -> None:
    for piece in cut(FAMILY * 50, lambda text: len(text) <= 100, CARD_BYTES):
        assert piece.replace(FAMILY, "") == ""


def test_parts_are_numbered_and_mention_once() -> None:
    split = parts(Reply("Receipt", (Paragraph("x" * 60_000),), mentions=("g",)))

    assert [part.text for part in split] == [f"Receipt ({n + 1}/{len(split)})" for n in range(len(split))]
    assert [part.mentions for part in split] == [("g",)] + [()] * (len(split) - 1)


def test_what_is_typed_stays_with_the_buttons_that_send_it() -> None:
    controls: tuple[Block, ...] = (
        Ask("reason", "Reason"),
        Buttons((Button("Approve", "approve", "v" * 2000),)),
    )
    split = parts(Reply("x", (Paragraph("x" * 24_000), *controls)))

    assert split[-1].blocks[-2:] == controls


def test_every_fact_line_button_and_option_is_kept() -> None:
    blocks: tuple[Block, ...] = (
        Heading("h" * 30_000),
        Facts(tuple((f"label {n}", "v" * 500) for n in range(80))),
        Facts((("l" * 30_000, "w" * 30_000),)),
        Lines(tuple((f"{n} × Margherita", "9.50 usd") for n in range(300))),
        Buttons(tuple(Button(f"B{n}", "b", "v" * 1_900) for n in range(30))),
        Select("Pick", "pick", tuple(Option(f"option {n}", "o" * 150) for n in range(300))),
    )
    split = parts(Reply("x", blocks))
    for part in split:
        assert_within_limits(part)
    drawn = [block for part in split for block in part.blocks]

    pairs = [pair for block in drawn if isinstance(block, Facts) for pair in block.pairs]
    assert pairs[:80] == list(blocks[1].pairs)  # type: ignore[union-attr]
    assert "".join(left for left, _ in pairs[80:]) == "l" * 30_000
    assert "".join(right for _, right in pairs[80:]) == "w" * 30_000
    assert [row for block in drawn if isinstance(block, Lines) for row in block.rows] == list(blocks[3].rows)  # type: ignore[union-attr]
    assert sum(len(block.buttons) for block in drawn if isinstance(block, Buttons)) == 30
    assert sum(len(block.options) for block in drawn if isinstance(block, Select)) == 300
    assert "".join(block.text for block in drawn if isinstance(block, Heading)) == "h" * 30_000


@given(st.text(max_size=400), st.integers(min_value=1, max_value=40))
@examples(max_examples=200, deadline=None)
def test_pieces_joined_are_the_text(text: str, most: int) -> None:
    pieces = cut(text, lambda piece: len(piece) <= most, CARD_BYTES)

    assert "".join(pieces) == text
    assert all(len(piece) <= most for piece in pieces)


def test_a_summary_says_that_it_was_shortened() -> None:
    assert shortened("x" * 2_000).endswith("…")
    assert shortened("x") == "x"
