"""What one turn changes, written in one transaction: all of it or nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bot import faults
from bot.reply import Form, Reply
from bot.secrets import Vault
from flows.arms import Taken
from flows.effects import Call
from flows.run import Run
from workers import experiments, learning_heard
from workers.store import (
    approvals,
    audit,
    batches,
    conversations,
    effects,
    enqueue,
    files,
    grants,
    inbox,
    runs,
    spending,
    timers,
)
from workers.store.approvals import Approval
from workers.store.batches import Queued as InQueue
from workers.store.conversations import Claimed
from workers.store.door import Connection
from workers.store.enqueue import Queued
from workers.store.history import Kept
from workers.store.outbox import Message, Waiting
from workers.store.runs import Stored
from workers.store.spending import Spent


@dataclass(slots=True)
class Commit:
    """Gathered while deciding, written at the end."""

    runs: list[tuple[Stored, Run]] = field(default_factory=list)
    history: list[Kept] = field(default_factory=list)  # the events that brought those runs where they are
    intents: list[tuple[Call, str, str, str]] = field(default_factory=list)  # call, policy, risk, state
    spent: list[Spent] = field(default_factory=list)  # what those calls are about, for policies to count
    under: list[tuple[str, int]] = field(default_factory=list)  # calls, and the grants they run under
    releases: list[str] = field(default_factory=list)
    withdrawals: list[str] = field(default_factory=list)
    asks: list[Approval] = field(default_factory=list)
    queued: list[InQueue] = field(default_factory=list)  # how each of those asks is put before people
    copies: list[tuple[str, str]] = field(default_factory=list)  # approval, outbox id
    messages: list[Message] = field(default_factory=list)
    timers: list[tuple[str, datetime, Any]] = field(default_factory=list)
    cancelled_timers: list[str] = field(default_factory=list)
    events: list[tuple[str, str, Any]] = field(default_factory=list)  # conversation, dedupe, event
    audit: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    taken: tuple[Taken, ...] = ()  # what runs that are over say of the variants they were shown
    files: list[files.Coming] = field(default_factory=list)  # messages whose files are to be read
    tasks: list[str] = field(default_factory=list)  # for workers, beside effects, once it is written
    answer: Reply | Form | None = None
    head: Waiting | None = None  # what is to be sent first, read where this was written
    written: bool = False

    @property
    def light(self) -> bool:
        """Nothing but words: no row of it can be wanted by anybody else."""
        return not (self.runs or self.intents or self.releases or self.withdrawals or self.asks or self.copies
            or self.timers or self.cancelled_timers or self.events or self.audit or self.files)  # fmt: skip

    def note(self, what: str, **details: Any) -> None:
        self.audit.append((what, details))


async def write(
    c: Connection,
    claimed: Claimed,
    lease: float,
    row: int,
    commit: Commit,
    *,
    at_once: bool,
    vault: Vault | None = None,
) -> Queued:
    """Inside the transaction of whoever holds the conversation, whose lease it renews. Raises `Lost`.

    `at_once`: the first message may be sent right away, if none waits before it. `vault`: what is
    personal in the audit is sealed with keys that it opens.
    """
    tenant, conversation = claimed.tenant, claimed.key
    elsewhere = {to for to, _, _ in commit.events} - {conversation}
    if elsewhere:
        await conversations.lock(c, tenant, sorted(elsewhere))
    for stored, run in commit.runs:
        await runs.save(c, tenant, stored, run, [each for each in commit.history if each.run == run.id])
    if commit.taken:
        await experiments.ended(c, tenant, commit.taken)
    for call, policy, risk, state in commit.intents:
        run_id = call.key.rpartition(":")[0].rpartition(":")[0]
        await effects.intend(c, tenant, conversation, run_id, call, policy, risk, state)
        await faults.point("F20")
    for each in commit.spent:
        await spending.note(c, tenant, each)
    for key, grant in commit.under:
        await grants.use(c, tenant, key, grant)
    for key in commit.releases:
        await effects.release(c, tenant, key)
    for key in commit.withdrawals:
        await effects.withdraw(c, tenant, key)
    for approval in commit.asks:
        await approvals.ask(c, tenant, approval)
    for waiting in commit.queued:
        await batches.put(c, tenant, waiting)
    for approval_id, outbox_id in commit.copies:
        await approvals.card_posted(c, tenant, approval_id, outbox_id)
    for id, at, event in commit.timers:
        await timers.set_at(c, tenant, id, conversation, at, event)
    for id in commit.cancelled_timers:
        await timers.cancel(c, tenant, id)
    for coming in commit.files:
        await files.expect(c, tenant, coming)
    for to, dedupe, event in commit.events:
        await inbox.add_event(c, tenant, to, dedupe, event)
    await learning_heard.overhear(c, tenant, commit.audit)
    await audit.record_all(c, tenant, commit.audit, vault)
    await faults.point("F14")
    return await enqueue.close(c, claimed, lease, row, commit.answer, commit.messages, at_once=at_once)
