"""What a model writes stays words inside of Slack's Markdown, wherever a piece ends."""

from __future__ import annotations

import random
import re

import pytest

from bot.platforms.slack import streamed
from bot.platforms.slack.streamed import JOINER, inert
from bot.workbench.slack_streams import as_read

ATTACKS = (
    "<@U0GRACE>", "<!channel>", "<!here|x>", "<#C0ORDERS>", "[free money](https://evil.test/?q=secret)",
    "![pixel](https://evil.test/p.png)", "<https://evil.test|bank.test>", "https://evil.test/steal",
    "evil.test/x",
    "**Approved**", "_by Grace_", "~~no~~", "`code`", "```\nblock\n```", "# Heading", "> quoted", "- item",
    "1. first", "2) second", "| a | b |\n|---|---|", "    code", "---", "===", "+ plus", ":white_check_mark:",
    "@channel", "me@evil.test", "\\<@U0GRACE\\>", "\\\\[a](b)", "&lt;@U0GRACE&gt;",
)  # fmt: skip
LIVE = re.compile(
    r"<[@!#h]|(?<!\\)[`*_~\[\]|!#]|://|(?m:^ {0,3}[-+=]|^ {0,3}\d+[.)]|^ {4}|^ {0,3}>)"
    r"|:[a-z_]+:|\w@\w|[a-z]\.[a-z]"
)


def pieces(text: str, seed: int) -> list[str]:
    """The text, torn where chance wants it."""
    chance = random.Random(seed)
    cuts = sorted(chance.sample(range(len(text) + 1), min(3, len(text))))
    return [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]


def streamed_in(parts: list[str]) -> str:
    before = out = ""
    for part in parts:
        out += inert(part, before)
        before += part
    return out


@pytest.mark.parametrize("attack", ATTACKS)
def test_nothing_that_a_model_writes_becomes_a_link_a_mention_a_picture_or_a_format(attack: str) -> None:
    for text in (attack, f"Look: {attack} now", f"first\n{attack}\nlast"):
        assert LIVE.search(inert(text)) is None, inert(text)


@pytest.mark.parametrize("attack", ATTACKS)
def test_it_does_not_matter_where_a_piece_ends(attack: str) -> None:
    text = f"a {attack}\n{attack}"
    for seed in range(40):
        assert streamed_in(pieces(text, seed)) == inert(text)


@pytest.mark.parametrize("attack", ATTACKS)
def test_what_is_read_is_what_was_written(attack: str) -> None:
    read = as_read(inert(attack)).replace(JOINER, "").replace("\u00a0", " ")
    assert read.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&") == attack


@pytest.mark.twin
def test_without_the_escapes_a_model_pings_a_channel(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streamed, "ENTITIES", {})
    monkeypatch.setattr(streamed, "ESCAPED", frozenset())
    assert "<!channel>" in inert("<!channel>")


@pytest.mark.twin
def test_without_the_joiner_an_address_is_an_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streamed, "JOINTS", frozenset())
    assert "https://evil.test/steal" in inert("https://evil.test/steal")


def test_what_cannot_be_seen_is_shown_or_taken_out() -> None:
    assert "\u202e" not in inert("a\u202eb")
    assert inert("a\u200bb") == "ab"
