"""When those who must decide are reminded, and when it is escalated: timers of the run's conversation."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from flows.approval_file import MOST_ESCALATIONS, MOST_REMINDERS
from flows.approval_stages import Terms, Times
from workers.approvers.hours import add_working
from workers.store.approvals import Approval

REMIND, ESCALATE = "approval.remind", "approval.escalate"
LATER = ":later"


def timers(
    approval: Approval, terms: Terms, times: Times, now: datetime, lasts: float
) -> list[tuple[str, datetime, Any]]:
    """`lasts`: how long each who is asked has. What would come after the expiry is left out."""

    def at(seconds: float) -> datetime:
        return (
            add_working(now, seconds, times.hours) if times.clock_stops else now + timedelta(seconds=seconds)
        )

    found: list[tuple[str, datetime, Any]] = []
    for tier in range(1, len(terms.escalate) + 1):
        event = {"_": ESCALATE, "approval": approval.id, "tier": tier}
        found.append((f"{approval.id}:escalate:{tier}", at(lasts * tier), event))
    shares = [(n, at(lasts * share / 100)) for n, share in enumerate(times.remind, 1)]
    for number, (n, due) in enumerate(shares):
        over = shares[number + 1][1] if number + 1 < len(shares) else approval.expires_at
        event = {"_": REMIND, "approval": approval.id, "number": n, "over": over.isoformat()}
        found.append((f"{approval.id}:remind:{n}", due, event))
    return [each for each in found if each[1] < approval.expires_at]


def names(approval: str) -> list[str]:
    """Of every timer that an approval may have beside its expiry. One that is missed finds it decided."""
    tiers = [f"{approval}:escalate:{tier}" for tier in range(1, MOST_ESCALATIONS + 1)]
    reminders = [f"{approval}:remind:{n}" for n in range(1, MOST_REMINDERS + 1)]
    return tiers + reminders
