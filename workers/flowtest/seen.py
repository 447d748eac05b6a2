"""What the people of a test see: messages as text, cards with their buttons, and calls."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.reply import Button, Buttons, Facts, Heading, Lines, Paragraph, Reply, Select
from flows.effects import AskApproval, Call


@dataclass(frozen=True, slots=True)
class Told:
    """One message: `text` as a notification has it, `whole` with all that stands below."""

    text: str
    whole: str

    def __str__(self) -> str:
        return self.text


@dataclass(slots=True)
class Happened:
    """All that came of one turn, in order."""

    said: list[Told] = field(default_factory=list)
    changed: list[Told] = field(default_factory=list)
    whispered: list[Told] = field(default_factory=list)
    called: list[Call] = field(default_factory=list)
    asked: list[AskApproval] = field(default_factory=list)
    order: list[str] = field(default_factory=list)


def told(reply: Reply) -> Told:
    rows = [line for block in reply.blocks for line in _lines(block)]
    return Told(reply.text, "\n".join([reply.text, *(row for row in rows if row != reply.text)]))


def buttons(reply: Reply) -> Iterator[tuple[str, str, str]]:
    """Label, action and value of whatever can be pressed; links are not ours to press."""
    for block in reply.blocks:
        match block:
            case Buttons(buttons=drawn):
                yield from ((each.label, each.action, each.value) for each in drawn if not each.url)
            case Select(action=action, options=options):
                yield from ((each.label, action, each.value) for each in options)


def call_in_words(tool: str, arguments: Mapping[str, Any]) -> str:
    return f"{tool}({', '.join(f'{name}={_short(value)}' for name, value in arguments.items())})"


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 200 else text[:200] + "…"


def _lines(block: Any) -> list[str]:
    match block:
        case Heading(text=text) | Paragraph(text=text):
            return [text]
        case Facts(pairs=pairs):
            return [f"{label}: {value}" for label, value in pairs]
        case Lines(rows=rows):
            return [f"{label} {value}".strip() for label, value in rows]
        case Buttons(buttons=drawn):
            return [_drawn(each) for each in drawn]
        case Select(label=label, options=options):
            return [label, *(f"[{each.label}]" for each in options)]
    return []


def _drawn(button: Button) -> str:
    return f"[{button.label}]({button.url})" if button.url else f"[{button.label}]"
