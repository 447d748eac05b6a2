"""The reader that needs no key: rules and counting, the same answer every time, within two milliseconds."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from ..base import About, Change, Intent, Op, Product, Question, Reading, Value
from . import intents
from .catalogue import catalogue
from .changes import Understood, understand
from .commands import named_by
from .parts import Kind, parts_of
from .routing import Route, ThingFinder
from .smalltalk import is_smalltalk
from .taught import is_learned, route_of
from .typed import TYPED, named, typed_value
from .values import choice_value
from .words import Sentence, split, word_set

BELIEVED = 0.5  # below this the reader itself does not hold its answer to be more likely right than wrong
MODEL = "offline"
_ASKS = word_set("""
    how what which who whom whose where when why is are does did was were has
""")
_ASKS_TWO = frozenset({("do", "you"), ("do", "they"), ("have", "you"), ("do", "i"), ("does", "it")})
_WANTS = word_set("""
    add get give bring order make have put send take remove drop cancel change swap replace delete
    include set please also clear skip
""")
CONTROLS = frozenset({Intent.CANCEL, Intent.HELP, Intent.REPEAT, Intent.RESTART})


class OfflineReader:
    """Deterministic; never raises for any text; reads the first 2,000 characters and says what it left."""

    async def read(self, question: Question) -> Reading:
        if is_learned(question.flows, _finder(question.products)):
            return read(question)
        return await asyncio.to_thread(read, question)  # others go on while it learns

    async def close(self) -> None:
        return None


@dataclass(frozen=True, slots=True)
class _Heard:
    """The question, its sentence, and what is meant where a command was named outright."""

    question: Question
    sentence: Sentence
    named: Route | None
    rest: Sentence


def read(question: Question) -> Reading:
    sentence = split(question.text)
    named, at = named_by(sentence, question.flows)
    rest = sentence if at == 0 else _after(sentence, at)
    heard = _Heard(question, sentence, named, rest)
    reading = _by_command(heard) or _by_name(heard) or _by_meaning(heard)
    if sentence.unread:
        note = f"… and {sentence.unread} more characters that were not read"
        reading = replace(
            reading,
            confidence=min(reading.confidence, 0.45)
            if question.expecting_type not in {"text", "list"}
            else reading.confidence,
            leftover=f"{reading.leftover} {note}".strip(),
        )
    return reading


def _after(sentence: Sentence, at: int) -> Sentence:
    return Sentence(sentence.text, sentence.tokens[at:], 0)


def _by_command(heard: _Heard) -> Reading | None:
    if heard.named is None:
        return None
    question = heard.question
    slash = heard.named.words.startswith("/")
    kind = question.expecting_type
    if not slash and (kind in {"text", "yes_no", "list"} or (kind and heard.rest.tokens and kind != "items")):
        return None
    found = _listen(question, heard.rest) if heard.rest.tokens else Understood()
    changes = tuple(change for change in found.changes if _belongs(change, question))
    intent = Intent.VALUE if changes and kind == "items" and not slash else Intent.ROUTE
    sure = min([heard.named.confidence, *(change.confidence for change in changes)])
    return Reading(
        intent,
        sure if intent is Intent.VALUE else heard.named.confidence,
        heard.named.flow,
        heard.named.confidence,
        heard.named.words,
        changes=changes,
        leftover=", ".join(found.leftover),
    )


def _belongs(change: Change, question: Question) -> bool:
    """A command's rest may be a list, or anything else: only what is surely of a list is taken for one."""
    if question.expecting_type == "items":
        return True
    if question.products:
        return bool(change.item or change.candidates) and (change.known or change.confidence > BELIEVED)
    return change.words[:1].isdigit() or change.confidence > 0.6


def _by_name(heard: _Heard) -> Reading | None:
    """A slot that is named with its value, or a correction of an earlier one."""
    question = heard.question
    if not question.slots or question.expecting_type == "items":
        return None
    said = named(question)
    if not said.values:
        return None
    sure = min(value.confidence for value in said.values)
    return Reading(Intent.VALUE, sure, values=said.values)


# anything else


