"""What runs is what was approved: asked once more in the transaction that claims the effect."""

from __future__ import annotations

from uuid import UUID

from flows import approval as sealing
from flows.approval_quorum import Vote, enough, stands
from flows.policy import Policy, Unreadable
from flows.run import Run
from workers import drawn
from workers.approve import Rules
from workers.approvers import grants, situation
from workers.approvers.asking import spelled
from workers.approvers.press import terms_of
from workers.named import named
from workers.store import approval_terms, approvals, audit, effects, people
from workers.store.approval_terms import Voted
from workers.store.approvals import Approval
from workers.store.door import Connection
from workers.tools import cards, meaning


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
        return _differs(tenant, claimed, run, approval, policy, account)
    if approval is None:
        if claimed.risk != "read" and claimed.policy_version != policy.version:
            return "The rules were changed while this was waiting; please confirm it again."
        return await grants.at_claim(c, tenant, claimed, run, policy, rules, account)
    if differs := _differs(tenant, claimed, run, approval, policy, account):
        problem = differs
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
_LIES = "The card that was approved is not how I would show this now, so nothing ran. Please ask again."


def _differs(
    tenant: UUID, claimed: effects.Claimed, run: Run, approval: Approval, policy: Policy, account: str
) -> str:
    """Nothing, or what is not as it was approved. What was asked before cards were sealed has a digest
    without one, and nothing else has."""
    try:
        sealed = _digest(tenant, claimed, run, approval, policy, account, fingerprint(approval))
        if approval.digest == sealed and approval.code == sealing.code(sealed):
            return "" if approval.state == "used" or _shows(claimed, run, approval) else _LIES
        before = _digest(tenant, claimed, run, approval, policy, account)
    except ValueError:  # bytes that can be read in more than one way, or in none
        return _DIFFERS
    return "" if approval.digest == before else _DIFFERS


def fingerprint(approval: Approval) -> str:
    """Of the card that is kept."""
    return drawn.fingerprint(approval.card, approval.code)


def _shows(claimed: effects.Claimed, run: Run, approval: Approval) -> bool:
    """Whether people were shown what the call itself says: the card that is kept is the one that is drawn
    from the call as it is now. A release that draws cards otherwise voids what was asked before it."""
    arguments = sealing.exact(claimed.arguments)
    tool = cards()[claimed.tool]
    shown = drawn.Shown(tool, arguments, run, approval.because, approval.words, approval.expires_at)
    try:
        return drawn.draw(shown, approval.code) == approval.card
    except Unreadable:
        return False


def _digest(
    tenant: UUID,
    claimed: effects.Claimed,
    run: Run,
    approval: Approval,
    policy: Policy,
    account: str,
    card: str = "",
) -> bytes:
    return sealing.digest(
        sealing.Sealed(
            tenant=str(tenant),
            requester=run.requester.id,
            tool=meaning(claimed.tool),
            arguments=sealing.exact(claimed.arguments),
            account=account,
            flow_version=run.flow_version,
            step=claimed.step,
            policy_version=policy.version,
            approval=approval.id,
            expires_at=approval.expires_at.isoformat(),
            terms=spelled(approval.terms),
            card=card,
        )
    )


async def entitled_still(
    c: Connection, tenant: UUID, approval: Approval, policy: Policy, rules: Rules
) -> bool:
    """Whether those who approved are enough and may still do so, asked in the transaction that claims the
    effect: each as at the time of their press, by what is known of people now."""
    if approval.decided_by is None or approval.decided_by == approval.requester:
        return False
    terms = await terms_of(c, tenant, approval, policy, rules)
    if terms != rules.terms(policy, await named(c, tenant, approval)):
        return False
    voted = await approval_terms.votes(c, tenant, approval.id) if approval.terms else [_lone(approval)]
    for each in (approval.requester, *(id for vote in voted for id in {vote.person, vote.seat})):
        if not await people.reachable(c, tenant, each):
            return False  # the account turned out to be another person's: perhaps that of another one here
    votes: list[Vote] = []
    for vote in voted:
        known = await situation.known(c, tenant, approval, terms, policy, vote.at, [vote.person, vote.seat])
        key = known.humans.key
        votes.append(Vote(key(vote.person), key(vote.seat), vote.stage))
        if not stands(known.situation(vote.person, here=True), votes[-1]):
            return False
    return enough(terms.quorums, votes)


def _lone(approval: Approval) -> Voted:
    """What was asked before votes were kept was decided by one."""
    assert approval.decided_by is not None
    by = approval.decided_by
    return Voted(by, by, 0, approval.expires_at, "", "")
