"""Which flow a sentence asks for, learned from the flows' own words, with a probability that was fitted.

Words, pairs of words and pieces of words, weighted by how rare they are. How sure a score is, is fitted
by leaving each example out in turn and asking whether it would have been found without itself.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from ..base import FlowChoice
from .background import SENTENCES
from .words import Sentence, Token, split, stem, word_set

MAX_FLOWS = 200
MAX_EXAMPLES = 24
MAX_FITTED = 120
ELSEWHERE = -1
THING = "\0thing"  # stands for anything that the catalogue holds
COUNT = "\0count"
_SMALL = word_set("""
    a an the i me my we us our you your he she it is am are be was were been to of in on at for and
    or do does did can could would will shall may might this that these those with some so as if by
    from have has had what who how when where which there here please just get got let id ill im ive
    its not no s t about
""")

_DENIALS = word_set(
    "no not dont never cannot cant didnt doesnt isnt wont without havent hasnt nobody nothing"
)
_QUESTIONS = word_set("where when why who whose how which what whats wheres status")

Vector = dict[str, float]


@dataclass(frozen=True, slots=True)
class Route:
    """`flow` may be empty. `confidence` is the chance that the sentence asks for this flow at all."""

    flow: str
    confidence: float
    words: str
    runner_up: str = ""


@dataclass(frozen=True, slots=True)
class _Score:
    flow: int
    second: int
    best: float
    margin: float
    known: float  # share of the telling words that any flow uses

    def features(self) -> tuple[float, ...]:
        return (1.0, self.best, self.margin, self.known)


PRIOR = (-3.4, 5.0, 7.0, 1.2)  # where the fit starts, and what it is pulled to when examples are few
PULL = 0.25


@dataclass(frozen=True, slots=True)
class Router:
    flows: tuple[FlowChoice, ...]
    rarity: Vector = field(repr=False)
    postings: dict[str, tuple[tuple[int, float], ...]] = field(repr=False)
    owners: tuple[int, ...] = field(repr=False)
    own_words: frozenset[str] = field(repr=False)
    fit: tuple[float, ...] = PRIOR

    def route(self, sentence: Sentence, things: Sequence[tuple[int, int]] = ()) -> Route:
        """`things` are the token spans that name products."""
        if not self.flows:
            return Route("", 0.0, "")
        counts = _features(sentence.tokens, things)
        score = self.score(counts, None)
        if score.flow == ELSEWHERE:
            return Route("", 0.0, "")
        second = self.flows[score.second].id if score.second != ELSEWHERE else ""
        words = self._evidence(sentence, score.flow)
        sure = _chance(self.fit, score) * (0.5 if denies(sentence, self.flows[score.flow]) else 1.0)
        return Route(self.flows[score.flow].id, min(sure, 0.98), words, second)

    def score(self, counts: Counter[str], without: int | None) -> _Score:
        """`without` leaves one example out, as if it had never been given."""
        vector = _unit(counts, self.rarity)
        likeness: dict[int, float] = defaultdict(float)
        for word, weight in vector.items():
            for document, its in self.postings.get(word, ()):
                likeness[document] += weight * its
        best: dict[int, list[float]] = defaultdict(lambda: [0.0, 0.0])
        for document, value in likeness.items():
            if document != without:
                pair = best[self.owners[document]]
                if value > pair[0]:
                    pair[0], pair[1] = value, pair[0]
                elif value > pair[1]:
                    pair[1] = value
        scores = sorted(
            ((0.75 * one + 0.25 * two, flow) for flow, (one, two) in best.items() if flow != ELSEWHERE),
            key=lambda pair: (-pair[0], pair[1]),
        )
        telling = [word for word in counts if _is_telling(word)]
        known = sum(word in self.own_words for word in telling) / max(len(telling), 1)
        if not scores or scores[0][0] <= 0:
            return _Score(ELSEWHERE, ELSEWHERE, 0.0, 0.0, known)
        elsewhere = 0.75 * best[ELSEWHERE][0] + 0.25 * best[ELSEWHERE][1] if ELSEWHERE in best else 0.0
        rival = max(scores[1][0] if len(scores) > 1 else 0.0, elsewhere)
        second = scores[1][1] if len(scores) > 1 else ELSEWHERE
        return _Score(scores[0][1], second, scores[0][0], scores[0][0] - rival, known)

    def _evidence(self, sentence: Sentence, flow: int) -> str:
        """The telling words of the sentence that this flow's own sentences use."""
        mine = []
        for at, token in enumerate(sentence.tokens):
            if token.is_word and token.norm not in _SMALL:
                postings = self.postings.get(_root(token), ())
                if any(self.owners[document] == flow for document, _ in postings):
                    mine.append(sentence.words(at, at + 1))
        return " ".join(mine[:8])


