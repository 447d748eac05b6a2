"""A digest as Markdown, for a page: with a link to every source, and nothing of others that is markup."""

from __future__ import annotations

import re
from collections.abc import Sequence

from integrations.work.guard import without_links
from integrations.work.models import Digest, Link, Statement

LONGEST = 90_000
_MARKUP = re.compile(r"([\\`*_{}\[\]()#+!|<>~])")
# The words of a link end at a bracket, escaped or not.
_ROUND = str.maketrans("[]", "()")
_ADDRESS = re.compile(r"https?://[^\s()<>\[\]\"]+")


def as_markdown(digest: Digest, missing: Sequence[str], day: str) -> str:
    """Whole, up to what a page may hold: the list of sources is last, and would be what is left out."""
    lines = [f"{plain(digest.label)} {day}."]
    lines += [plain(each) for each in missing]
    lines += ["", *(plain(line) for line in digest.numbers.split("\n"))]
    for heading, statements in (
        ("What is going on", digest.statements),
        ("Stuck", digest.stuck),
        ("Closed", digest.closed),
    ):
        if statements:
            lines += ["", f"## {heading}", *(_row(each) for each in statements)]
    if digest.sources:
        lines += ["", f"## Sources ({digest.count})"]
        lines += [f"- {_link(link)}" for row in digest.sources for link in row.links]
    return _whole(lines)


def _whole(lines: Sequence[str]) -> str:
    kept, size = [], 0
    for line in lines:
        size += len(line) + 1
        if size > LONGEST:
            kept.append("- and more")
            break
        kept.append(line)
    return "\n".join(kept)


def _row(statement: Statement) -> str:
    return f"- {plain(statement.text)} {' '.join(_link(each) for each in statement.links)}".rstrip()


def _link(link: Link) -> str:
    label = without_links(link.label).translate(_ROUND).replace("\\", "") or "source"
    return f"[{plain(label)}]({link.url})" if _ADDRESS.fullmatch(link.url) else plain(label)


def plain(text: str) -> str:
    """Text that stays text where Markdown is read."""
    return _MARKUP.sub(r"\\\1", " ".join(text.split()))
