"""Each kind of file, and each way in which one can be bad: words, or a problem in words."""

from __future__ import annotations

import asyncio
import io
import time
import zipfile
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
import pytest_asyncio

from bot.files import LARGEST, Fetched, NotFetched
from bot.turn import Attached
from integrations.files.media import NO_FFMPEG, NotSeen, Parts
from integrations.models.base import ModelUnavailable, Problem
from tests.integrations.documents import made
from workers.files import looking
from workers.files.looking import Eyes, look
from workers.knowledge.apart import Apart
from workers.store.files import Read

MP4 = b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00 soun vide"
WAV = b"RIFF\x00\x00\x00\x00WAVEfmt "


@dataclass
class Shelf:
    """A platform that hands out what it is told to. `fetched` is what it was asked for."""

    data: bytes = b""
    media: str = "application/octet-stream"
    problems: list[NotFetched] = field(default_factory=list)
    known_as: Attached | None = None
    fetched: list[str] = field(default_factory=list)

    async def known(self, workspace: str, file: Attached) -> Attached:
        return self.known_as or file

    async def fetch(self, workspace: str, url: str) -> Fetched:
        self.fetched.append(url)
        if self.problems:
            raise self.problems.pop(0)
        return Fetched(self.data, self.media)


@dataclass
class Seer:
    """Says what it was shown, or what it was told to."""

    says: str | ModelUnavailable = "A till slip: 2 colas."
    shown: list[list[tuple[bytes, str]]] = field(default_factory=list)
    name: str = "test:seer"

    async def see(self, pictures: Sequence[tuple[bytes, str]]) -> str:
        self.shown.append(list(pictures))
        if isinstance(self.says, ModelUnavailable):
            raise self.says
        return self.says


@dataclass
class Ears:
    says: str | ModelUnavailable = "two colas please"
    heard: list[tuple[bytes, str]] = field(default_factory=list)
    name: str = "test:ears"

    async def transcribe(self, sound: bytes, media: str) -> str:
        self.heard.append((sound, media))
        if isinstance(self.says, ModelUnavailable):
            raise self.says
        return self.says


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def apart() -> AsyncIterator[Apart]:
    async with Apart(longest=25.0) as reader:
        yield reader


pytestmark = pytest.mark.asyncio(loop_scope="module")
FILE = Attached("F1", "thing.bin", url="https://files.slack.com/x")


async def read(apart: Apart, data: bytes, name: str = "thing.bin", **eyes: Any) -> Read:
    return await look(Shelf(data), "T1", replace(FILE, name=name), Eyes(apart, **eyes))


@pytest.mark.parametrize(
    ("name", "data", "kind", "words"),
    [
        ("list.pdf", lambda: made.pdf("2 colas", "1 salad"), "pdf", "[page 1]\n2 colas\n[page 2]\n1 salad"),
        ("list.docx", lambda: made.word(("Normal", "2 colas")), "word", "2 colas"),
        ("list.txt", lambda: b"2 colas", "text", "2 colas"),
        ("list.csv", lambda: b"cola;2", "text", "cola;2"),
        ("list.md", lambda: b"# List\n\n- 2 colas", "text", "List\n- 2 colas"),
        ("page.html", lambda: b"<!doctype html><main><p>2 colas</p></main>", "html", "2 colas"),
        ("no ending", lambda: b"2 colas", "text", "2 colas"),
    ],
)
async def test_documents_become_their_words(
    apart: Apart, name: str, data: Callable[[], bytes], kind: str, words: str
) -> None:
    found = await read(apart, data(), name)
    assert (found.kind, found.words, found.problem) == (kind, words, "")


@pytest.mark.parametrize("name", ["list.exe", "list.docx", "list.png", "list.pdf.txt", "../../list", "list"])
async def test_what_a_file_is_called_does_not_matter(apart: Apart, name: str) -> None:
    assert (await read(apart, made.pdf("2 colas"), name)).words == "[page 1]\n2 colas"


def bad_pdf() -> bytes:
    return made.pdf("hello")[:200]


def with_macro() -> bytes:
    return made.packed(**{"[Content_Types].xml": b"x", "xl/workbook.xml": b"x"})


