"""policy.yaml → Policy, with every mistake named."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from flows.duty_file import FIELDS as DUTY
from flows.duty_file import parse_duty
from flows.errors import FlowError, Mistake
from flows.loader import version_of
from flows.money import minor_units
from flows.policy import Approvers, Outcome, Policy, Rule
from flows.yaml_source import Source, read

OUTCOMES = {"may run alone": Outcome.ALONE, "ask": Outcome.ASK, "deny": Outcome.DENY}
RISKS = frozenset({"read", "write", "money", "destructive"})
MOST_RULES = 200
_FIELDS = frozenset(
    {"name", "outcome", "because", "tool", "risk", "at_least", "currency", "confidence_below", "egress"}
)
_CURRENCY = re.compile(r"[A-Za-z]{3}\Z")
_EXAMPLE = "rules: [{name: reads, risk: [read], outcome: may run alone, because: It only reads.}]"
Wrong = Callable[[str, str, str], None]


def load_policy(path: Path) -> Policy:
    """Raises `FlowError`."""
    return parse_policy(read(str(path), path.read_bytes()))


def stored_policy(document: Mapping[str, Any]) -> Policy:
    """A policy from the JSON that the database keeps. Raises `FlowError`."""
    return parse_policy(Source("stored policy", document, {}))


def parse_policy(source: Source) -> Policy:
    """Raises `FlowError`."""
    mistakes: list[Mistake] = []

    def wrong_in(path: tuple[str | int, ...], field: str, problem: str, right: str) -> None:
        mistakes.append(Mistake(source.file, _line(source, (*path, field)), "", field, problem, right))

    wrong = partial(wrong_in, ())

    raw = source.value
    if not isinstance(raw, Mapping):
        raise FlowError([Mistake(source.file, 1, "", "", "must be a mapping with rules", _EXAMPLE)])
    listed = raw.get("rules")
    if not isinstance(listed, list) or not 0 < len(listed) <= MOST_RULES:
        wrong("rules", f"must be a list of 1 to {MOST_RULES} rules", _EXAMPLE)
        listed = []
    rules = [_rule(each, partial(wrong_in, ("rules", at))) for at, each in enumerate(listed)]
    for field in raw:
        if field not in ("rules", "approvers", "expires_minutes", *DUTY):
            wrong(
                field, "is not a field of a policy", "rules, approvers, expires_minutes or " + ", ".join(DUTY)
            )
    minutes = raw.get("expires_minutes", 30)
    if isinstance(minutes, bool) or not isinstance(minutes, int) or not 1 <= minutes <= 60 * 24 * 30:
        wrong("expires_minutes", "must be a whole number of minutes, 1 to 43200", "expires_minutes: 30")
        minutes = 30
    approvers = _approvers(raw.get("approvers", {}), partial(wrong_in, ("approvers",)))
    duty = parse_duty(raw, wrong)
    if mistakes:
        raise FlowError(mistakes)
    return Policy(version_of(raw), tuple(rules), approvers, minutes * 60, duty=duty)


def _line(source: Source, path: tuple[str | int, ...]) -> int:
    """Of the field, or of the nearest thing around it that stands in the file."""
    around = (path[:length] for length in range(len(path), -1, -1))
    return next((source.lines[each] for each in around if each in source.lines), 0)


def _approvers(raw: Any, wrong: Wrong) -> Approvers:
    if not isinstance(raw, Mapping):
        wrong("approvers", "must be a mapping", "approvers: {people: [], places: []}")
        return Approvers()
    for field in raw:
        if field not in ("people", "places"):
            wrong(field, "is not a field of approvers", "people or places")
    return Approvers(_strings(raw, "people", wrong), _strings(raw, "places", wrong))


def _strings(raw: Mapping[str, Any], field: str, wrong: Wrong) -> tuple[str, ...]:
    value = raw.get(field, [])
    if not isinstance(value, list) or not all(isinstance(each, str) and each for each in value):
        right = '["grace@example.com"]' if field == "people" else '["slack:C0123"]'
        wrong(field, "must be a list of texts", f"{field}: {right}")
        return ()
    return tuple(value)


def _rule(raw: Any, wrong: Wrong) -> Rule:
    """The rule; whatever is wrong with it is noted, and then it is never used."""
    if not isinstance(raw, Mapping):
        wrong("", "a rule must be a mapping", "{name: reads, risk: [read], outcome: may run alone, …}")
        return Rule("", Outcome.DENY, "")
    for field in raw:
        if field not in _FIELDS:
            close = difflib.get_close_matches(field, sorted(_FIELDS), 1)
            wrong(field, "is not a field of a rule", close[0] if close else ", ".join(sorted(_FIELDS)))
    outcome = _outcome(raw, wrong)
    return Rule(
        name=_word(raw, "name", wrong, "name: large-amounts"),
        outcome=outcome,
        because=_word(raw, "because", wrong, 'because: "{amount} is a lot."'),
        tool=_word({"tool": "*"} | dict(raw), "tool", wrong, "tool: stripe.*"),
        risk=_risk(raw, wrong),
        at_least=_at_least(raw, outcome, wrong),
        currency=_currency(raw, wrong),
        confidence_below=_below(raw, outcome, wrong),
        egress=_egress(raw, wrong),
    )


def _word(raw: Mapping[str, Any], field: str, wrong: Wrong, right: str) -> str:
    value = raw.get(field)
    if isinstance(value, str) and value.strip():
        return value
    wrong(field, "is missing" if value in (None, "") else "must be a text", right)
    return ""


def _outcome(raw: Mapping[str, Any], wrong: Wrong) -> Outcome:
    value = raw.get("outcome")
    if isinstance(value, str) and value in OUTCOMES:
        return OUTCOMES[value]
    wrong("outcome", "is missing" if value is None else f"is {value!r}", " or ".join(OUTCOMES))
    return Outcome.DENY


def _risk(raw: Mapping[str, Any], wrong: Wrong) -> frozenset[str]:
    value = raw.get("risk", [])
    if isinstance(value, list) and all(isinstance(each, str) and each in RISKS for each in value):
        return frozenset(value)
    wrong("risk", "must be a list of " + ", ".join(sorted(RISKS)), "risk: [money]")
    return frozenset()


def _at_least(raw: Mapping[str, Any], outcome: Outcome, wrong: Wrong) -> str:
    value = raw.get("at_least")
    if value is None:
        return ""
    try:
        minor_units(value, "usd")
    except ValueError:
        wrong("at_least", "must be an amount in quotes, with at most two decimals", 'at_least: "50.00"')
        return ""
    if outcome is Outcome.ALONE:
        wrong("outcome", "more money never loosens a policy", "ask, or no at_least")
    return str(value)


def _currency(raw: Mapping[str, Any], wrong: Wrong) -> str:
    value = raw.get("currency")
    if value is None:
        return ""
    if isinstance(value, str) and _CURRENCY.match(value):
        return value.lower()
    wrong("currency", "must be the three letters of a currency", "currency: usd")
    return ""


def _below(raw: Mapping[str, Any], outcome: Outcome, wrong: Wrong) -> float | None:
    value = raw.get("confidence_below")
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 1:
        wrong("confidence_below", "must be a number above 0 and up to 1", "confidence_below: 0.75")
        return None
    if outcome is Outcome.ALONE:
        wrong("outcome", "confidence never loosens a policy", "ask, or no confidence_below")
    return float(value)


def _egress(raw: Mapping[str, Any], wrong: Wrong) -> bool | None:
    value = raw.get("egress")
    if value is None or isinstance(value, bool):
        return value
    wrong("egress", "must be true or false", "egress: true")
    return None
