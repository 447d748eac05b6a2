"""A model's words as they come: shown piece by piece, and cut off when the person says stop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import aclosing
from typing import Any, Protocol, runtime_checkable

LOOK = 0.05  # seconds between two looks whether it was stopped


class Shown(Protocol):
    """Whoever shows it. A preview only: it may be lost at any moment, and what counts is what is returned.

    `begun`: something was shown, so another model cannot begin anew. Neither call blocks or raises.
    """

    begun: bool

    def __call__(self, words: str) -> None: ...
    def stopped(self) -> bool: ...


@runtime_checkable
class Streaming(Protocol):
    """A chat model that can say its words as they come."""

    def stream(self, messages: Sequence[Mapping[str, str]], most_tokens: int) -> AsyncIterator[str]: ...


class Stopped(Exception):
    """The person said stop; `words` had been written by then."""

    def __init__(self, words: str) -> None:
        super().__init__("stopped")
        self.words = words


async def say(chat: Any, messages: Sequence[Mapping[str, str]], most_tokens: int, show: Shown) -> str:
    """The whole text. Raises `Stopped`, even while the model is silent, and whatever `chat` raises.

    A chat that cannot stream says it in one piece.
    """
    said: list[str] = []
    writing = asyncio.ensure_future(_written(chat, messages, most_tokens, show, said))
    try:
        while True:
            done, _ = await asyncio.wait({writing}, timeout=LOOK)
            if done:
                return writing.result()
            if show.stopped():
                raise Stopped("".join(said))
    finally:
        if not writing.done():
            writing.cancel()
            await asyncio.wait({writing}, timeout=1)


async def _written(
    chat: Any, messages: Sequence[Mapping[str, str]], most_tokens: int, show: Shown, said: list[str]
) -> str:
    if not isinstance(chat, Streaming):
        whole: str = await chat.complete(messages, most_tokens)
        return whole
    async with aclosing(chat.stream(messages, most_tokens)) as pieces:  # type: ignore[type-var]  # may be a plain iterator
        async for piece in pieces:
            said.append(piece)
            show(piece)
    return "".join(said)