BAD: dict[str, tuple[Callable[[], bytes], str]] = {
    "empty": (lambda: b"", "it is empty"),
    "only zeros": (lambda: b"\x00" * 5_000, "it is empty"),
    "encrypted pdf": (lambda: made.pdf("x", encrypted="secret"), "protected by a password"),
    "old word or encrypted": (lambda: b"\xd0\xcf\x11\xe0" + b"\x00" * 600, "protected by a password"),
    "broken pdf": (bad_pdf, "broken"),
    "broken word": (
        lambda: made.word(("Normal", "x"))[:-400] + b"[Content_Types].xml word/" + b"x" * 375,
        "broken",
    ),
    "scanned pdf": (lambda: made.pdf(""), "only pictures"),
    "archive": (lambda: made.packed(**{"a.txt": b"x"}), "an archive"),
    "workbook": (with_macro, "as CSV"),
    "program": (lambda: b"\x7fELF" + bytes(range(32)) * 20, "do not know this kind"),
    "heic": (lambda: b"\x00\x00\x00\x18ftypheic" + b"\x00" * 20, "as JPEG or PNG"),
    "picture without eyes": (made.png, "cannot see pictures here"),
    "bomb of a picture": (lambda: made.png(60_000, 60_000), "too large"),
    "sound without ears": (lambda: WAV, "cannot listen"),
    "video without anybody": (lambda: MP4, "cannot listen"),
}


