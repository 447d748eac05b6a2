"""policy.yaml → Policy, with every mistake named."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from flows.errors import FlowError, Mistake
from flows.loader import version_of
from flows.money import minor_units
from flows.policy import Approvers, Outcome, Policy, Rule
from flows.yaml_source import Source, read

OUTCOMES = {"may run alone": Outcome.ALONE, "ask": Outcome.ASK, "deny": Outcome.DENY}
RISKS = frozenset({"read", "write", "money", "destructive"})
_FIELDS = frozenset(
    {"name", "outcome", "because", "tool", "risk", "at_least", "currency", "confidence_below", "egress"}
)


def load_policy(path: Path) -> Policy:
    """Raises `FlowError`."""
    return parse_policy(read(str(path), path.read_bytes()))


def stored_policy(document: Mapping[str, Any]) -> Policy:
    return parse_policy(Source("stored policy", document, {}))


def parse_policy(source: Source) -> Policy:
    mistakes: list[Mistake] = []
    raw = source.value if isinstance(source.value, Mapping) else {}

    def wrong(path: tuple[str | int, ...], field: str, problem: str, right: str = "") -> None:
        mistakes.append(Mistake(source.file, source.lines.get(path, 0), "", field, problem, right))

    rules = []
    listed = raw.get("rules")
    if not isinstance(listed, list) or not listed:
        wrong(
            ("rules",),
            "rules",
            "must be a list of rules",
            "rules: [{name: reads, risk: [read], outcome: may run alone}]",
        )
        listed = []
    for at, each in enumerate(listed):
        rule = _rule(
            each, lambda field, problem, right="", at=at: wrong(("rules", at, field), field, problem, right)
        )
        if rule is not None:
            rules.append(rule)
    for field in raw:
        if field not in ("rules", "approvers", "expires_minutes"):
            wrong((field,), field, "is not a field of a policy", "rules, approvers or expires_minutes")
    minutes = raw.get("expires_minutes", 30)
    if not isinstance(minutes, int) or not 1 <= minutes <= 60 * 24 * 30:
        wrong(("expires_minutes",), "expires_minutes", "must be a whole number of minutes, 1 to 43200", "30")
        minutes = 30
    approvers = _approvers(raw.get("approvers", {}), wrong)
    if mistakes:
        raise FlowError(mistakes)
    return Policy(version_of(raw), tuple(rules), approvers, minutes * 60)


def _approvers(raw: Any, wrong: Any) -> Approvers:
    if not isinstance(raw, Mapping):
        wrong(("approvers",), "approvers", "must be a mapping", "approvers: {people: [], places: []}")
        return Approvers()
    parts = {}
    for field in ("people", "places"):
        value = raw.get(field, [])
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            wrong(("approvers", field), field, "must be a list of strings", f'{field}: ["grace@example.com"]')
            value = []
        parts[field] = tuple(value)
    return Approvers(**parts)


def _rule(raw: Any, wrong: Any) -> Rule | None:
    if not isinstance(raw, Mapping):
        wrong("", "a rule is a mapping")
        return None
    for field in raw:
        if field not in _FIELDS:
            close = difflib.get_close_matches(field, sorted(_FIELDS), 1)
            wrong(field, "is not a field of a rule", close[0] if close else "")
    name, because, outcome = raw.get("name"), raw.get("because"), OUTCOMES.get(str(raw.get("outcome")))
    if not isinstance(name, str):
        wrong("name", "is missing", "name: large-amounts")
    if not isinstance(because, str):
        wrong("because", "is missing: people are told why", 'because: "{amount} is a lot."')
    if outcome is None:
        wrong("outcome", f"is {raw.get('outcome')!r}", " or ".join(OUTCOMES))
    risks = raw.get("risk", [])
    if not isinstance(risks, list) or not RISKS.issuperset(risks):
        wrong("risk", "must be a list of " + ", ".join(sorted(RISKS)), "risk: [money]")
        risks = []
    below = raw.get("confidence_below")
    if below is not None and (not isinstance(below, int | float) or not 0 < below <= 1):
        wrong("confidence_below", "must be a number above 0 and up to 1", "0.75")
        below = None
    if below is not None and outcome is Outcome.ALONE:
        wrong("outcome", "confidence never loosens a policy", "ask")
    at_least = raw.get("at_least", "")
    try:
        minor_units(at_least or "0", "usd")
    except (ValueError, TypeError):
        wrong("at_least", "must be an amount in quotes, with at most two decimals", 'at_least: "50.00"')
    if any(not isinstance(each, str) for each in (name, because)) or outcome is None:
        return None
    rule = Rule(str(name), outcome, str(because), risk=frozenset(risks), at_least=str(at_least))
    return replace(
        rule,
        tool=str(raw.get("tool", "*")),
        currency=str(raw.get("currency", "")),
        confidence_below=float(below) if below is not None else None,
        egress=raw.get("egress"),
    )
