"""A sentence as parts: numbers, products, sizes, wishes about them, deeds, and other words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto

from .catalogue import Catalogue, Match
from .lexicon import (
    ADJECTIVES,
    ALL,
    CUES,
    FILLERS,
    LONGEST_CUE,
    NO,
    POSITIONS,
    PRONOUNS,
    SEPARATORS,
    WITH,
    Cue,
)  # fmt: skip
from .numbers import Number, number_at
from .words import Sentence, is_hyphen, stem, windows


class Kind(Enum):
    NUMBER = auto()
    PRODUCT = auto()
    SIZE = auto()
    OPTION = auto()
    CUE = auto()
    EVERYTHING = auto()
    TARGET = auto()  # "it", "the second one"
    LESS = auto()
    MORE = auto()
    BREAK = auto()
    WORD = auto()  # not understood
    SMALL = auto()  # understood to carry nothing


@dataclass(frozen=True, slots=True)
class Part:
    """`first` and `end` are tokens. Which other field is filled follows from `kind`."""

    kind: Kind
    first: int
    end: int
    text: str = ""
    number: Number | None = None
    match: Match | None = None
    cue: Cue | None = None
    position: int | None = None
    trust: float = 1.0


@dataclass(frozen=True, slots=True)
class _Scan:
    sentence: Sentence
    shop: Catalogue
    mended: list[tuple[str, float]]
    listed: frozenset[str]
    swaps: bool

    def norm(self, at: int) -> str:
        tokens = self.sentence.tokens
        return tokens[at].norm if 0 <= at < len(tokens) else ""

    def product(self, at: int) -> Match | None:
        return self.shop.find(self.sentence.tokens, self.mended, at) if self.shop.products else None


def parts_of(sentence: Sentence, shop: Catalogue, listed: frozenset[str]) -> tuple[Part, ...]:
    """Every token is in exactly one part. `listed` are the names of the items so far."""
    swaps = any(CUES.get((token.norm,)) in {Cue.SWAP, Cue.CHANGE} for token in sentence.tokens)
    mended = shop.corrected(sentence.tokens) if shop.products else [(t.stem, 1.0) for t in sentence.tokens]
    scan = _Scan(sentence, shop, mended, listed, swaps)
    return tuple(_scan(scan))


def _scan(scan: _Scan) -> Iterator[Part]:
    at = 0
    while at < len(scan.sentence.tokens):
        part = _part(scan, at)
        yield part
        at = part.end


def _part(scan: _Scan, at: int) -> Part:
    product = scan.product(at)
    return (
        _long_product(scan, at, product)
        or _size(scan, at)
        or _option(scan, at)
        or _more_or_less(scan, at)
        or _cue(scan, at)
        or _number(scan, at)
        or _target(scan, at)
        or _product(scan, at, product)
        or _rest(scan, at)
    )


def _long_product(scan: _Scan, at: int, match: Match | None) -> Part | None:
    """A name of several words wins over the numbers and deeds inside it ("7 Up", "Two-Hole Punch")."""
    if match is None or match.end == at + 1 or scan.norm(at) in {"a", "the"}:
        return None
    return Part(Kind.PRODUCT, at, match.end, match=match)


def _product(scan: _Scan, at: int, match: Match | None) -> Part | None:
    if match is None or scan.norm(at) in FILLERS:
        return None
    following = match.end
    if not match.whole and not _has_head(match, scan, at) and _is_unknown(scan, following):
        return Part(Kind.WORD, at, match.end)  # "green tea" is not a green salad
    return Part(Kind.PRODUCT, at, match.end, match=match)


def _has_head(match: Match, scan: _Scan, at: int) -> bool:
    """The last word of a name is what the thing is: "salad" in "Green Salad"."""
    said = {scan.mended[index][0] for index in range(at, match.end)}
    return any(stem(name.lower().split()[-1]) in said for name in match.names)


def _is_unknown(scan: _Scan, at: int) -> bool:
    norm = scan.norm(at)
    return (
        bool(norm)
        and norm[0].isalpha()
        and norm not in FILLERS
        and norm not in SEPARATORS
        and norm not in NO
        and norm not in WITH
        and norm not in {"x", "less", "fewer", "free", "also"}
        and (norm,) not in CUES
        and scan.norm(at + 1) != "free"
        and not (scan.norm(at + 2) == "free" and is_hyphen(scan.sentence.tokens, at + 1))
        and number_at(scan.sentence.tokens, at) is None
        and scan.product(at) is None
        and scan.shop.variant(scan.sentence.tokens, scan.mended, at) is None
    )


def _size(scan: _Scan, at: int) -> Part | None:
    match = scan.shop.variant(scan.sentence.tokens, scan.mended, at)
    if match is None or scan.norm(at) in {"a", "i"}:
        return None
    return Part(Kind.SIZE, at, match.end, match.names[0], trust=match.confidence)


def _option(scan: _Scan, at: int) -> Part | None:
    norm = scan.norm(at)
    tokens = scan.sentence.tokens
    after = at + 2 if at + 1 < len(tokens) and is_hyphen(tokens, at + 1) else at + 1
    if scan.norm(after) == "free" and norm not in FILLERS and norm.isalpha():
        return Part(Kind.OPTION, at, after + 1, f"{norm} free")
    if norm in ADJECTIVES:
        return Part(Kind.OPTION, at, at + 1, norm)
    corrects = norm == "no" and scan.norm(at + 1) == "the"  # "no, the cola should be large"
    corrects = corrects or (norm == "no" and scan.norm(at + 1) == "longer")  # "no longer want"
    if norm in NO and not corrects and not (norm == "minus" and number_at(tokens, at)):
        return _lead(scan, at, "no")
    if norm in WITH and not (norm == "with" and scan.swaps) and scan.norm(at + 1) not in {"it", "that"}:
        return _lead(scan, at, WITH[norm])
    return None


_SKIPPED = {"the", "any", "of", "all", "more", "some", "on", "a", "an"}


def _lead(scan: _Scan, at: int, lead: str) -> Part | None:
    """ "no onions", "with extra cheese". When a product follows, the lead is a deed instead."""
    start = at + 1 + (scan.norm(at) == "w" and scan.norm(at + 1) == "/")
    if scan.norm(start) == "o":
        lead, start = "no", start + 1
    elif scan.norm(at) == "w" and start == at + 1:
        return None
    if lead == "with" and scan.norm(start) in {*WITH, *NO}:
        inner = _option(scan, start)
        return inner and Part(inner.kind, at, inner.end, inner.text, cue=inner.cue)
    bare = start
    while scan.norm(start) in _SKIPPED or (lead == "with" and scan.norm(start) in {"my", "your"}):
        start += 1
    if _is_real_product(scan, start, counted=lead == "with" and start > bare):
        cue = {"no": Cue.UNWANTED, "double": Cue.DOUBLE}.get(lead, Cue.ADD)
        return Part(Kind.CUE, at, bare, cue=cue) if lead not in {"less", "light"} else None
    end = start
    while end < start + 3 and _is_wished(scan, end, first=end == start):
        end += 1
    if end == start:
        return None
    noun = " ".join(scan.norm(index) for index in range(start, end))
    return Part(Kind.OPTION, at, end, f"{lead} {noun}")


def _is_real_product(scan: _Scan, at: int, counted: bool) -> bool:
    if at >= len(scan.sentence.tokens):
        return False
    number = number_at(scan.sentence.tokens, at)
    if number is not None and number.exact:
        return True
    match = scan.product(at)
    if match is None:
        return False
    return match.whole or counted or _has_head(match, scan, at) or bool(scan.listed & set(match.names))


def _is_wished(scan: _Scan, at: int, *, first: bool) -> bool:
    if at >= len(scan.sentence.tokens) or not scan.norm(at)[0].isalpha():
        return False
    match = scan.product(at)
    if match is not None:
        return first and not match.whole and not _has_head(match, scan, at)
    return _is_unknown(scan, at) and scan.norm(at) not in ADJECTIVES


def _more_or_less(scan: _Scan, at: int) -> Part | None:
    norm = scan.norm(at)
    if norm in {"less", "fewer"}:
        return Part(Kind.LESS, at, at + 1)
    if norm == "another":
        return Part(Kind.MORE, at, at + 1)
    if norm == "more":
        return Part(Kind.MORE, at, at + 1)
    return None


def _cue(scan: _Scan, at: int) -> Part | None:
    tokens = scan.sentence.tokens
    longest = max(LONGEST_CUE, 4)
    for end, norms in windows(tokens, at, longest):
        if norms in ALL and norms not in PRONOUNS and (len(norms) > 1 or norms[0] != "all"):
            return Part(Kind.EVERYTHING, at, end)
        cue = CUES.get(norms)
        if cue is not None and not (cue in {Cue.OFF, Cue.INTO} and len(norms) == 1 and _idle(scan, at, cue)):
            return Part(Kind.CUE, at, end, " ".join(norms), cue=cue)
    return None


def _idle(scan: _Scan, at: int, cue: Cue) -> bool:
    return cue is Cue.INTO and not scan.swaps


def _number(scan: _Scan, at: int) -> Part | None:
    number = number_at(scan.sentence.tokens, at)
    if number is None:
        return None
    if not number.exact and scan.norm(number.end) in {"lot", "bit", "little"}:
        return None
    return Part(Kind.NUMBER, at, number.end, number=number)


def _target(scan: _Scan, at: int) -> Part | None:
    norm = scan.norm(at)
    if norm in POSITIONS:
        end = at + 1 + (scan.norm(at + 1) in {"one", "item", "thing"})
        return Part(Kind.TARGET, at, end, position=POSITIONS[norm])
    for end, norms in windows(scan.sentence.tokens, at, 2):
        if norms in PRONOUNS:
            return Part(Kind.TARGET, at, end)
    return None


def _rest(scan: _Scan, at: int) -> Part:
    norm = scan.norm(at)
    if norm in SEPARATORS:
        return Part(Kind.BREAK, at, at + 1, norm)
    if norm in FILLERS or not norm[0].isalnum():
        return Part(Kind.SMALL, at, at + 1, norm)
    return Part(Kind.WORD, at, at + 1, norm)
