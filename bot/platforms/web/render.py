"""A Reply or a Form as JSON: the same blocks as data, every string of them plain text. See docs/web.md."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any, TypeVar
from urllib.parse import urlsplit

import orjson

from bot.platforms.web.limits import LONGEST_VALUE, MESSAGE_BYTES, cut
from bot.reply import (
    Ask,
    Block,
    Button,
    Buttons,
    Cited,
    Divider,
    Facts,
    Field,
    Form,
    Heading,
    Lines,
    Option,
    Paragraph,
    Reply,
    Select,
)
from bot.settings import LOOPBACK
from bot.text import plain

Json = dict[str, Any]
Item = TypeVar("Item")

MARGIN = 600  # bytes kept for what stands around a message


def render(reply: Reply) -> Json:
    """`text` is what a screen reader or a notification gets; with no `blocks` it is the message."""
    return {
        "text": plain(reply.text),
        "blocks": [draw(block) for block in reply.blocks],
        "generated": reply.generated,
    }


def render_form(form: Form) -> Json:
    return {
        "form": form.name,
        "value": form.value,
        "title": plain(form.title),
        "intro": plain(form.intro),
        "submit": plain(form.submit),
        "back": form.back,
        "fields": [_field(each) for each in form.fields],
    }


def draw(block: Block) -> Json:
    match block:
        case Heading(text):
            return {"type": "heading", "text": plain(text)}
        case Paragraph(text, tone):
            return {"type": "paragraph", "text": plain(text), "tone": tone.value}
        case Facts(pairs):
            return {
                "type": "facts",
                "pairs": [{"label": plain(label), "value": plain(value)} for label, value in pairs],
            }
        case Lines(rows):
            return {
                "type": "lines",
                "rows": [{"text": plain(text), "amount": plain(amount)} for text, amount in rows],
            }
        case Cited(rows, folded):
            return {"type": "cited", "folded": plain(folded), "rows": [
                {"text": plain(row.text), "links": [{"label": plain(link.label), "url": address(link.url)}
                                                    for link in row.links]} for row in rows]}  # fmt: skip
        case Buttons(buttons):
            return {"type": "buttons", "buttons": [_button(each) for each in buttons]}
        case Select(label, action, options, chosen):
            return {"type": "select", "label": plain(label), "action": action, "options": _options(options),
                    "chosen": chosen}  # fmt: skip
        case Ask(name, label, multiline, options):
            return {"type": "ask", "name": name, "label": plain(label), "multiline": multiline,
                    "options": _options(options)}  # fmt: skip
        case Divider():
            return {"type": "divider"}


def _button(button: Button) -> Json:
    label = plain(button.label)
    if button.url:
        return {"label": label, "url": address(button.url)}
    if len(button.value) > LONGEST_VALUE:
        raise ValueError("a button carries more than comes back")
    return {"label": label, "action": button.action, "value": button.value, "style": button.style.value}


def _options(options: tuple[Option, ...]) -> list[Json]:
    return [{"label": plain(each.label), "value": each.value} for each in options]


def _field(field: Field) -> Json:
    return {
        "name": field.name,
        "label": plain(field.label),
        "kind": field.kind,
        "multiline": field.multiline,
        "optional": field.optional,
        "options": _options(field.options),
        "placeholder": plain(field.placeholder),
        "max_length": field.max_length,
        "value": field.value,
        "error": plain(field.error),
    }


def address(url: str) -> str:
    """Where a link may lead: to an https address, or on this machine (the sandbox); all else to nothing."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return ""
    good = parts.scheme == "https" or (parts.scheme == "http" and host in LOOPBACK)
    return url if good and host and url.isprintable() and " " not in url else ""


def answer(reply: Reply | Form | None) -> Json:
    """What a press is answered with, to whoever pressed; `pending`: the engine was not in time."""
    match reply:
        case None:
            return {"pending": True}
        case Form():
            return {"form": render_form(reply)}
    return {"message": render(reply)}


