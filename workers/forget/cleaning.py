"""Takes one person out of what is others': their ids and names, and the lines that they said. No I/O.

Others' own words stay. What is blanked is said to be, so that nobody takes the rest for the whole.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import orjson

from bot.text import one_line
from workers.forget.subject import GONE, Subject

ID = "forgotten"
LINE = "Somebody who asked to be forgotten said something here."
LONGEST_NAME = 60  # as `workers/before.py` writes it in front of a line


class Cleaner:
    """`names`: whether names are taken out as well, which is for what we wrote ourselves."""

    def __init__(self, subject: Subject) -> None:
        self._ids = _any_of(subject.ids, before=r"[\w.+-]", after=r"[\w-]")
        self._names = _any_of(subject.said_names, before=r"\w", after=r"\w", case=True)
        self._begins = tuple(f"{one_line(name, LONGEST_NAME)}: " for name in subject.names if name)
        self.needles = [*subject.ids, *subject.said_names]

    def text(self, text: str, names: bool = True) -> str:
        lines = [LINE if line.startswith(self._begins) else line for line in text.split("\n")]
        found = "\n".join(lines) if self._begins else text
        if self._ids is not None:
            found = self._ids.sub(ID, found)
        if names and self._names is not None:
            found = self._names.sub(GONE, found)
        return found

    def value(self, value: Any, names: bool = True) -> Any:
        """All strings within, keys included."""
        match value:
            case str():
                return self.text(value, names)
            case Mapping():
                return {self.text(str(key), names): self.value(each, names) for key, each in value.items()}
            case list():
                return [self.value(each, names) for each in value]
        return value

    def json(self, text: str, names: bool = True) -> str:
        """JSON in, JSON out; what is none is read as words."""
        try:
            return orjson.dumps(self.value(orjson.loads(text), names)).decode()
        except orjson.JSONDecodeError:
            return self.text(text, names)

    def blob(self, data: bytes, names: bool = True) -> bytes:
        """Bytes that are no text cannot be read, so nothing of them stays."""
        try:
            return self.json(data.decode(), names).encode()
        except UnicodeDecodeError:
            return b""


def _any_of(words: tuple[str, ...], *, before: str, after: str, case: bool = False) -> re.Pattern[str] | None:
    if not words:
        return None
    longest_first = sorted(words, key=len, reverse=True)
    pattern = f"(?<!{before})(?:{'|'.join(map(re.escape, longest_first))})(?!{after})"
    return re.compile(pattern, re.NOFLAG if case else re.IGNORECASE)
