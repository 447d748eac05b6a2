"""A model's words inside of Markdown, where they must stay words: no link, no mention, no picture, no format.

Slack reads what is streamed as Markdown, and a piece may end anywhere. So every character is made
inert by itself and by what stands before it, and never changes by what comes after it.
"""

from __future__ import annotations

from bot.platforms.slack.foreign import shown

JOINER = "\u2060"  # takes no room and parts what would otherwise be an address, an emoji's name or a mention
ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "\t": " "}
ESCAPED = frozenset("\\`*_~[]|!#")
JOINTS = frozenset("./@:")
AT_LINE_START = frozenset("-+=")


def inert(words: str, before: str = "") -> str:
    """`before` are the words that stand in the message already."""
    return "".join(_each(shown(words), before))


def _each(words: str, before: str) -> list[str]:
    line = before.rpartition("\n")[2]
    last, blank = line[-1:], not line.strip()
    found = []
    for char in words:
        found.append(_one(char, last, blank))
        if char == "\n":
            last, blank = "", True
        else:
            last, blank = char, blank and char == " "
    return found


def _one(char: str, last: str, blank: bool) -> str:
    if char == " " and blank:
        return "\u00a0"  # four spaces would begin a block of code
    if char in ".)" and last.isdigit():
        return "\\" + char  # or a list begins
    safe = ENTITIES.get(char, char)
    if char in ESCAPED or (blank and char in AT_LINE_START):
        safe = "\\" + char
    return JOINER + safe if last in JOINTS and last and not char.isspace() else safe
