"""Markdown to Notion's blocks: what people and models write, as text that can do nothing.

Only shape is taken from it (headings, lists, quotes, code, bold, links to http and https). A text
run is data at Notion: an `@name`, a `<mention>`, HTML in it stays what it looks like. No image and
no embed is ever made, since Notion would fetch its address for everybody who opens the page.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

Data = dict[str, Any]

LONGEST_RUN = 2000
MOST_RUNS = 100
LONGEST_URL = 2000
DEEPEST = 3

_FENCE = re.compile(r" {0,3}(```+|~~~+)\s*([\w+#.-]{0,40})[^`]*$")
_HEADING = re.compile(r" {0,3}(#{1,6})\s+(.*)$")
_RULE = re.compile(r" {0,3}([-*_])(?:\s*\1){2,}\s*$")
_TO_DO = re.compile(r"\s*[-*+]\s+\[([ xX])\]\s+(.*)$")
_BULLET = re.compile(r"\s*[-*+]\s+(.*)$")
_NUMBER = re.compile(r"\s*\d{1,9}[.)]\s+(.*)$")
_QUOTE = re.compile(r" {0,3}>\s?(.*)$")

_INLINE = re.compile(
    r"\\(?P<escaped>[!-/:-@\[-`{-~])"
    r"|`(?P<code>[^`\n]+)`"
    r"|\*\*(?P<bold>[^*\n]+)\*\*"
    r"|\*(?P<italic>[^*\s][^*\n]*)\*"
    r"|(?<!\w)_(?P<slanted>[^_\s][^_\n]*)_(?!\w)"
    r"|~~(?P<struck>[^~\n]+)~~"
    r"|\[(?P<label>[^\[\]\n]+)\]\((?P<target>https?://[^\s()<>]+)\)"
    r"|(?P<bare>https?://[^\s<>()\[\]\"'`*]+)"
)
_ANNOTATION = {"bold": "bold", "italic": "italic", "slanted": "italic", "struck": "strikethrough"}

# Of Notion's list, what a software team writes; another language is refused there.
_LANGUAGES = {
    "bash": "bash", "c": "c", "c++": "c++", "cpp": "c++", "c#": "c#", "css": "css", "diff": "diff",
    "docker": "docker", "dockerfile": "docker", "go": "go", "graphql": "graphql", "html": "html",
    "java": "java", "javascript": "javascript", "js": "javascript", "json": "json", "kotlin": "kotlin",
    "makefile": "makefile", "markdown": "markdown", "md": "markdown", "php": "php", "py": "python",
    "python": "python", "ruby": "ruby", "rust": "rust", "sh": "shell", "shell": "shell", "sql": "sql",
    "swift": "swift", "toml": "toml", "ts": "typescript", "typescript": "typescript", "xml": "xml",
    "yaml": "yaml", "yml": "yaml",
}  # fmt: skip


def to_blocks(text: str) -> list[Data]:
    """Every block of it, in order. Nothing is left out; what is no Markdown is a paragraph."""
    found: list[Data] = []
    for kind, words, more in _parts(text):
        if kind == "divider":
            found.append({"type": "divider", "divider": {}})
            continue
        for runs in _grouped(_literal(words) if kind == "code" else to_runs(words)):
            found.append({"type": kind, kind: {"rich_text": runs} | more})
    return found


def to_runs(text: str) -> list[Data]:
    """The runs of one line or paragraph, with what is bold, linked and so on."""
    return list(_inline(text, {}, 0))


def plain_runs(text: str) -> list[Data]:
    """The text as it stands, Markdown or not: for titles."""
    return _literal(text)


def _parts(text: str) -> Iterator[tuple[str, str, Data]]:
    """Kind, words and further fields of each block."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    held: list[str] = []
    held_kind = "paragraph"
    at = 0
    while at < len(lines):
        line = lines[at]
        at += 1
        found = _single(line)
        fence = _FENCE.match(line)
        quoted = _QUOTE.match(line)
        kind = "quote" if quoted else "paragraph"
        if held and (fence or found or not line.strip() or kind != held_kind):
            yield held_kind, "\n".join(held), {}
            held = []
        if fence:
            inside, at = _until(lines, at, fence[1])
            yield "code", inside, {"language": _LANGUAGES.get(fence[2].lower(), "plain text")}
        elif found:
            yield found
        elif line.strip():
            held_kind = kind
            held.append(quoted[1] if quoted else line.strip())
    if held:
        yield held_kind, "\n".join(held), {}


def _single(line: str) -> tuple[str, str, Data] | None:
    """A block that is one line."""
    if _RULE.match(line):
        return "divider", "", {}
    if found := _HEADING.match(line):
        return f"heading_{min(len(found[1]), 3)}", found[2].rstrip().rstrip("#").rstrip(), {}
    if found := _TO_DO.match(line):
        return "to_do", found[2], {"checked": found[1] != " "}
    if found := _BULLET.match(line):
        return "bulleted_list_item", found[1], {}
    if found := _NUMBER.match(line):
        return "numbered_list_item", found[1], {}
    return None


def _until(lines: list[str], start: int, fence: str) -> tuple[str, int]:
    """The lines before the closing fence, or to the end, and where to go on."""
    for at in range(start, len(lines)):
        closing = lines[at].strip()
        if closing.startswith(fence) and not closing.strip(fence[0]):
            return "\n".join(lines[start:at]), at + 1
    return "\n".join(lines[start:]), len(lines)


def _inline(text: str, style: Data, depth: int) -> Iterator[Data]:
    at, held = 0, ""
    for found in _INLINE.finditer(text):
        held += text[at : found.start()]
        at = found.end()
        kind, words = str(found.lastgroup), found[found.lastgroup or 0]
        if kind == "escaped":
            held += words
            continue
        target = found["target"] or found["bare"] or ""
        if target and len(target) > LONGEST_URL:
            held += found[0]
            continue
        yield from _literal(held, style)
        held = ""
        if kind in _ANNOTATION and depth < DEEPEST:
            yield from _inline(words, style | {_ANNOTATION[kind]: True}, depth + 1)
        elif kind in _ANNOTATION:
            yield from _literal(words, style)
        elif kind == "code":
            yield from _literal(words, style | {"code": True})
        else:
            yield from _literal(found["label"] or target, style, target)
    yield from _literal(held + text[at:], style)


def _literal(text: str, style: Data | None = None, url: str = "") -> list[Data]:
    """The text in runs that are short enough. Notion counts as JavaScript does: some letters are two."""
    size = LONGEST_RUN if text.isascii() or max(text) < "\U00010000" else LONGEST_RUN // 2
    found = []
    for start in range(0, len(text), size):
        content: Data = {"content": text[start : start + size]}
        if url:
            content["link"] = {"url": url}
        run: Data = {"type": "text", "text": content}
        if style:
            run["annotations"] = dict(style)
        found.append(run)
    return found


def _grouped(runs: list[Data]) -> Iterator[list[Data]]:
    """A block has a hundred runs at most; what has more becomes several blocks."""
    if not runs:
        yield []
    for start in range(0, len(runs), MOST_RUNS):
        yield runs[start : start + MOST_RUNS]
