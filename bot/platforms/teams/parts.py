"""One reply as the several that Teams takes: everything is said, nothing is cut off."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from bot.platforms.teams.limits import CARD_BYTES, MARGIN, cut
from bot.platforms.teams.render import encode, render
from bot.reply import Ask, Block, Buttons, Cited, Facts, Heading, Lines, Paragraph, Reply, Select, Statement

Group = tuple[Block, ...]


def parts(reply: Reply) -> tuple[Reply, ...]:
    """In order. Mentions go with the first; inputs stay on one card with the buttons that send them."""
    if _fits(reply):
        return (reply,)
    if not reply.blocks:
        texts = cut(reply.text, lambda text: _fits(replace(reply, text=text)))
        return tuple(replace(reply, text=text, mentions=_first(at, reply)) for at, text in enumerate(texts))
    bodies = _pack(reply, [group for whole in _groups(reply.blocks) for group in _smaller(reply, whole)])
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


def _fits(reply: Reply) -> bool:
    return len(encode(render(reply, sandbox=True))) <= CARD_BYTES - MARGIN


def _groups(blocks: tuple[Block, ...]) -> Iterator[Group]:
    """What is typed or chosen is sent by a button of the same card, so these stay together."""
    controls: list[Block] = []
    for block in blocks:
        if isinstance(block, (Ask, Select, Buttons)):
            controls.append(block)
            continue
        if controls:
            yield tuple(controls)
            controls = []
        yield (block,)
    if controls:
        yield tuple(controls)


def _smaller(reply: Reply, group: Group) -> Iterator[Group]:
    def fits(*blocks: Block) -> bool:
        return _fits(replace(reply, blocks=blocks))

    if fits(*group):
        yield group
    elif len(group) > 1:
        for block in group:
            yield from _smaller(reply, (block,))
    else:
        for piece in _pieces(group[0], fits):
            yield (piece,)


def _pieces(block: Block, fits: Callable[[Block], bool]) -> Iterator[Block]:
    """A block that fills more than a card, as several of its kind."""
    match block:
        case Heading(text):
            yield from (Heading(piece) for piece in cut(text, lambda text: fits(Heading(text))))
        case Paragraph(text, tone):
            yield from (
                Paragraph(piece, tone) for piece in cut(text, lambda text: fits(Paragraph(text, tone)))
            )
        case Facts(pairs):
            for pair in pairs:
                yield from (Facts((piece,)) for piece in _pairs(pair, lambda pair: fits(Facts((pair,)))))
        case Lines(rows):
            for pair in rows:
                yield from (Lines((piece,)) for piece in _pairs(pair, lambda pair: fits(Lines((pair,)))))
        case Cited(rows, folded):
            halves = [Cited(some, folded) for some in _halved(rows)]
            for part in halves:
                yield from [part] if fits(part) else _pieces(part, fits)
            if not halves:
                yield block
        case Buttons(buttons) if len(buttons) > 1:
            half = len(buttons) // 2
            for some in (buttons[:half], buttons[half:]):
                yield from [Buttons(some)] if fits(Buttons(some)) else _pieces(Buttons(some), fits)
        case Select(label, action, options) if len(options) > 1:
            half = len(options) // 2
            for few in (options[:half], options[half:]):
                select = Select(label, action, few)
                yield from [select] if fits(select) else _pieces(select, fits)
        case _:
            yield block


def _halved(rows: tuple[Statement, ...]) -> list[tuple[Statement, ...]]:
    """Between two statements where there are several, else between two links, else between two words."""
    if len(rows) > 1:
        half = len(rows) // 2
        return [rows[:half], rows[half:]]
    [row] = rows
    if len(row.links) > 1:
        half = len(row.links) // 2
        return [(Statement(row.text, row.links[:half]),), (Statement("", row.links[half:]),)]
    middle = len(row.text) // 2
    at = row.text.rfind(" ", 0, middle) + 1 or middle
    return [(Statement(row.text[:at]),), (Statement(row.text[at:], row.links),)] if middle > 0 else []


def _pairs(pair: tuple[str, str], fits: Callable[[tuple[str, str]], bool]) -> Iterator[tuple[str, str]]:
    left, right = pair
    if fits(pair):
        yield pair
        return
    for piece in cut(left, lambda text: fits((text, ""))):
        yield (piece, "")
    for piece in cut(right, lambda text: fits(("", text))):
        yield ("", piece)


def _pack(reply: Reply, groups: list[Group]) -> list[Group]:
    """As many groups to a card as fit."""
    bodies: list[Group] = []
    current: Group = ()
    for group in groups:
        if current and not _fits(replace(reply, blocks=current + group)):
            bodies.append(current)
            current = ()
        current += group
    return [*bodies, current]
