"""What the people of a test see: messages as text, cards with their buttons, and calls."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.reply import Buttons, Reply, Select
from flows.effects import AskApproval, Call
from flows.plain import in_lines


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
    relayed: list[Told] = field(default_factory=list)
    called: list[Call] = field(default_factory=list)
    asked: list[AskApproval] = field(default_factory=list)
    order: list[str] = field(default_factory=list)


def told(reply: Reply) -> Told:
    return Told(reply.text, "\n".join(in_lines(reply)))


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
