"""One reader, and another for when it does not answer. Chosen by a setting, never by itself."""

from __future__ import annotations

from .base import ModelUnavailable, Question, Reader, Reading


class FallbackReader:
    """Asks `second` only when `first` is unavailable; `Reading.model` says who answered."""

    def __init__(self, first: Reader, second: Reader) -> None:
        self.first, self.second = first, second

    async def read(self, question: Question) -> Reading:
        try:
            return await self.first.read(question)
        except ModelUnavailable:
            return await self.second.read(question)

    async def close(self) -> None:
        try:
            await self.first.close()
        finally:
            await self.second.close()
