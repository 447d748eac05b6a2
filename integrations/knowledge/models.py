"""What is asked of the pages, and what is answered from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Protocol

from pydantic import Field

from integrations.base import Arguments, Result

LONGEST_QUESTION = 1_000
LONGEST_TITLE = 200


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of a page that whoever asks may read. `covered`: how much of the question stands in it,
    0 to 1; `near`: how near a model finds it, None without one. `url` is empty where there is no address."""

    title: str
    path: str
    body: str
    url: str
    covered: float
    near: float | None = None


@dataclass(frozen=True, slots=True)
class Looked:
    """`any_pages`: something was read in at all. `model`: what made the vectors; empty without them."""

    passages: tuple[Passage, ...]
    model: str = ""
    any_pages: bool = True


class Shelf(Protocol):
    """The pages that whoever's run it is may read, where it is. Which those are no caller says."""

    def look(self, question: str) -> Looked: ...


class AnswerArguments(Arguments):
    question: Annotated[str, Field(max_length=20_000)]


class Link(Result):
    label: str
    url: str


class Statement(Result):
    """Words, and where they come from; `links` go to addresses of the pages, and nowhere else."""

    text: str
    links: list[Link] = Field(default_factory=list)


class Answer(Result):
    """`found`: there is an answer. `generated`: its words are a model's. `text` says it all in short.

    `question` is what was asked, `title` the same as a headline, for whom it may be handed on to.
    """

    found: bool
    generated: bool
    question: str
    title: str
    text: str
    label: str
    statements: list[Statement]
    sources: list[Statement]


def titled(question: str) -> str:
    words = " ".join(question.split())
    return words if len(words) <= LONGEST_TITLE else f"{words[: LONGEST_TITLE - 1]}…"


def named(passages: Sequence[Passage]) -> list[str]:
    """How each is called: its page and the headings above it."""
    return [f"{each.title} › {each.path}" if each.path else each.title for each in passages]
