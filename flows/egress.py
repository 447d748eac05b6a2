"""Whether words were written by a model: in a call that would carry them out, and in what is said.

A model may have read what a stranger wrote, and can be talked into handing on what it knows. So whatever the
rules say, words of it go to no address that somebody chose before a person has seen them; and what is said is
marked, so that whoever sends it leaves out where it would lead.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from typing import Any

from flows.effects import Change, Effect, Say, Whisper

DEEPEST = 12
MOST_WORDS = 4_000  # pieces of text that are compared; where there are more, it counts as written by a model
SHORTEST = 8  # characters of which a piece inside a longer text is made
# What a result says beside its model's words: what was asked, and what the sources are called.
BESIDE = frozenset(
    {"question", "title", "label", "url", "urls", "name", "sources", "scope", "number", "count"}
)


def marked(effects: tuple[Effect, ...], slots: Mapping[str, Any]) -> tuple[Effect, ...]:
    """What is said with words of a model in it says so, whichever step says it and however it got them."""
    pieces = [each for each in map(_plain, _written(slots, False, 0)) if len(each) >= SHORTEST]
    return tuple(_marked(each, pieces) for each in effects) if pieces else effects


def _marked(effect: Effect, pieces: Sequence[str]) -> Effect:
    if not isinstance(effect, Say | Change | Whisper) or effect.reply.generated:
        return effect
    given = [_plain(each) for each in _said(effect.reply)]
    if not any(piece in each for each in given for piece in pieces):
        return effect
    return replace(effect, reply=replace(effect.reply, generated=True))


def _said(part: Any) -> Iterator[str]:
    """Every text of a reply."""
    match part:
        case str():
            yield part
        case tuple():
            for inner in part:
                yield from _said(inner)
        case _ if is_dataclass(part):
            for each in fields(part):
                yield from _said(getattr(part, each.name))


def written_by_a_model(arguments: Mapping[str, Any], slots: Mapping[str, Any]) -> bool:
    """`slots` are those of the whole run, whatever flow inside of it they belong to."""
    pieces = {each for each in map(_plain, _written(slots, False, 0)) if each}
    if not pieces:
        return False
    given = [each for each in map(_plain, _texts(arguments, 0)) if each]
    if len(pieces) > MOST_WORDS or len(given) > MOST_WORDS:
        return True
    long = [each for each in pieces if len(each) >= SHORTEST]
    return any(each in pieces or any(piece in each for piece in long) for each in given)


def _plain(text: str) -> str:
    """As it is compared: templates may change its case and its blanks."""
    return " ".join(text.casefold().split())


def _written(value: Any, inside: bool, depth: int) -> Iterator[str]:
    """The texts of every result that says of itself that a model wrote it."""
    if depth > DEEPEST:
        return
    match value:
        case str() if inside:
            yield value
            yield from value.splitlines()
        case Mapping():
            inside = inside or value.get("generated") is True
            for key, inner in value.items():
                if not (inside and key in BESIDE):
                    yield from _written(inner, inside, depth + 1)
        case list() | tuple():
            for inner in value:
                yield from _written(inner, inside, depth + 1)


def _texts(value: Any, depth: int) -> Iterator[str]:
    if depth > DEEPEST:
        return
    match value:
        case str():
            yield value
        case Mapping():
            for key, inner in value.items():
                yield str(key)
                yield from _texts(inner, depth + 1)
        case list() | tuple():
            for inner in value:
                yield from _texts(inner, depth + 1)