def _by_meaning(heard: _Heard) -> Reading:
    question, sentence = heard.question, heard.sentence
    if not sentence.tokens:
        return Reading(
            Intent.UNKNOWN, 0.0, leftover="" if not question.text.strip() else question.text[:200].strip()
        )
    covered = intents.cover(sentence.tokens)
    intent, sure = intents.decide(
        covered,
        question.expecting_type,
        question.prompt,
        bool(question.items),
        sentence.tokens[-1].norm == "?",
    )
    reading = _by_type(heard, covered, intent, sure)
    about = _about(question, sentence) if reading.intent is Intent.UNKNOWN else About.NOTHING
    return replace(
        reading,
        route_confidence=round(reading.route_confidence, 3),
        confidence=round(reading.confidence, 3),
        about=about,
    )


def _about(question: Question, sentence: Sentence) -> About:
    """What is left when no flow was asked for and nothing was. A remark is told by its words only: what is
    said of the weather may be a request that there is no flow for."""
    if question.expecting_type:
        return About.NOTHING
    if is_smalltalk(sentence):
        return About.SMALLTALK
    asks = _is_question(sentence) or sentence.tokens[-1].norm == "?"
    return About.QUESTION if asks else About.NOTHING


def _by_type(heard: _Heard, covered: intents.Cover, intent: Intent, sure: float) -> Reading:
    question = heard.question
    kind = question.expecting_type
    whole = bool(covered.found) and not covered.loose
    social = whole and intent in intents.SOCIAL
    if whole and intent in CONTROLS and sure >= BELIEVED:
        return Reading(intent, sure)
    if kind in TYPED or kind in {"text", "number", "choice"}:
        return _slot(heard, intent if whole else Intent.UNKNOWN, sure)
    if whole and not social:
        reading = Reading(intent, sure, leftover="" if sure >= BELIEVED else question.text[:200].strip())
        return _yielding(heard, reading)
    hedged = intents.HEDGE in covered.found
    return _list_or_route(heard, intent if whole else Intent.UNKNOWN, intent, sure, hedged)


def _yielding(heard: _Heard, reading: Reading) -> Reading:
    """ "No cola" and "stop" can both be said with a list at hand: a sure change beats an unsure intent."""
    if reading.confidence >= BELIEVED or not heard.question.items:
        return reading
    found = _listen(heard.question, heard.sentence)
    if found.changes and not found.missed and min(c.confidence for c in found.changes) > 0.7:
        return _value(heard, found, 0.8)
    return reading


def _slot(heard: _Heard, intent: Intent, sure: float) -> Reading:
    question = heard.question
    value = _slot_value(heard)
    if question.expecting_type in {"text", "list"}:
        if value is None:
            return Reading(Intent.UNKNOWN, 0.0)
        if intent is not Intent.UNKNOWN:
            return Reading(intent, min(sure, 0.8), values=(replace(value, confidence=0.4),))
        route = heard.named or _route(question, heard.sentence)
        return Reading(
            Intent.VALUE,
            value.confidence,
            route.flow,
            round(route.confidence, 3),
            route.words,
            values=(value,),
        )
    if value is not None:
        value = replace(value, confidence=round(value.confidence, 3))
        return Reading(Intent.VALUE, value.confidence, values=(value,))
    if intent is not Intent.UNKNOWN:
        return Reading(intent, sure)
    return _route_or_nothing(heard, _route(question, heard.sentence))


def _slot_value(heard: _Heard) -> Value | None:
    question = heard.question
    match question.expecting_type:
        case "choice":
            return choice_value(question.expecting, heard.sentence, question.choices)
        case kind:
            return typed_value(question.expecting, kind, question.text, question.choices, question.today)


