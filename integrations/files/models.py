"""What is asked of files, and what is answered from them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Protocol

from pydantic import Field

from integrations.base import Arguments, Result


@dataclass(frozen=True, slots=True)
class Paper:
    """One file, as it was put into words."""

    name: str
    words: str


class Papers(Protocol):
    """The files that were sent where the run is. Which those are no caller says."""

    def latest(self) -> tuple[Paper, ...]: ...


class AnswerArguments(Arguments):
    question: Annotated[str, Field(max_length=20_000)]


class Answer(Result):
    """`found`: there is an answer. `generated`: its words are a model's. `sources` name the files."""

    found: bool
    generated: bool
    text: str
    label: str
    sources: list[str]
