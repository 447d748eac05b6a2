"""How likely a request is wrong, as far as experience says: it orders what is shown, and lets nothing run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from flows import calibrator as calibrators
from flows import load as judging
from workers.store import learning
from workers.store.batches import Queued
from workers.store.door import Connection

Odds = Mapping[str, float]  # P(wrong) by approval; who is not among them is judged by its confidence
NONE: Odds = {}


async def of(c: Connection, tenant: UUID, approvals: Sequence[str]) -> Odds:
    """Of those about which a calibrator was fitted to what people decided, as it stands by now."""
    found, read = {}, {}
    for each in await learning.weighed(c, tenant, approvals):
        if each.evidence not in read:
            read[each.evidence] = calibrators.from_json(each.calibrator)
        scores = read[each.evidence]
        if scores is not calibrators.PLAIN and len(each.features) + 1 == len(scores.pooled):
            found[each.approval] = 1.0 - scores.score(each.tool, each.features)
    return found


def cost(queued: Queued, odds: Odds = NONE) -> float:
    """P(wrong) × what is at stake."""
    wrong = odds.get(queued.approval)
    if wrong is None:
        return judging.expected_cost(queued.confidence, queued.stake)
    return judging.expected_cost(queued.confidence, queued.stake, lambda _: wrong)


def sure(queued: Queued, odds: Odds = NONE) -> float | None:
    """How sure one may be of it: of what was understood and of what experience says, the lesser."""
    wrong = odds.get(queued.approval)
    if wrong is None or queued.confidence is None:
        return queued.confidence
    return min(queued.confidence, 1.0 - wrong)
