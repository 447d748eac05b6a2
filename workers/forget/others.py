"""Takes everybody else out of what one person gets to read. No I/O."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from workers.forget.subject import SHORTEST_NAME, Subject

ELSE = "(somebody else)"
_WORD = re.compile(r"\w(?:[\w.+@:-]*\w)?")


class Others:
    """`known` are ids, addresses and names of everybody else. Looked up word by word, so that it costs the
    same whether there are ten or ten thousand."""

    def __init__(self, who: Subject, known: Iterable[str]) -> None:
        mine = {text.lower() for text in (*who.ids, *who.names, *(str(each) for each in who.people))}
        self._ids: set[str] = set()
        self._names: dict[str, list[str]] = {}
        for text in known:
            if not text or text.lower() in mine:
                continue
            if _WORD.fullmatch(text) and any(sign in text for sign in "@-:0123456789"):
                self._ids.add(text.lower())
            elif len(text) >= SHORTEST_NAME and (first := _WORD.match(text)):
                self._names.setdefault(first[0], []).append(text)
        for names in self._names.values():
            names.sort(key=len, reverse=True)

    def text(self, text: str) -> str:
        parts: list[str] = []
        at = 0
        for found in _WORD.finditer(text):
            if found.start() < at:
                continue
            end = self._hit(text, found)
            if end:
                parts += [text[at : found.start()], ELSE]
                at = end
        return "".join([*parts, text[at:]]) if parts else text

    def _hit(self, text: str, found: re.Match[str]) -> int:
        """Where what tells of somebody ends; 0: it is nobody's."""
        word = found[0]
        if word.lower() in self._ids or any(part.lower() in self._ids for part in word.split(":")):
            return found.end()
        for name in self._names.get(word, ()):
            end = found.start() + len(name)
            if text.startswith(name, found.start()) and not text[end : end + 1].isalnum():
                return end
        return 0

    def value(self, value: Any) -> Any:
        match value:
            case str():
                return self.text(value)
            case Mapping():
                return {self.text(str(key)): self.value(each) for key, each in value.items()}
            case list():
                return [self.value(each) for each in value]
        return value
