"""What a rule says of a call, in words for a person: amounts in their currency, limits, the weakest field."""

from __future__ import annotations

import re
from collections.abc import Mapping

from flows.money import minor_units, shown
from flows.policy_facts import Doubt
from flows.policy_match import Case, bound
from flows.policy_rule import Among, Bound, Limit, Rule, When

PLACES = frozenset(
    {"amount", "at_least", "below", "limit", "used", "confidence", "doubt", "unsure", "recipient"}
)
NOT_KNOWN = "It is not known how sure I am that {doubt}."
_PLACE = re.compile(r"\{([a-z_]{1,20})\}")


def because(rule: Rule, case: Case, doubt: Doubt) -> str:
    """The rule's own words with the call's values in them; what has no value stays as it is written."""
    if case.confidence is None and "{confidence}" in rule.because:
        return NOT_KNOWN.format(doubt=doubt.sentence)
    values = _values(rule, case, doubt)
    return _PLACE.sub(lambda found: values.get(found[1], found[0]), rule.because)


def untold(rule: Rule, case: Case, field: str) -> str:
    """Why nobody can tell whether the rule matches."""
    amount = shown(*case.amount) if case.amount else "This"
    match field:
        case "at_least" | "below":
            return f"{amount} cannot be compared with the amounts of “{rule.name}”, which are {_told(rule)}."
        case "limit" if rule.limit and rule.limit.amount and case.past is not None and case.recipient != "":
            return f"{amount} cannot be counted in the limit of “{rule.name}”, which is {_told(rule)}."
        case "requester":
            return f"Nobody knows the e-mail address of whoever asks, which “{rule.name}” looks at."
        case "recipient":
            return f"Nobody knows whom this reaches, which “{rule.name}” looks at."
        case "when":
            return f"Nobody knows what time it is, which “{rule.name}” looks at."
    return f"Nobody knows what was done before, which “{rule.name}” looks at."


def _values(rule: Rule, case: Case, doubt: Doubt) -> Mapping[str, str]:
    unsure = NOT_KNOWN.format(doubt=doubt.sentence) if case.confidence is None else doubt.unsure
    values = {
        "doubt": doubt.sentence,
        "unsure": unsure,
        "at_least": _bound(rule.at_least),
        "below": _bound(rule.below),
    }
    if case.amount is not None:
        values["amount"] = shown(*case.amount)
        values |= {
            name: shown(edge, case.amount[1])
            for name, value in (("at_least", rule.at_least), ("below", rule.below))
            if value and (edge := bound(value, case.amount[1])) is not None
        }
    if case.confidence is not None:
        values["confidence"] = f"{case.confidence:.0%}"
    if case.recipient:
        values["recipient"] = case.recipient
    if rule.limit is not None:
        values["limit"] = limit_in_words(rule.limit, case.amount[1] if case.amount else "")
        values["used"] = used_in_words(rule, case)
    return values


def limit_in_words(limit: Limit, currency: str = "") -> str:
    """ "$200.00 in a day", "10 calls in an hour"."""
    if limit.calls:
        what = f"{limit.calls} call" + ("" if limit.calls == 1 else "s")
    else:
        edge = bound(limit.amount, currency) if currency else None
        what = shown(edge, currency) if edge is not None else _bound(limit.amount)
    return f"{what} in {'an' if limit.per == 'hour' else 'a'} {limit.per}"


def used_in_words(rule: Rule, case: Case) -> str:
    """What was used up of the limit before this call."""
    minor, calls = case.past.used.get(rule.scope, (0, 0)) if case.past else (0, 0)
    if rule.limit is not None and rule.limit.calls:
        return f"{calls} call" + ("" if calls == 1 else "s")
    return shown(minor, case.amount[1]) if case.amount else "nothing"


def _bound(value: Bound) -> str:
    if isinstance(value, str):
        return value
    return ", ".join(shown(minor_units(major, currency), currency) for currency, major in value)


def _told(rule: Rule) -> str:
    """The currencies that the amounts of a rule are told in."""
    bounds = (rule.at_least, rule.below, rule.limit.amount if rule.limit else "")
    found = sorted({currency.upper() for each in bounds if not isinstance(each, str) for currency, _ in each})
    return f"in {' and '.join(found)}" if found else "of another currency"


# ── a rule's fields, for who asks why it matched or did not ─────────────────────────────


def field_in_words(rule: Rule, case: Case, field: str) -> str:
    """What the rule wants of this field, and what the call has."""
    amount = shown(*case.amount) if case.amount else "no money"
    match field:
        case "tool":
            return f"tool {rule.tool}: it is {case.tool}"
        case "risk":
            return f"risk {' or '.join(sorted(rule.risk))}: it is {case.risk}"
        case "egress":
            return f"carries data out {_yes(rule.egress)}: {_yes(case.egress)}"
        case "currency":
            return (
                f"currency {rule.currency.upper()}: it is {case.amount[1].upper() if case.amount else 'none'}"
            )
        case "at_least":
            return f"at least {_bound_of(rule.at_least, case)}: it is {amount}"
        case "below":
            return f"below {_bound_of(rule.below, case)}: it is {amount}"
        case "requester":
            return f"requester {among_in_words(rule.requester)}: it is {case.email or 'nobody known'}"
        case "recipient":
            return f"recipient {among_in_words(rule.recipient)}: it is {_reached(case)}"
        case "when":
            return f"when {when_in_words(rule.when)}: it is {_clock(rule, case)}"
        case "first_time":
            return f"first time with this {rule.first_time}: {_first(rule, case)}"
        case "limit" if rule.limit is not None:
            already = used_in_words(rule, case) if case.past is not None else "nobody knows how much"
            limit = limit_in_words(rule.limit, case.amount[1] if case.amount else "")
            return f"beyond {limit} by {rule.limit.by}: used before is {already}, this call is {amount}"
    sure = "not known" if case.confidence is None else f"{case.confidence:.0%}"
    return f"confidence below {rule.confidence_below:.0%}: it is {sure}"


def among_in_words(among: Among) -> str:
    parts = [f"among {', '.join(among.any_of)}"] if among.any_of else []
    parts += [f"not among {', '.join(among.none_of)}"] if among.none_of else []
    return " and ".join(parts)


def when_in_words(when: When | None) -> str:
    if when is None:
        return "ever"
    days = ", ".join(sorted(when.days, key="mon tue wed thu fri sat sun".index)) or "any day"
    begins, ends = (f"{minute // 60:02d}:{minute % 60:02d}" for minute in when.hours)
    return f"{days} {begins}–{ends} in {when.time_zone}"


def _bound_of(value: Bound, case: Case) -> str:
    edge = bound(value, case.amount[1]) if case.amount else None
    return shown(edge, case.amount[1]) if edge is not None and case.amount else _bound(value)


def _reached(case: Case) -> str:
    return "nobody in particular" if case.recipient is None else case.recipient or "not known"


def _clock(rule: Rule, case: Case) -> str:
    local = (case.clocks or {}).get(rule.when.time_zone) if rule.when else None
    return local or "not known"


def _first(rule: Rule, case: Case) -> str:
    if case.past is None:
        return "not known"
    return _yes(case.past.first_tool if rule.first_time == "tool" else case.past.first_recipient)


def _yes(value: bool | None) -> str:
    return "yes" if value else "no"
