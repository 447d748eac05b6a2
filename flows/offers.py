"""What there is to choose from, as a message."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bot.reply import Lines, Paragraph, Reply
from flows.effects import Say
from flows.money import shown
from flows.tone import joined

MOST_SHOWN = 40
MOST_NAMED = 12


def menu(before: str, offered: Sequence[Any], after: str) -> Say:
    """`offered` are names, or mappings with `name` and perhaps `variants`, `unit_amount`, `currency`."""
    if not offered:
        return Say("", Reply(joined(part for part in (before, after) if part)))
    names = [_name(each) for each in offered]
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    there = f"There is: {', '.join(names[:MOST_NAMED])}{more}."
    rows = tuple((_label(each), _price(each)) for each in offered[:MOST_SHOWN])
    above = Paragraph(f"{before} There is:".strip())
    blocks = (above, Lines(rows), Paragraph(after)) if after else (above, Lines(rows))
    return Say("", Reply(joined(part for part in (before, there, after) if part), blocks))


def _name(offer: Any) -> str:
    return str(offer.get("name", "")) if isinstance(offer, Mapping) else str(offer)


def _label(offer: Any) -> str:
    sizes = offer.get("variants") if isinstance(offer, Mapping) else None
    return f"{_name(offer)} ({', '.join(map(str, sizes))})" if sizes else _name(offer)


def _price(offer: Any) -> str:
    match offer:
        case {"unit_amount": int(amount), "currency": str(currency)}:
            return shown(amount, currency)
    return ""
