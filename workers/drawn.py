"""The card as it is drawn from the stored call, and the fingerprint of its words that is sealed with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from bot.reply import Block, Paragraph, Reply, Tone
from bot.text import for_card
from flows import approval as sealing
from flows.run import Run
from integrations import money
from workers import cards
from workers.store import codec
from workers.tools import Card


@dataclass(frozen=True, slots=True)
class Shown:
    """All that a card says comes from here: the same call gives the same card, whenever it is drawn."""

    tool: Card
    arguments: Mapping[str, Any]
    run: Run
    because: str
    words: str
    expires: datetime


def draw(shown: Shown, code: str) -> Reply:
    """Raises `Unreadable` for arguments that do not fit the tool's schema."""
    run = shown.run
    moved = shown.tool.amount(shown.arguments)
    return cards.body(
        shown.tool.tool.summary,
        money.show(*moved) if moved else "",
        _one_row(run.requester.name),
        tuple((_one_row(label), _barred(value)) for label, value in shown.tool.facts(shown.arguments)),
        _barred(shown.because),
        _barred(shown.words),
        code,
        f"{run.flow} {run.flow_version[:8]}",
        f"{shown.expires:%a %d %b %H:%M} UTC",
    )


def _one_row(text: str) -> str:
    """For titles and labels: what somebody wrote begins no line there, where only our words are bold."""
    return " ⏎ ".join(line.strip() for line in for_card(text).split("\n"))


def _barred(text: str) -> str:
    """What goes on in a second line stands behind a bar, so that no line of it passes for one of ours."""
    return for_card(text).replace("\n", "\n│ ")


def fingerprint(card: Reply, code: str) -> str:
    """Of every word on it but its code, which is made of the digest that this is a part of."""
    blocks = tuple(_without(block, code) for block in card.blocks)
    return sealing.fingerprint(codec.to_json(replace(card, blocks=blocks)))


def _without(block: Block, code: str) -> Block:
    """Only our own small print carries the code; nobody else's words stand in it."""
    match block:
        case Paragraph(text, Tone.SUBTLE) if code:
            return Paragraph(text.replace(f"code {code}", "code ", 1), Tone.SUBTLE)
    return block
