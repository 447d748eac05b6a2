"""What can be ordered, ready to be found in a sentence: names, aliases, plurals, part names, typing slips."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from ..base import Product
from .lexicon import COMMON
from .numbers import TENS_VALUES, UNITS
from .words import MAX_TOKENS, Token, is_hyphen, near, stem, stems

LONGEST = 6
SIZES = {
    "small": "small", "s": "small", "little": "small", "medium": "medium", "m": "medium",
    "regular": "regular", "large": "large", "l": "large", "big": "large", "huge": "extra large",
    "xl": "extra large", "extra large": "extra large",
}  # fmt: skip
UNDECIDED = 0.6  # several products: certain that one of them is meant, and no more
PLAIN_SIZES = frozenset(size for size in SIZES if len(size) > 2) - {"little", "huge"}


@dataclass(frozen=True, slots=True)
class Match:
    """Words that name a product. Several `names`: they do not decide between these.

    `whole` when a full name or alias was said.
    """

    names: tuple[str, ...]
    end: int
    confidence: float
    whole: bool


@dataclass(frozen=True, slots=True)
class Catalogue:
    products: tuple[Product, ...]
    whole: dict[tuple[str, ...], tuple[str, ...]] = field(repr=False)
    holders: dict[str, frozenset[int]] = field(repr=False)
    vocabulary: tuple[str, ...] = field(repr=False)
    known: frozenset[str] = field(repr=False)
    variants: dict[tuple[str, ...], str] = field(repr=False)
    sold_in: dict[str, tuple[str, ...]] = field(repr=False)

    def corrected(self, tokens: Sequence[Token]) -> list[tuple[str, float]]:
        """Each token's stem, mended where it is a likely slip, with how much that is to be trusted."""
        return [self._correct(token) for token in tokens]

    def _correct(self, token: Token) -> tuple[str, float]:
        if token.stem in self.known or token.norm in COMMON or token.stem in COMMON or not token.is_word:
            return token.stem, 1.0
        return _mended(token.stem, self.vocabulary)

    def find(self, tokens: Sequence[Token], mended: Sequence[tuple[str, float]], at: int) -> Match | None:
        """The product named by the words that begin here: the longest full name, else the longest part."""
        spans = list(_spans(tokens, mended, at))
        for end, words, trust in spans:
            names = self.whole.get(words)
            if names and len(names) == 1:
                return Match(names, end, trust, True)
            if names:
                return Match(names, end, trust * UNDECIDED, True)
        for end, words, trust in spans:
            found = self._holding(words)
            if found:
                names = tuple(self.products[index].name for index in sorted(found))
                return Match(names, end, trust * (0.93 if len(names) == 1 else UNDECIDED), False)
        return None

    def _holding(self, words: tuple[str, ...]) -> frozenset[int]:
        if len(set(words)) < len(words) or all(_is_number(word) or word in COMMON for word in words):
            return frozenset()
        found = self.holders.get(words[0], frozenset())
        for word in words[1:]:
            found = found & self.holders.get(word, frozenset())
        return found

    def variant(self, tokens: Sequence[Token], mended: Sequence[tuple[str, float]], at: int) -> Match | None:
        """A size or variant of any product, or a plain size, at this token."""
        for end, words, trust in _spans(tokens, mended, at):
            said = " ".join(words)
            if words in self.variants:
                return Match((self.variants[words],), end, trust, True)
            if said in PLAIN_SIZES:
                return Match((said,), end, trust, False)
        return None

    def variant_of(self, name: str, said: str) -> str | None:
        """The product's own spelling of a size: "big" or "L" for its "large"."""
        wanted = stems(said)
        size = SIZES.get(" ".join(wanted))
        for own in self.sold_in.get(name, ()):
            mine = stems(own)
            if mine == wanted or (size and SIZES.get(" ".join(mine)) == size):
                return own
        return None


def _spans(
    tokens: Sequence[Token], mended: Sequence[tuple[str, float]], at: int
) -> list[tuple[int, tuple[str, ...], float]]:
    words: list[str] = []
    trust = 1.0
    found: list[tuple[int, tuple[str, ...], float]] = []
    for index in range(at, min(len(tokens), at + 2 * LONGEST)):
        if not tokens[index].is_word:
            if words and is_hyphen(tokens, index):
                continue
            break
        words.append(mended[index][0])
        trust = min(trust, mended[index][1])
        found.append((index + 1, tuple(words), trust))
        if len(words) == LONGEST:
            break
    found.reverse()
    return found


@lru_cache(maxsize=4096)
def _mended(word: str, vocabulary: tuple[str, ...]) -> tuple[str, float]:
    meant = near(word, vocabulary)
    if meant is None:
        return word, 1.0
    known, slips = meant
    return known, {1: 0.85 if len(known) >= 6 else 0.75}.get(slips, 0.68)


def _is_number(word: str) -> bool:
    return word.isdecimal() or word in UNITS or word in TENS_VALUES


@lru_cache(maxsize=16)
def catalogue(products: tuple[Product, ...]) -> Catalogue:
    whole: dict[tuple[str, ...], list[str]] = defaultdict(list)
    holders: dict[str, set[int]] = defaultdict(set)
    variants: dict[tuple[str, ...], str] = {}
    for index, product in enumerate(products):
        for phrase in (product.name, *product.aliases):
            words = stems(phrase[:MAX_TOKENS])[:LONGEST]
            for spelling in {words, ("".join(words),)}:
                if words and product.name not in whole[spelling]:
                    whole[spelling].append(product.name)
        for word in stems(product.name[:MAX_TOKENS]):
            if word not in COMMON:
                holders[word].add(index)
        for variant in product.variants:
            variants.setdefault(stems(variant[:MAX_TOKENS])[:LONGEST], variant)
    variants.pop((), None)
    letters = {word for phrase in (*whole, *variants) for word in phrase}
    return Catalogue(
        products=products,
        whole={words: tuple(names) for words, names in whole.items() if names},
        holders={word: frozenset(found) for word, found in holders.items()},
        vocabulary=tuple(sorted(word for word in letters if len(word) >= 4 and word not in COMMON)),
        known=frozenset(letters | {stem(word) for word in letters}),
        variants=variants,
        sold_in={product.name: product.variants for product in products},
    )
