"""Foreign text made safe, one function for each surface it is shown on.

What a person, a model or a service wrote is a value, never markup. `plain` is for everything;
`for_card` for values on which somebody decides; `slack_fallback` and `teams_text` are the last
step before a surface that would otherwise read markup, and are applied once, there. Nothing is
ever cut: what was hidden is taken out or shown as ⟨U+202E⟩. `plain` and `for_card` may be applied
to their own result.
"""

from __future__ import annotations

import html
import re
import unicodedata

from bot.text_card import annotate
from bot.text_clean import clean

# For chat.postMessage and chat.update beside `text`: nothing in it is formatted, looked up or unfurled.
SLACK_INERT = {
    "mrkdwn": False,
    "parse": "none",
    "link_names": False,
    "unfurl_links": False,
    "unfurl_media": False,
}

_MARKDOWN = re.compile(r"([\\`*_~\[\]|])")
_LINE_START = re.compile(r"^( {0,3})(#|[-+=]|\d{1,9}(?=[.)]))", re.MULTILINE)
_INDENT = re.compile(r"^ +", re.MULTILINE)
_SPACES = re.compile(r"\s+")

_SLACK_TARGET = re.compile(r"<([^<>|\n]{1,2000})(?:\|([^<>\n]{0,2000}))?>")
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{1,30}:[^\s\"']+")
_LINK = re.compile(r"!?\[([^\[\]\n]{0,500})\]\(([^()\s]{1,2000})\)")
_TAG = re.compile(
    r"</?(?:a|at|b|blockquote|br|code|del|div|em|emoji|h[1-6]|hr|i|img|li|ol|p|pre|s|script|span|strike|strong|style|sub|sup"
    r"|table|tbody|td|th|thead|tr|u|ul)(?:\s+[\w:-]{1,40}\s?=\s?(?:\"[^\"<>]{0,500}\"|'[^'<>]{0,500}'|[^\s\"'<>]{1,500})){0,20}\s*/?>",
    re.IGNORECASE,
)
_EMPHASIS = re.compile(r"(?<![\w*_~`])([*_~`]{1,3})(?=\S)([^*_~`\n]{1,500}?)(?<=\S)\1(?![\w*_~`])")


def plain(text: str) -> str:
    """One normal form, with nothing invisible in it: what one reads is all there is.

    Line breaks stay, emoji stay. Characters that reorder or smuggle are shown by their number,
    those that are merely invisible are taken out.
    """
    return clean(text, show_all=False)


def for_card(text: str) -> str:
    """As `plain`, and whatever might deceive somebody who decides is marked.

    Words of several scripts or of lookalikes, digits of other scripts, invisible characters,
    padding by empty lines and spaces. A mark is "⟨…⟩" after what it is about.
    """
    return annotate(clean(text, show_all=True))


def one_line(text: str, most: int = 80) -> str:
    """A label: one line of at most `most` characters, for titles and logs. This one is cut, with "…"."""
    line = _SPACES.sub(" ", plain(text)).strip()
    if len(line) <= most:
        return line
    end = max(most - 1, 0)
    # Not between a letter and its accent, nor inside a joined emoji.
    while end > 0 and (
        line[end] in "\u200d\ufe0f\u20e3" or line[end - 1] == "\u200d" or _is_attached(line[end])
    ):
        end -= 1
    return line[:end].rstrip() + "…"


def strip_markup(text: str) -> str:
    """The words of Markdown, mrkdwn or HTML without the markup; a link shows where it leads."""
    text = _SLACK_TARGET.sub(_slack_words, text)
    text = _LINK.sub(_link_words, text)
    text = _TAG.sub("", text)
    text = _EMPHASIS.sub(r"\2", text)
    return plain(html.unescape(text))


def slack_fallback(text: str) -> str:
    """For Slack's `text`, and mrkdwn where there is no other way: nobody is pinged, nothing links elsewhere.

    An address written out becomes a link to exactly that address, which is honest. Asterisks
    format unless `SLACK_INERT` goes along.
    """
    return plain(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def teams_text(text: str) -> str:
    """For Markdown in Teams: TextBlock, Fact, a message with textFormat markdown.

    Not for TextRun, nor for textFormat plain: those take `plain`, and would show the escapes.
    """
    safe = plain(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    safe = _MARKDOWN.sub(r"\\\1", safe)
    safe = _LINE_START.sub(_inert_start, safe)
    return _INDENT.sub(lambda match: "\u00a0" * len(match[0]), safe)


def _inert_start(match: re.Match[str]) -> str:
    """A number before its dot cannot be escaped itself: an empty entity parts them."""
    indent, start = match.groups()
    return f"{indent}{start}\\" if start[0].isdigit() else f"{indent}\\{start}"


def _slack_words(match: re.Match[str]) -> str:
    target, label = match[1], match[2]
    match target[0]:
        case "!" if target.startswith("!--"):
            return ""
        case "!":
            return f"@{(label or target[1:].partition('^')[0]).lstrip('@')}"
        case "@" | "#":
            return target[0] + (label or target[1:]).lstrip("@#")
        case _ if not _ADDRESS.fullmatch(target):
            return match[0]
        case _:
            return f"{label} ({target})" if label and label != target else target


def _link_words(match: re.Match[str]) -> str:
    label, target = match[1], match[2]
    return f"{label} ({target})" if label and label != target else target


def _is_attached(character: str) -> bool:
    return unicodedata.combining(character) != 0 or "\U0001f3fb" <= character <= "\U0001f3ff"
