"""Text that Teams would otherwise read as something else.

A TextRun knows no Markdown and no HTML, so nearly everything may go into it as it is. What is
left are two patterns that Teams looks for everywhere on a card. What is invisible or deceives is
`bot.text`'s matter, and is applied here, once.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from bot.platforms.teams.hosts import is_loopback
from bot.text import plain, teams_text

_MENTION = re.compile(r"<(/?)at\b", re.IGNORECASE)
_CLOCK = re.compile(r"\{\{(?=\s*(?:DATE|TIME)\s*\()", re.IGNORECASE)
# What a TextBlock might take for emphasis, a link, a list, an entity or a tag.
_MARKUP = re.compile(r"[*_`~\[\]\\<>&|{}\r\n]|^\s*(?:[-+#=]|\d+[.)])|https?:|www\.|\w@\w", re.IGNORECASE)


def inert(text: str) -> str:
    """For a TextRun, a title or a label: no mention forms, no time is put in its place.

    Twice is the same as once.
    """
    return _CLOCK.sub("{ {", _MENTION.sub(r"‹\1at", text))


def is_plain(text: str) -> bool:
    """Nothing in it could be read as markup, wherever it is shown."""
    return _MARKUP.search(text) is None


def may_be_read_as_html(text: str) -> bool:
    """A plain text message is drawn as it is, but clients differ on tags and entities."""
    return "<" in text or "&" in text


def escaped(text: str) -> str:
    """For the one place that only takes Markdown, a card's fallback."""
    return teams_text(_CLOCK.sub("{ {", text))


def one_line(text: str) -> str:
    """For titles and labels, which are plain text; whole, however long."""
    return " ".join(inert(plain(text)).split())


def may_be_opened(url: str, *, sandbox: bool) -> bool:
    """https with a real host; plain http on this machine alone, and in the sandbox alone."""
    if len(url) > 3000 or not url.isprintable() or " " in url or "\\" in url:
        return False
    try:
        parts = urlsplit(url)
        has_host = bool(parts.hostname) and parts.username is None
    except ValueError:
        return False
    return has_host and (
        parts.scheme == "https" or (sandbox and parts.scheme == "http" and is_loopback_host(url))
    )


def is_loopback_host(url: str) -> bool:
    return is_loopback(url.partition("?")[0].partition("#")[0])
