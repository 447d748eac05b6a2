"""policy.yaml → Policy, with every mistake named."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from flows.approval_file import parse_approvers
from flows.batch import parse_batch
from flows.duty_file import FIELDS as DUTY
from flows.duty_file import parse_duty
from flows.errors import FlowError, Mistake
from flows.loader import version_of
from flows.policy import Policy
from flows.policy_rule_file import is_shadow, parse_rule, read_bound
from flows.yaml_source import Source, read

MOST_RULES = 200
FIELDS = ("rules", "approvers", "expires_minutes", "mode", "batch", *DUTY)
_EXAMPLE = "rules: [{name: reads, risk: [read], outcome: may run alone, because: It only reads.}]"


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
    rules = [parse_rule(each, partial(wrong_in, ("rules", at))) for at, each in enumerate(listed)]
    for field in raw:
        if field not in FIELDS:
            wrong(str(field), "is not a field of a policy", ", ".join(FIELDS))
    minutes = raw.get("expires_minutes", 30)
    if isinstance(minutes, bool) or not isinstance(minutes, int) or not 1 <= minutes <= 60 * 24 * 30:
        wrong("expires_minutes", "must be a whole number of minutes, 1 to 43200", "expires_minutes: 30")
        minutes = 30
    duty = parse_duty(raw, wrong)
    approvers = parse_approvers(raw.get("approvers", {}), duty, partial(wrong_in, ("approvers",)))
    shadow = is_shadow(raw, wrong)
    batch = parse_batch(raw.get("batch"), read_bound, partial(wrong_in, ("batch",)))
    if mistakes:
        raise FlowError(mistakes)
    return Policy(
        version_of(raw), tuple(rules), approvers, minutes * 60, duty=duty, shadow=shadow, batch=batch
    )


def _line(source: Source, path: tuple[str | int, ...]) -> int:
    """Of the field, or of the nearest thing around it that stands in the file."""
    around = (path[:length] for length in range(len(path), -1, -1))
    return next((source.lines[each] for each in around if each in source.lines), 0)
