"""work.digest: what the sources come to, in short. Every statement says which of them it rests on.

The numbers are counted, never written. The rest is a model's, or, without one, sentences of the
sources themselves; either way a link leads to a source and nowhere else.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime

from integrations.base import Attempt, Done, Performed
from integrations.model.extract import extract
from integrations.model.unanswered import unanswered
from integrations.models.base import ModelUnavailable
from integrations.models.writing import Task, Writer
from integrations.work.chunks import chunks
from integrations.work.counts import closed, numbers, stuck
from integrations.work.guard import without_links
from integrations.work.models import (
    NAMES,
    SERVICES,
    Digest,
    DigestArguments,
    GivenSource,
    Link,
    Statement,
)
from integrations.work.page import as_markdown

EXTRACT = "Extract, not written by a model: counted, and the most central sentences word for word."
WRITTEN = "Written by a model from the sources linked; the numbers are counted. Check what matters."
LONGEST = 3_500
LONGEST_EXTRACT = 1_200
MOST_STATEMENTS = 40
MOST_LINKS = 12
TASK = (
    "Summarize for a team what is going on in these tickets and pages: what was achieved, what is under way,"
    " what is stuck or at risk, what needs a decision. One statement to a line, the most important first."
)
_CITED = re.compile(r"\[(\d{1,3}(?:\s*,\s*\d{1,3})*)\]")
_MARK = re.compile(r"^\s*(?:[-•*–]|\d{1,2}[.)])\s+")


def digest(writer: Writer | None, asked: DigestArguments, attempt: Attempt) -> Performed:
    """Raises `NotReached` where the model gave no answer: then it is tried again, or said."""
    sources = asked.sources
    told, generated = _statements(writer, sources, attempt) if sources else ([], False)
    found = Digest(
        title=f"Summary: {asked.scope or 'what is going on'}"[:250],
        label=WRITTEN if generated else EXTRACT,
        generated=generated,
        numbers=without_links(numbers(sources)),
        statements=told,
        stuck=[_about(each, why) for each, why in stuck(sources, attempt.began.astimezone(UTC))],
        closed=[_about(each, each.state) for each in closed(sources)],
        sources=_every(sources),
        count=len(sources),
        page="",
    )
    page = as_markdown(found, asked.missing, day(attempt.began))
    return Done(found.model_copy(update={"page": page}).model_dump(mode="json"))


def day(moment: datetime) -> str:
    return moment.astimezone(UTC).date().isoformat()


def _statements(
    writer: Writer | None, sources: Sequence[GivenSource], attempt: Attempt
) -> tuple[list[Statement], bool]:
    if writer is None:
        return _extracted(sources), False
    try:
        text = writer.write(Task(TASK, LONGEST), chunks(sources), attempt.progress)
    except ModelUnavailable as error:
        raise unanswered(error) from None
    return cited(text, sources), True


def cited(text: str, sources: Sequence[GivenSource]) -> list[Statement]:
    """A model's lines as statements with links. A line that names no source there is rests on nothing."""
    found: list[Statement] = []
    for line in text.split("\n"):
        named = [
            number - 1
            for match in _CITED.finditer(line)
            for number in (int(each) for each in match[1].split(","))
            if 1 <= number <= len(sources)
        ]
        words = " ".join(without_links(_MARK.sub("", _CITED.sub("", line))).split())
        words = re.sub(r"\s+([.,;:!?])", r"\1", words)
        if named and any(each.isalnum() for each in words):
            links = [link_to(sources[at]) for at in dict.fromkeys(named)][:MOST_LINKS]
            found.append(Statement(text=words, links=links))
    return found[:MOST_STATEMENTS]


def _extracted(sources: Sequence[GivenSource]) -> list[Statement]:
    pieces = extract([f"{each.title}.\n{each.excerpt}" for each in sources], LONGEST_EXTRACT)
    return [
        Statement(text=without_links(piece.words), links=[link_to(sources[piece.text])]) for piece in pieces
    ]


def _about(source: GivenSource, why: str) -> Statement:
    who = f", {source.people[0]}" if source.people else ""
    return Statement(text=without_links(f"{source.title} ({why}{who})"), links=[link_to(source)])


def _every(sources: Sequence[GivenSource]) -> list[Statement]:
    rows = []
    for service in SERVICES:
        links = [link_to(each) for each in sources if each.service == service]
        if links:
            rows.append(Statement(text=f"{NAMES[service]} ({len(links)}):", links=links))
    return rows


def link_to(source: GivenSource) -> Link:
    """The name by which people know it; the address is the service's own."""
    match source.service:
        case "jira":
            label = source.id
        case "github":
            label = source.id.rpartition("/")[2]
        case _:
            label = without_links(source.title[:60]) or "page"
    return Link(label=label, url=source.url)
