"""What a turn writes of learning: the call as it looked, that it ran alone, and that a bar fell."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING
from uuid import UUID

import structlog

from bot.metrics import metrics
from bot.reply import Paragraph, Reply, Tone
from flows import certify
from workers.approvers.rules import place_of
from workers.learning import Proposal
from workers.past import Moved
from workers.store import bars, learning
from workers.store.bars import Bar
from workers.store.door import Connection
from workers.store.outbox import Message

if TYPE_CHECKING:
    from flows.policy import Policy
    from workers.approvers.rules import Rules
    from workers.commit import Commit

log = structlog.get_logger()

# The service could not be reached, or it was stopped for another reason than the call itself.
NOT_THE_CALL = frozenset(
    {"not_reached", "rate_limited", "unknown", "not_configured", "sealed", "paused", "dead"}
)


async def hold(
    c: Connection, tenant: UUID, commit: Commit, proposals: Sequence[Proposal], policy: Policy, rules: Rules
) -> None:
    """In the transaction that writes the step: what stood still stands, or all is decided anew (`Moved`)."""
    for each in proposals:
        action, evidence = each.action, each.about.evidence
        if action.alone and not await bars.still(c, tenant, evidence, each.cut):
            raise Moved
        await bars.seen(c, tenant, each.about)
        await learning.note(c, tenant, action)
        if each.alarm:
            reason = f"{each.alarm} have become more"
            await stop(c, tenant, commit, evidence, each.about.subject, reason, "drift", policy, rules)
        if action.alone:
            await _ran_alone(c, tenant, commit, each, policy, rules)


async def _ran_alone(
    c: Connection, tenant: UUID, commit: Commit, each: Proposal, policy: Policy, rules: Rules
) -> None:
    action = each.action
    metrics().ran_alone(action.tool)
    commit.note(
        "learning.alone",
        key=action.key,
        tool=action.tool,
        rule=each.about.rule,
        policy=policy.version,
        evidence=action.evidence,
        score=f"{action.score:.6f}",
        bar=f"{each.cut:.6f}",
        chance=f"{action.chance:.2f}",
        drawn=action.drawn,
        because=each.sentence,
    )
    if await bars.told(c, tenant, action.evidence):
        share = "a share of them is put to you afterwards, and `countersign policy learn off` ends it"
        text = f"From now on {each.sentence}. What is less sure is still asked, {share}."
        await _tell(c, tenant, commit, policy, rules, f"learned:{action.key}", Reply(text))


async def stop(
    c: Connection, tenant: UUID, commit: Commit, evidence: str, subject: str, reason: str, why: str,
    policy: Policy, rules: Rules,
) -> bool:  # fmt: skip
    """Back to asking, said where approvers are asked. False where it did not stand."""
    if not await bars.stop(c, tenant, evidence, reason):
        return False
    metrics().learning_stopped(why)
    log.warning("learning.stopped", evidence=evidence, why=why)
    commit.note("learning.stopped", evidence=evidence, subject=subject, why=why, reason=reason)
    text = f"{subject[:1].upper()}{subject[1:]} no longer run alone: {reason}. Each is asked about again."
    alarm = Reply(text, (Paragraph(text, Tone.BAD),))
    newest = await learning.newest(c, tenant)
    await _tell(c, tenant, commit, policy, rules, f"unlearned:{evidence}:{newest}", alarm)
    return True


async def _tell(
    c: Connection, tenant: UUID, commit: Commit, policy: Policy, rules: Rules, id: str, reply: Reply
) -> None:
    for number, spot in enumerate(rules.where(policy)):
        if (place := await place_of(c, tenant, spot)) is not None:
            commit.messages.append(Message(f"{id}:{number}", "post", place, reply))


async def failed(
    c: Connection, tenant: UUID, commit: Commit, key: str, code: str, policy: Policy, rules: Rules
) -> bool:
    """What ran alone and was refused for certain speaks against it, whether or not anybody looked."""
    action = await learning.by_key(c, tenant, key)
    if action is None or not action.alone or code in NOT_THE_CALL:
        return False
    if not await learning.settle(c, tenant, key, None, "failed", again=True):
        return False
    await judge(c, tenant, commit, action.evidence, policy, rules)
    return True


async def judge(
    c: Connection, tenant: UUID, commit: Commit, evidence: str, policy: Policy, rules: Rules
) -> None:
    """After each audit and each failure: does what ran alone still keep the promise?"""
    bar = await bars.by_evidence(c, tenant, evidence)
    if bar is None or not bar.stands:
        return
    if reason := broken(bar, await bars.lately(c, tenant, bar)):
        await stop(c, tenant, commit, evidence, bar.about.subject, reason, "error", policy, rules)


def broken(bar: Bar, lately: bars.Lately) -> str:
    """Whether more is wrong for certain than was promised, of those looked at or of all that ran."""
    for wrong, of, what in (
        (lately.wrong, lately.judged, "that were looked at were wrong"),
        (lately.failed, lately.ran, "that ran alone were refused"),
    ):
        if certify.lower(wrong, of, bar.confidence) > bar.error:
            return f"{wrong} of {of} {what}"
    return ""