def _list_or_route(heard: _Heard, whole: Intent, partial: Intent, sure: float, hedged: bool) -> Reading:
    question = heard.question
    kind = question.expecting_type
    if whole is not Intent.UNKNOWN:
        return Reading(whole, sure)
    asks = _is_question(heard.sentence)
    found = Understood() if asks else _listen(question, heard.sentence)
    route = _route(question, heard.sentence, asks)
    if found.missed and not found.changes and _things(question, heard.sentence):
        route = replace(route, confidence=route.confidence * 0.5)  # it speaks of products, but orders none
    known = [c for c in found.changes if c.known and (c.item or c.candidates)] if question.products else []
    if kind == "items" or (kind == "yes_no" and question.items):
        if found.changes and not _outdone(found, route):
            reading = _value(heard, found, 0.45 if hedged and kind == "yes_no" else 1.0)
            return replace(
                reading, route=route.flow, route_confidence=route.confidence, route_words=route.words,
                runner_up=route.runner_up,
            )  # fmt: skip
    elif kind == "" and known:
        reading = _route_or_nothing(heard, route)
        return replace(reading, changes=tuple(_faded(found))) if reading.intent is Intent.ROUTE else reading
    if kind and _things(question, heard.sentence):
        route = replace(route, confidence=min(route.confidence, 0.3))  # of this very order, then
    reading = _route_or_nothing(heard, route)
    if reading.intent is Intent.UNKNOWN and not asks and sure > reading.confidence and not hedged:
        return replace(reading, intent=partial, confidence=min(sure, 0.45))
    return reading


def _outdone(found: Understood, route: Route) -> bool:
    """Only things that are in no catalogue, against words that ask for a flow."""
    if any(
        change.known and (change.item or change.candidates or change.op is not Op.OPTION)
        for change in found.changes
    ):
        return False
    return route.confidence > max(BELIEVED, *(change.confidence for change in found.changes))


def _value(heard: _Heard, found: Understood, factor: float) -> Reading:
    changes = tuple(_faded(found, factor))
    leftover = ", ".join(found.leftover)
    return Reading(
        Intent.VALUE, min(change.confidence for change in changes), changes=changes, leftover=leftover
    )


def _faded(found: Understood, factor: float = 1.0) -> list[Change]:
    """Words that were not understood make all the others less sure."""
    factor *= 0.8 ** min(found.loose, 6) * 0.48 ** min(found.missed, 4)
    return [replace(change, confidence=round(change.confidence * factor, 3)) for change in found.changes]


def _route_or_nothing(heard: _Heard, route: Route) -> Reading:
    text = heard.question.text[:200].strip()
    if route.flow and route.confidence >= BELIEVED:
        return Reading(
            Intent.ROUTE, route.confidence, route.flow, route.confidence, route.words, route.runner_up
        )
    sure = min(0.3, route.confidence)
    return Reading(
        Intent.UNKNOWN, sure, route.flow, route.confidence, route.words, route.runner_up, leftover=text
    )


def _listen(question: Question, sentence: Sentence) -> Understood:
    return understand(sentence, question.products, question.items)


def _is_question(sentence: Sentence) -> bool:
    """ "How much is a cola?" orders nothing, "can I have a cola?" does."""
    norms = [token.norm for token in sentence.tokens if token.is_word]
    while norms and norms[0] in {"so", "and", "hi", "hello", "hey", "ok", "well", "um", "sorry"}:
        norms = norms[1:]
    if norms[:2] == ["how", "about"] or norms[:2] == ["what", "about"]:
        return False
    if norms and norms[0] in _ASKS:
        return True
    return tuple(norms[:2]) in _ASKS_TWO or (norms[:2] == ["can", "you"] and not _WANTS & set(norms[2:5]))


def _route(question: Question, sentence: Sentence, asks: bool = False) -> Route:
    """Naming a product speaks for the flow that deals in them, but asking about one does not."""
    if not question.flows:
        return Route("", 0.0, "")
    finder = _finder(question.products)
    return route_of(sentence, question.flows, finder, () if asks else _things(question, sentence))


def _things(question: Question, sentence: Sentence) -> Sequence[tuple[int, int]]:
    finder = _finder(question.products)
    return finder(sentence) if finder else ()


@lru_cache(maxsize=16)
def _finder(products: tuple[Product, ...]) -> ThingFinder | None:
    if not products:
        return None
    shop = catalogue(products)

    def find(sentence: Sentence) -> Sequence[tuple[int, int]]:
        return [
            (part.first, part.end)
            for part in parts_of(sentence, shop, frozenset())
            if part.kind is Kind.PRODUCT and part.match and part.match.confidence > 0.3
        ]

    return ThingFinder(products, find)
