"""A linear classifier over words and pieces: logistic regression with a margin, by gradient steps.

Weights are whole numbers, one packed row of all classes for each feature (`lanes.py`). Floats appear only
where scores become probabilities, and are rounded before they are used; so the same examples give the
same weights, whatever their order.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from random import Random

from .calibration import softmax
from .features import SCALE, Vector, Vocabulary, counted, vocabulary
from .lanes import packed, unpacked

FINE = 1 << 24  # a weight of 1.0 as a whole number
STEP = FINE // SCALE  # a gradient of 1.0: times a feature it is a weight
UNIT = FINE * SCALE  # a score of 1.0
MANY = 500  # with so many examples, what stands in one of them only tells nothing
LEARNED = 0.999  # an example that is this sure teaches nothing
MOST_STEPS = 1 << 19


@dataclass(frozen=True, slots=True)
class Settings:
    """How it is trained. The numbers come from cross-validation inside banking77's training part."""

    epochs: int = 5
    rate: float = 7.0
    margin: float = 12.0  # by so much the right score has to be above the others
    seed: int = 7


USUAL = Settings()


@dataclass(frozen=True, slots=True)
class Linear:
    classes: tuple[str, ...]
    words: Vocabulary = field(repr=False)
    rows: Sequence[int] = field(repr=False)

    def scores(self, text: str) -> list[float]:
        return self.scores_of(self.words.vector(text))

    def scores_of(self, vector: Vector) -> list[float]:
        return _scores(self.rows, vector, len(self.classes))


def _scores(rows: Sequence[int], vector: Vector, classes: int) -> list[float]:
    alike: dict[int, int] = {}
    so_far = alike.get
    for at, weight in zip(*vector, strict=True):
        alike[weight] = so_far(weight, 0) + rows[at]
    # Weights are few, and to add a row is cheaper than to multiply it.
    total = sum([weight * row for weight, row in alike.items()])
    return [lane / UNIT for lane in unpacked(total, classes)]


@dataclass(frozen=True, slots=True)
class Example:
    """A sentence taken apart, so that it can be learned from several times."""

    label: str
    counts: Mapping[str, int] = field(repr=False)


def examples_of(pairs: Iterable[tuple[str, str]]) -> list[Example]:
    """From (sentence, label), in an order that is theirs alone."""
    ordered = sorted(
        set(pairs), key=lambda pair: blake2b("\0".join(pair).encode("utf-8", "replace")).digest()
    )
    return [Example(label, counted(text)) for text, label in ordered]


def train(examples: Sequence[Example], settings: Settings = USUAL) -> Linear:
    """Raises `ValueError` for more work than is sane; nothing is learned from nothing."""
    steps = settings.epochs * len(examples)
    if steps > MOST_STEPS:
        raise ValueError(f"{len(examples)} examples are too many to learn from")
    words = vocabulary((each.counts for each in examples), 2 if len(examples) >= MANY else 1)
    classes = tuple(sorted({each.label for each in examples}))
    place = {name: at for at, name in enumerate(classes)}
    material = [(words.weighed(each.counts), place[each.label]) for each in examples]
    return Linear(classes, words, _descended(material, len(classes), len(words.places), settings))


def _descended(
    material: list[tuple[Vector, int]], classes: int, features: int, settings: Settings
) -> list[int]:
    """Steps get smaller in a straight line to nothing, which is what averaging would come to.

    A step moves a weight by at most rate·2²⁴ and ends as soon as the right score is `margin` and some
    above the others, so scores stay in the tens: 2³² times that is far below a lane's 2⁶³.
    """
    rows = [0] * features
    chance, steps, done = Random(settings.seed), settings.epochs * len(material), 0  # noqa: S311  # to shuffle
    for _ in range(settings.epochs):
        chance.shuffle(material)
        for vector, right in material:
            scores = _scores(rows, vector, classes)
            scores[right] -= settings.margin
            odds = softmax(scores)
            rate = settings.rate * STEP * (1 - done / steps)
            done += 1
            if odds[right] >= LEARNED:
                continue
            odds[right] -= 1.0
            push = packed([-round(rate * each) for each in odds], classes)
            for at, weight in zip(*vector, strict=True):
                rows[at] += push * weight
    return rows
