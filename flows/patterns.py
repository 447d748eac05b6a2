"""Patterns that a flow may hold against what people write, with a bounded cost.

A regular expression can take for ever. So: no group is repeated, at most three parts vary in
length, nothing looks around or back, and only short texts are held against it.
"""

from __future__ import annotations

import re
from functools import lru_cache

from flows.errors import TemplateError

LONGEST_PATTERN = 120
LONGEST_TEXT = 200
MOST_VARYING = 3
MOST_WAYS = 10
_VARYING = re.compile(r"[*+?]|\{[0-9]*,?[0-9]*\}")
_LITERAL = re.compile(r"\\.|\[(?:\\.|[^\]\\])*\]")


def check(source: str) -> None:
    """Raises `TemplateError` naming what is not allowed."""
    if len(source) > LONGEST_PATTERN:
        raise TemplateError(f"a pattern has at most {LONGEST_PATTERN} characters")
    try:
        _compiled(source)
    except (re.error, RecursionError, OverflowError):
        raise TemplateError(f"{source!r} is no pattern") from None
    if re.search(r"\\[0-9bBAZG]", source):
        raise TemplateError("a pattern may not look back or at the ends of words")
    bare = _LITERAL.sub("x", source)
    if "(?" in bare:
        raise TemplateError("a pattern has plain groups only")
    if re.search(r"\)(?:[*+?]|\{)", bare):
        raise TemplateError("a group may not be repeated")
    if len(_VARYING.findall(bare)) > MOST_VARYING:
        raise TemplateError(f"at most {MOST_VARYING} parts of a pattern may vary in length")
    if any(int(number) > LONGEST_TEXT for number in re.findall(r"[{,]([0-9]+)", bare)):
        raise TemplateError(f"nothing may be repeated more than {LONGEST_TEXT} times")
    if bare.count("|") > MOST_WAYS:
        raise TemplateError(f"a pattern has at most {MOST_WAYS} alternatives")


def fits(source: str, text: str) -> bool:
    """Whether the whole of the text is what the pattern says."""
    return len(text) <= LONGEST_TEXT and _compiled(source).fullmatch(text) is not None


@lru_cache(maxsize=512)
def _compiled(source: str) -> re.Pattern[str]:
    return re.compile(source)
