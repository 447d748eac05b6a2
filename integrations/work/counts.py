"""What can be counted: how many are in which state, what does not move, what was closed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime

from integrations.work.models import NAMES, SERVICES, GivenSource

MOST_NAMED = 15
MOST_STATES = 6
STILL = 14  # days without a change
_WORDS = ("block", "stuck", "on hold", "waiting", "impeded")


def numbers(sources: Sequence[GivenSource]) -> str:
    """ "12 from Jira: 4 In Progress, 3 To Do, …" for each service, a line each."""
    if not sources:
        return "There is nothing that fits."
    lines = []
    for service in SERVICES:
        states = Counter(each.state or "no state" for each in sources if each.service == service)
        if states:
            common = sorted(states.items(), key=lambda pair: (-pair[1], pair[0]))
            told = [f"{count} {state}" for state, count in common[:MOST_STATES]]
            if rest := sum(count for _, count in common[MOST_STATES:]):
                told.append(f"{rest} in other states")
            lines.append(f"{states.total()} from {NAMES[service]}: {', '.join(told)}.")
    done = sum(each.done for each in sources)
    return "\n".join([*lines, f"{done} done, {len(sources) - done} not."])


def stuck(sources: Sequence[GivenSource], now: datetime) -> list[tuple[GivenSource, str]]:
    """What says of itself that it is blocked, then what nobody has touched for long; why, with each."""
    named = [each for each in sources if not each.done and _says_so(each)]
    still = sorted(
        (
            (days, each)
            for each in sources
            if not each.done and each not in named and each.service != "notion"
            and (days := age(each, now)) >= STILL
        ),
        key=lambda pair: (-pair[0], pair[1].id),
    )  # fmt: skip
    found = [(each, each.state or "blocked") for each in named]
    found += [(each, f"no change for {days} days") for days, each in still]
    return found[:MOST_NAMED]


def closed(sources: Sequence[GivenSource]) -> list[GivenSource]:
    """The newest first, as they were collected."""
    return [each for each in sources if each.done and each.service != "notion"][:MOST_NAMED]


def age(source: GivenSource, now: datetime) -> int:
    """Days since it was changed; 0 where it does not say."""
    try:
        changed = datetime.fromisoformat(source.updated)
        return max(0, (now - (changed if changed.tzinfo else changed.replace(tzinfo=UTC))).days)
    except (ValueError, OverflowError):
        return 0


def _says_so(source: GivenSource) -> bool:
    told = f"{source.state} {' '.join(source.labels)}".casefold()
    return any(word in told for word in _WORDS)
