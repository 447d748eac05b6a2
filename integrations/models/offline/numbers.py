"""Quantities in digits and words, and which of them no one would mean."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .words import NUMBER_NAMES, Token, is_hyphen

MOST = 1_000  # above this nobody is believed without being asked
TEENS = (
    "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
UNITS = {name: value for value, name in enumerate((*NUMBER_NAMES, *TEENS))}
TENS_VALUES = {name: 20 + 10 * at for at, name in enumerate(TENS)} | {"fourty": 40}
VAGUE = frozenset({"some", "few", "several", "many", "lots", "bunch", "plenty", "loads"})
TIMES = frozenset({"x", "×", "*", "times"})
SERVINGS = frozenset({"order", "orders", "portion", "portions", "serving", "servings", "plate", "plates"})
ARTICLES = frozenset({"a", "an"})


@dataclass(frozen=True, slots=True)
class Number:
    """A quantity that the tokens up to `end` say.

    `trust` is near 0 for what cannot be a quantity (0, -2, 1.5, a million, "some"): the caller
    keeps the words and asks. `exact` is False for an article, which says one only by the way.
    """

    value: int
    end: int
    trust: float = 1.0
    exact: bool = True
    times: bool = False


def number_at(tokens: Sequence[Token], at: int) -> Number | None:
    """The quantity that begins at this token, if one does."""
    found = _times_first(tokens, at) or _plain(tokens, at)
    if found is None:
        return None
    after = found.end
    if after < len(tokens) and found.exact and not found.times and tokens[after].norm in TIMES:
        # "2x cola"; but "2 x 3" is arithmetic, not an order
        trust = 0.1 if _plain(tokens, after + 1) else found.trust
        found = Number(found.value, after + 1, trust, True, True)
    elif _is_range(tokens, after):
        upper = _plain(tokens, after + 1)
        found = Number(found.value, upper.end if upper else after, 0.1)
    if (
        found.end + 1 < len(tokens)
        and tokens[found.end].norm in SERVINGS
        and tokens[found.end + 1].norm == "of"
    ):
        found = Number(found.value, found.end + 1, found.trust, found.exact, found.times)
    if found.end < len(tokens) and tokens[found.end].norm == "of":
        found = Number(found.value, found.end + 1, found.trust, found.exact, found.times)
    return found


def _times_first(tokens: Sequence[Token], at: int) -> Number | None:
    if tokens[at].norm not in {"x", "×"} or at + 1 >= len(tokens):
        return None
    found = _plain(tokens, at + 1)
    if found is None or not found.exact:
        return None
    return Number(found.value, found.end, found.trust, True, True)


def _plain(tokens: Sequence[Token], at: int) -> Number | None:
    if at >= len(tokens):
        return None
    norm = tokens[at].norm
    if norm in {"-", "−", "minus"} and _is_sign(tokens, at):
        inner = _plain(tokens, at + 1)
        return Number(max(inner.value, 1), inner.end, 0.1) if inner and inner.exact else None
    if norm[0].isdigit():
        return _digits(norm, at)
    if norm in VAGUE:
        return Number(1, at + 1, 0.3)
    return _dozens(tokens, at) or _in_words(tokens, at) or _article(tokens, at)


def _is_sign(tokens: Sequence[Token], at: int) -> bool:
    """ "-2 colas" is negative; "- 2 colas" is a list, "two-hole" a name."""
    if at + 1 >= len(tokens) or is_hyphen(tokens, at):
        return False
    return tokens[at].norm == "minus" or tokens[at].end == tokens[at + 1].start


def _digits(norm: str, at: int) -> Number:
    whole, _, fraction = norm.replace(",", ".").partition(".")
    if fraction and "," in norm and len(fraction) == 3:
        whole, fraction = whole + fraction, ""
    if fraction or not whole.isdecimal() or len(whole) > 9:
        return Number(1, at + 1, 0.1)
    return sane(int(whole), at + 1)


def sane(value: int, end: int) -> Number:
    if value < 1:
        return Number(1, end, 0.1)
    if value > MOST:
        return Number(MOST, end, 0.1)
    return Number(value, end, 1.0 if value <= 200 else 0.8)


def _dozens(tokens: Sequence[Token], at: int) -> Number | None:
    """ "a dozen", "half a dozen", "two dozen", "a couple of"."""
    norms = [token.norm for token in tokens[at : at + 3]]
    match norms:
        case ["half", "a" | "of", "dozen"]:
            return Number(6, at + 3)
        case ["half", "dozen", *_]:
            return Number(6, at + 2)
        case ["half", *_]:
            return Number(1, at + 1 + (norms[1:2] == ["a"]), 0.1)
        case ["a" | "one", "dozen", *_]:
            return Number(12, at + 2)
        case ["dozen", *_]:
            return Number(12, at + 1)
        case ["a", "couple" | "pair", *_]:
            return Number(2, at + 2)
        case ["couple" | "pair", *_]:
            return Number(2, at + 1)
        case ["a", word, *_] if word in VAGUE:
            return Number(1, at + 2, 0.3)
        case [count, "dozen", *_] if UNITS.get(count, 0) > 0:
            return sane(12 * UNITS[count], at + 2)
    return None


def _in_words(tokens: Sequence[Token], at: int) -> Number | None:
    """ "one hundred and twenty"; a hyphen inside is fine. "four four" is a four and another word."""
    total, current, end, index, before = 0, 0, at, at, ""
    while index < len(tokens):
        norm = tokens[index].norm
        if norm == "-" and end > at and is_hyphen(tokens, index):
            index += 1
            continue
        if norm in UNITS and before not in {"unit", "zero"} and (before != "ten" or 0 < UNITS[norm] < 10):
            current, before = current + UNITS[norm], "unit"
        elif norm in TENS_VALUES and before in {"", "hundred", "thousand"}:
            current, before = current + TENS_VALUES[norm], "ten"
        elif norm == "hundred" and (before == "unit" or _after_a(tokens, index, at)):
            current, before = max(current, 1) * 100, "hundred"
        elif norm == "thousand" and (before or _after_a(tokens, index, at)):
            total, current, before = total + max(current, 1) * 1000, 0, "thousand"
        elif norm in {"million", "billion"} and (before or _after_a(tokens, index, at)):
            return Number(MOST, index + 1, 0.1)
        elif _joins(tokens, index, before) or (norm == "a" and index == at and _big(tokens, index + 1)):
            index += 1
            continue
        else:
            break
        index += 1
        end = index
    return sane(total + current, end) if end > at else None


def _big(tokens: Sequence[Token], at: int) -> bool:
    return at < len(tokens) and tokens[at].norm in {"hundred", "thousand", "million", "billion"}


def _after_a(tokens: Sequence[Token], index: int, at: int) -> bool:
    return index == at or (index == at + 1 and tokens[at].norm == "a")


def _joins(tokens: Sequence[Token], index: int, before: str) -> bool:
    """The "and" of "a hundred and one", not that of "a hundred and a cola"."""
    if tokens[index].norm != "and" or before not in {"hundred", "thousand"} or index + 1 >= len(tokens):
        return False
    following = tokens[index + 1].norm
    return following in TENS_VALUES or following in UNITS


def _article(tokens: Sequence[Token], at: int) -> Number | None:
    return Number(1, at + 1, 1.0, False) if tokens[at].norm in ARTICLES else None


def _is_range(tokens: Sequence[Token], at: int) -> bool:
    """ "2-3", "two or three", "3 to 5"."""
    if at + 1 >= len(tokens) or tokens[at].norm not in {"-", "–", "or", "to"}:
        return False
    following = _plain(tokens, at + 1)
    return following is not None and following.exact