def parts(reply: Reply) -> tuple[Reply, ...]:
    """As many as needed, nothing cut off. What is typed or chosen stays with the buttons that send it."""
    if _fits(reply):
        return (reply,)
    if not reply.blocks:
        pieces = cut(reply.text, lambda text: _fits(replace(reply, text=text)))
        return tuple(replace(reply, text=each) for each in pieces)
    bodies = list(
        _packed(reply, [piece for group in _groups(reply.blocks) for piece in _smaller(reply, group)])
    )
    return tuple(
        replace(
            reply, text=f"{reply.text} ({at}/{len(bodies)})" if len(bodies) > 1 else reply.text, blocks=each
        )
        for at, each in enumerate(bodies, 1)
    )


def _fits(reply: Reply) -> bool:
    return len(orjson.dumps(render(reply))) <= MESSAGE_BYTES - MARGIN


def _groups(blocks: tuple[Block, ...]) -> Iterator[tuple[Block, ...]]:
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


def _smaller(reply: Reply, group: tuple[Block, ...]) -> Iterator[tuple[Block, ...]]:
    def fits(*blocks: Block) -> bool:
        return _fits(replace(reply, blocks=blocks))

    if fits(*group):
        yield group
    elif len(group) > 1:
        for block in group:
            yield from _smaller(reply, (block,))
    else:
        yield from ((piece,) for piece in _pieces(group[0], fits))


def _pieces(block: Block, fits: Callable[[Block], bool]) -> Iterator[Block]:
    match block:
        case Heading(text):
            yield from (Heading(each) for each in cut(text, lambda text: fits(Heading(text))))
        case Paragraph(text, tone):
            yield from (Paragraph(each, tone) for each in cut(text, lambda text: fits(Paragraph(text, tone))))
        case Facts(pairs) if len(pairs) > 1:
            yield from _halved([Facts(some) for some in _halves(pairs)], fits)
        case Facts((pair,)):
            yield from (Facts((each,)) for each in _pairs(pair, lambda pair: fits(Facts((pair,)))))
        case Lines(rows) if len(rows) > 1:
            yield from _halved([Lines(some) for some in _halves(rows)], fits)
        case Lines((row,)):
            yield from (Lines((each,)) for each in _pairs(row, lambda row: fits(Lines((row,)))))
        case Cited(rows, folded) if len(rows) > 1:
            yield from _halved([Cited(some, folded) for some in _halves(rows)], fits)
        case Buttons(buttons) if len(buttons) > 1:
            yield from _halved([Buttons(some) for some in _halves(buttons)], fits)
        case Select(label, action, options, chosen) if len(options) > 1:
            yield from _halved([Select(label, action, few, chosen) for few in _halves(options)], fits)
        case _:
            yield block


def _halves(some: tuple[Item, ...]) -> tuple[tuple[Item, ...], tuple[Item, ...]]:
    return some[: len(some) // 2], some[len(some) // 2 :]


def _halved(halves: Sequence[Block], fits: Callable[[Block], bool]) -> Iterator[Block]:
    for half in halves:
        yield from [half] if fits(half) else _pieces(half, fits)


def _pairs(pair: tuple[str, str], fits: Callable[[tuple[str, str]], bool]) -> Iterator[tuple[str, str]]:
    if fits(pair):
        yield pair
        return
    yield from ((each, "") for each in cut(pair[0], lambda text: fits((text, ""))) if each)
    yield from (("", each) for each in cut(pair[1], lambda text: fits(("", text))) if each)


def _packed(reply: Reply, groups: list[tuple[Block, ...]]) -> Iterator[tuple[Block, ...]]:
    room = MESSAGE_BYTES - MARGIN - len(orjson.dumps(render(replace(reply, blocks=()))))
    current: tuple[Block, ...] = ()
    size = 0
    for group in groups:
        more = sum(len(orjson.dumps(draw(block))) + 1 for block in group)
        if current and size + more > room:
            yield current
            current, size = (), 0
        current, size = current + group, size + more
    yield current
