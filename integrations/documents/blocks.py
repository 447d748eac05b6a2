"""What every reader makes of a document: its text in order, each piece with what it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["heading", "text", "table", "code"]

LONGEST_BLOCK = 200_000
MOST_TEXT = 5_000_000  # characters of one document
MOST_BLOCKS = 50_000


class Unreadable(Exception):
    """This cannot be read, and why, in words for whoever reads it in."""


@dataclass(frozen=True, slots=True)
class Block:
    """`level` is a heading's, 1 to 6. `where` says the page where a document has pages."""

    kind: Kind
    text: str
    level: int = 0
    where: str = ""


@dataclass(frozen=True, slots=True)
class Document:
    """`uri` only where one file holds several. `notes`: what of it was left out."""

    title: str
    blocks: tuple[Block, ...]
    uri: str = ""
    notes: tuple[str, ...] = ()


def bounded(title: str, blocks: list[Block], uri: str = "", notes: tuple[str, ...] = ()) -> Document:
    """Raises `Unreadable` where there is no text at all; what is beyond the limits is left out, and said."""
    kept: list[Block] = []
    room = MOST_TEXT
    for block in blocks:
        text = printable(block.text[:LONGEST_BLOCK])
        if not text:
            continue
        if len(text) > room or len(kept) >= MOST_BLOCKS:
            notes = (*notes, "it is very long, and its end was left out")
            break
        room -= len(text)
        kept.append(Block(block.kind, text, block.level, block.where))
    if not any(block.kind != "heading" for block in kept):
        raise Unreadable("there is no text in it")
    found = " ".join(printable(title).split()) or next(
        (block.text for block in kept if block.kind == "heading"), ""
    )
    return Document(found[:300], tuple(kept), uri, notes)


def printable(text: str) -> str:
    """Without control characters, and without those that only hide or turn round what stands there."""
    if text.isascii() and text.isprintable():
        return text.strip()
    kept = "".join(each for each in text if each.isprintable() or each in "\n\t")
    return kept.strip(" \n")


def to_data(document: Document) -> dict[str, Any]:
    return {
        "title": document.title,
        "uri": document.uri,
        "notes": list(document.notes),
        "blocks": [[each.kind, each.text, each.level, each.where] for each in document.blocks],
    }


def from_data(data: Any) -> Document:
    blocks = tuple(
        Block(kind, str(text), int(level), str(where))
        for kind, text, level, where in data["blocks"]
        if kind in ("heading", "text", "table", "code")
    )
    return Document(str(data["title"]), blocks, str(data["uri"]), tuple(str(each) for each in data["notes"]))
