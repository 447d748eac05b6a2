"""One piece of ours as Block Kit. Words go into plain_text and rich_text only, never into mrkdwn."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any

from bot.platforms.slack import limits
from bot.reply import (
    Ask,
    Block,
    Button,
    Buttons,
    Cited,
    Divider,
    Facts,
    Heading,
    Lines,
    Option,
    Paragraph,
    Select,
    Statement,
    Style,
    Tone,
)

Json = dict[str, Any]

BOLD = {"bold": True}
LEFT_TO_RIGHT = "\u200e"
_FROM_THE_RIGHT = frozenset({"R", "AL", "AN"})
SIGNS = {Tone.GOOD: "✓ ", Tone.BAD: "✗ "}


def draw(block: Block) -> Json | None:
    """One piece (see pieces.py), without its block_id. None: nothing to draw."""
    match block:
        case Heading(text):
            return {"type": "header", "text": plain_text(text)}
        case Paragraph(text, Tone.SUBTLE):
            return {"type": "context", "elements": [plain_text(text)]}
        case Paragraph(text, tone):
            return _rich_text([_run(SIGNS.get(tone, "") + text, bold=tone is not Tone.NORMAL)])
        case Facts(pairs):
            return _rich_text(_rows((_fact(label, value) for label, value in pairs), mark=""))
        case Lines(rows):
            return _rich_text(_rows((_line(what, amount) for what, amount in rows), mark="• "))
        case Cited(rows):
            return _rich_text(_rows((_statement(each) for each in rows), mark="• "))
        case Buttons(buttons):
            return {"type": "actions", "elements": _distinct([_button(button) for button in buttons])}
        case Select(label, action, options, chosen):
            menu = {"type": "static_select", "action_id": action, **menu_options(options)}
            menu["placeholder"] = plain_text("Choose…")
            if drawn := [each for each in options if each.value == chosen and chosen]:
                menu["initial_option"] = menu_options((drawn[0],))["options"][0]
            return {"type": "section", "text": plain_text(label), "accessory": menu}
        case Divider():
            return {"type": "divider"}
        case Ask():
            return None


def plain_text(text: str) -> Json:
    """`emoji` off: ":white_check_mark: Approved" that somebody typed stays what they typed."""
    return {"type": "plain_text", "text": text, "emoji": False}


def mention_block(users: Iterable[str]) -> Json:
    elements: list[Json] = []
    for user in users:
        elements += [{"type": "user", "user_id": user}, _run(" ")]
    return _rich_text(elements)


def menu_options(options: tuple[Option, ...]) -> Json:
    drawn = [{"text": plain_text(option.label), "value": option.value} for option in options]
    if len(drawn) <= limits.OPTIONS:
        return {"options": drawn}
    starts = range(0, len(drawn), limits.OPTIONS)
    return {
        "option_groups": [
            {"label": plain_text(f"{start + 1} – {start + len(group)}"), "options": group}
            for start in starts
            for group in [drawn[start : start + limits.OPTIONS]]
        ]
    }


def characters(drawn: object) -> int:
    """What Slack adds up for its limit on a whole message: every word and value in the blocks."""
    match drawn:
        case {"type": "user", "user_id": str(user)}:
            return len(user)
        case dict():
            return sum(
                limits.width(value) if isinstance(value, str) else characters(value)
                for name, value in drawn.items()
                if name != "type"
            )
        case list():
            return sum(characters(item) for item in drawn)
        case _:
            return 0


def _rich_text(elements: Sequence[Json]) -> Json:
    return {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": list(elements)}]}


def _run(text: str, *, bold: bool = False) -> Json:
    run: Json = {"type": "text", "text": text}
    return run | {"style": BOLD} if bold else run


def _fact(label: str, value: str) -> list[Json]:
    if not label:
        return [_run(value or "–")]
    steady = _steady(label)
    return [_run(f"{steady}{label}: {steady}", bold=True), _run(value or "–")]


def _line(what: str, amount: str) -> list[Json]:
    runs = [_run(what)] if what else []
    return [*runs, _run(f"  {_steady(what)}{amount}", bold=True)] if amount else runs or [_run("–")]


def _steady(words: str) -> str:
    """What keeps an amount in its place and its order behind words that are read from the right."""
    rightward = not words.isascii() and any(
        unicodedata.bidirectional(each) in _FROM_THE_RIGHT for each in words
    )
    return LEFT_TO_RIGHT if rightward else ""


def _statement(statement: Statement) -> list[Json]:
    runs = [_run(statement.text)] if statement.text else []
    for link in statement.links:
        between = [_run(" ")] if runs else []
        runs += [*between, {"type": "link", "url": link.url, "text": link.label}]
    return runs or [_run("–")]


def _rows(rows: Iterable[list[Json]], *, mark: str) -> list[Json]:
    elements: list[Json] = []
    for row in rows:
        start = ("\n" if elements else "") + mark
        elements += [_run(start), *row] if start else row
    return elements


def _button(button: Button) -> Json:
    drawn: Json = {"type": "button", "text": plain_text(button.label), "action_id": button.action}
    if button.url:
        # Slack reports this press too: the name tells inbound.py that nothing is to be done.
        drawn |= {"url": button.url, "action_id": f"open:{button.action}"}
    elif button.value:
        drawn["value"] = button.value
    if button.style is not Style.PLAIN:
        drawn["style"] = button.style.value
    return drawn


def _distinct(buttons: list[Json]) -> list[Json]:
    """Slack wants each action_id once in a row; inbound.py takes the number off again."""
    seen: dict[str, int] = {}
    for button in buttons:
        name = button["action_id"]
        seen[name] = seen.get(name, 0) + 1
        if seen[name] > 1:
            button["action_id"] = f"{name}#{seen[name]}"
    return buttons
