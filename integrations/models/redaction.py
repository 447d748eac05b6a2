"""What of a text is sensitive, and the text without it. Presidio leads; the patterns and checksums are ours.

Presidio is imported when something is first looked at, which takes seconds: hybrid does it at its start. It
brings no language model, and none is ever downloaded: names are found where a spaCy model is installed.
Where Presidio itself is left out, the patterns are asked without it, with the same answers.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache

from .redaction_patterns import KINDS, Span, may_hold, spans
from .redaction_text import LONGEST, plain


@dataclass(frozen=True, slots=True)
class Finder:
    """`look` finds in a text as `plain` reads it. `by_shape`: all that it finds has one of our shapes, so
    that a cheap look may come first. It does not where names are found too."""

    look: Callable[[str], list[Span]]
    by_shape: bool = True


@dataclass(frozen=True, slots=True)
class Redacted:
    """`kinds`: how often each was found."""

    text: str
    kinds: dict[str, int]


def find(text: str, finder: Finder | None = None) -> list[Span]:
    """Places in the text as it is given. What is longer than can be looked at is one find: nobody looked."""
    if len(text) > LONGEST:
        return [Span("key", 0, len(text))]
    read, places = plain(text)
    looking = finder or get_ready()
    if looking.by_shape and not may_hold(read):
        return []
    found = looking.look(read)
    if places is None:
        return found
    return [Span(each.kind, places[each.start], places[each.end - 1] + 1) for each in found]


def redacted(text: str, finder: Finder | None = None) -> Redacted:
    """Each find as its kind in brackets. Doing it twice changes nothing."""
    found = find(text, finder)
    parts, at = [], 0
    for each in found:
        parts += [text[at : each.start], f"[{each.kind}]"]
        at = each.end
    return Redacted("".join([*parts, text[at:]]), dict(Counter(each.kind for each in found)))


def redact(text: str) -> str:
    return redacted(text).text


def kinds_in(texts: Iterable[str]) -> tuple[str, ...]:
    """What is in any of them, each kind once."""
    found = {each.kind for text in texts for each in find(text)}
    return tuple(kind for kind in KINDS if kind in found)


_lock = threading.Lock()


def get_ready() -> Finder:
    """The one of this process; the first call imports what is heavy."""
    with _lock:
        return _made()


@cache
def _made() -> Finder:
    from importlib.util import find_spec

    if find_spec("presidio_analyzer") is None:
        return Finder(spans)
    from .redaction_presidio import finder, installed_pipeline

    return finder(installed_pipeline())
