"""What a source hands over: one thing to be read, or why one was left out."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from integrations.documents.reading import VERSION


class NotFetched(Exception):
    """It could not be had this time, and why. What was read of it before stays."""


@dataclass(frozen=True, slots=True)
class Item:
    """`uri` names it within its source, for ever; `link` is where people find it, or empty.

    `stamp` changes whenever the content does, where the source tells one: then it is not even loaded.
    `load` raises `NotFetched`.
    """

    uri: str
    name: str
    load: Callable[[], Awaitable[bytes]]
    link: str = ""
    media: str = ""
    title: str = ""
    stamp: str = ""


@dataclass(frozen=True, slots=True)
class Skipped:
    """`gone`: what was read of it before goes as well."""

    uri: str
    why: str
    gone: bool = True


class Source(Protocol):
    """`name` is the same each time: what is not among its items any more is removed.

    `total` is how many items there will be, as far as that is known.
    """

    @property
    def name(self) -> str: ...

    @property
    def total(self) -> int | None: ...

    def items(self) -> AsyncIterator[Item | Skipped]:
        """Raises `NotFetched` where the source as a whole cannot be read: then nothing is removed."""
        ...


def digest(content: bytes, *about: str) -> bytes:
    """Of the content, of everything else that is kept with it, and of how it is read."""
    found = hashlib.sha256(VERSION)
    for each in about:
        found.update(f"{len(each)}:{each}".encode())
    found.update(content)
    return found.digest()
