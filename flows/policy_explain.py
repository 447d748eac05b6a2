"""Why a call would run alone, be asked about or be denied: every rule, and what it looked at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flows.policy import About, Outcome, Policy, Rule, ToolCard, Verdict, case_of, judge
from flows.policy_match import CHECKS, Case, weight
from flows.policy_words import field_in_words

IN_WORDS = {Outcome.ALONE: "may run alone", Outcome.ASK: "ask", Outcome.DENY: "deny"}


@dataclass(frozen=True, slots=True)
class Looked:
    """One rule. `matched`: None where it cannot be told, which makes a question of it. `because` is
    what did not fit, what cannot be told, or else all that fitted."""

    rule: str
    outcome: Outcome
    matched: bool | None
    because: tuple[str, ...]
    decided: bool
    shadow: bool


@dataclass(frozen=True, slots=True)
class Explanation:
    tool: str
    verdict: Verdict
    looked: tuple[Looked, ...]


def explain(
    policy: Policy, tool: ToolCard, arguments: Mapping[str, Any], confidence: float | None, about: About
) -> Explanation:
    """As `judge` decides, with every rule beside it."""
    verdict = judge(policy, tool, arguments, confidence, about)
    case, _ = case_of(policy, tool, arguments, confidence, about)
    looked = [_looked(rule, case) for rule in policy.rules]
    decider = next((at for at, rule in enumerate(policy.rules) if _decided(rule, case, verdict)), None)
    found = [
        Looked(each.rule, each.outcome, each.matched, each.because, at == decider, each.shadow)
        for at, each in enumerate(looked)
    ]
    return Explanation(tool.name, verdict, tuple(found))


def _decided(rule: Rule, case: Case, verdict: Verdict) -> bool:
    said = weight(rule, case)
    eased = rule.learn is not None and verdict.outcome is Outcome.ALONE and said is Outcome.ASK
    return not rule.shadow and rule.name == verdict.rule and (said is verdict.outcome or eased)


def _looked(rule: Rule, case: Case) -> Looked:
    held = [(check, check.holds(rule, case)) for check in CHECKS if check.asked(rule)]
    failed = [check for check, truth in held if truth is False]
    unknown = [check for check, truth in held if truth is None]
    matched = False if failed else None if unknown else True
    told = failed or unknown or [check for check, _ in held]
    words = tuple(field_in_words(rule, case, check.field) for check in told)
    return Looked(rule.name, rule.outcome, matched, words or ("it is for every call",), False, rule.shadow)


def in_lines(found: Explanation) -> list[str]:
    lines = [
        f"{found.tool}: {IN_WORDS[found.verdict.outcome]}, by {found.verdict.rule}",
        f"  {found.verdict.because}",
        "",
    ]
    for each in found.looked:
        mark = "→" if each.decided else " "
        what = {True: "matches", None: "cannot be told", False: "does not match"}[each.matched]
        shadow = " (shadow: decides nothing)" if each.shadow else ""
        lines.append(f"{mark} {each.rule} [{IN_WORDS[each.outcome]}] {what}{shadow}")
        lines += [f"      {reason}" for reason in each.because]
    return lines


def to_json(found: Explanation, version: str) -> dict[str, Any]:
    return {
        "policy": version,
        "tool": found.tool,
        "outcome": IN_WORDS[found.verdict.outcome],
        "rule": found.verdict.rule,
        "because": found.verdict.because,
        "rules": [
            {
                "rule": each.rule,
                "outcome": IN_WORDS[each.outcome],
                "matched": each.matched,
                "because": list(each.because),
                "decided": each.decided,
                "shadow": each.shadow,
            }
            for each in found.looked
        ],
    }
