"""What runs is what was approved: asked once more in the transaction that claims the effect."""

from __future__ import annotations

from uuid import UUID

import orjson

from flows import approval as sealing
from flows.policy import Policy
from flows.run import Run
from workers.approve import Rules
from workers.named import who
from workers.store import approvals, audit, effects, people
from workers.store.approvals import Approval
from workers.store.door import Connection
from workers.tools import meaning


async def check(
    c: Connection,
    tenant: UUID,
    claimed: effects.Claimed,
    run: Run,
    policy: Policy,
    rules: Rules,
    account: str,
) -> str:
    """In the transaction that claims the effect: what would run is what was approved, or a sentence why not.

    `account` is the one that it would run with. Uses the approval up.
    """
    approval = await approvals.of_effect(c, tenant, claimed.key)
    if claimed.attempts > 1 and approval is not None and approval.state == "used":
        return "" if approval.digest == _digest(tenant, claimed, run, approval, policy, account) else _DIFFERS
    if approval is None:
        alone = claimed.risk == "read" or claimed.policy_version == policy.version
        return "" if alone else "The rules were changed while this was waiting; please confirm it again."
    if approval.digest != _digest(tenant, claimed, run, approval, policy, account):
        problem = _DIFFERS
    elif not await entitled_still(c, tenant, approval, policy, rules):
        problem = "Whoever approved it may no longer do so."
    elif not await approvals.use(c, tenant, approval.id):
        problem = "The approval was never given or is used up."
    else:
        return ""
    await approvals.void(c, tenant, approval.id)
    await audit.record(c, tenant, "approval.void", approval=approval.id, code=approval.code, problem=problem)
    return problem


_DIFFERS = "What would have run was not what was approved, so nothing ran."


def _digest(
    tenant: UUID, claimed: effects.Claimed, run: Run, approval: Approval, policy: Policy, account: str
) -> bytes:
    return sealing.digest(
        sealing.Sealed(
            tenant=str(tenant),
            requester=run.requester.id,
            tool=meaning(claimed.tool),
            arguments=orjson.loads(claimed.arguments),
            account=account,
            flow_version=run.flow_version,
            step=claimed.step,
            policy_version=policy.version,
            approval=approval.id,
            expires_at=approval.expires_at.isoformat(),
        )
    )


async def entitled_still(
    c: Connection, tenant: UUID, approval: Approval, policy: Policy, rules: Rules
) -> bool:
    """Whether whoever approved may still do so, asked in the transaction that claims the effect."""
    if approval.decided_by is None or approval.decided_by == approval.requester:
        return False
    for each in (approval.requester, approval.decided_by):
        if not await people.reachable(c, tenant, each):
            return False  # the account turned out to be another person's: perhaps that of the other one
    named = await who(c, tenant, approval, policy, rules)
    by = await people.by_id(c, tenant, approval.decided_by)
    return by is not None and (not named or by.email in named)
