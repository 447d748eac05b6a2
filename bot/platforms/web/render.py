"""A Reply or a Form as JSON: the same blocks as data, every string of them plain text. See docs/web.md."""

from __future__ import annotations

from typing import Any, TypeVar
from urllib.parse import urlsplit

import orjson

from bot.platforms.splitting import split
from bot.platforms.web.limits import LONGEST_PIECE, LONGEST_VALUE, MESSAGE_BYTES
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
    """As many as needed, nothing cut off."""
    return split(reply, _fits, LONGEST_PIECE)


def _fits(reply: Reply) -> bool:
    return len(orjson.dumps(render(reply))) <= MESSAGE_BYTES - MARGIN
