"""A chat model's answer as a `Reading`: checked against the schema, the catalogue and the person's words."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from .asking import MAX_TEXT, intents
from .base import About, Change, Intent, ModelUnavailable, Op, Question, Reading, Value
from .offline.catalogue import Catalogue, catalogue
from .offline.numbers import MOST, number_at
from .offline.typed import named, typed_value
from .offline.values import choice_value
from .offline.words import Sentence, normal, split, stems
from .surety import CAP, Surety

MAX_CHANGES = 50
ABOUT = frozenset(about.value for about in About if about)
_TYPED = frozenset({"text", "list", "number", "integer", "date", "email", "choice"})
NOT_SAID = 0.4  # the most that is believed of what the person's words do not hold

Name = Annotated[str, Field(max_length=200)]
Sure = Annotated[float, Field(ge=0, le=1)]


class _Answer(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class SaidChange(_Answer):
    op: str
    item: Name
    quantity: int
    options: Annotated[list[Name], Field(max_length=12)]
    remove_options: Annotated[list[Name], Field(max_length=12)]
    words: Annotated[str, Field(max_length=MAX_TEXT)]
    confidence: Sure


class Said(_Answer):
    intent: str
    flow: Name
    flow_words: Annotated[str, Field(max_length=MAX_TEXT)]
    changes: Annotated[list[SaidChange], Field(max_length=MAX_CHANGES)]
    value: Annotated[str, Field(max_length=MAX_TEXT)]
    leftover: Annotated[str, Field(max_length=MAX_TEXT)]
    confidence: Sure
    again: bool = False


def to_reading(content: str, question: Question, surety: Surety, model: str) -> Reading:
    """Raises `ModelUnavailable` for an answer that the schema does not allow."""
    said = _parsed(content)
    if said.flow and said.flow not in {flow.id for flow in question.flows}:
        raise ModelUnavailable(f"{model} named a flow that does not exist")
    try:
        about = About(said.intent) if said.intent in ABOUT & set(intents(question)) else About.NOTHING
        intent = Intent.UNKNOWN if about else Intent(said.intent)
        changes = tuple(_change(one, at, question, surety) for at, one in enumerate(said.changes))
    except ValueError:
        raise ModelUnavailable(f"{model} answered outside the schema") from None
    sentence = split(question.text)
    named_ones = named(question).values if question.slots and question.expecting_type != "items" else ()
    # What is said of a slot by its name is read by rules: a model is told of one slot only.
    values = named_ones or _values(said, question, sentence, surety)
    intent = Intent.VALUE if named_ones else intent
    sure = surety.of_intent(said.confidence)
    if sentence.unread:
        sure = min(sure, 0.45) if question.expecting_type not in {"text", "list"} else sure
    return Reading(
        intent=intent,
        confidence=min([sure, *(c.confidence for c in changes), *(v.confidence for v in values)]),
        route=said.flow,
        route_confidence=surety.of_flow(said.confidence) if said.flow else 0.0,
        route_words=_quoted(said.flow_words, question.text),
        changes=changes,
        values=values,
        leftover=own_words(said.leftover, question.text)[:500],
        model=model,
        again=said.again and bool(question.recent or question.remembered),
        about=about if intent is Intent.UNKNOWN else About.NOTHING,
    )


def _parsed(content: str) -> Said:
    try:
        # a constrained server may write raw control characters into strings
        data: Any = json.loads(content, strict=False)
        return Said.model_validate(data)
    except (ValueError, RecursionError, ValidationError):
        raise ModelUnavailable("the model's answer is not what the schema asks for") from None


def _clean(text: str) -> str:
    return "".join(c if c.isprintable() else " " for c in text).strip()


def _quoted(words: str, text: str) -> str:
    """The words only if they are the person's."""
    return _clean(words) if words and _normal(words) in _normal(text[:MAX_TEXT]) else ""


def _normal(text: str) -> str:
    return " ".join(normal(word) for word in text.split())


def own_words(words: str, text: str) -> str:
    """What of the words the person said, too. All else is a model's, and nobody is to read it as an echo of
    their own: it could say anything, an address as well."""
    said = set(stems(text[:MAX_TEXT])) | {normal(word) for word in text[:MAX_TEXT].split()}
    kept = []
    for word in _clean(words).split():
        own = stems(word)
        if (set(own) <= said) if own else normal(word) in said:
            kept.append(word)
    return " ".join(kept)


def _values(said: Said, question: Question, sentence: Sentence, surety: Surety) -> tuple[Value, ...]:
    """A text is the person's own, never the model's; a choice is one of the choices; a number was said."""
    kind, slot = question.expecting_type, question.expecting
    if kind not in _TYPED or said.intent != Intent.VALUE or not said.value.strip():
        return ()
    sure = surety.of_value(said.confidence)
    words = _quoted(said.value, question.text)
    if kind in {"text", "list"}:
        given = question.text.strip()
        return (Value(slot, given, given, sure),) if given else ()
    if kind == "choice":
        found = choice_value(slot, split(said.value), question.choices)
        if found is None or found.confidence < 0.9:
            return ()
        return (Value(slot, found.text, words, sure if words else min(sure, 0.7)),)
    if kind in {"date", "email"}:
        return _checked(said.value.strip(), question, words, sure)
    number = _whole(said.value)
    if number is None:
        return ()
    return (Value(slot, str(number), words, sure if number in _numbers(sentence) else min(sure, NOT_SAID)),)