def denies(sentence: Sentence, flow: FlowChoice) -> bool:
    """ "I did not order this", "where is my order": no order, unless the flow's own examples speak so."""
    said = {token.norm for token in sentence.tokens} & _DENIALS
    said |= {token.norm for token in sentence.tokens[:2]} & _QUESTIONS
    if not said:
        return False
    own = {token.norm for example in flow.examples for token in split(example[:400]).tokens}
    return not (said <= own or (said <= _DENIALS and own & _DENIALS))


def _chance(fit: Sequence[float], score: _Score) -> float:
    total = sum(weight * value for weight, value in zip(fit, score.features(), strict=True))
    return 1 / (1 + math.exp(-max(min(total, 30.0), -30.0)))


def _is_telling(word: str) -> bool:
    return " " not in word and "~" not in word


def _root(token: Token) -> str:
    """British and American endings, and the common ones of verbs, are one."""
    word = token.stem
    for ending in ("ization", "isation", "izing", "ising", "ized", "ised", "ize", "ise"):
        if word.endswith(ending) and len(word) > len(ending) + 3:
            return word[: -len(ending)]
    for ending in ("ing", "ed", "ion"):
        if word.endswith(ending) and len(word) > len(ending) + 3:
            word = word[: -len(ending)]
            break
    return word.rstrip("ey") if len(word) > 4 else word


def _features(tokens: Sequence[Token], things: Sequence[tuple[int, int]] = ()) -> Counter[str]:
    inside = {index for first, end in things for index in range(first, end)}
    counts: Counter[str] = Counter()
    before = ""
    for index, token in enumerate(tokens[:80]):
        if index in inside:
            word = THING
        elif not token.is_word:
            continue
        elif token.norm.isdecimal() or token.stem.isdecimal():
            word = COUNT
        else:
            word = _root(token)
        if token.norm not in _SMALL or word in {THING, COUNT}:
            counts[word] += 1
            if word not in {THING, COUNT} and len(word) > 4:
                counts.update(f"~{word[at : at + 4]}" for at in range(min(len(word) - 3, 12)))
        if before:
            counts[f"{before} {word}"] += 1
        before = word
    return counts


def _weight(word: str) -> float:
    return 0.35 if "~" in word else 0.45 if " " in word else 1.0


def _unit(counts: Counter[str], rarity: Vector) -> Vector:
    """Words that nobody used count too: a sentence full of the unknown resembles nothing."""
    unknown = max(rarity.values(), default=1.0)
    vector = {
        word: _weight(word)
        * (1 + math.log(count))
        * rarity.get(word, unknown * (0.6 if _is_telling(word) else 0.2))
        for word, count in counts.items()
    }
    length = math.sqrt(sum(value * value for value in vector.values())) or 1.0
    return {word: value / length for word, value in vector.items()}


def _documents(
    flows: Sequence[FlowChoice], things: ThingFinder | None
) -> Iterable[tuple[int, Counter[str], bool]]:
    for at, flow in enumerate(flows):
        named = stem(flow.id.lower().replace("_", " "))
        yield at, _features(split(f"{named} {flow.description}").tokens), False
        for example in flow.examples[:MAX_EXAMPLES]:
            sentence = split(example)
            yield at, _features(sentence.tokens, things(sentence) if things else ()), True
    for text in SENTENCES:
        yield ELSEWHERE, _features(split(text).tokens), True