@pytest.mark.parametrize("what", BAD)
async def test_what_cannot_be_read_is_told_with_what_to_do(
    apart: Apart, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    data, why = BAD[what]
    found = await read(apart, data())
    assert why in found.problem
    assert found.words == ""


def word_bomb() -> bytes:
    """A document whose text unpacks to hundreds of megabytes."""
    whole, out = zipfile.ZipFile(io.BytesIO(made.word(("Normal", "x")))), io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for each in whole.namelist():
            packed.writestr(each, whole.read(each) if each != "word/document.xml" else b" " * 150_000_000)
    return out.getvalue()


async def test_a_bomb_of_a_document_is_left_before_it_is_unpacked(apart: Apart) -> None:
    data = word_bomb()
    began = time.monotonic()
    found = await read(apart, data, "list.docx")
    assert found.problem
    assert time.monotonic() - began < 10


async def test_fifty_pages_of_a_pdf_are_read_and_that_is_said(apart: Apart) -> None:
    found = await read(apart, made.pdf(*[f"line {at}" for at in range(60)]))
    assert "[page 50]" in found.words
    assert "[page 51]" not in found.words
    assert "only the first 50 of its 60 pages" in found.notes


async def test_a_long_text_is_cut_and_that_is_said(apart: Apart) -> None:
    found = await read(apart, b"word " * 100_000)
    assert len(found.words) == looking.LONGEST
    assert "its end was left out" in found.notes


# ── pictures, sound, video ───────────────────────────────────────────────────────────────


async def test_a_picture_is_put_into_words_by_whoever_sees_without_where_it_was_taken(apart: Apart) -> None:
    seer = Seer()
    exif = made.png()[:33] + b"\x00\x00\x00\x02eXIfhi\xd2\x0d\x8c\x1f" + made.png()[33:]
    found = await read(apart, made.png(), seer=seer)
    assert (found.words, found.notes) == ("A till slip: 2 colas.", "as a model described it")
    assert seer.shown == [[(made.png(), "image/png")]]
    assert exif != made.png()


async def test_a_bomb_of_a_picture_is_not_even_shown(apart: Apart) -> None:
    seer = Seer()
    assert "too large" in (await read(apart, made.png(60_000, 60_000), seer=seer)).problem
    assert seer.shown == []


async def test_sound_is_written_down(apart: Apart) -> None:
    ears = Ears()
    found = await read(apart, WAV + b"x" * 50, transcriber=ears)
    assert (found.kind, found.words) == ("audio", "two colas please")
    assert ears.heard[0][1] == "audio/wav"


async def test_sound_without_words_is_said_to_have_none(apart: Apart) -> None:
    assert "no words" in (await read(apart, WAV, transcriber=Ears(says="  "))).problem


async def test_a_video_is_heard_and_seen(apart: Apart) -> None:
    found = await read(
        apart,
        MP4,
        transcriber=Ears(),
        seer=Seer(),
        video=lambda data: Parts(b"RIFF", (b"\xff\xd8", b"\xff\xd8")),
    )
    assert found.words == "[what is said]\ntwo colas please\n\n[what is seen]\nA till slip: 2 colas."


async def test_a_video_where_nobody_can_take_it_apart_is_told(apart: Apart) -> None:
    def none(data: bytes) -> Parts:
        raise NotSeen(NO_FFMPEG)

    assert "ffmpeg" in (await read(apart, MP4, transcriber=Ears(), video=none)).problem


async def test_a_silent_video_is_seen_alone(apart: Apart) -> None:
    found = await read(
        apart, MP4, transcriber=Ears(), seer=Seer(), video=lambda data: Parts(b"", (b"\xff\xd8",))
    )
    assert found.words.startswith("[what is seen]")


@pytest.mark.parametrize(
    ("problem", "words"),
    [
        (ModelUnavailable("x", Problem.DOWN), "did not answer just now"),
        (ModelUnavailable("x", Problem.SLOW), "did not answer just now"),
        (ModelUnavailable("x", Problem.PRIVATE), "must not leave"),
        (ModelUnavailable("x", Problem.REFUSED), "would not look"),
        (ModelUnavailable("x", Problem.SPENT, told="This month's budget is used up."), "budget is used up"),
    ],
)
async def test_a_model_that_is_not_there_is_told_in_words(
    apart: Apart, problem: ModelUnavailable, words: str
) -> None:
    assert words in (await read(apart, made.png(), seer=Seer(says=problem))).problem
    assert words in (await read(apart, WAV, transcriber=Ears(says=problem))).problem


# ── what the platform does ───────────────────────────────────────────────────────────────


async def test_what_slack_wrote_down_itself_is_taken_and_costs_nothing(apart: Apart) -> None:
    shelf, ears = Shelf(WAV), Ears()
    clip = replace(FILE, name="clip.m4a", type="audio/mp4", transcript="two colas please")
    found = await look(shelf, "T1", clip, Eyes(apart, transcriber=ears))
    assert (found.words, found.notes) == ("two colas please", "written down by the platform")
    assert (shelf.fetched, ears.heard) == ([], [])


async def test_the_rest_of_a_long_transcript_is_fetched(apart: Apart) -> None:
    shelf = Shelf(b"WEBVTT\n\n1\n00:00:00.000 --> 00:00:01.000\ntwo colas please and a salad\n", "text/vtt")
    clip = replace(FILE, transcript="two colas", transcript_url="https://files.slack.com/x.vtt")
    assert (await look(shelf, "T1", clip, Eyes(apart))).words == "two colas please and a salad"


async def test_where_the_rest_cannot_be_had_its_beginning_counts(apart: Apart) -> None:
    shelf = Shelf(problems=[NotFetched("gone")])
    clip = replace(FILE, transcript="two colas", transcript_url="https://files.slack.com/x.vtt")
    found = await look(shelf, "T1", clip, Eyes(apart))
    assert (found.words, found.notes) == ("two colas", "written down by the platform, and only its beginning")


async def test_slacks_sign_in_page_is_no_file_and_says_which_right_is_missing(apart: Apart) -> None:
    page = b"<!DOCTYPE html><html><head><title>Slack</title></head></html>"
    file = replace(FILE, name="list.pdf", type="application/pdf")
    found = await look(Shelf(page, "text/html; charset=utf-8"), "T1", file, Eyes(apart))
    assert "files:read" in found.problem


@pytest.mark.twin
async def test_twin_without_that_the_sign_in_page_would_be_read_as_the_file(
    apart: Apart, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(looking, "is_login_page", lambda data, media, declared: False)
    page = b"<!DOCTYPE html><html><body><main><p>Sign in to your workspace</p></main></body></html>"
    file = replace(FILE, name="list.pdf", type="application/pdf")
    assert "Sign in" in (await look(Shelf(page, "text/html"), "T1", file, Eyes(apart))).words


async def test_what_is_announced_as_too_large_is_not_even_asked_for(apart: Apart) -> None:
    shelf = Shelf(b"x")
    found = await look(shelf, "T1", replace(FILE, size=LARGEST + 1), Eyes(apart))
    assert "larger than 20 MB" in found.problem
    assert shelf.fetched == []


async def test_what_turns_out_to_be_too_large_is_not_fetched_either(apart: Apart) -> None:
    shelf = Shelf(b"x", known_as=replace(FILE, size=LARGEST + 1))
    assert "larger than" in (await look(shelf, "T1", FILE, Eyes(apart))).problem
    assert shelf.fetched == []


async def test_what_broke_off_is_fetched_once_more(apart: Apart, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(looking, "AGAIN_AFTER", 0.0)
    shelf = Shelf(b"2 colas", problems=[NotFetched("it broke off", again=True)])
    assert (await look(shelf, "T1", FILE, Eyes(apart))).words == "2 colas"
    assert len(shelf.fetched) == 2


async def test_what_will_not_come_is_not_asked_for_twice(apart: Apart) -> None:
    shelf = Shelf(problems=[NotFetched("it is not there any more"), NotFetched("x")])
    assert (await look(shelf, "T1", FILE, Eyes(apart))).problem == "it is not there any more"
    assert len(shelf.fetched) == 1


async def test_a_bug_of_ours_is_told_without_a_word_of_the_file(apart: Apart) -> None:
    class Broken(Shelf):
        async def fetch(self, workspace: str, url: str) -> Fetched:
            raise RuntimeError("secret words of the file")

    assert (await look(Broken(), "T1", FILE, Eyes(apart))).problem == "I could not read it"


async def test_a_stop_of_the_process_is_not_swallowed(apart: Apart) -> None:
    class Hanging(Shelf):
        async def fetch(self, workspace: str, url: str) -> Fetched:
            await asyncio.sleep(60)
            return Fetched(b"", "")

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await look(Hanging(), "T1", FILE, Eyes(apart))
