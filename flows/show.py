"""What a message shows below its text: facts, lines, a note, a link. Templates in, blocks out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.reply import (
    Block,
    Button,
    Buttons,
    Cited,
    Facts,
    Heading,
    Lines,
    Link,
    Paragraph,
    Statement,
    Style,
    Tone,
)
from flows import conditions, templates
from flows.conditions import Condition
from flows.errors import TemplateError
from flows.templates import Text

MOST_LINES = 200
LONGEST_URL = 1_500
LONGEST_WORDS = 1_000
_FLOW = re.compile(r"[a-z][a-z0-9_-]{0,59}\Z")
# https, or this machine: the sandbox's own pages.
_WEB = re.compile(r"(https://[^\s/]|http://(127\.0\.0\.1|localhost)(:[0-9]+)?(/|$))")
WHAT_THERE_IS = (
    "an element is one of heading, paragraph, note, facts, lines + label + value, cited + folded, link + url,"
    " begin + label + words"
)
_SHAPES = (
    ("heading",),
    ("paragraph",),
    ("note",),
    ("facts",),
    ("lines", "label", "value"),
    ("cited",),
    ("link", "url"),
    ("begin", "label", "words"),
)
_LONGER = ({"paragraph", "tone"}, {"cited", "folded"})


@dataclass(frozen=True, slots=True)
class _Heading:
    text: Text


@dataclass(frozen=True, slots=True)
class _Paragraph:
    text: Text
    tone: Tone


@dataclass(frozen=True, slots=True)
class _Facts:
    pairs: tuple[tuple[Text, Text], ...]


@dataclass(frozen=True, slots=True)
class _Lines:
    each: Condition
    label: Text
    value: Text


@dataclass(frozen=True, slots=True)
class _Cited:
    each: Condition
    folded: Text


@dataclass(frozen=True, slots=True)
class _Link:
    label: Text
    url: Text


@dataclass(frozen=True, slots=True)
class _Begin:
    """A button that begins another flow, as a command with these words would."""

    flow: str
    label: Text
    words: Text


@dataclass(frozen=True, slots=True)
class Show:
    parts: tuple[_Heading | _Paragraph | _Facts | _Lines | _Cited | _Link | _Begin, ...]

    @property
    def names(self) -> frozenset[str]:
        found: set[str] = set()
        for part in self.parts:
            match part:
                case _Heading(text=text) | _Paragraph(text=text):
                    found |= text.names
                case _Facts(pairs=pairs):
                    for label, value in pairs:
                        found |= label.names | value.names
                case _Lines(each=each, label=label, value=value):
                    found |= each.names | (label.names | value.names) - {"item"}
                case _Cited(each=each, folded=folded):
                    found |= each.names | folded.names
                case _Link(label=label, url=url):
                    found |= label.names | url.names
                case _Begin(label=label, words=words):
                    found |= label.names | words.names
        return frozenset(found)

    def blocks(self, values: Mapping[str, Any]) -> tuple[Block, ...]:
        """Empty parts are left out."""
        drawn = [self._block(part, values) for part in self.parts]
        return tuple(block for block in drawn if block is not None)

    def _block(self, part: Any, values: Mapping[str, Any]) -> Block | None:
        match part:
            case _Heading(text=text):
                shown = text.render(values)
                return Heading(shown) if shown else None
            case _Paragraph(text=text, tone=tone):
                shown = text.render(values)
                return Paragraph(shown, tone) if shown else None
            case _Facts(pairs=pairs):
                drawn = [(label.render(values), value.render(values)) for label, value in pairs]
                kept = tuple((label, value) for label, value in drawn if value)
                return Facts(kept) if kept else None
            case _Lines(each=each, label=label, value=value):
                rows = each.value(values)
                if not isinstance(rows, list | tuple) or not rows:
                    return None
                scope = [{**values, "item": row} for row in rows[:MOST_LINES]]
                return Lines(tuple((label.render(inner), value.render(inner)) for inner in scope))
            case _Cited(each=each, folded=folded):
                said = each.value(values)
                rows = tuple(map(_statement, said)) if isinstance(said, list | tuple) else ()
                return Cited(rows, folded.render(values)) if rows else None
            case _Link(label=label, url=url):
                address = url.render(values)
                if not _WEB.match(address):
                    return None
                return Buttons((Button(label.render(values), "open", style=Style.PRIMARY, url=address),))
            case _Begin(flow=flow, label=label, words=words):
                said = " ".join(words.render(values).split())[:LONGEST_WORDS]
                return Buttons((Button(label.render(values), "start", f"{flow}|{said}"),))
        return None


def _statement(raw: Any) -> Statement:
    """A text, or one with `links` of `label` and `url` each. What is no address of the web is words."""
    if not isinstance(raw, Mapping):
        return Statement(str(raw))
    text, links = str(raw.get("text") or ""), list[Link]()
    given = raw.get("links")
    for each in given if isinstance(given, list | tuple) else ():
        label, url = str(each.get("label") or ""), str(each.get("url") or "")
        if _WEB.match(url) and len(url) <= LONGEST_URL:
            links.append(Link(label, url))
        else:
            text = f"{text} {label}".strip()
    return Statement(text, tuple(links))


def parse_show(raw: Any) -> Show:
    """Raises `TemplateError` saying which element is wrong and what there is."""
    if not isinstance(raw, list):
        raise TemplateError("show is a list of elements")
    return Show(tuple(_part(each) for each in raw))


def _part(raw: Any) -> Any:
    fields = set(raw) if isinstance(raw, Mapping) else set()
    if fields not in _LONGER and fields not in [set(shape) for shape in _SHAPES]:
        raise TemplateError(WHAT_THERE_IS)
    match raw:
        case {"heading": str(text)}:
            return _Heading(templates.text(text))
        case {"paragraph": str(text)}:
            return _Paragraph(templates.text(text), _tone(raw.get("tone", "normal")))
        case {"note": str(text)}:
            return _Paragraph(templates.text(text), Tone.SUBTLE)
        case {"facts": dict(pairs)}:
            if not all(isinstance(value, str | int) for value in pairs.values()):
                raise TemplateError("facts are labels with a text each")
            return _Facts(tuple((templates.text(k), templates.text(str(v))) for k, v in pairs.items()))
        case {"lines": str(each), "label": str(label), "value": str(value)}:
            return _Lines(conditions.parse(each), templates.text(label), templates.text(value))
        case {"cited": str(each)}:
            return _Cited(conditions.parse(each), templates.text(str(raw.get("folded", ""))))
        case {"link": str(label), "url": str(url)}:
            return _Link(templates.text(label), templates.text(url))
        case {"begin": str(flow), "label": str(label), "words": str(words)} if _FLOW.match(flow):
            return _Begin(flow, templates.text(label), templates.text(words))
    raise TemplateError(WHAT_THERE_IS)


def _tone(name: Any) -> Tone:
    if name not in [tone.value for tone in Tone]:
        raise TemplateError(f"there is no tone {name!r}; there are {', '.join(Tone)}")
    return Tone(name)