class ThingFinder:
    """Where a sentence names products; hashable by the catalogue it was made for, so routers can be kept."""

    def __init__(self, key: object, find: object) -> None:
        self.key, self._find = key, find

    def __call__(self, sentence: Sentence) -> Sequence[tuple[int, int]]:
        return self._find(sentence)  # type: ignore[operator,no-any-return]  # set in reader.py only

    def __hash__(self) -> int:
        return hash(self.key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ThingFinder) and other.key == self.key


@lru_cache(maxsize=32)
def router(flows: tuple[FlowChoice, ...], things: ThingFinder | None = None) -> Router:
    """Learned once for a set of flows."""
    flows = flows[:MAX_FLOWS]
    documents = list(_documents(flows, things))
    spread = Counter(word for _, counts, _ in documents for word in counts)
    total = len(documents)
    rarity = {word: math.log((1 + total) / (1 + count)) + 1 for word, count in spread.items()}
    postings: dict[str, list[tuple[int, float]]] = defaultdict(list)
    own: set[str] = set()
    for index, (owner, counts, _) in enumerate(documents):
        if owner != ELSEWHERE:
            own.update(word for word in counts if _is_telling(word))
        for word, value in _unit(counts, rarity).items():
            postings[word].append((index, value))
    learned = Router(
        flows, rarity, {word: tuple(found) for word, found in postings.items()},
        tuple(owner for owner, _, _ in documents), frozenset(own),
    )  # fmt: skip
    return Router(
        learned.flows,
        learned.rarity,
        learned.postings,
        learned.owners,
        learned.own_words,
        _fit(learned, documents),
    )


def _fit(learned: Router, documents: Sequence[tuple[int, Counter[str], bool]]) -> tuple[float, ...]:
    """A logistic fit of "the best flow was right", on examples left out of what they are compared with."""
    usable = [at for at, (_, _, fitted) in enumerate(documents) if fitted]
    step = max(1, len(usable) // MAX_FITTED)
    seen: list[tuple[tuple[float, ...], float]] = []
    for at in usable[::step]:
        owner, counts, _ = documents[at]
        score = learned.score(counts, at)
        seen.append((score.features(), float(score.flow == owner and owner != ELSEWHERE)))
    if not any(right for _, right in seen):
        return PRIOR
    return _logistic(seen)


def _logistic(seen: Sequence[tuple[tuple[float, ...], float]]) -> tuple[float, ...]:
    """Newton's steps to the best weights, pulled to the prior; more likeness never means less certainty."""
    size = len(PRIOR)
    weights = list(PRIOR)
    for _ in range(25):
        slope = [PULL * (prior - weight) for prior, weight in zip(PRIOR, weights, strict=True)]
        curve = [[PULL * (row == column) for column in range(size)] for row in range(size)]
        for features, right in seen:
            total = sum(weight * value for weight, value in zip(weights, features, strict=True))
            guess = 1 / (1 + math.exp(-max(min(total, 30.0), -30.0)))
            for row in range(size):
                slope[row] += (right - guess) * features[row]
                for column in range(size):
                    curve[row][column] += guess * (1 - guess) * features[row] * features[column]
        step = _solved(curve, slope)
        weights = [weight + max(min(change, 2.0), -2.0) for weight, change in zip(weights, step, strict=True)]
        if max(map(abs, step)) < 1e-6:
            break
    return (weights[0], *(max(weight, 0.0) for weight in weights[1:]))


def _solved(matrix: list[list[float]], right: list[float]) -> list[float]:
    """Gauss on a small positive definite matrix."""
    rows = [[*row, value] for row, value in zip(matrix, right, strict=True)]
    size = len(rows)
    for at in range(size):
        for below in range(at + 1, size):
            factor = rows[below][at] / rows[at][at]
            rows[below] = [value - factor * top for value, top in zip(rows[below], rows[at], strict=True)]
    found = [0.0] * size
    for at in range(size - 1, -1, -1):
        rest = sum(rows[at][column] * found[column] for column in range(at + 1, size))
        found[at] = (rows[at][size] - rest) / rows[at][at]
    return found
