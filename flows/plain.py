"""A message as lines of plain text: what it says, what it shows, and what can be pressed."""

from __future__ import annotations

from typing import Any

from bot.reply import Buttons, Facts, Heading, Lines, Paragraph, Reply, Select


def in_lines(reply: Reply) -> list[str]:
    """The text first; what stands below it again is left out."""
    rows = [line for block in reply.blocks for line in _lines(block)]
    return [reply.text, *(row for row in rows if row != reply.text)]


def _lines(block: Any) -> list[str]:
    match block:
        case Heading(text=text) | Paragraph(text=text):
            return [text]
        case Facts(pairs=pairs):
            return [f"{label}: {value}" for label, value in pairs]
        case Lines(rows=rows):
            return [f"{label} {value}".strip() for label, value in rows]
        case Buttons(buttons=drawn):
            return [f"[{each.label}]({each.url})" if each.url else f"[{each.label}]" for each in drawn]
        case Select(label=label, options=options):
            return [label, *(f"[{each.label}]" for each in options)]
    return []
