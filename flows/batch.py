"""What may be decided together: small, alike, and nothing that cannot be undone anywhere in its chain.

Off unless a policy has a `batch:` section. Which of them stand out is in `outliers.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from flows.policy_match import bound
from flows.policy_rule import Bound

MOST = 20  # in one card
LONGEST_WAIT = 600  # seconds that a request is held back at most
RISKS = ("read", "write", "money")  # that a section can name: destroying is never among them
SEVERITY = {"read": 0, "write": 1, "money": 2, "destructive": 3}
IRREVERSIBLE = "irreversible"
Wrong = Callable[[str, str, str], None]


@dataclass(frozen=True, slots=True)
class Batching:
    """`tools` are names or patterns; empty: nothing is ever batched. `below`: of money, in major units;
    empty: none. `at_least` so many wait before they are shown together, `within` so many seconds."""

    tools: tuple[str, ...] = ()
    risks: frozenset[str] = frozenset()
    below: Bound = ""
    at_least: int = 3
    at_most: int = MOST
    within: int = 60

    def __bool__(self) -> bool:
        return bool(self.tools)


@dataclass(frozen=True, slots=True)
class Part:
    """One call that a request's flow makes: its tool's risk, and whether it can be undone."""

    tool: str
    risk: str
    reversibility: str = "reversible"


def worst(chain: Iterable[Part]) -> Part | None:
    """The class of a chain is that of its worst part: a harmless step before it changes nothing."""
    return max(
        chain,
        key=lambda part: (part.reversibility == IRREVERSIBLE, SEVERITY.get(part.risk, 3)),
        default=None,
    )


def why_alone(section: Batching, part: Part, amount: tuple[int, str] | None, chain: Iterable[Part]) -> str:
    """Why this request is decided by itself; empty: it may be shown with others like it.

    `chain`: every call of its flow and of the flows inside of it, its own among them. Of other
    calls that move money nobody knows yet how much, so they count as too much.
    """
    if not any(fnmatchcase(part.tool, pattern) for pattern in section.tools):
        return "its tool is not batched"
    parts = [part, *chain]
    heaviest = worst(parts)
    assert heaviest is not None
    if heaviest.reversibility == IRREVERSIBLE:
        return f"{heaviest.tool} cannot be undone"
    if SEVERITY.get(heaviest.risk, 3) >= SEVERITY["destructive"]:
        return f"{heaviest.tool} destroys"
    if part.risk not in section.risks:
        return f"nothing of risk {part.risk} is batched"
    if any(each.risk == "money" and each.tool != part.tool for each in parts):
        return "more money moves in its flow"
    return _too_much(section, part, amount)


def _too_much(section: Batching, part: Part, amount: tuple[int, str] | None) -> str:
    if amount is None:
        return "how much it moves is not known" if part.risk == "money" else ""
    if not section.below:
        return "no amount is small enough"
    most = bound(section.below, amount[1])
    if most is None:
        return f"nothing is said of {amount[1].upper()}"
    return "" if 0 <= amount[0] < most else "its amount is not small"


# ── batch: of policy.yaml ────────────────────────────────────────────────────────────────

FIELDS = ("tools", "risks", "below", "at_least", "at_most", "within_seconds")
EXAMPLE = 'batch: {tools: [stripe.charge], risks: [money], below: "20.00", at_least: 3, within_seconds: 60}'


def parse_batch(raw: Any, amount: Callable[[Mapping[str, Any], str, Wrong], Bound], wrong: Wrong) -> Batching:
    """Whatever is wrong is noted, and then nothing is batched. `amount` reads one of a policy."""
    if raw is None:
        return Batching()
    if not isinstance(raw, Mapping):
        wrong("batch", "must be a mapping", EXAMPLE)
        return Batching()
    for field in raw:
        if field not in FIELDS:
            wrong(str(field), "is not a field of batch", ", ".join(FIELDS))
    tools, risks = raw.get("tools"), raw.get("risks", ["write", "money"])
    if not isinstance(tools, list) or not 0 < len(tools) <= 100 or not all(_word(each) for each in tools):
        wrong("tools", "must be a list of 1 to 100 tools", EXAMPLE)
        return Batching()
    if not isinstance(risks, list) or not risks or not all(each in RISKS for each in risks):
        wrong("risks", f"are some of {', '.join(RISKS)}: what destroys is decided one by one", EXAMPLE)
        return Batching()
    below = amount(raw, "below", wrong)
    if "money" in risks and not below:
        wrong("below", "must say which amounts are small", 'below: "20.00"')
    numbers = {
        name: _number(raw, name, least, usual, most, wrong)
        for name, least, usual, most in (
            ("at_least", 2, 3, MOST), ("at_most", 2, MOST, MOST), ("within_seconds", 1, 60, LONGEST_WAIT),
        )
    }  # fmt: skip
    if numbers["at_most"] < numbers["at_least"]:
        wrong("at_most", "is less than at_least", EXAMPLE)
    return Batching(
        tuple(tools), frozenset(risks), below,
        numbers["at_least"], numbers["at_most"], numbers["within_seconds"],
    )  # fmt: skip


def _word(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= 300


def _number(raw: Mapping[str, Any], name: str, least: int, usual: int, most: int, wrong: Wrong) -> int:
    value = raw.get(name, usual)
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        wrong(name, f"must be a whole number, {least} to {most}", f"{name}: {usual}")
        return usual
    return value
