"""One place in a test file: its value, its line, and every mistake noted instead of raised."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from flows.errors import Mistake
from flows.yaml_source import Source

LONGEST = 4_000


@dataclass(frozen=True, slots=True)
class Node:
    """`path` leads from the top of `source` to `value`; `mistakes` is shared by all nodes of a file."""

    source: Source
    mistakes: list[Mistake]
    value: Any
    path: tuple[str | int, ...] = ()

    @property
    def line(self) -> int:
        lines = self.source.lines
        return next(
            (lines[self.path[:n]] for n in range(len(self.path), -1, -1) if self.path[:n] in lines), 0
        )

    def wrong(self, problem: str, right: str = "") -> None:
        field = ".".join(str(part) for part in self.path if not isinstance(part, int))
        self.mistakes.append(Mistake(self.source.file, self.line, "", field, problem, right))

    def __getitem__(self, key: str) -> Node:
        value = self.value.get(key) if isinstance(self.value, Mapping) else None
        return Node(self.source, self.mistakes, value, (*self.path, key))

    def __contains__(self, key: str) -> bool:
        return isinstance(self.value, Mapping) and key in self.value

    def fields(self, known: Collection[str]) -> bool:
        """Whether it is a mapping; a key that is not known is a mistake, with the one that was meant."""
        if not isinstance(self.value, Mapping):
            self.wrong("must be a mapping", ", ".join(list(known)[:8]))
            return False
        for key in self.value:
            if key not in known:
                close = difflib.get_close_matches(str(key), list(known), 1)
                right = close[0] if close else "one of " + ", ".join(known)
                self[key].wrong("is not known here", right)
        return True

    def each(self, most: int, what: str) -> Iterator[Node]:
        """The entries of a list that has at least one."""
        if not isinstance(self.value, list) or not self.value:
            self.wrong(f"must be a list of {what}, with one at least")
            return
        if len(self.value) > most:
            self.wrong(f"has more than {most} {what}", "several files")
            return
        for at, value in enumerate(self.value):
            yield Node(self.source, self.mistakes, value, (*self.path, at))

    def each_or_one(self, what: str) -> Iterator[Node]:
        """A list, or one thing that stands for a list of itself."""
        if isinstance(self.value, list):
            yield from self.each(100, what)
        else:
            yield self

    def items(self) -> Iterator[tuple[str, Node]]:
        if not isinstance(self.value, Mapping) or not self.value:
            self.wrong("must be a mapping that is not empty")
            return
        for key in self.value:
            yield str(key), self[key]

    def text(self, empty: str = "is empty, so it can never match") -> str:
        """A text with something in it; noted as a mistake where not."""
        if not isinstance(self.value, str):
            self.wrong("must be a text", '"…"')
        elif not self.value.strip():
            self.wrong(empty)
        elif len(self.value) > LONGEST:
            self.wrong(f"is longer than {LONGEST} characters")
        else:
            return self.value
        return ""

    def one_of(self, known: Collection[str], what: str) -> str:
        if isinstance(self.value, str) and self.value in known:
            return self.value
        close = difflib.get_close_matches(str(self.value), list(known), 1)
        right = close[0] if close else ", ".join(list(known)[:20])
        self.wrong(f"{str(self.value)[:60]!r} is no {what}", right)
        return ""

    def mapping(self) -> Mapping[str, Any]:
        if isinstance(self.value, Mapping) and self.value:
            return self.value
        self.wrong("must be a mapping that is not empty")
        return {}

    def boolean(self) -> bool:
        if not isinstance(self.value, bool):
            self.wrong("must be true or false", "true")
        return self.value is True
