"""A flow asked for by its name: "/order …", "order …", "please order …"."""

from __future__ import annotations

from collections.abc import Sequence

from ..base import FlowChoice
from .routing import Route
from .words import Sentence, distance, word_set

_POLITE = word_set("""
    please hi hello hey can could you would i id like to want need lets we ok and so now
""")
_STATES = word_set("""
    is was has had hasnt isnt did didnt does doesnt never status number still not system
""")


def named_by(sentence: Sentence, flows: Sequence[FlowChoice]) -> tuple[Route | None, int]:
    """ "/order …", "order …", "please order …": the flow, and where the rest begins."""
    tokens = sentence.tokens
    at = 0
    while at < len(tokens) and at < 6 and (tokens[at].norm in _POLITE or tokens[at].norm in {",", "!"}):
        if tokens[at].norm == "can" and at + 1 < len(tokens) and tokens[at + 1].norm == "i":
            break
        at += 1
    slash = at < len(tokens) and tokens[at].norm == "/" and _touches(sentence, at)
    at += slash
    if at >= len(tokens) or not tokens[at].is_word:
        return None, 0
    following = tokens[at + 1].norm if at + 1 < len(tokens) else ""
    for flow in flows:
        trust = _same(tokens[at].norm, flow.id.lower())
        if trust and (slash or following not in _STATES):
            words = sentence.words(at - slash, at + 1)
            rest = at + 1 + (following == ":")
            sure = trust if slash else trust * (0.95 if at == 0 else 0.9)
            return Route(flow.id, sure, words), rest
    return None, 0


def _touches(sentence: Sentence, at: int) -> bool:
    return at + 1 < len(sentence.tokens) and sentence.tokens[at].end == sentence.tokens[at + 1].start


def _same(said: str, name: str) -> float:
    if said == name or said.replace("ise", "ize") == name:
        return 1.0
    if len(name) >= 6 and said[:1] == name[:1] and distance(said, name, 1) == 1:
        return 0.9
    return 0.0
