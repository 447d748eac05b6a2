"""Where experience meets the policy: it can let go the one rule that said it may learn, and no other."""

from __future__ import annotations

from flows.calibration_rule import Experience
from flows.policy_facts import About
from flows.policy_match import Case, unknown
from flows.policy_rule import Outcome, Rule


def eased(rule: Rule, said: Outcome, case: Case, about: About) -> Outcome:
    """What the rule says in the light of experience. What cannot be told is asked about all the same."""
    told = experience(rule, about)
    if told is None or not told.alone or said is not Outcome.ASK or unknown(rule, case) is not None:
        return said
    return Outcome.ALONE


def because(rule: Rule, outcome: Outcome, about: About, words: str) -> str:
    """The rule's own words, and what is known by experience."""
    told = experience(rule, about)
    if told is None or not told.words:
        return words
    sentence = f"{told.words[:1].upper()}{told.words[1:]}."
    return sentence if outcome is Outcome.ALONE else f"{words} ({sentence})"


def experience(rule: Rule, about: About) -> Experience | None:
    """What concerns this rule and this call."""
    found = about.facts.learned.get(about.key)
    return found if rule.learn is not None and found is not None and found.rule == rule.name else None
