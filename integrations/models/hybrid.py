"""Two models, one near and one in the cloud. What is sensitive goes to the near one and nowhere else.

Sensitive is what `redaction` finds in anything that people wrote or a service answered, what comes from a
place that is set to be private, and all that follows in the same turn or call once something was: notes on a
text with a card in it are as sensitive as the text. Where the near one does not answer, it is not asked
elsewhere: whoever asked goes on without a model, or says so.
"""

from __future__ import annotations

import json
import re
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from time import monotonic
from typing import Any, Protocol

from .base import ModelUnavailable, Problem, Question, Reading
from .chat import ChatReader, Messages
from .fallback import FallbackReader
from .metering import Went, current, went
from .redaction import kinds_in

DEEPEST = 12
LEAST = 0.5  # seconds of which somebody else can still make something
FAR_SHARE = 0.6  # of the time, where the near one may have to answer after it
_FENCED = re.compile(r"<data>\n?(.*?)\n?</data>", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Way:
    """Whether it must not leave, and why."""

    kinds: tuple[str, ...]
    private: bool

    @property
    def stays(self) -> bool:
        return self.private or bool(self.kinds)


def way_of(texts: Sequence[str]) -> Way:
    """Remembered for the rest of the turn or call: what is made of it is as sensitive."""
    on_behalf = current()
    kinds = kinds_in(texts)
    if on_behalf is None:
        return Way(kinds, False)
    on_behalf.kinds |= set(kinds)
    return Way(tuple(sorted(on_behalf.kinds)), on_behalf.private)


def question_texts(question: Question) -> list[str]:
    """All of a question but what the operator wrote: the flows and the catalogue."""
    listed = [part for item in question.items for part in (item.name, *item.options)]
    before = (*question.recent, *question.remembered)
    return [question.text, question.prompt, *question.choices, *listed, *before]


def message_texts(messages: Messages) -> list[str]:
    """All that is said, as it is sent and as it was before it was put into JSON, where a line's end is two
    characters and a name in brackets is none."""
    found = []
    for each in messages:
        content = each["content"]
        found.append(content)
        for inner in (*_FENCED.findall(content), content):
            if inner[:1] in ("{", "["):
                found += _strings(inner)
    return found


def _strings(text: str) -> list[str]:
    try:
        return list(_walk(json.loads(text), 0))
    except (ValueError, RecursionError):
        return []


def _walk(value: Any, depth: int) -> Iterator[str]:
    match value:
        case str():
            yield value
        case list() | dict() if depth < DEEPEST:
            for each in (*value, *value.values()) if isinstance(value, dict) else value:
                yield from _walk(each, depth + 1)
        case list() | dict():
            yield json.dumps(value)


class HybridReader(FallbackReader):
    """`first` is in the cloud, `second` is near."""

    def __init__(self, far: ChatReader, near: ChatReader) -> None:
        super().__init__(far, near)
        self._far, self._near = far, near

    async def read(self, question: Question) -> Reading:
        way = way_of(question_texts(question))
        if way.stays:
            went(Went(self._near.name, way.kinds, way.private))
            return await self._near.read(question)
        went(Went(self._far.name, (), False))
        try:
            return await self._far.read(question)
        except ModelUnavailable as error:
            if error.problem is Problem.SPENT:
                raise
        went(Went(self._near.name, (), False, instead=True))
        return await self._near.read(question)


class Chat(Protocol):
    name: str

    async def complete(self, messages: Messages, most_tokens: int) -> str: ...
    def stream(self, messages: Messages, most_tokens: int) -> AsyncGenerator[str, None]: ...
    async def close(self) -> None: ...


class HybridChat:
    """For texts. Each model is opened when it is asked, with the time that is left then."""

    name = "hybrid"

    def __init__(self, far: Callable[[float], Chat], near: Callable[[float], Chat], seconds: float) -> None:
        self._far, self._near = far, near
        self._end = monotonic() + seconds
        self._way = Way((), False)

    async def complete(self, messages: Messages, most_tokens: int) -> str:
        async with aclosing(self._ways(messages)) as ways:
            problem = ModelUnavailable("no time is left", Problem.SLOW)
            async for chat in ways:
                try:
                    return await chat.complete(messages, most_tokens)
                except ModelUnavailable as error:
                    problem = error
                    if error.problem is Problem.SPENT:
                        break
            raise self._told(problem)

    async def stream(self, messages: Messages, most_tokens: int) -> AsyncGenerator[str, None]:
        async with aclosing(self._ways(messages)) as ways:
            problem = ModelUnavailable("no time is left", Problem.SLOW)
            async for chat in ways:
                shown = False
                try:
                    async with aclosing(chat.stream(messages, most_tokens)) as pieces:
                        async for piece in pieces:
                            shown = True
                            yield piece
                    return
                except ModelUnavailable as error:
                    problem = error
                    if shown or error.problem is Problem.SPENT:
                        break
            raise self._told(problem)

    async def close(self) -> None:
        """Each is closed by whoever asked it."""

    def _told(self, problem: ModelUnavailable) -> ModelUnavailable:
        """Whoever waits is told why nobody else was asked."""
        if self._way.stays and not problem.told:
            why = (
                "the place is private" if self._way.private else "what it was given holds something sensitive"
            )
            problem.told = f"that is near gave no answer, and the one in the cloud is not asked, since {why}."
        return problem

    async def _ways(self, messages: Messages) -> AsyncGenerator[Chat, None]:
        """Whom to ask, one after the other; what was opened is closed."""
        way = self._way = way_of(message_texts(messages))
        openings = [(self._near, 1.0)] if way.stays else [(self._far, FAR_SHARE), (self._near, 1.0)]
        for number, (opening, share) in enumerate(openings):
            left = self._end - monotonic()
            if left < LEAST:
                return
            chat = opening(left * share)
            went(Went(chat.name, way.kinds, way.private, instead=number > 0))
            try:
                yield chat
            finally:
                await chat.close()


def opener(far: Callable[[float], Chat], near: Callable[[float], Chat]) -> Callable[[float], HybridChat]:
    return lambda left: HybridChat(far, near, left)


def carried_out(settings: Mapping[str, str]) -> str:
    """What beside the model would carry sensitive text out by these settings; empty where nothing does."""
    if settings.get("EMBEDDINGS") == "openai":
        return "EMBEDDINGS to be offline, or a server of your own: what is looked up may be sensitive"
    return ""
