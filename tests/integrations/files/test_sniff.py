"""What a file is: its bytes say so, whatever it is called."""

from __future__ import annotations

import random

import pytest

from integrations.files.sniff import Kind, is_login_page, sniff
from tests.integrations.documents import made


def ftyp(brand: bytes, rest: bytes = b"") -> bytes:
    return b"\x00\x00\x00\x18ftyp" + brand + b"\x00\x00\x02\x00" + rest


KNOWN: dict[str, tuple[bytes, Kind, str]] = {
    "nothing": (b"", Kind.EMPTY, ""),
    "blanks": (b" \r\n\t\x00\x00", Kind.EMPTY, ""),
    "pdf": (b"%PDF-1.7\n", Kind.PDF, "application/pdf"),
    "pdf behind a mail's head": (b"x" * 900 + b"%PDF-1.4", Kind.PDF, "application/pdf"),
    "png": (made.png(), Kind.IMAGE, "image/png"),
    "jpeg": (b"\xff\xd8\xff\xe0\x00\x10JFIF", Kind.IMAGE, "image/jpeg"),
    "gif": (b"GIF89a\x01\x00\x01\x00", Kind.IMAGE, "image/gif"),
    "webp": (b"RIFF\x00\x00\x00\x00WEBPVP8 ", Kind.IMAGE, "image/webp"),
    "heic": (ftyp(b"heic"), Kind.UNKNOWN, "image/heic"),
    "avif": (ftyp(b"avif"), Kind.UNKNOWN, "image/heic"),
    "wav": (b"RIFF\x00\x00\x00\x00WAVEfmt ", Kind.AUDIO, "audio/wav"),
    "avi": (b"RIFF\x00\x00\x00\x00AVI LIST", Kind.VIDEO, "video/x-msvideo"),
    "another riff": (b"RIFF\x00\x00\x00\x00XXXX", Kind.UNKNOWN, ""),
    "mp3 with a tag": (b"ID3\x04\x00", Kind.AUDIO, "audio/mpeg"),
    "mp3 without": (b"\xff\xfb\x90\x64", Kind.AUDIO, "audio/mpeg"),
    "aac": (b"\xff\xf1\x50\x80", Kind.AUDIO, "audio/aac"),
    "ogg": (b"OggS\x00\x02 OpusHead", Kind.AUDIO, "audio/ogg"),
    "ogg with pictures": (b"OggS\x00\x02 \x80theora", Kind.VIDEO, "video/ogg"),
    "flac": (b"fLaC\x00\x00", Kind.AUDIO, "audio/flac"),
    "m4a": (ftyp(b"M4A "), Kind.AUDIO, "audio/mp4"),
    "mp4 of sound alone": (ftyp(b"isom", b"moov hdlr soun"), Kind.AUDIO, "audio/mp4"),
    "mp4": (ftyp(b"isom", b"moov hdlr soun hdlr vide"), Kind.VIDEO, "video/mp4"),
    "webm": (b"\x1aE\xdf\xa3 webm V_VP9 A_OPUS", Kind.VIDEO, "video/webm"),
    "webm of sound alone": (b"\x1aE\xdf\xa3 webm A_OPUS", Kind.AUDIO, "audio/webm"),
    "word": (made.word(("Normal", "hello")), Kind.WORD, ""),
    "workbook": (made.packed(**{"[Content_Types].xml": b"x", "xl/workbook.xml": b"x"}), Kind.SHEET, ""),
    "slides": (made.packed(**{"[Content_Types].xml": b"x", "ppt/p.xml": b"x"}), Kind.SLIDES, ""),
    "zip": (made.packed(**{"a.txt": b"x"}), Kind.ARCHIVE, ""),
    "zip that names word": (made.packed(**{"word/document.xml": b"x"}), Kind.ARCHIVE, ""),
    "gzip": (b"\x1f\x8b\x08\x00", Kind.ARCHIVE, ""),
    "rar": (b"Rar!\x1a\x07\x00", Kind.ARCHIVE, ""),
    "7z": (b"7z\xbc\xaf\x27\x1c", Kind.ARCHIVE, ""),
    "old word, or behind a password": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", Kind.LOCKED, ""),
    "text": ("Zwei Pizzen, früh".encode(), Kind.TEXT, "text/plain"),
    "old text": ("Zwei Pizzen, früh".encode("cp1252"), Kind.TEXT, "text/plain"),
    "utf-16": ("two colas".encode("utf-16"), Kind.TEXT, "text/plain"),
    "csv": (b"item;count\ncola;2\n", Kind.TEXT, "text/plain"),
    "html": (b"\xef\xbb\xbf\n<!DOCTYPE html><p>x", Kind.HTML, "text/html"),
    "a program": (b"\x7fELF\x02\x01\x01\x00\x00", Kind.UNKNOWN, ""),
    "a windows program": (b"MZ\x90\x00\x03\x00", Kind.UNKNOWN, ""),
    "nonsense": (bytes(range(1, 32)) * 20, Kind.UNKNOWN, ""),
}


@pytest.mark.parametrize("what", KNOWN)
def test_bytes_tell_what_they_are(what: str) -> None:
    data, kind, media = KNOWN[what]
    assert sniff(data) == (kind, media)


def test_whatever_the_bytes_are_it_says_something_and_never_raises() -> None:
    chance = random.Random(7)
    starts = [data[:24] for data, _, _ in KNOWN.values()]
    for _ in range(3_000):
        data = chance.choice(starts) + chance.randbytes(chance.randrange(0, 300))
        kind, media = sniff(data[: chance.randrange(0, len(data) + 1)])
        assert isinstance(kind, Kind)
        assert isinstance(media, str)


def test_a_text_that_is_cut_in_the_middle_of_a_letter_is_text() -> None:
    for at in range(4):
        assert sniff(b"x" * (4_092 + at) + "ä€😀".encode() * 400)[0] is Kind.TEXT


LOGIN = b"<!DOCTYPE html><html><head><title>Slack</title>"


def test_slacks_sign_in_page_is_known_whatever_was_asked_for() -> None:
    assert is_login_page(LOGIN, "text/html; charset=utf-8", "application/pdf")
    assert is_login_page(LOGIN, "text/html", "")


def test_a_page_that_somebody_sent_is_their_page() -> None:
    assert not is_login_page(LOGIN, "text/html", "text/html")
    assert not is_login_page(LOGIN, "application/octet-stream", "application/pdf")
    assert not is_login_page(b"%PDF-1.4", "text/html", "application/pdf")
