"""What the policy says of a call that a step wants to make, with the weakest of what the call rests on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from flows.effects import Call, Effect, Shadowed, UnderGrant
from flows.egress import written_by_a_model
from flows.items import LONGEST_WORDS, items_key, weakest
from flows.policy import GRANT, UNREADABLE, About, Outcome, ToolCard, Unreadable, Verdict, judge, would_have
from flows.policy_facts import Doubt
from flows.scene import Scene

LONGEST_MEANING = 80
EGRESS = "egress"
LEAVES = "A model wrote what this would carry out."
SURE = 0.9  # from here on nothing is said of what a call rests on
VAGUE = frozenset({"couple", "few", "some", "several", "bunch", "lots", "many", "handful", "or", "about"})


@dataclass(frozen=True, slots=True)
class Ruled:
    """`noted` is what rules in shadow have to say; `invalid` is a sentence where the arguments do not
    fit the tool: then nobody can be asked either, since no card could be drawn."""

    verdict: Verdict
    confidence: float | None
    words: str
    noted: tuple[Effect, ...] = ()
    invalid: str = ""


def ruled(scene: Scene, card: ToolCard, call: Call, rests_on: Sequence[str]) -> Ruled:
    known, confidence, doubt = scene.known, *weakest_of(scene, card, rests_on)
    about = About(scene.run.requester.email, call.key, known.facts, doubt)
    verdict = judge(known.policy, card, call.arguments, confidence, about)
    if verdict.rule == UNREADABLE:
        return Ruled(verdict, confidence, doubt.words, invalid=_misfit(card, call))
    if carries_out(scene, card, call, verdict):
        verdict = Verdict(Outcome.ASK, EGRESS, LEAVES)
    others = would_have(known.policy, known.shadow, card, call.arguments, confidence, about, verdict)
    noted: tuple[Effect, ...] = tuple(Shadowed(call.key, call.tool, verdict, other) for other in others)
    granted = known.facts.granted.get(call.key)
    if granted is not None and verdict.rule == f"{GRANT}{granted.id}":
        noted += (UnderGrant(call.key, call.tool, granted.id),)
    return Ruled(_with_doubt(verdict, confidence, doubt), confidence, doubt.words, noted)


def carries_out(scene: Scene, card: ToolCard, call: Call, verdict: Verdict) -> bool:
    """No rule, grant or experience lets words of a model leave unseen."""
    if verdict.outcome is not Outcome.ALONE or not card.egress:
        return False
    return written_by_a_model(call.arguments, (scene.whole or scene.run).slots)


def _with_doubt(verdict: Verdict, confidence: float | None, doubt: Doubt) -> Verdict:
    """Whoever decides for another reason hears of the weakest field too, in the same words."""
    told = doubt.words and f"“{doubt.words}”" in verdict.because
    if verdict.outcome is not Outcome.ASK or confidence is None or confidence >= SURE or told:
        return verdict
    if doubt.unsure in verdict.because:
        return verdict
    return replace(verdict, because=f"{verdict.because} {doubt.unsure}")


def weakest_of(scene: Scene, card: ToolCard, rests_on: Sequence[str]) -> tuple[float | None, Doubt]:
    """How sure we are of what the call rests on, and of what least; None where it rests on nothing heard."""
    if not rests_on:
        return (None if card.risk != "read" else 1.0), Doubt()
    run = scene.run
    found = [_of_slot(scene, slot) for slot in rests_on]
    words = _short(run.route_words)
    found.append((run.route_confidence, Doubt("", words, f"/{run.flow}" if words else "")))
    return min(found, key=lambda each: each[0])


def _of_slot(scene: Scene, slot: str) -> tuple[float, Doubt]:
    sure: Mapping[str, Any] = scene.run.slots.get(items_key(slot)) or {}
    confidence, words = weakest(sure)
    name = next((each for each, said in sure.items() if said["words"] == words), slot)
    meaning = _meaning(scene.run.slots.get(slot), name)
    return confidence, Doubt(slot.replace("_", " "), _short(words), meaning, _part(words, name, sure))


def _part(words: str, name: str, sure: Mapping[str, Any]) -> str:
    """Of a line of a list: how many, or what. Empty where that cannot be told."""
    if name not in sure:
        return ""
    said = set(words.lower().replace("-", " ").split())
    if said & VAGUE:
        return "quantity"
    return "" if said & set(name.lower().split()) else "item"


def _meaning(value: Any, name: str) -> str:
    """What was understood: the line of a list, or the value itself where it can be said."""
    match value:
        case list():
            lines = (each for each in value if isinstance(each, Mapping) and each.get("name") == name)
            line = next(lines, None)
            return _short(f"{line.get('quantity', 1)} × {name}") if line else ""
        case bool():
            return "yes" if value else "no"
        case str() | int():
            return _short(str(value))
    return ""


def _short(text: str) -> str:
    """What somebody said, on one line."""
    plain = " ".join(text[:LONGEST_WORDS].split())
    return plain if len(plain) <= LONGEST_MEANING else f"{plain[: LONGEST_MEANING - 1]}…"


def _misfit(card: ToolCard, call: Call) -> str:
    """Which arguments do not fit, by the tool's own names; their values are nobody's business here."""
    fields: tuple[str, ...] = ()
    try:
        card.amount(call.arguments)
    except Unreadable as error:
        fields = error.fields
    except (ValueError, KeyError, TypeError):
        pass
    which = f" ({', '.join(fields)})" if fields else ""
    return f"What this flow gives to {call.tool} does not fit it{which}, so nothing was sent."
