"""What a file is, told by its first bytes. What it is called, and what a server says, counts for nothing
but the difference between kinds of plain text."""

from __future__ import annotations

from enum import StrEnum

HEAD = 4_096


class Kind(StrEnum):
    """`LOCKED` is a document behind a password, or of Office before 2007: the bytes are alike."""

    EMPTY = "empty"
    PDF = "pdf"
    WORD = "word"
    TEXT = "text"
    HTML = "html"
    IMAGE = "image"
    AUDIO = "audio"
    VIDEO = "video"
    LOCKED = "locked"
    ARCHIVE = "archive"
    SHEET = "sheet"
    SLIDES = "slides"
    UNKNOWN = "unknown"


_IMAGES = {
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF87a": "image/gif",
    b"GIF89a": "image/gif",
}
_ARCHIVES = (
    b"PK\x03\x04",
    b"PK\x05\x06",
    b"\x1f\x8b",
    b"Rar!\x1a\x07",
    b"7z\xbc\xaf\x27\x1c",
    b"BZh",
    b"\xfd7zXZ\x00",
)
# Brands of an MP4: what plays as sound only; of pictures that no model here takes.
_SOUNDS = (b"M4A ", b"M4B ", b"F4A ")
_PICTURES = (b"heic", b"heix", b"mif1", b"avif", b"heim")
_PARTS = ((b"word/", Kind.WORD), (b"xl/", Kind.SHEET), (b"ppt/", Kind.SLIDES))


def sniff(data: bytes) -> tuple[Kind, str]:
    """Kind, and the media type where something that is handed on needs one."""
    head = data[:HEAD]
    if not data.strip(b"\x00 \t\r\n"):
        return Kind.EMPTY, ""
    if b"%PDF-" in head[:1_024]:
        return Kind.PDF, "application/pdf"
    for mark, media in _IMAGES.items():
        if head.startswith(mark):
            return Kind.IMAGE, media
    if head[:4] == b"RIFF":
        return _riff(head)
    if head[4:8] == b"ftyp":
        return _mp4(data, head)
    if head.startswith((b"ID3", b"\xff\xfb", b"\xff\xf3", b"\xff\xf2", b"\xff\xfa")):
        return Kind.AUDIO, "audio/mpeg"
    if head.startswith((b"\xff\xf1", b"\xff\xf9")):
        return Kind.AUDIO, "audio/aac"
    if head.startswith(b"OggS"):
        return (Kind.VIDEO, "video/ogg") if b"theora" in head else (Kind.AUDIO, "audio/ogg")
    if head.startswith(b"fLaC"):
        return Kind.AUDIO, "audio/flac"
    if head.startswith(b"\x1aE\xdf\xa3"):
        return _matroska(data)
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        return Kind.LOCKED, ""
    if head.startswith(b"PK\x03\x04"):
        return _zip(data)
    if head.startswith(_ARCHIVES):
        return Kind.ARCHIVE, ""
    return _text(head, len(data) > HEAD)


def _riff(head: bytes) -> tuple[Kind, str]:
    match head[8:12]:
        case b"WAVE":
            return Kind.AUDIO, "audio/wav"
        case b"WEBP":
            return Kind.IMAGE, "image/webp"
        case b"AVI ":
            return Kind.VIDEO, "video/x-msvideo"
        case _:
            return Kind.UNKNOWN, ""


def _mp4(data: bytes, head: bytes) -> tuple[Kind, str]:
    """Sound alone is told by its brand, or by there being no track of pictures."""
    brand = head[8:12]
    if brand in _PICTURES:
        return Kind.UNKNOWN, "image/heic"
    if brand in _SOUNDS or (b"soun" in data and b"vide" not in data):
        return Kind.AUDIO, "audio/mp4"
    return Kind.VIDEO, "video/mp4"


def _matroska(data: bytes) -> tuple[Kind, str]:
    """Sound alone, which browsers record as WebM, has a codec whose name begins with A and none with V."""
    start = data[: 64 * 1024]
    if b"A_" in start and b"V_" not in start:
        return Kind.AUDIO, "audio/webm"
    return Kind.VIDEO, "video/webm"


def _zip(data: bytes) -> tuple[Kind, str]:
    """An Office document lists its parts, at its end if not at its beginning."""
    listed = data[:HEAD] + data[-64 * 1024 :]
    if b"[Content_Types].xml" in listed:
        for mark, kind in _PARTS:
            if mark in listed:
                return kind, ""
    return Kind.ARCHIVE, ""


def _text(head: bytes, cut: bool) -> tuple[Kind, str]:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return Kind.TEXT, "text/plain"
    if b"\x00" in head:
        return Kind.UNKNOWN, ""
    try:
        (head[:-4] if cut else head).decode("utf-8-sig", "strict")
    except UnicodeDecodeError as error:
        # The last bytes may be half a letter, and old text has letters of one byte; machine code has both.
        odd = sum(each < 9 or 13 < each < 32 for each in head)
        if error.start < len(head) - 4 and odd:
            return Kind.UNKNOWN, ""
    if sum(each < 9 or 13 < each < 27 or each == 127 for each in head) > len(head) // 50:
        return Kind.UNKNOWN, ""
    return (Kind.HTML, "text/html") if is_html(head) else (Kind.TEXT, "text/plain")


def is_html(head: bytes) -> bool:
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:600].lower()
    return start.startswith((b"<!doctype html", b"<html", b"<head", b"<body"))


def is_login_page(data: bytes, media: str, declared: str) -> bool:
    """Slack answers whoever lacks the right with its sign-in page and 200, whatever was asked for."""
    if not media.startswith("text/html") or declared.startswith("text/html"):
        return False
    return is_html(data[:HEAD])
