"""What kind of document it is, told by its bytes more than by its name, and its reader."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import PurePosixPath

from integrations.documents import confluence
from integrations.documents.blocks import Document, Unreadable
from integrations.documents.html import read_html
from integrations.documents.image import read_image
from integrations.documents.pdf import read_pdf
from integrations.documents.text import read_markdown, read_text
from integrations.documents.word import read_word

VERSION = b"1"  # of what is made of the same bytes: another one reads everything anew
LARGEST = 50 * 1024 * 1024
_BY_NAME = {
    "md": "markdown", "markdown": "markdown", "mdx": "markdown", "txt": "text", "rst": "text", "text": "text",
    "log": "text", "csv": "text", "html": "html", "htm": "html", "xhtml": "html", "docx": "word",
    "pdf": "pdf", "png": "image", "jpg": "image", "jpeg": "image", "gif": "image",
}  # fmt: skip
ENDINGS = frozenset(_BY_NAME)
_READERS: dict[str, Callable[[bytes, str], Document]] = {
    "markdown": read_markdown,
    "text": read_text,
    "html": read_html,
    "word": read_word,
    "pdf": read_pdf,
    "image": read_image,
}


def kind_of(name: str, data: bytes, media: str = "") -> str:
    """Raises `Unreadable` for a kind that there is no reader for.

    `media` is what a server called it. Bytes that begin as a PDF are one, whatever they are called.
    """
    if data.lstrip()[:5] == b"%PDF-":
        return "pdf"
    if data.startswith((b"\x89PNG\r\n", b"\xff\xd8\xff", b"GIF87a", b"GIF89a")):
        return "image"
    ending = PurePosixPath(name).suffix.lower().removeprefix(".")
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        raise Unreadable("it is protected by a password, or of an old kind: save it as .docx")
    found = _BY_NAME.get(ending, "")
    if data.startswith(b"PK\x03\x04"):
        if found == "word" or "wordprocessing" in media:
            return "word"
        raise Unreadable("it is an archive")
    if found in ("word", "pdf", "image"):
        raise Unreadable(f"it is called .{ending} and is none")
    if found == "html" or (not found and "html" in media):
        return "html"
    if found:
        return found
    if media.startswith("text/markdown"):
        return "markdown"
    if media.startswith("text/"):
        return "text"
    if data.lstrip()[:200].lower().startswith((b"<!doctype html", b"<html")):
        return "html"
    raise Unreadable(f"there is no reader for {'.' + ending if ending else 'this kind'}")


def read(name: str, data: bytes, media: str = "", pages: int = 0) -> list[Document]:
    """One document; several where one file holds them. `pages`: so many of a PDF. Raises `Unreadable`."""
    if PurePosixPath(name).name == confluence.ENTITIES:
        return confluence.read_entities(data)
    if len(data) > LARGEST:
        raise Unreadable(f"it is larger than {LARGEST // 1024 // 1024} MB")
    if not data:
        raise Unreadable("it is empty")
    kind = kind_of(name, data, media)
    if kind == "pdf" and pages:
        return [read_pdf(data, PurePosixPath(name).stem, pages)]
    return [_READERS[kind](data, PurePosixPath(name).stem)]
