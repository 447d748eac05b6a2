"""A rule of policy.yaml → Rule. Whatever is wrong with it is noted, and then it is never used."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping
from typing import Any, Literal, get_args

from flows.calibration_rule import FIELDS as LEARNING
from flows.calibration_rule import parse_learn
from flows.money import minor_units
from flows.policy_match import DAYS
from flows.policy_rule import Among, Bound, By, Limit, Outcome, Per, Rule, When

OUTCOMES = {"may run alone": Outcome.ALONE, "ask": Outcome.ASK, "deny": Outcome.DENY}
RISKS = frozenset({"read", "write", "money", "destructive"})
FIELDS = frozenset(
    {
        "name", "outcome", "because", "tool", "risk", "at_least", "currency", "confidence_below", "egress",
        "below", "requester", "recipient", "first_time", "when", "limit", "mode", "grantable", *LEARNING,
    }
)  # fmt: skip
MOST_NAMED, LONGEST = 100, 300
MOST_CALLS = 1_000_000
ANY = "any"  # a number is a number, whatever the currency
_CURRENCY = re.compile(r"[A-Za-z]{3}\Z")
_ZONE = re.compile(r"UTC|[A-Z][A-Za-z_]{1,30}(/[A-Za-z0-9_+-]{1,30}){1,2}")
_TIME = re.compile(r"([01][0-9]|2[0-4]):([0-5][0-9])\Z")
Wrong = Callable[[str, str, str], None]


def parse_rule(raw: Any, wrong: Wrong) -> Rule:
    if not isinstance(raw, Mapping):
        wrong("", "a rule must be a mapping", "{name: reads, risk: [read], outcome: may run alone, …}")
        return Rule("", Outcome.DENY, "")
    for field in raw:
        if field not in FIELDS:
            close = difflib.get_close_matches(field, sorted(FIELDS), 1)
            wrong(field, "is not a field of a rule", close[0] if close else ", ".join(sorted(FIELDS)))
    outcome = _outcome(raw, wrong)
    at_least, below = read_bound(raw, "at_least", wrong), read_bound(raw, "below", wrong)
    currency = _currency(raw, wrong)
    _never_loosens(raw, outcome, wrong)
    _is_a_band(at_least, below, wrong)
    return Rule(
        name=_word(raw, "name", wrong, "name: large-amounts"),
        outcome=outcome,
        because=_word(raw, "because", wrong, 'because: "{amount} is a lot."'),
        tool=_word({"tool": "*"} | dict(raw), "tool", wrong, "tool: stripe.*"),
        risk=_risk(raw, wrong),
        at_least=at_least,
        currency="" if currency == ANY else currency,
        confidence_below=_confidence(raw, wrong),
        egress=_egress(raw, wrong),
        below=below,
        requester=_among(raw, "requester", wrong, "requester: {any_of: [finance, '@example.com']}"),
        recipient=_among(raw, "recipient", wrong, "recipient: {none_of: [cus_1, 'PAY-*']}"),
        first_time=_first_time(raw, wrong),
        when=_when(raw, wrong),
        limit=_limit(raw, currency, wrong),
        shadow=is_shadow(raw, wrong),
        grantable=_grantable(raw, outcome, wrong),
        learn=parse_learn(raw, wrong),
        says_currency=bool(currency) or not (isinstance(at_least or below, str) and (at_least or below)),
    )


def is_shadow(raw: Mapping[str, Any], wrong: Wrong) -> bool:
    """Of a rule, or of a whole policy."""
    mode = raw.get("mode")
    if mode not in (None, "shadow", "enforced"):
        wrong("mode", f"is {str(mode)[:60]!r}", "shadow, or enforced")
    return mode == "shadow"


def _grantable(raw: Mapping[str, Any], outcome: Outcome, wrong: Wrong) -> bool:
    """Only what asks can be granted, and never because of a confidence: that is a floor."""
    value = raw.get("grantable", False)
    if not isinstance(value, bool):
        wrong("grantable", "must be true or false", "grantable: true")
        return False
    if value and (outcome is not Outcome.ASK or raw.get("confidence_below") is not None):
        wrong("grantable", "is of rules that ask, and of none about confidence", "outcome: ask")
        return False
    return value


def _never_loosens(raw: Mapping[str, Any], outcome: Outcome, wrong: Wrong) -> None:
    if outcome is Outcome.ALONE:
        reasons = {
            "at_least": "more money never loosens a policy",
            "confidence_below": "confidence never loosens a policy",
            "first_time": "what was never done before never loosens a policy",
            "limit": "what goes beyond a limit never loosens a policy",
        }
        for field, why in reasons.items():
            if raw.get(field) is not None:
                wrong("outcome", why, f"ask, or no {field}")
    elif raw.get("below") is not None and raw.get("at_least") is None:
        wrong("below", "less money never tightens a policy", "at_least, or outcome: may run alone")


def _is_a_band(at_least: Bound, below: Bound, wrong: Wrong) -> None:
    if not at_least or not below:
        return
    right = 'at_least: "50.00" and below: "200.00"'
    if isinstance(at_least, str) != isinstance(below, str):
        wrong("below", "must name the currencies that at_least names", right)
        return
    lower = {"usd": at_least} if isinstance(at_least, str) else dict(at_least)
    upper = {"usd": below} if isinstance(below, str) else dict(below)
    if lower.keys() != upper.keys():
        wrong("below", "must name the currencies that at_least names", right)
    elif any(minor_units(lower[each], each) >= minor_units(upper[each], each) for each in lower):
        wrong("below", "leaves no amount between at_least and itself", right)


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


def read_bound(raw: Mapping[str, Any], field: str, wrong: Wrong) -> Bound:
    """One amount, or one for each currency."""
    value = raw.get(field)
    if value is None:
        return ""
    if isinstance(value, Mapping) and 0 < len(value) <= MOST_NAMED:
        return _in_currencies(value, field, wrong)
    if not _is_amount(value, "usd"):
        right = f'{field}: "50.00", or {field}: {{usd: "50.00", eur: "46.00"}}'
        wrong(field, "must be an amount in quotes, with at most two decimals", right)
        return ""
    return str(value)


def _in_currencies(value: Mapping[Any, Any], field: str, wrong: Wrong) -> Bound:
    for currency, major in value.items():
        if not isinstance(currency, str) or not _CURRENCY.match(currency):
            wrong(field, f"{str(currency)[:20]!r} must be the three letters of a currency", 'usd: "50.00"')
            return ""
        if not _is_amount(major, currency):
            problem = f"must be an amount in quotes, with no more decimals than {currency.upper()} has"
            wrong(field, problem, f'{field}: {{{currency.lower()}: "50"}}')
            return ""
    return tuple(sorted((currency.lower(), str(major)) for currency, major in value.items()))


def _is_amount(value: Any, currency: str) -> bool:
    try:
        minor_units(value, currency)
    except ValueError:
        return False
    return True


def _currency(raw: Mapping[str, Any], wrong: Wrong) -> str:
    value = raw.get("currency")
    if value is None:
        return ""
    if isinstance(value, str) and _CURRENCY.match(value):
        return value.lower()
    wrong("currency", "must be the three letters of a currency, or any", "currency: usd")
    return ""


def _confidence(raw: Mapping[str, Any], wrong: Wrong) -> float | None:
    value = raw.get("confidence_below")
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 1:
        wrong("confidence_below", "must be a number above 0 and up to 1", "confidence_below: 0.75")
        return None
    return float(value)


def _egress(raw: Mapping[str, Any], wrong: Wrong) -> bool | None:
    value = raw.get("egress")
    if value is None or isinstance(value, bool):
        return value
    wrong("egress", "must be true or false", "egress: true")
    return None


def _among(raw: Mapping[str, Any], field: str, wrong: Wrong, right: str) -> Among:
    value = raw.get(field)
    if value is None:
        return Among()
    if not isinstance(value, Mapping) or not value or value.keys() - {"any_of", "none_of"}:
        wrong(field, "has any_of or none_of, or both", right)
        return Among()
    lists = {name: value.get(name, []) for name in ("any_of", "none_of")}
    for name, each in lists.items():
        fits = isinstance(each, list) and len(each) <= MOST_NAMED and (each or name not in value)
        if not fits or not all(isinstance(one, str) and 0 < len(one) <= LONGEST for one in each):
            wrong(field, f"{name} must be a list of 1 to {MOST_NAMED} texts", right)
            return Among()
    return Among(tuple(lists["any_of"]), tuple(lists["none_of"]))


def _first_time(raw: Mapping[str, Any], wrong: Wrong) -> Literal["", "tool", "recipient"]:
    match raw.get("first_time"):
        case None:
            return ""
        case "tool":
            return "tool"
        case "recipient":
            return "recipient"
    wrong("first_time", "must say with what", "first_time: tool, or first_time: recipient")
    return ""


def _when(raw: Mapping[str, Any], wrong: Wrong) -> When | None:
    value = raw.get("when")
    if value is None:
        return None
    right = 'when: {time_zone: Europe/Berlin, days: [sat, sun], from: "09:00", to: "17:00"}'
    if not isinstance(value, Mapping) or value.keys() - {"time_zone", "days", "from", "to"}:
        wrong("when", "has a time_zone, days, from and to, and nothing else", right)
        return None
    zone, days = value.get("time_zone"), value.get("days", [])
    if not isinstance(zone, str) or not _is_zone(zone):
        wrong("when", "needs a time zone that there is", right)
        return None
    if not isinstance(days, list) or not all(isinstance(day, str) and day in DAYS for day in days):
        wrong("when", f"days are some of {', '.join(DAYS)}", right)
        return None
    begins, ends = _minute(value.get("from", "00:00")), _minute(value.get("to", "24:00"))
    if begins is None or ends is None or begins == ends:
        wrong("when", "from and to are two times in quotes", right)
        return None
    return When(zone, frozenset(days), (begins, ends))


def _is_zone(name: str) -> bool:
    """Looks like one; whether it is there is asked at push (`workers.duty.zones_are_there`)."""
    return _ZONE.fullmatch(name) is not None


def _minute(value: Any) -> int | None:
    found = _TIME.match(value) if isinstance(value, str) else None
    minute = int(found[1]) * 60 + int(found[2]) if found else 24 * 60 + 1
    return minute if minute <= 24 * 60 else None


def _limit(raw: Mapping[str, Any], of_rule: str, wrong: Wrong) -> Limit | None:
    value = raw.get("limit")
    if value is None:
        return None
    right = 'limit: {amount: "200.00", currency: usd, per: day, by: requester}, or {calls: 10, per: hour}'
    if not isinstance(value, Mapping) or value.keys() - {"amount", "currency", "calls", "per", "by"}:
        wrong("limit", "has an amount and its currency, or calls; per and by; and nothing else", right)
        return None
    per: Per | None = next((each for each in get_args(Per) if each == value.get("per")), None)
    by: By | None = next((each for each in get_args(By) if each == value.get("by", "requester")), None)
    calls, amount = value.get("calls"), value.get("amount")
    if per is None or by is None:
        periods, whose = ", ".join(get_args(Per)), ", ".join(get_args(By))
        wrong("limit", f"per is one of {periods}, by is one of {whose}", right)
        return None
    if (calls is None) == (amount is None):
        wrong("limit", "needs an amount or a number of calls, one of the two", right)
        return None
    if amount is None:
        if isinstance(calls, bool) or not isinstance(calls, int) or not 0 < calls <= MOST_CALLS:
            wrong("limit", f"calls must be a whole number, 1 to {MOST_CALLS}", right)
            return None
        return Limit(per, by, calls=calls)
    bound = read_bound({"limit": amount}, "limit", wrong)
    if isinstance(bound, str) and bound:
        currency = _currency(value, wrong) or of_rule
        if not currency:
            wrong("limit", "does not say of which currency its amount is", right)
            return None
        bound = bound if currency == ANY else _in_currencies({currency: bound}, "limit", wrong)
    return Limit(per, by, amount=bound) if bound else None
