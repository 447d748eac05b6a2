"""Reads one file: fetched within limits, told by its bytes, put into words by whoever can.

Whatever becomes of it is a `Read` with words or with a problem in words; nothing here raises but for what
is nobody's fault (the process is stopped).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

import structlog

from bot.files import LARGEST, Fetched, NotFetched, Source, too_large
from bot.turn import Attached
from integrations.documents.blocks import Document, Unreadable
from integrations.files import media, pictures
from integrations.files.sniff import Kind, is_login_page, sniff
from integrations.models.base import ModelUnavailable, Problem
from integrations.models.seeing import Seer
from integrations.models.transcribing import LARGEST as LARGEST_SOUND
from integrations.models.transcribing import Transcriber
from workers.files.words import CANNOT, LOCKED, NOT_WRITTEN_DOWN, OTHERS, named, vtt
from workers.knowledge.apart import Apart
from workers.store.files import Read

log = structlog.get_logger()

MOST_PAGES = 50
LONGEST = 60_000  # characters of one file that are kept
AGAIN_AFTER = 1.0
LOGIN = (
    "the platform showed me its sign-in page in its place: whoever installed me has to add the right"
    " files:read and install me again"
)
_READ_AS = {Kind.PDF: "pdf", Kind.WORD: "docx", Kind.HTML: "html"}
_PLAIN = frozenset({"md", "markdown", "csv", "txt", "log", "rst"})


class Unfit(Exception):
    """Nothing of it can be put into words, and why."""


@dataclass(frozen=True, slots=True)
class Eyes:
    """What there is to read with. `video` takes a video apart, `media.parts` where ffmpeg is installed."""

    apart: Apart
    seer: Seer | None = None
    transcriber: Transcriber | None = None
    video: Callable[[bytes], media.Parts] = media.parts


async def look(source: Source, workspace: str, file: Attached, eyes: Eyes) -> Read:
    name, kind = named(file.name), ""
    try:
        if file.size > LARGEST:
            raise NotFetched(too_large())
        file = await source.known(workspace, file)
        name = named(file.name)
        if file.size > LARGEST:
            raise NotFetched(too_large())
        if file.transcript:
            return await _transcribed(source, workspace, file)
        fetched = await _fetched(source, workspace, file)
        kind, read = await _put_into_words(file, fetched, eyes)
    except (NotFetched, Unfit, Unreadable, pictures.Unfit, media.NotSeen) as problem:
        return Read(name, kind, problem=str(problem))
    except ModelUnavailable as error:
        log.info("file.no_model", problem=error.problem.value)
        return Read(name, kind, problem=error.told or _unavailable(error))
    except Exception as error:
        log.error("file.bug", problem=type(error).__name__)
        return Read(name, kind, problem="I could not read it")
    words = read.words[:LONGEST]
    notes = [read.notes] if read.notes else []
    if len(read.words) > LONGEST:
        notes.append("it is very long, and its end was left out")
    if not words.strip():
        return Read(name, kind, problem="I found no words in it")
    return Read(name, kind, words, "; ".join(notes))


@dataclass(frozen=True, slots=True)
class _Words:
    words: str
    notes: str = ""


async def _fetched(source: Source, workspace: str, file: Attached) -> Fetched:
    try:
        found = await source.fetch(workspace, file.url)
    except NotFetched as problem:
        if not problem.again:
            raise
        await asyncio.sleep(AGAIN_AFTER)
        found = await source.fetch(workspace, file.url)
    if is_login_page(found.data, found.media, file.type):
        raise NotFetched(LOGIN)
    return found


async def _transcribed(source: Source, workspace: str, file: Attached) -> Read:
    """What the platform itself wrote down; all of it where it can be had, else its beginning."""
    note, words = "written down by the platform", file.transcript
    if file.transcript_url:
        try:
            whole = vtt((await source.fetch(workspace, file.transcript_url)).data)
            words = whole if len(whole) > len(words) else words
        except NotFetched:
            note += ", and only its beginning"
    kind = "video" if file.type.startswith("video/") else "audio"
    return Read(named(file.name), kind, words[:LONGEST], note)


async def _put_into_words(file: Attached, fetched: Fetched, eyes: Eyes) -> tuple[str, _Words]:
    kind, shown = sniff(fetched.data)
    match kind:
        case Kind.PDF | Kind.WORD | Kind.HTML | Kind.TEXT:
            return kind.value, await _document(file, kind, fetched.data, eyes)
        case Kind.IMAGE:
            return kind.value, await _picture(fetched.data, shown, eyes)
        case Kind.AUDIO:
            return kind.value, await _sound(fetched.data, shown, eyes)
        case Kind.VIDEO:
            return kind.value, await _video(fetched.data, eyes)
        case Kind.LOCKED:
            raise Unfit(LOCKED)
        case _:
            raise Unfit(CANNOT[kind] if kind is not Kind.UNKNOWN or not shown else OTHERS[shown])


async def _document(file: Attached, kind: Kind, data: bytes, eyes: Eyes) -> _Words:
    """By what it is; its name is of use between plain text and Markdown only."""
    ending = PurePosixPath(file.name).suffix.lower().removeprefix(".")
    ending = _READ_AS.get(kind) or (ending if ending in _PLAIN else "txt")
    try:
        found = await eyes.apart.read(f"file.{ending}", data, pages=MOST_PAGES)
    except Unreadable as problem:
        raise Unfit(_advised(str(problem))) from None
    notes = "; ".join(note for each in found for note in each.notes)
    return _Words("\n\n".join(as_text(each) for each in found), notes)


def as_text(document: Document) -> str:
    """Its blocks below each other; where it has pages, each is named once."""
    parts: list[str] = []
    where = ""
    for block in document.blocks:
        if block.where != where:
            where = block.where
            parts.append(f"[{where}]")
        parts.append(block.text)
    return "\n".join(parts)


def _advised(problem: str) -> str:
    if "broken, or protected" in problem:
        return "it is broken, or protected by a password: please save it again without one and send that"
    if "encrypt" in problem or "password" in problem:
        return LOCKED
    if "only pictures" in problem:
        return (
            "it has no text, only pictures: please send the pages as pictures, or a version with text in it"
        )
    if "broken" in problem:
        return "it is broken: please save it again and send that"
    return problem


async def _picture(data: bytes, shown: str, eyes: Eyes) -> _Words:
    pictures.checked(data)
    if eyes.seer is not None:
        return _Words(await eyes.seer.see([(pictures.bare(data), shown)]), "as a model described it")
    try:
        found = await eyes.apart.read("file.png", data)
    except Unreadable:
        raise Unfit(CANNOT[Kind.IMAGE]) from None
    return _Words("\n\n".join(as_text(each) for each in found), "only the text in it was read")


async def _sound(data: bytes, shown: str, eyes: Eyes) -> _Words:
    if eyes.transcriber is None:
        raise Unfit(NOT_WRITTEN_DOWN)
    if len(data) > LARGEST_SOUND:
        raise Unfit("it is too long for me to listen to: please send a shorter piece")
    said = await eyes.transcriber.transcribe(data, shown)
    if not said.strip():
        raise Unfit("I heard no words in it")
    return _Words(said, "written down by a model")


async def _video(data: bytes, eyes: Eyes) -> _Words:
    """What is said in it and a few pictures of it, as far as there is somebody for each."""
    if eyes.transcriber is None and eyes.seer is None:
        raise Unfit(NOT_WRITTEN_DOWN)
    found = await asyncio.to_thread(eyes.video, data)
    parts: list[str] = []
    if found.sound and eyes.transcriber is not None:
        said = await eyes.transcriber.transcribe(found.sound, "audio/wav")
        parts += [f"[what is said]\n{said}"] if said.strip() else []
    if found.frames and eyes.seer is not None:
        parts.append(f"[what is seen]\n{await eyes.seer.see(_stills(found.frames))}")
    if not parts:
        raise Unfit("I heard no words in it")
    return _Words("\n\n".join(parts), "written down by a model, from its sound and a few of its pictures")


def _stills(frames: Sequence[bytes]) -> list[tuple[bytes, str]]:
    return [(each, "image/jpeg") for each in frames]


def _unavailable(error: ModelUnavailable) -> str:
    if error.problem is Problem.PRIVATE:
        return "what is said here must not leave, and there is nobody near who could put it into words"
    if error.problem is Problem.REFUSED:
        return "the model would not look at it"
    return "whoever puts such files into words did not answer just now: please send it again in a minute"
