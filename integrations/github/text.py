"""What people typed, as Markdown that shows it letter by letter, and the mark that we leave behind it.

Text is data: it neither formats, links, mentions (`@`), refers (`#12`, `GH-12`), nor forges our
mark. Addresses stay links. GitHub reads mentions from the rendered page, where a backslash is
gone, so `@` is followed by a space of no width.
"""

from __future__ import annotations

import hashlib
import re

NO_WIDTH = "\u200b"
HARD_SPACE = "\u00a0"
LONGEST_BODY = 65_536

_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]")
_ADDRESS = re.compile(r"https?://[A-Za-z0-9][^\s<>\"`\\^{|}\u00a0]*[^\s<>\"`\\^{|}\u00a0.,;:!?'()\[\]*_~]")
_LIVE = re.compile(r"([\\`*_{}\[\]<>~|&])")
_REFERENCE = re.compile(r"(?i)(#|GH-)(?=\d)")
_LINE_START = re.compile(r"(?m)^(?:(#{1,6}(?=\s|$)|[-+=])|(\d{1,9})([.)]))")
_INDENT = re.compile(r"(?m)^[ \t]+")
_KEY = re.compile(r"[A-Za-z0-9:._/-]{1,200}", re.ASCII)
_MARK = re.compile(r"<!-- effect:([A-Za-z0-9:._/-]{1,200}) -->\s*\Z", re.ASCII)
_SHOWN = re.compile(r"\\([\\`*_{}\[\]<>~|&#+=.)-])|<(https?://[^\s<>]+)>|<!--.*?(?:-->|\Z)", re.DOTALL)


def as_data(text: str) -> str:
    """Markdown under which exactly this text is seen. At most twice as long."""
    text = _UNSEEN.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    pieces, end = [], 0
    for found in _ADDRESS.finditer(text):
        pieces += [_escape(text[end : found.start()]), f"<{found[0]}>"]
        end = found.end()
    pieces.append(_escape(text[end:]))
    return _INDENT.sub(_hard, _LINE_START.sub(_at_line_start, "".join(pieces)))


def _escape(text: str) -> str:
    text = _LIVE.sub(r"\\\1", text).replace("@", f"@{NO_WIDTH}")
    return _REFERENCE.sub(rf"\1{NO_WIDTH}", text)


def _at_line_start(found: re.Match[str]) -> str:
    return f"\\{found[1]}" if found[1] else f"{found[2]}\\{found[3]}"


def _hard(found: re.Match[str]) -> str:
    """Four spaces would begin a block of code."""
    return found[0].replace("\t", "  ").replace(" ", HARD_SPACE)


def as_typed(markdown: str) -> str:
    """The way back, for whoever reads here what stands there; nobody sees marks."""
    text = markdown.replace("\r\n", "\n").replace(NO_WIDTH, "")
    text = _SHOWN.sub(lambda found: found[1] or found[2] or "", text)
    return text.replace(HARD_SPACE, " ").rstrip()


def one_line(text: str) -> str:
    """A title: GitHub shows it as it stands, and reads neither mentions nor Markdown in it."""
    return " ".join(_UNSEEN.sub("", re.sub(r"[\n\r\t]", " ", text)).split())


def mark(key: str) -> str:
    """The mark of an effect. Its key stands in it as it is, so that a webhook leads back to it."""
    plain = _KEY.fullmatch(key) is not None
    return f"<!-- effect:{key if plain else hashlib.sha256(key.encode()).hexdigest()} -->"


def marked(text: str, key: str) -> str:
    return f"{as_data(text).rstrip()}\n\n{mark(key)}".lstrip("\n")


def key_in(body: object) -> str:
    """The key in a mark at the very end, where only we put one. It is no proof of who wrote it."""
    found = _MARK.search(body[-300:]) if isinstance(body, str) else None
    return found[1] if found else ""


def bears(body: object, key: str) -> bool:
    """Does this body end with the mark of this effect?"""
    return isinstance(body, str) and body.rstrip().endswith(mark(key))
