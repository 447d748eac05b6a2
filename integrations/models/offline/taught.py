"""Which flow a sentence asks for: what the examples teach, weighed with the example that it is nearest to.

Both are fitted to say how often they are right. The mean of their log odds ranks better than either; where
they differ neither is believed, and the engine asks back between the two. With eight examples a flow, of
foreign topics as much is taken above the bar as by the nearest alone (13 in 100), and of what belongs
78 instead of 68 in 100, with fewer mistakes. From `MANY` examples on, the classifier decides alone.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

from ..base import FlowChoice
from ..learned.classifier import Classifier, Guess
from ..learned.keeping import SHELF, Lesson
from .background import SENTENCES
from .routing import Route, ThingFinder, denies, router
from .words import Sentence, split

ELSEWHERE = ""  # the label of ordinary talk
THING = "thing"  # stands for whatever the catalogue holds
MANY = 500  # from so many examples on, they are worth more than the nearest of them
TOP = 0.98
Spans = Sequence[tuple[int, int]]


def route_of(
    sentence: Sentence, flows: tuple[FlowChoice, ...], finder: ThingFinder | None, things: Spans
) -> Route:
    """`finder` finds products in the examples; `things` are the spans of those in the sentence."""
    lesson = lesson_of(flows, finder)
    classifier = SHELF.get(lesson)
    if classifier is None:
        return router(flows, finder).route(sentence, things)
    guess = classifier.guess(plain(sentence, things), never=ELSEWHERE)
    guess = replace(guess, confidence=guess.confidence * _denial(sentence, flows, guess.label))
    if len(lesson.pairs) >= MANY:
        return Route(guess.label, guess.confidence, _evidence(classifier, sentence, guess), guess.second)
    return together(router(flows, finder).route(sentence, things), guess)


def is_learned(flows: tuple[FlowChoice, ...], finder: ThingFinder | None) -> bool:
    """Whether a route can be had at once, without some tenths of a second of learning first."""
    return not flows or SHELF.holds(lesson_of(flows, finder))


@lru_cache(maxsize=32)
def lesson_of(flows: tuple[FlowChoice, ...], finder: ThingFinder | None = None) -> Lesson:
    """What there is to learn: the flows' examples and descriptions, and talk that asks for none of them."""
    pairs = [(text, ELSEWHERE) for text in SENTENCES]
    for flow in flows:
        pairs.append((flow.description, flow.id))
        for example in flow.examples:
            sentence = split(example)
            pairs.append((plain(sentence, finder(sentence) if finder else ()), flow.id))
    return Lesson(tuple(pairs))


def plain(sentence: Sentence, things: Spans) -> str:
    """The sentence with one word for each product: what is ordered says little of the flow."""
    pieces, at = [], 0
    for first, end in sorted(things):
        start, stop = sentence.tokens[first].start, sentence.tokens[end - 1].end
        if start >= at:
            pieces += [sentence.text[at:start], THING]
            at = stop
    return "".join([*pieces, sentence.text[at:]])


def _denial(sentence: Sentence, flows: Sequence[FlowChoice], label: str) -> float:
    """ "I did not order this" resembles an order to the letter."""
    return 0.5 if any(flow.id == label and denies(sentence, flow) for flow in flows) else 1.0


def _evidence(classifier: Classifier, sentence: Sentence, guess: Guess) -> str:
    return classifier.evidence(sentence.text, guess.label) if guess.label else ""


def together(near: Route, learned: Guess) -> Route:
    """The nearest example and the classifier: the mean of both where they agree, half of either where not."""
    if not learned.label or near.flow == learned.label:
        return replace(near, confidence=_mean(near.confidence, learned.confidence)) if near.flow else near
    if learned.confidence <= near.confidence:
        return replace(near, confidence=near.confidence / 2, runner_up=learned.label)
    return Route(learned.label, learned.confidence / 2, near.words, near.flow)


def _mean(one: float, other: float) -> float:
    return 1 / (1 + math.exp(-(_odds(one) + _odds(other)) / 2))


def _odds(chance: float) -> float:
    kept = min(max(chance, 1 - TOP), TOP)
    return math.log(kept / (1 - kept))
