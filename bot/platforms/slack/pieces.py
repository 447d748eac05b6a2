"""Our blocks in pieces that each fit into Slack's: split, never cut."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from bot.errors import PlatformError
from bot.platforms.slack import limits
from bot.platforms.slack.foreign import decided, shown
from bot.platforms.slack.limits import chunks, fits, shorten, width
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
    Link,
    Option,
    Paragraph,
    Select,
    Statement,
    Tone,
)

Pair = tuple[str, str]

ROWS = 60


def pieces(blocks: Iterable[Block]) -> Iterator[Block]:
    """The same things, each within the limits of one Slack block. Safe to apply twice."""
    for block in blocks:
        match block:
            case Heading():
                yield from _heading(block)
            case Paragraph():
                yield from _paragraph(block)
            case Facts(pairs):
                yield from _rows(Facts, pairs)
            case Lines(rows):
                yield from _rows(Lines, rows)
            case Cited(rows):
                yield from _cited(rows)
            case Buttons():
                yield from _buttons(block)
            case Select():
                yield from _select(block)
            case Divider():
                yield block
            case Ask():
                pass  # Slack has no inputs on messages: the button opens a form


def _heading(block: Heading) -> Iterator[Block]:
    text = shown(block.text).strip()
    if text and fits(text, limits.HEADER_TEXT) and "\n" not in text:
        yield Heading(text)
    elif text:
        yield from _paragraph(Paragraph(text, Tone.STRONG))


def _paragraph(block: Paragraph) -> Iterator[Block]:
    limit = limits.CONTEXT_TEXT if block.tone is Tone.SUBTLE else limits.RICH_TEXT
    sign = block.tone in (Tone.GOOD, Tone.BAD)
    for number, text in enumerate(chunks(shown(block.text), limit - 2)):
        if text.strip():
            # The sign of good or bad news stands once, at the beginning.
            yield Paragraph(text, Tone.NORMAL if sign and number else block.tone)


def _rows(kind: type[Facts] | type[Lines], pairs: Iterable[Pair]) -> Iterator[Block]:
    """Rows together as long as they fit one block; a row that is itself too long gets blocks of its own."""
    group: list[Pair] = []
    size = 0
    for first, second in pairs:
        pair = decided(first), decided(second)
        weight = width(pair[0]) + width(pair[1]) + 6
        if group and (size + weight > limits.RICH_TEXT or len(group) == ROWS):
            yield kind(tuple(group))
            group, size = [], 0
        if weight > limits.RICH_TEXT:
            yield from _long_row(kind, *pair)
        else:
            group.append(pair)
            size += weight
    if group:
        yield kind(tuple(group))


def _long_row(kind: type[Facts] | type[Lines], first: str, second: str) -> Iterator[Block]:
    """What it is in one tone, what it comes to in the other, each as long as it is."""
    if kind is Facts:
        yield from _paragraph(Paragraph(f"{first}:", Tone.STRONG))
        yield from _paragraph(Paragraph(second))
    else:
        yield from _paragraph(Paragraph(f"• {first}"))
        yield from _paragraph(Paragraph(second, Tone.STRONG))


def _cited(rows: Iterable[Statement]) -> Iterator[Block]:
    """Statements together as long as they fit one block; one with many links goes on in the next."""
    group: list[Statement] = []
    size = 0
    for statement in (part for row in rows for part in _parted(row)):
        weight = _weight(statement)
        if group and (size + weight > limits.RICH_TEXT or len(group) == ROWS):
            yield Cited(tuple(group))
            group, size = [], 0
        group.append(statement)
        size += weight
    if group:
        yield Cited(tuple(group))


def _parted(statement: Statement) -> Iterator[Statement]:
    *above, text = chunks(shown(statement.text), limits.RICH_TEXT // 2) or [""]
    yield from (Statement(each) for each in above)
    links: list[Link] = []
    for link in map(_safe, statement.links):
        if links and _weight(Statement(text, (*links, link))) > limits.RICH_TEXT:
            yield Statement(text, tuple(links))
            text, links = "", []
        links.append(link)
    yield Statement(text, tuple(links))


def _weight(statement: Statement) -> int:
    return width(statement.text) + 4 + sum(width(each.label) + len(each.url) + 2 for each in statement.links)


def _safe(link: Link) -> Link:
    """An address that is none of the web's is a mistake of ours, said aloud."""
    if not link.url.startswith(("https://", "http://")) or len(link.url) > limits.BUTTON_URL // 2:
        raise PlatformError("Slack", "takes web addresses of at most 1,500 characters as a link")
    return Link(shown(link.label).replace("\n", " ").strip()[:200] or "link", link.url)


def _buttons(block: Buttons) -> Iterator[Block]:
    """In rows of 25. A label that does not fit its button is said in full above it."""
    buttons = []
    for button in block.buttons:
        label = shown(button.label).replace("\n", " ").strip() or button.action
        if not fits(label, limits.BUTTON_TEXT):
            yield from _paragraph(Paragraph(label))
            label = shorten(label, limits.BUTTON_TEXT)
        buttons.append(_checked(replace(button, label=label)))
    for start in range(0, len(buttons), limits.ACTIONS_ELEMENTS):
        yield Buttons(tuple(buttons[start : start + limits.ACTIONS_ELEMENTS]))


def _checked(button: Button) -> Button:
    """What a button carries cannot be split: too long is a mistake of ours, said aloud."""
    if width(button.value) > limits.BUTTON_VALUE:
        raise PlatformError("Slack", "takes at most 2,000 characters as the value of a button")
    _check_action(button.action)
    if button.url and (
        not button.url.startswith(("https://", "http://")) or len(button.url) > limits.BUTTON_URL
    ):
        raise PlatformError("Slack", "takes web addresses of at most 3,000 characters on a button")
    return button


def _check_action(name: str) -> None:
    """Our own marks in an action_id (see blocks.py) must not be part of a name."""
    if not 0 < len(name) <= limits.ACTION_ID - 8 or "#" in name or name.startswith("open:"):
        raise PlatformError("Slack", "takes 1 to 247 characters without # as the name of a control")


def _select(block: Select) -> Iterator[Block]:
    if not block.options:
        return
    _check_action(block.action)
    *above, label = chunks(shown(block.label).strip() or "Choose one", limits.SECTION_TEXT)
    yield from map(Paragraph, above)
    said, options = fit_options(block.options)
    yield from _rows(Lines, said)
    yield Select(label, block.action, options, block.chosen)


def fit_options(options: tuple[Option, ...]) -> tuple[tuple[Pair, ...], tuple[Option, ...]]:
    """The options with labels that fit, and, if any did not, all of them in full, numbered alike."""
    if len(options) > limits.OPTIONS * limits.OPTION_GROUPS:
        raise PlatformError("Slack", "takes at most 10,000 options in a menu")
    if any(not option.value or width(option.value) > limits.OPTION_VALUE for option in options):
        raise PlatformError("Slack", "takes 1 to 150 characters as the value of an option")
    clean = tuple(Option(_label(option), option.value) for option in options)
    if all(fits(option.label, limits.OPTION_TEXT) for option in clean):
        return (), clean
    numbered = [(f"{number}. {option.label}", option.value) for number, option in enumerate(clean, 1)]
    return (
        tuple((label, "") for label, _ in numbered),
        tuple(Option(shorten(label, limits.OPTION_TEXT), value) for label, value in numbered),
    )


def _label(option: Option) -> str:
    return shown(option.label).replace("\n", " ").strip() or option.value
