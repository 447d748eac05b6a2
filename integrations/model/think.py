"""model.think: an answer from material, by a model or, without one, an extract labelled as such."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import Field

from integrations.base import Arguments, Attempt, Done, Performed, Result
from integrations.errors import Refused
from integrations.model.extract import extract
from integrations.model.unanswered import unanswered
from integrations.models.base import ModelUnavailable
from integrations.models.shown import Stopped
from integrations.models.writing import Task, Writer, cited
from integrations.work.guard import without_links

EXTRACT = "Extract, not written by a model: the most central sentences, word for word."
WRITTEN = "Written by a model from the sources named; check what matters."
BATCH = 24_000  # characters of material that a model is given at once
MOST_CHARACTERS = 130_000
STOPPED = "Written by a model until somebody said stop; it is not finished."
CUT = " … (stopped)"


class Source(Arguments):
    name: Annotated[str, Field(max_length=200)]
    text: Annotated[str, Field(max_length=8_000)]
    url: Annotated[str, Field(max_length=2_000)] = ""


class ThinkArguments(Arguments):
    instructions: Annotated[str, Field(min_length=1, max_length=4_000)]
    material: Annotated[list[Source], Field(max_length=200)]
    longest: Annotated[int, Field(ge=50, le=8_000)] = 1_500


class Named(Result):
    """A source by the number under which the text names it."""

    number: int
    name: str
    url: str


class Thought(Result):
    """`generated`: words of a model, which whoever shows them has to mark."""

    text: str
    generated: bool
    label: str
    sources: list[Named]


def think(writer: Writer | None, asked: ThinkArguments, attempt: Attempt) -> Performed:
    """Raises `Refused` where there is nothing to read, `NotReached` where the model gave no answer."""
    material = [source for source in asked.material if source.text.strip()]
    if not material or sum(len(source.text) for source in material) > MOST_CHARACTERS:
        problem = "was given nothing to read." if not material else "was given more than it can read."
        raise Refused("The model", problem, code="nothing_to_read" if not material else "too_much")
    if writer is None:
        return Done(_extracted(asked, material))
    task = Task(asked.instructions, asked.longest)
    numbered = [(at, source.name, source.text) for at, source in enumerate(material, 1)]
    shown = {} if attempt.show is None else {"show": attempt.show}
    try:
        text = writer.write(task, _batches(numbered), attempt.progress, **shown)
    except ModelUnavailable as error:
        raise unanswered(error) from None
    except Stopped as stopped:
        if not stopped.words:
            raise Refused(
                "The model", "was stopped before it had written anything.", code="stopped"
            ) from None
        named = cited(stopped.words, len(material))
        return Done(_result(stopped.words + CUT, True, STOPPED, material, named))
    used = cited(text, len(material)) or range(1, len(material) + 1)
    return Done(_result(text, True, WRITTEN, material, used))


def _extracted(asked: ThinkArguments, material: Sequence[Source]) -> dict[str, Any]:
    pieces = extract([source.text for source in material], asked.longest)
    if not pieces:  # nothing in it is a sentence: then the beginnings, which are
        beginnings = [without_links(" ".join(source.text.split()))[:120] for source in material]
        lines = [f"• {each} [{at}]" for at, each in enumerate(beginnings, 1)]
        text = "\n".join(lines)[: asked.longest]
        return _result(text, False, EXTRACT, material, cited(text, len(material)))
    text = "\n".join(f"• {without_links(piece.words)} [{piece.text + 1}]" for piece in pieces)
    return _result(text, False, EXTRACT, material, [piece.text + 1 for piece in pieces])


def _result(
    text: str, generated: bool, label: str, material: Sequence[Source], used: Sequence[int]
) -> dict[str, Any]:
    named = [
        {"number": at, "name": without_links(material[at - 1].name), "url": material[at - 1].url}
        for at in dict.fromkeys(sorted(used))
    ]
    return {"text": text, "generated": generated, "label": label, "sources": named}


def _batches(material: Sequence[tuple[int, str, str]]) -> list[list[tuple[int, str, str]]]:
    found: list[list[tuple[int, str, str]]] = [[]]
    room = BATCH
    for each in material:
        if found[-1] and len(each[2]) > room:
            found.append([])
            room = BATCH
        found[-1].append(each)
        room -= len(each[2])
    return found
