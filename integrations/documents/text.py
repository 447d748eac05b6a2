"""Plain text and Markdown."""

from __future__ import annotations

import codecs
import re

from integrations.documents.blocks import Block, Document, Unreadable, bounded

_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_HEADING = re.compile(r" {0,3}(#{1,6})[ \t]+(.*?)[ \t#]*$")
_UNDERLINE = re.compile(r" {0,3}(=+|-{2,})[ \t]*$")
_RULE = re.compile(r" {0,3}([-*_])(?:[ \t]*\1){2,}[ \t]*$")
_TITLE = re.compile(r"title:[ \t]*[\"']?([^\"'\n]{1,300})")
_IMAGE = re.compile(r"!\[([^\]\n]{0,300})\]\([^)\n]{0,2000}\)")
_LINK = re.compile(r"\[([^\]\n]{1,300})\]\([^)\n]{0,2000}\)")
_COMMENT = re.compile(r"<!--.{0,20000}?-->", re.DOTALL)
_TAG = re.compile(r"</?[a-zA-Z][^<>]{0,500}>")
_STRONG = re.compile(r"(\*\*|__)(?=\S)([^*_\n]{1,500})\1")


def decoded(data: bytes) -> str:
    """Raises `Unreadable` for what is no text."""
    for mark, name in ((codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16")):
        if data.startswith(mark):
            return data.decode(name, "replace")
    if b"\0" in data[:4096]:
        raise Unreadable("it is no text")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def read_text(data: bytes, name: str) -> Document:
    """Paragraphs are what stands between empty lines."""
    parts = re.split(r"\n[ \t]*\n", decoded(data).replace("\r\n", "\n").replace("\r", "\n"))
    return bounded(name, [Block("text", part) for part in parts])


def read_markdown(data: bytes, name: str) -> Document:
    """Headings, paragraphs, tables and code; links and pictures become their words."""
    lines = _COMMENT.sub("", decoded(data)).replace("\r\n", "\n").replace("\r", "\n").split("\n")
    title, start = _front_matter(lines)
    blocks = _Blocks()
    at = start
    while at < len(lines):
        at = blocks.take(lines, at)
    blocks.flush()
    first = next((each.text for each in blocks.found if each.kind == "heading" and each.level == 1), "")
    return bounded(title or first or name, blocks.found)


def _front_matter(lines: list[str]) -> tuple[str, int]:
    """The title that stands in it, and where the text begins."""
    if not lines or lines[0].strip() != "---":
        return "", 0
    for at, line in enumerate(lines[1:100], 1):
        if line.strip() in ("---", "..."):
            found = next((match for each in lines[1:at] if (match := _TITLE.match(each))), None)
            return (found[1].strip() if found else ""), at + 1
    return "", 0


class _Blocks:
    """Takes lines and makes blocks of them."""

    def __init__(self) -> None:
        self.found: list[Block] = []
        self._lines: list[str] = []

    def take(self, lines: list[str], at: int) -> int:
        """Where to go on."""
        line = lines[at]
        if fence := _FENCE.match(line):
            return self._code(lines, at, fence[1])
        if heading := _HEADING.match(line):
            self.flush()
            self.found.append(Block("heading", plain(heading[2]), len(heading[1])))
        elif self._lines and len(self._lines) == 1 and (under := _UNDERLINE.match(line)):
            text = plain(self._lines.pop())
            self.found.append(Block("heading", text, 1 if under[1][0] == "=" else 2))
        elif not line.strip() or _RULE.match(line):
            self.flush()
        else:
            self._lines.append(line)
        return at + 1

    def flush(self) -> None:
        lines, self._lines = self._lines, []
        if not lines:
            return
        if len(lines) > 1 and all(line.lstrip().startswith("|") for line in lines):
            rows = [_row(line) for line in lines if line.strip(" |:-\t")]
            self.found.append(Block("table", "\n".join(rows)))
        else:
            self.found.append(Block("text", plain("\n".join(lines))))

    def _code(self, lines: list[str], at: int, fence: str) -> int:
        self.flush()
        end = at + 1
        while end < len(lines) and not lines[end].strip().startswith(fence):
            end += 1
        self.found.append(Block("code", "\n".join(lines[at + 1 : end])))
        return end + 1


def _row(line: str) -> str:
    return " | ".join(plain(cell.strip()) for cell in line.strip().strip("|").split("|"))


def plain(text: str) -> str:
    text = _LINK.sub(r"\1", _IMAGE.sub(r"\1", text))
    return _STRONG.sub(r"\2", _TAG.sub("", text)).replace("`", "")
