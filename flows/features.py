"""What is known of a call before anybody decided about it, in a few numbers that can be looked at.

Each is between 0 and 1 and higher where there is less to doubt, so that a weight below nothing would stand
out. None of them is about who the person is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import astuple, dataclass, fields
from typing import Any

from flows.flow import Flow
from flows.items import items_key
from flows.run import Run
from flows.steps.tool import Tool

MOST_LEAVES = 500
LONGEST = 20_000  # characters that are looked through
MOST_REPAIRS = 4
_SURE = items_key("")
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Features:
    """`route`: how sure we are of the flow. `weakest`: of what the call rests on least. `grounded`: the
    share of argument values that occur in the person's words or in what a service said. `readable`:
    amount and recipient could be told. `in_scope`: how much it is like what we are for. `straight`:
    without repairs. `history`: the share of this person's calls of this tool that were right so far.
    `familiar`: they have reached this recipient before.
    """

    route: float
    weakest: float
    grounded: float
    readable: float
    in_scope: float
    straight: float
    history: float
    familiar: float

    @property
    def values(self) -> tuple[float, ...]:
        found: tuple[float, ...] = astuple(self)
        return found


NAMES = tuple(each.name for each in fields(Features))
IN_WORDS = {
    "route": "whether this was asked for at all",
    "weakest": "the least certain of what was said",
    "grounded": "values that nobody said and no service named",
    "readable": "amount or recipient that cannot be told",
    "in_scope": "whether this is what I am for",
    "straight": "how often it had to be mended",
    "history": "how such requests of this person were decided before",
    "familiar": "a recipient that is new",
}


@dataclass(frozen=True, slots=True)
class Before:
    """What was decided before about this person's calls of this tool, and whether the recipient is new."""

    right: int = 0
    wrong: int = 0
    new_recipient: bool = False


def features(
    flow: Flow, run: Run, arguments: Mapping[str, Any], confidence: float | None, before: Before,
    *, readable: bool,
) -> Features:  # fmt: skip
    """`confidence` as the policy saw it; None where the call rests on nothing that was heard."""
    weakest = 0.0 if confidence is None else confidence
    return Features(
        route=_share(run.route_confidence),
        weakest=_share(weakest),
        grounded=grounded(arguments, sources(flow, run)),
        readable=1.0 if readable else 0.0,
        in_scope=_share(min(run.route_confidence, weakest)) * (0.5 if run.trouble > 0 else 1.0),
        straight=1.0 - min(repairs(run), MOST_REPAIRS) / MOST_REPAIRS,
        history=(before.right + 1) / (before.right + before.wrong + 2),
        familiar=0.0 if before.new_recipient else 1.0,
    )


def repairs(run: Run) -> int:
    """How often a step had to be taken again, and what was not understood."""
    return sum(times - 1 for times in run.entries.values() if times > 1) + max(run.trouble, 0)


def sources(flow: Flow, run: Run) -> str:
    """All that was said by the person or by a service, folded, in one text."""
    from_tools = {step.save for step in flow.steps.values() if isinstance(step, Tool) and step.save}
    found = [run.route_words, run.unread, run.conversation]
    for name, value in run.slots.items():
        if name in from_tools:
            found += [str(leaf) for leaf in leaves(value)]
        elif name.startswith(_SURE) and isinstance(value, Mapping):
            found += [str(each.get("words", "")) for each in value.values() if isinstance(each, Mapping)]
    return _folded(" ".join(found)[:LONGEST])


def grounded(arguments: Mapping[str, Any], said: str) -> float:
    """The share of values that occur in it; 1 where there are none."""
    values = [_folded(str(leaf)) for leaf in leaves(arguments) if leaf not in ("", None)]
    if not values:
        return 1.0
    there = f" {said} "
    return sum(f" {value} " in there for value in values) / len(values)


def leaves(value: Any) -> Iterator[Any]:
    """Texts and numbers in it, however deep; the first hundreds of them."""
    waiting, given = [value], 0
    while waiting and given < MOST_LEAVES:
        match waiting.pop():
            case Mapping() as mapping:
                waiting += [mapping[key] for key in sorted(mapping, reverse=True)]
            case list() | tuple() as several:
                waiting += reversed(several)
            case leaf:
                given += 1
                yield leaf


def _folded(text: str) -> str:
    return " ".join(_WORD.findall(text.casefold()))


def _share(value: float) -> float:
    return min(1.0, max(0.0, value))
