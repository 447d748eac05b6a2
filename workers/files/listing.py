"""A list that stands in a file, read as if it were said: what it adds, and nothing else of it counts."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from flows.understanding import Change, Meaning
from integrations.models.base import Question, Reader
from integrations.models.offline import OfflineReader
from workers import understand
from workers.store.files import Read

MOST_LINES = 60
LONGEST = 2_000  # characters: as much as a reader reads
MOST_ITEMS = 50
SURE = 0.8  # at most: nobody said it, it was read
_MARK = re.compile(r"^\s*(?:[-*•‣–·]|\[[ xX]?\]|\d{1,3}[.)]\s)\s*(?:\[[ xX]?\]\s*)?")
_PAGE = re.compile(r"\[(?:page \d+|what is said|what is seen)\]")
_NAMED_BEFORE = re.compile(
    r"^(?P<name>\D{2,60}?)\s*[:×x*,|\t–-]\s*(?P<count>\d{1,3})\s*(?:x|×|pcs?\.?|pieces?|st\.?)?$"
)
_NUMBER = re.compile(r"\d")
_TIMES = re.compile(r"^(\d{1,3})\s*[x×*]\s*")

Reading = Callable[[Question], Awaitable[Meaning]]


def lines_of(read: Sequence[Read]) -> list[str]:
    """One thing a line, in words that a reader knows: “2 margheritas” for “Margherita: 2” and “2 x …”."""
    found: list[str] = []
    size = 0
    for each in read:
        for line in each.words.splitlines():
            words = _plain(line)
            if not words or len(found) >= MOST_LINES or size + len(words) > LONGEST:
                continue
            found.append(words)
            size += len(words) + 2
    return found


def _plain(line: str) -> str:
    if _PAGE.fullmatch(line.strip()):
        return ""
    line = " ".join(_MARK.sub("", line).replace("\t", " | ").split()).strip(" ,;.|")
    if not any(each.isalnum() for each in line):
        return ""
    line = _TIMES.sub(r"\1 ", line)
    if named := _NAMED_BEFORE.match(line):
        return f"{named['count']} {named['name'].strip()}"
    return line


async def heard(reader: Reader, asked: Question, read: Sequence[Read]) -> Meaning:
    """What was said, with the list in the files that came with it.

    Lists are lines of a count and a name, so they are read line by line without a model, which makes
    each as sure as it is by itself; whoever reads sentences is asked where that finds nothing.
    """
    meaning = understand.meaning(await reader.read(asked))
    if not read:
        return meaning
    plain = OfflineReader()

    async def each(question: Question) -> Meaning:
        return understand.meaning(await plain.read(question))

    async def whole(question: Question) -> Meaning:
        return understand.meaning(await reader.read(question))

    return await joined(asked, meaning, read, each, whole)


async def joined(
    asked: Question, meaning: Meaning, read: Sequence[Read], each: Reading, whole: Reading
) -> Meaning:
    """What was said, with what the files add to the list that is asked for.

    Of the files only additions of what is offered are taken: they cannot take anything off the list, say
    yes or no, name another flow, or fill anything else. What the person said counts as they said it; only
    words of theirs that name nothing offered (“order this”) make way for what they point at.
    """
    lines = lines_of(read)
    if not lines or not takes(asked) or meaning.intent in ("cancel", "no", "help", "repeat"):
        return meaning
    if meaning.intent == "yes" and asked.expecting_type == "yes_no":
        return meaning  # yes to what was shown, and not to what was not
    bare = replace(asked, expecting_type="items", items=())
    readings = [(line, await each(replace(bare, text=line))) for line in lines]
    added = [change for _, found in readings for change in _additions(found)]
    unread = [line for line, found in readings if not _additions(found) and _NUMBER.search(line)]
    if not added:
        added = _additions(await whole(replace(bare, text=", ".join(lines))))
    if not added:
        return meaning
    own = tuple(change for change in meaning.changes if change.known and change.item)
    return replace(
        meaning,
        intent="value",
        confidence=min(meaning.confidence, SURE) if own else SURE,
        changes=(*own, *added[:MOST_ITEMS]),
        leftover=", ".join(unread[:10])[:200],
    )


def _additions(found: Meaning) -> list[Change]:
    return [_added(each) for each in found.changes if each.op in ("add", "set") and _offered(each)]


def takes(asked: Question) -> bool:
    """A list is asked for, or one that was put together is to be confirmed, which may still change."""
    return asked.expecting_type == "items" or (asked.expecting_type == "yes_no" and bool(asked.products))


def _offered(change: Change) -> bool:
    return change.known and bool(change.item or change.candidates)


def _added(change: Change) -> Change:
    return replace(change, op="add", confidence=min(change.confidence, SURE), remove_options=())