def _checked(value: str, question: Question, words: str, sure: float) -> tuple[Value, ...]:
    """A date or an address: what the person's own words say, where rules can read them; the model's
    reading is believed as far as it agrees, and asked about where only the model sees one."""
    slot, kind = question.expecting, question.expecting_type
    own = typed_value(slot, kind, question.text, (), question.today)
    if own is not None and own.text.lower() == value.lower():
        return (Value(slot, own.text, own.words, max(min(sure, CAP), min(own.confidence, CAP))),)
    if own is not None:
        return (Value(slot, own.text, own.words, min(own.confidence, 0.5)),)
    if kind == "date" and re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        return (Value(slot, value, words, min(sure, NOT_SAID)),)
    return ()


def _whole(value: str) -> int | None:
    sentence = split(value)
    found = number_at(sentence.tokens, 0) if sentence.tokens else None
    return found.value if found and found.trust >= 0.5 and found.end == len(sentence.tokens) else None


def _numbers(sentence: Sentence) -> set[int]:
    found = {1}
    for at in range(len(sentence.tokens)):
        number = number_at(sentence.tokens, at)
        if number is not None and number.trust >= 0.5:
            found.add(number.value)
    return found


def _change(said: SaidChange, at: int, question: Question, surety: Surety) -> Change:
    op = Op(said.op)
    sure = surety.of_change(at, said.confidence)
    shop = catalogue(question.products)
    name, candidates, known = _matched(said.item, shop, question)
    words = _quoted(said.words, question.text)
    sentence = split(question.text)
    quantity = said.quantity
    least = 0 if op in {Op.REMOVE, Op.CLEAR, Op.OPTION} else 1
    if not least <= quantity <= MOST:
        quantity, sure = max(least, min(quantity, MOST)), min(sure, 0.1)
    elif quantity > 1 and quantity not in _numbers(sentence) and not _on_list(quantity, question):
        sure = min(sure, NOT_SAID)
    if not words:
        sure = min(sure, NOT_SAID)
    if name and op is Op.ADD and not _was_said(name, shop, sentence):
        sure = min(sure, NOT_SAID)
    if candidates or not known:
        sure = min(sure, 0.6)
    return Change(
        op=op,
        item=name if known and shop.products else _echo(name, words, question),
        quantity=quantity,
        options=_options(said.options, name, shop, question),
        remove_options=tuple(_said_or_there(said.remove_options, question)),
        known=known,
        candidates=candidates,
        words=words,
        confidence=min(sure, CAP),
    )


def _matched(item: str, shop: Catalogue, question: Question) -> tuple[str, tuple[str, ...], bool]:
    """(name, candidates, known): a model may name a product, but only the catalogue says that it exists."""
    item = _clean(item)
    if not item:
        return "", (), True
    listed = {entry.name.casefold(): entry.name for entry in question.items}
    if item.casefold() in listed:
        return listed[item.casefold()], (), True
    if not shop.products:
        return item, (), True
    sentence = split(item)
    mended = [(token.stem, 1.0) for token in sentence.tokens]
    match = shop.find(sentence.tokens, mended, 0) if sentence.tokens else None
    if match is None or match.end != len(sentence.tokens):
        return item, (), False
    return ("", match.names, True) if len(match.names) > 1 else (match.names[0], (), True)


def _echo(name: str, words: str, question: Question) -> str:
    """What is on no list of ours is called as the person called it."""
    if not name or any(name == entry.name for entry in question.items):
        return name
    return own_words(name, question.text) or words[:200] or "that"


def _options(options: Sequence[str], name: str, shop: Catalogue, question: Question) -> tuple[str, ...]:
    """A size that there is, or a wish of which at least a word was said."""
    found = (shop.variant_of(name, each) or each for each in _said_or_there(options, question, name, shop))
    return tuple(dict.fromkeys(found))


def _said_or_there(
    options: Sequence[str], question: Question, name: str = "", shop: Catalogue | None = None
) -> list[str]:
    there = {option for item in question.items for option in item.options}
    said = set(stems(question.text[:MAX_TEXT]))
    found = []
    for option in (_clean(each)[:60] for each in options):
        variant = shop is not None and shop.variant_of(name, option)
        if option and (variant or option in there or _is_wish(option, said)):
            found.append(option)
    return found


def _is_wish(option: str, said: set[str]) -> bool:
    """A few plain words, one of them at least the person's: no address, and no sentence of somebody else."""
    words = stems(option)
    plain = all(each.isalnum() or each in " -'’&/%" for each in option)
    return plain and len(words) <= 6 and any(word in said for word in words)


def _on_list(quantity: int, question: Question) -> bool:
    """A swap keeps the quantity, and "double it" makes it twice as many."""
    return any(quantity in {item.quantity, 2 * item.quantity} for item in question.items)


def _was_said(name: str, shop: Catalogue, sentence: Sentence) -> bool:
    """At least one telling word of the product, slips allowed, stands in the person's own text."""
    own = {
        word
        for product in shop.products
        if product.name == name
        for word in _words_of(product.name, product.aliases)
    }
    own |= set(stems(name))
    mended = shop.corrected(sentence.tokens) if shop.products else [(t.stem, 1.0) for t in sentence.tokens]
    return any(word in own for word, _ in mended)


def _words_of(name: str, aliases: Sequence[str]) -> set[str]:
    return {word for phrase in (name, *aliases) for word in stems(phrase) if not word.isdecimal()}
