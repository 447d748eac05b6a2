"""Slack's markup, into the plain words that were meant."""

from __future__ import annotations

import re

# `<…>` is Slack's own: what a person types arrives with & < > escaped.
_TOKEN = re.compile(r"<([^<>]+)>|&(amp|lt|gt);")
_ENTITY = re.compile(r"&(amp|lt|gt);")
_ENTITIES = {"amp": "&", "lt": "<", "gt": ">"}


def plain(text: str, *, bot: str = "") -> str:
    """What the person meant to write. Mentions of `bot` are taken out, other people stay as words.

    The result is data: "<!channel>" in it was typed by hand, and never becomes markup again.
    """
    if bot:
        own = rf"<@{re.escape(bot)}(?:\|[^<>]*)?>"
        text = re.sub(rf"^\s*(?:{own}[\s,:]*)+", "", text)
        text = re.sub(rf"[ \t]*{own}", "", text)
    return _TOKEN.sub(_word, text).strip()


def mentions(text: str, user: str) -> bool:
    return bool(user) and re.search(rf"<@{re.escape(user)}(?:\|[^<>]*)?>", text) is not None


def first_mention(text: str) -> str:
    """Who a message begins with; for an app_mention that does not say who we are."""
    found = re.match(r"\s*<@([A-Z0-9]+)(?:\|[^<>]*)?>", text)
    return found[1] if found else ""


def _word(found: re.Match[str]) -> str:
    if found[2]:
        return _ENTITIES[found[2]]
    target, _, label = found[1].partition("|")
    return _ENTITY.sub(lambda entity: _ENTITIES[entity[1]], _named(target, label))


def _named(target: str, label: str) -> str:
    match target[:1]:
        case "@":
            return "@" + (label.removeprefix("@") or target[1:])
        case "#":
            return "#" + (label.removeprefix("#") or target[1:])
        case "!":
            return _special(target[1:], label)
        case _:
            return target.removeprefix("mailto:").removeprefix("tel:")


def _special(target: str, label: str) -> str:
    name, _, rest = target.partition("^")
    match name:
        case "subteam":
            return "@" + (label.removeprefix("@") or rest)
        case "date":
            return label or rest
        case _:
            return "@" + (label.removeprefix("@") or name)
