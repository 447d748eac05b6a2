"""Text, to Jira and from it: a document (ADF) on Cloud, wiki markup on Data Center.

What people typed arrives as the very same letters: nothing in it becomes a link, a macro, an
image or a mention.
"""

from __future__ import annotations

import re
from typing import Any

# Jira's own limit of a text field, in characters as they are sent.
LONGEST = 32_767
DEEPEST = 60

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_WIKI = re.compile(r"[&\\{}\[\]*_!|+\-^~?#@(]")
# Two backslashes would be a line break, so a backslash is spelt as what it is called.
_SPELT = {"&": "&amp;", "\\": "&#92;"}
_LINE_MARKUP = re.compile(r"^(\s*)(?=(h[1-6]|bq)\.)", re.MULTILINE | re.IGNORECASE)
_BLOCKS = frozenset({"paragraph", "heading", "codeBlock", "blockquote", "rule", "panel"})
_LISTS = frozenset({"bulletList", "orderedList", "taskList", "decisionList", "table"})
_ROWS = frozenset({"listItem", "taskItem", "decisionItem", "tableRow"})


def clean(text: str) -> str:
    """Lines end alike, and what no screen can show is gone."""
    return _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def one_line(text: str) -> str:
    """A title: Jira refuses one with line breaks."""
    return " ".join(clean(text).split())


def document(text: str, version: int) -> Any:
    """The text as this Jira takes it."""
    return adf(text) if version == 3 else wiki(text)


def adf(text: str) -> dict[str, Any]:
    """A paragraph for each block between empty lines. Text nodes know no markup at all."""
    blocks = [block for block in re.split(r"\n{2,}", clean(text)) if block.strip()]
    content = [{"type": "paragraph", "content": _lines(block)} for block in blocks]
    return {"type": "doc", "version": 1, "content": content or [{"type": "paragraph", "content": []}]}


def _lines(block: str) -> list[dict[str, Any]]:
    nodes: list[dict[str, Any]] = []
    for number, line in enumerate(block.split("\n")):
        nodes += [{"type": "hardBreak"}] if number else []
        # An empty text node is refused.
        nodes += [{"type": "text", "text": line}] if line else []
    return nodes


def wiki(text: str) -> str:
    """Every letter that could begin markup, escaped."""
    escaped = _WIKI.sub(lambda found: _SPELT.get(found[0]) or "\\" + found[0], clean(text))
    return _LINE_MARKUP.sub("\\1\u200b", escaped)


def plain(value: object) -> str:
    """What a description or a comment says, whichever form it has. Never raises."""
    if isinstance(value, str):
        text = re.sub(r"\\([{}\[\]*_!|+\-^~?#@(])", r"\1", value.replace("\u200b", ""))
        return clean(text.replace("&#92;", "\\").replace("&amp;", "&"))
    parts: list[str] = []
    _gather(value, parts, 0)
    return clean(re.sub(r"\n{3,}", "\n\n", "".join(parts))).strip()


def _gather(node: object, parts: list[str], depth: int) -> None:
    if depth > DEEPEST:
        return
    if isinstance(node, list):
        for each in node:
            _gather(each, parts, depth + 1)
        return
    if not isinstance(node, dict):
        return
    kind = node.get("type")
    attributes = node.get("attrs")
    shown = attributes if isinstance(attributes, dict) else {}
    match kind:
        case "text":
            parts.append(str(node.get("text") or ""))
        case "hardBreak":
            parts.append("\n")
        case "mention" | "emoji" | "status" | "date":
            parts.append(str(shown.get("text") or shown.get("shortName") or shown.get("timestamp") or ""))
        case "inlineCard" | "blockCard":
            parts.append(str(shown.get("url") or ""))
        case _:
            inside: list[str] = []
            _gather(node.get("content"), inside, depth + 1)
            # A list's lines stand together; blocks have an empty line between them.
            parts += ["".join(inside).strip()] if kind in _ROWS else inside
            parts.append("\n\n" if kind in _BLOCKS else "\n" if kind in _ROWS | _LISTS else "")
