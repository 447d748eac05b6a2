"""Questions to Jira's search. What people typed stands between quotes and nowhere else."""

from __future__ import annotations

import re
from collections.abc import Sequence

_UNSHOWN = re.compile(r"[\x00-\x1f\x7f\u2028\u2029]+")
_LUCENE = re.compile(r'[+\-&|!(){}\[\]^~*?:\\/"\'<>=]')
_OPERATORS = re.compile(r"\b(AND|OR|NOT)\b")
_ORDER = re.compile(r"\border\s+by\b", re.IGNORECASE)
_ORDERED = re.compile(r"(created|updated|key|priority|status|duedate)( (asc|desc))?", re.IGNORECASE)
_COMMENTED = re.compile(r"--|/\*|//")


class NotAQuestion(ValueError):
    """This JQL could not stand inside brackets without changing what is around it."""


def quote(text: str) -> str:
    """A value: a string that ends where we end it."""
    flat = _UNSHOWN.sub(" ", text)
    return '"' + flat.replace("\\", "\\\\").replace('"', '\\"') + '"'


def containing(text: str) -> str:
    """A value for `~`: the text search has operators of its own, and these are letters too."""
    words = _OPERATORS.sub(lambda found: found[0].lower(), _UNSHOWN.sub(" ", text))
    return quote(_LUCENE.sub(lambda found: "\\" + found[0], words).strip())


def question(
    project: str,
    *,
    text: str = "",
    labels: Sequence[str] = (),
    statuses: Sequence[str] = (),
    updated_days: int = 0,
    open_only: bool = False,
    jql: str = "",
) -> str:
    """All conditions together, within one project, so that it is always bounded.

    `jql` is a flow's own condition; whatever it says, it narrows what is found.
    Raises `NotAQuestion`.
    """
    where, order = _parted(jql)
    parts = [f"project = {quote(project)}"]
    parts += [f"text ~ {containing(text)}"] if text.strip() else []
    parts += [f"labels = {quote(label)}" for label in labels]
    parts += [f"status in ({', '.join(quote(each) for each in statuses)})"] if statuses else []
    parts += ["statusCategory != Done"] if open_only else []
    parts += [f"updated >= {quote(f'-{updated_days}d')}"] if updated_days else []
    parts += [f"({where})"] if where else []
    return " AND ".join(parts) + f" ORDER BY {order or 'updated DESC'}"


def _parted(jql: str) -> tuple[str, str]:
    """The condition and its order, once it is sure that the condition is whole."""
    text = _UNSHOWN.sub(" ", jql).strip()
    bare = _without_strings(text)
    if _COMMENTED.search(bare):
        raise NotAQuestion("the condition has a comment in it")
    found = _ORDER.search(bare)
    where, order = (text[: found.start()], text[found.end() :]) if found else (text, "")
    _whole(bare[: len(where)])
    if found and not all(_ORDERED.fullmatch(" ".join(each.split())) for each in order.split(",")):
        raise NotAQuestion("the order names something else than a known field")
    return where.strip(), " ".join(order.split())


def _without_strings(text: str) -> str:
    """The same text, with every letter inside quotes made a blank."""
    out, ends, escaped = [], "", False
    for letter in text:
        if ends:
            out.append(" ")
            if escaped:
                escaped = False
            elif letter == "\\":
                escaped = True
            elif letter == ends:
                ends = ""
        elif letter in "\"'":
            out.append(" ")
            ends = letter
        else:
            out.append(letter)
    if ends:
        raise NotAQuestion("a quote is not closed")
    return "".join(out)


def _whole(bare: str) -> None:
    depth = 0
    for letter in bare:
        depth += {"(": 1, ")": -1}.get(letter, 0)
        if depth < 0:
            raise NotAQuestion("a bracket is closed that was not opened")
    if depth:
        raise NotAQuestion("a bracket is not closed")
