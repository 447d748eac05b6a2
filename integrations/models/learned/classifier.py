"""What examples teach: the likeliest label of a sentence, how sure that is, and whether it is one at all."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from .calibration import PLAIN, Staircase, fitted_staircase, fitted_temperature, softmax
from .features import root, words_of
from .lanes import unpacked
from .linear import USUAL, Example, Linear, Settings, examples_of, train

FOLDS = 3
PLENTY = 2_000  # with so many examples one fold is enough to fit on, and training stays short
STAIRS_FROM = 400  # fewer answers than this are enough for a temperature only
CAP = 0.99  # no reading is certain


@dataclass(frozen=True, slots=True)
class Guess:
    """`label` is empty when there is none at all. `confidence` is the chance that it is right,
    given that the sentence belongs to any label."""

    label: str
    confidence: float
    second: str = ""
    second_confidence: float = 0.0


NOTHING = Guess("", 0.0)


@dataclass(frozen=True, slots=True)
class Calibration:
    temperature: float = 1.0
    stairs: Staircase = PLAIN


@dataclass(frozen=True, slots=True)
class Classifier:
    linear: Linear
    calibration: Calibration = Calibration()

    def guess(self, text: str, never: str | None = None) -> Guess:
        """`never` is a label that is weighed like the others and not given as an answer."""
        vector = self.linear.words.vector(text)
        if not vector[0] or len(self.linear.classes) < 2:
            return NOTHING
        return _guess(self.linear.scores_of(vector), self.linear.classes, self.calibration, never)

    def evidence(self, text: str, label: str, most: int = 8) -> str:
        """The sentence's words that speak for the label, in their order."""
        at = self.linear.classes.index(label)
        return " ".join([word for word in words_of(text) if self._speaks(word, at)][:most])

    def _speaks(self, word: str, at: int) -> bool:
        place = self.linear.words.places.get(f"#{root(word)}")
        if place is None:
            return False
        weights = unpacked(self.linear.rows[place[0]], len(self.linear.classes))
        return weights[at] > 0 and weights[at] == max(weights)


def _guess(
    scores: Sequence[float], classes: Sequence[str], calibration: Calibration, never: str | None
) -> Guess:
    odds = softmax(scores, calibration.temperature)
    order = sorted(range(len(odds)), key=lambda at: (-odds[at], at))
    top = order[0]
    first, *rest = [at for at in order if classes[at] != never]
    sure = min(calibration.stairs(odds[first]) if first == top else odds[first], CAP)
    second = rest[0] if rest else first
    return Guess(classes[first], sure, classes[second] if rest else "", min(odds[second], 1 - sure))


def learn(pairs: Iterable[tuple[str, str]], settings: Settings = USUAL) -> Classifier:
    """From (sentence, label). How sure it is, is fitted on examples left out of what was learned from."""
    examples = examples_of(pairs)
    model = train(examples, settings)
    if len(model.classes) < 2:
        return Classifier(model)
    return Classifier(model, calibrated(examples, model.classes, settings))


def calibrated(examples: Sequence[Example], classes: Sequence[str], settings: Settings) -> Calibration:
    scores, right = left_out(examples, classes, settings)
    temperature = fitted_temperature(scores, right)
    if len(scores) < STAIRS_FROM:
        return Calibration(temperature)
    odds = [softmax(row, temperature) for row in scores]
    stated = [max(row) for row in odds]
    hits = [row[at] == most for row, at, most in zip(odds, right, stated, strict=True)]
    return Calibration(temperature, fitted_staircase(stated, hits))


def left_out(
    examples: Sequence[Example], classes: Sequence[str], settings: Settings, folds: int = FOLDS
) -> tuple[list[list[float]], list[int]]:
    """Scores of examples by a model that had not seen them, with which class is theirs."""
    place = {name: at for at, name in enumerate(classes)}
    fold_of = _folds(examples, folds)
    scores: list[list[float]] = []
    right: list[int] = []
    for fold in range(1 if len(examples) >= PLENTY else folds):
        rest = [each for each, its in zip(examples, fold_of, strict=True) if its != fold]
        model = train(rest, settings)
        if model.classes != tuple(classes):
            continue  # a class with one example cannot be left out
        for each, its in zip(examples, fold_of, strict=True):
            if its == fold:
                scores.append(model.scores_of(model.words.weighed(each.counts)))
                right.append(place[each.label])
    return scores, right


def _folds(examples: Sequence[Example], folds: int) -> list[int]:
    """Each class is spread over all folds, and the smallest classes do not all begin in the first."""
    seen: dict[str, int] = defaultdict(int)
    order = {name: at for at, name in enumerate(sorted({each.label for each in examples}))}
    found = []
    for each in examples:
        found.append((seen[each.label] + order[each.label]) % folds)
        seen[each.label] += 1
    return found
