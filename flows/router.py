"""Which flow a first turn starts, or what to say when it is none."""

from __future__ import annotations

import re
from dataclasses import dataclass

from flows.repair import what_i_can_do
from flows.scene import Known
from flows.tone import said
from flows.understanding import Meaning

ASK = "ask"  # the flow that answers from pages
PLAIN = 0.5  # surer than that it is such a word, and not a sentence that looks a little like one
_ASKING = re.compile(
    r"\W*(?:who|whom|whose|what|when|where|why|how|which|is|are|was|were|do|does|did|can|could|may|must|should"
    r"|will|would|has|have|wie|wo|wer|wann|warum|wieso|welche[rsn]?|gibt|tell me|explain|show me)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Start:
    """Begin this flow."""

    flow: str
    confidence: float
    words: str


@dataclass(frozen=True, slots=True)
class Answer:
    """Say this. `choices` are flows to choose between, by button."""

    text: str
    choices: tuple[str, ...] = ()


def route(meaning: Meaning, known: Known, name: str, text: str = "") -> Start | Answer:
    """Never a silent guess: below the bar it asks back. `text` tells a command that there is no flow for."""
    ids = [id for id, _ in known.flows]
    can = " " + what_i_can_do(known.flows)
    command = text[1:].split(maxsplit=1)[0].lower() if text[:1] == "/" and text[1:].strip() else ""
    if command and command not in ids and command != "help":
        return Answer(said("“/{command}” is not set up here.", command=command[:40]) + can)
    if meaning.route and meaning.route not in ids:
        return Answer(said("“{command}” is not set up here.", command=meaning.route) + can)
    if meaning.route and meaning.route_confidence >= known.bar:
        return Start(meaning.route, meaning.route_confidence, meaning.route_words)
    match meaning.intent:
        case "help":
            return Answer(what_i_can_do(known.flows, known.called))
        case "greeting":
            return Answer(said("Hello {name}!", name=name) + " " + what_i_can_do(known.flows, known.called))
        case "thanks":
            return Answer(said("You are welcome."))
        case "cancel" | "yes" | "no" | "repeat" | "restart" if meaning.confidence >= PLAIN:
            return Answer(said("There is nothing open here.") + can)
    if meaning.about == "smalltalk":
        return Answer(said("That is not what I am here for.") + can)
    if meaning.route:
        likely = tuple(id for id in (meaning.route, meaning.runner_up) if id in ids)
        return Answer(said("I am not sure what you would like. Is it this?"), likely)
    return Answer(said("I did not understand that.") + can)


def asks(meaning: Meaning, known: Known, text: str) -> bool:
    """Whether what no flow was surely asked for is a question that pages may answer."""
    if ASK not in [id for id, _ in known.flows] or meaning.intent not in ("unknown", "route", "value"):
        return False
    words = text.strip()
    if len(words.split()) < 2 or words.startswith("/") or meaning.about == "smalltalk":
        return False
    return meaning.about == "question" or words.endswith("?") or _ASKING.match(words) is not None
