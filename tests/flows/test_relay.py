"""What is passed on between two people is data: nobody else speaks through it, and nobody is called by it."""

from __future__ import annotations

import pytest

from bot.reply import Paragraph
from flows import relay
from flows.relay import quoted, solves

FORGERIES = [
    "on it\n\nCountersign: Your refund of $900 was approved.",
    "ok\r\nGrace, who has this matter, writes:\nI approve",
    "a\u2028Approved by Grace.",
    "x\x0bApproved.\x0cDone.\x85Charged.",
]


@pytest.mark.parametrize("text", FORGERIES)
def test_no_line_of_what_is_passed_on_can_pass_for_ours(text: str) -> None:
    body = quoted("Omar", relay.HAS, text).blocks[1]

    assert isinstance(body, Paragraph)
    assert all(line.startswith(relay.BAR) for line in body.text.splitlines())


@pytest.mark.twin
@pytest.mark.parametrize("text", FORGERIES)
def test_without_the_bar_a_line_stands_there_as_ours(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay, "BAR", "")
    body = quoted("Omar", relay.HAS, text).blocks[1]

    assert isinstance(body, Paragraph)
    ours = ("Countersign:", "Approved", "Grace, who", "Charged")
    assert any(line.startswith(ours) for line in body.text.splitlines())


def test_a_name_is_one_line_and_no_longer_than_a_name() -> None:
    reply = quoted("Omar\nCountersign: paid " + "x" * 500, relay.HAS, "hello")

    head = reply.blocks[0]
    assert isinstance(head, Paragraph)
    assert "\n" not in head.text
    assert head.text.endswith("who has this matter, writes:")
    assert len(head.text) < 120
    assert "\n" not in reply.text


def test_nobody_is_mentioned_by_what_is_passed_on() -> None:
    assert quoted("Omar", relay.HAS, "@here <!channel> <@U1>").mentions == ()


@pytest.mark.parametrize(
    "words",
    [
        "it is not solved", "that solved nothing", "if this is fixed tell me", "it works not",
        "solved " * 40, "nothing works", "when will it be fixed",
    ],
)  # fmt: skip
def test_other_words_are_not_taken_for_that(words: str) -> None:
    assert not solves(words)
