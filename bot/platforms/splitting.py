"""One reply as the several that a platform takes: everything is said, nothing is cut off."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TypeVar

from bot.reply import Ask, Block, Buttons, Cited, Facts, Heading, Lines, Paragraph, Reply, Select, Statement

# How much of a long text is tried first, before twice as much.
FIRST_TRY = 512
_JOINER = "\u200d"

Group = tuple[Block, ...]
Item = TypeVar("Item")


def split(reply: Reply, fits: Callable[[Reply], bool], longest: int) -> tuple[Reply, ...]:
    """In order. Mentions go with the first; inputs stay together with the buttons that send them.

    `longest`: characters of which one piece of text is made at most, whatever fits.
    """
    if fits(reply):
        return (reply,)
    if not reply.blocks:
        texts = cut(reply.text, lambda text: fits(replace(reply, text=text)), longest)
        return tuple(replace(reply, text=text, mentions=_first(at, reply)) for at, text in enumerate(texts))

    def together(*blocks: Block) -> bool:
        return fits(replace(reply, blocks=blocks))

    groups = [group for whole in _groups(reply.blocks) for group in _smaller(whole, together, longest)]
    bodies = _packed(groups, together)
    return tuple(
        replace(
            reply,
            text=f"{reply.text} ({at + 1}/{len(bodies)})" if len(bodies) > 1 else reply.text,
            blocks=blocks,
            mentions=_first(at, reply),
        )
        for at, blocks in enumerate(bodies)
    )


def _first(at: int, reply: Reply) -> tuple[str, ...]:
    return reply.mentions if at == 0 else ()


def _groups(blocks: Sequence[Block]) -> Iterator[Group]:
    """What is typed or chosen is sent by a button of the same message, so these stay together."""
    controls: list[Block] = []
    for block in blocks:
        if isinstance(block, Ask | Select | Buttons):
            controls.append(block)
            continue
        if controls:
            yield tuple(controls)
            controls = []
        yield (block,)
    if controls:
        yield tuple(controls)


def _smaller(group: Group, fits: Callable[..., bool], longest: int) -> Iterator[Group]:
    if fits(*group):
        yield group
    elif len(group) > 1:
        for block in group:
            yield from _smaller((block,), fits, longest)
    else:
        yield from ((piece,) for piece in _pieces(group[0], fits, longest))


def _pieces(block: Block, fits: Callable[[Block], bool], longest: int) -> Iterator[Block]:
    """A block that fills more than a message, as several of its kind."""
    match block:
        case Heading(text):
            yield from (Heading(each) for each in cut(text, lambda text: fits(Heading(text)), longest))
        case Paragraph(text, tone):
            texts = cut(text, lambda text: fits(Paragraph(text, tone)), longest)
            yield from (Paragraph(each, tone) for each in texts)
        case Facts((pair,)):
            pairs = _pairs(pair, lambda pair: fits(Facts((pair,))), longest)
            yield from (Facts((each,)) for each in pairs)
        case Lines((row,)):
            pairs = _pairs(row, lambda row: fits(Lines((row,))), longest)
            yield from (Lines((each,)) for each in pairs)
        case _:
            for half in (halves := _halves(block)):
                yield from [half] if fits(half) else _pieces(half, fits, longest)
            if not halves:
                yield block


def _halves(block: Block) -> list[Block]:
    """Both, or none of what cannot be divided."""
    match block:
        case Facts(pairs) if len(pairs) > 1:
            return [Facts(some) for some in _halved(pairs)]
        case Lines(rows) if len(rows) > 1:
            return [Lines(some) for some in _halved(rows)]
        case Cited(rows, folded):
            return [Cited(some, folded) for some in _statements(rows)]
        case Buttons(buttons) if len(buttons) > 1:
            return [Buttons(some) for some in _halved(buttons)]
        case Select(label, action, options, chosen) if len(options) > 1:
            return [Select(label, action, few, chosen) for few in _halved(options)]
    return []


def _halved(some: tuple[Item, ...]) -> tuple[tuple[Item, ...], tuple[Item, ...]]:
    return some[: len(some) // 2], some[len(some) // 2 :]


def _statements(rows: tuple[Statement, ...]) -> Sequence[tuple[Statement, ...]]:
    """Between two statements where there are several, else between two links, else between two words."""
    if len(rows) > 1:
        return _halved(rows)
    [row] = rows
    if len(row.links) > 1:
        some, others = _halved(row.links)
        return ((Statement(row.text, some),), (Statement("", others),))
    middle = len(row.text) // 2
    at = row.text.rfind(" ", 0, middle) + 1 or middle
    return ((Statement(row.text[:at]),), (Statement(row.text[at:], row.links),)) if middle > 0 else ()


def _pairs(
    pair: tuple[str, str], fits: Callable[[tuple[str, str]], bool], longest: int
) -> Iterator[tuple[str, str]]:
    if fits(pair):
        yield pair
        return
    yield from ((each, "") for each in cut(pair[0], lambda text: fits((text, "")), longest))
    yield from (("", each) for each in cut(pair[1], lambda text: fits(("", text)), longest))


def _packed(groups: Sequence[Group], fits: Callable[..., bool]) -> list[Group]:
    """As many groups to a message as fit."""
    bodies: list[Group] = []
    current: Group = ()
    for group in groups:
        if current and not fits(*current, *group):
            bodies.append(current)
            current = ()
        current += group
    return [*bodies, current]


# ── text ─────────────────────────────────────────────────────────────────────────────────


def cut(text: str, fits: Callable[[str], bool], longest: int) -> list[str]:
    """The text in pieces that fit, each as long as possible; joined they are the text again."""
    pieces = []
    while text and (len(text) > longest or not fits(text)):
        most = _longest(text, fits, longest)
        at = _boundary(text, most)
        pieces.append(text[:at])
        text = text[at:]
    return [*pieces, text] if text or not pieces else pieces


def _longest(text: str, fits: Callable[[str], bool], longest: int) -> int:
    """At least one character, so that it always ends. Never tries much more than fits: trying costs."""
    most = min(longest, len(text) - 1)
    low, high = 1, min(FIRST_TRY, most)
    while high < most and fits(text[:high]):
        low, high = high, min(2 * high, most)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if fits(text[:middle]) else (low, middle - 1)
    return max(low, 1)


def _boundary(text: str, most: int) -> int:
    """After a line, else after a word, else between two whole characters."""
    for separator in ("\n", " "):
        at = text.rfind(separator, most // 2, most)
        if at >= 0:
            return at + 1
    for at in range(most, max(most - 64, 0), -1):
        if not _belongs_together(text[at - 1], text[at]):
            return at
    return most


def _belongs_together(before: str, after: str) -> bool:
    """An emoji made of several, a letter and its accent."""
    return (
        _JOINER in (before, after)
        or unicodedata.combining(after) != 0
        or unicodedata.category(after) in ("Mn", "Me")
        or "\U0001f3fb" <= after <= "\U0001f3ff"
        or ("\U0001f1e6" <= before <= "\U0001f1ff" and "\U0001f1e6" <= after <= "\U0001f1ff")
        or (before == "\r" and after == "\n")
    )
