"""A document in pieces that can be found and quoted: by its structure, each with the headings above it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from integrations.documents.blocks import Block, Document

LEAST, MOST = 200, 400  # tokens
_SENTENCE = re.compile(r"(?<=[.!?…])\s+|\n+")
MOST_CHUNKS = 5_000
BETWEEN = " › "


@dataclass(frozen=True, slots=True)
class Chunk:
    """`path` is headings, outermost first, and the page where there are pages; without the title."""

    position: int
    path: str
    body: str


def tokens(text: str) -> int:
    """About how many a model counts: four letters of ASCII are one, of other writing two."""
    wide = 0 if text.isascii() else sum(each > "\x7f" for each in text)
    return (len(text) - wide + 3) // 4 + (wide + 1) // 2


def chunks(document: Document) -> list[Chunk]:
    """Every word of the document is in one of them. Small sections that stand together stay together."""
    pieces = _Pieces(document.title)
    for block in document.blocks:
        pieces.take(block)
        if len(pieces.found) >= MOST_CHUNKS:
            break
    pieces.flush()
    return [Chunk(at, path[:500], body) for at, (path, body) in enumerate(pieces.found[:MOST_CHUNKS])]


class _Pieces:
    def __init__(self, title: str) -> None:
        self.found: list[tuple[str, str]] = []
        self._title = title
        self._stack: list[tuple[int, str]] = []
        self._path: tuple[str, ...] = ()
        self._parts: list[str] = []
        self._size = 0
        self._where = ""
        self._said = False  # more than headings

    def take(self, block: Block) -> None:
        if block.kind == "heading":
            self._heading(block)
            return
        for part in _parts(block):
            size = tokens(part)
            if self._said and self._size + size > MOST:
                self.flush()
            if not self._said:
                self._where = block.where
            self._parts.append(part)
            self._size += size
            self._said = True

    def flush(self) -> None:
        if self._said:
            path = [each for each in self._path if each != self._title]
            if self._where:
                path.append(self._where)
            self.found.append((BETWEEN.join(path), "\n\n".join(self._parts)))
        self._parts, self._size, self._said = [], 0, False
        self._path = self._now()

    def _heading(self, block: Block) -> None:
        text = " ".join(block.text.split())[:200]
        while self._stack and self._stack[-1][0] >= block.level:
            self._stack.pop()
        self._stack.append((block.level, text))
        shared = _shared(self._path, self._now())
        if not self._said:
            self._parts, self._size = [], 0
            self._path = self._now()
        elif self._size < LEAST and shared and block.level > 1:
            # A small section: the next one joins it, under what both have above them.
            left = [each for each in self._path[len(shared) :] if each != self._title]
            self._parts = [*left, *self._parts, text]
            self._size += tokens(" ".join((*left, text)))
            self._path = shared
        else:
            self.flush()

    def _now(self) -> tuple[str, ...]:
        return tuple(text for _, text in self._stack)


def _shared(one: tuple[str, ...], other: tuple[str, ...]) -> tuple[str, ...]:
    kept = []
    for a, b in zip(one, other, strict=False):
        if a != b:
            break
        kept.append(a)
    return tuple(kept)


def _parts(block: Block) -> Iterator[str]:
    """As many as it needs: a table is parted between rows, code between lines, text between sentences."""
    text = block.text.strip("\n")
    if tokens(text) <= MOST:
        if text.strip():
            yield text
        return
    if block.kind == "table":
        head, *rows = text.split("\n")
        yield from _packed([piece for row in rows for piece in _cut(row)], "\n", _cut(head)[0])
    elif block.kind == "code":
        yield from _packed([piece for line in text.split("\n") for piece in _cut(line)], "\n")
    else:
        yield from _packed([piece for each in _SENTENCE.split(text) for piece in _cut(each)], " ")


def _packed(pieces: list[str], between: str, head: str = "") -> Iterator[str]:
    """Beginning each with the head: a row of a table means nothing without its first."""
    kept: list[str] = [head] if head else []
    size = tokens(head) if head else 0
    least = len(kept)
    for piece in pieces:
        if not piece.strip():
            continue
        cost = tokens(piece) + 1
        if len(kept) > least and size + cost > MOST:
            yield between.join(kept)
            kept, size = ([head], tokens(head)) if head else ([], 0)
        kept.append(piece)
        size += cost
    if len(kept) > least:
        yield between.join(kept)


def _cut(text: str) -> list[str]:
    """What has no place to break is broken at a space, or anywhere."""
    found = []
    while tokens(text) > MOST // 2:
        at = text.rfind(" ", MOST // 2, MOST * 2)
        at = at if at > 0 else MOST
        found.append(text[:at])
        text = text[at:].lstrip()
    return [*found, text]
