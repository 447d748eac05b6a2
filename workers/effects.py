"""Takes what a run decided and turns it into what is written: messages, intents, approvals."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from bot.metrics import metrics
from bot.reply import Reply
from bot.turn import Turn
from flows.effects import (
    AskApproval,
    Call,
    CancelTimer,
    Change,
    Digress,
    Effect,
    HandOver,
    Read,
    Relay,
    Release,
    Resume,
    Say,
    SetTimer,
    Shadowed,
    TakeBack,
    UnderGrant,
    Whisper,
    Withdraw,
)
from flows.events import Approved, Event, Failed, Finished, Rejected
from flows.flow import Flow
from flows.run import Run
from workers import approve, doubt, handoffs, learning_audit, waits
from workers.approve import Rules
from workers.approvers import direct, grants_ended, reaching
from workers.commit import Commit
from workers.handoffs import Reached
from workers.known import World
from workers.seen import Tools
from workers.store.door import Connection
from workers.store.outbox import Message
from workers.store.runs import Stored


class Sink:
    """Gathers the effects of one turn into a commit.

    What needs the transaction (the expiry's time, the copies of a card) is kept until `settle`.
    """

    def __init__(self, stored: Stored, turn: Turn | None, commit: Commit | None = None) -> None:
        self.commit = Commit() if commit is None else commit
        self.elsewhere: list[Digress | Resume] = []
        self._stored = stored
        self._turn = turn
        self._calls: list[Call] = []
        self._asks: list[AskApproval] = []
        self._withdrawn: list[str] = []
        self._timers: list[SetTimer] = []
        self._handing: list[tuple[HandOver, Reached] | Relay | TakeBack] = []
        self._wanted: list[HandOver] = []
        self._direct: dict[str, tuple[direct.Reached, ...]] = {}
        self._cards: list[Reply] = []

    def take(self, effects: Sequence[Effect]) -> list[Read]:
        """Notes all of them; answers what has to be read before the run can go on."""
        reads = []
        for effect in effects:
            match effect:
                case Say(id=id, reply=reply):
                    self.commit.messages.append(Message(id, "post", self._stored.place, reply))
                case Change(id=id, reply=reply):
                    number = len(self.commit.messages)
                    version = f"{id}:{self._stored.version}.{number}"
                    self.commit.messages.append(
                        Message(version, "update", self._stored.place, reply, target=id)
                    )
                    self._cards.append(reply)
                case Whisper(reply=reply):
                    self._whisper(reply)
                case Read():
                    reads.append(effect)
                case Call():
                    self._calls.append(effect)
                case AskApproval():
                    self._asks.append(effect)
                case Shadowed(key=key, tool=tool, decided=decided, would=would):
                    self.commit.note("policy.shadow", key=key, tool=tool, rule=would.rule,
                                     would=would.outcome.name.lower(), decided=decided.outcome.name.lower(),
                                     decided_by=decided.rule)  # fmt: skip
                    metrics().shadow(tool, decided.outcome.name.lower(), would.outcome.name.lower())
                case UnderGrant(key=key, tool=tool, grant=grant):
                    self.commit.under.append((key, int(grant)))
                    self.commit.note("grant.used", key=key, tool=tool, grant=grant)
                case Release(key=key):
                    self.commit.releases.append(key)
                case Withdraw(key=key):
                    self._withdrawn.append(key)
                case Digress() | Resume():
                    self.elsewhere.append(effect)
                case HandOver():
                    self._wanted.append(effect)
                case Relay() | TakeBack():
                    self._handing.append(effect)
                case SetTimer():
                    self._timers.append(effect)
                case CancelTimer(key=key):
                    self.commit.cancelled_timers.append(waits.timer_id(key))
        return reads

    def _whisper(self, reply: Reply) -> None:
        """To whoever just acted: only they are ever told something by a run in private."""
        turn = self._turn
        if turn is None:
            return
        if turn.wants_answer:
            self.commit.answer = reply
            return
        id = f"tell:{turn.id}:{len(self.commit.messages)}"
        self.commit.messages.append(Message(id, "whisper", turn.place, reply, turn.account))

    @property
    def asks(self) -> bool:
        """Approvers are to be asked."""
        return bool(self._asks)

    def newest_card(self) -> Reply | None:
        """The card as it is now, for a presser whose platform shows the response."""
        return self._cards[-1] if self._cards else None

    async def reach(self, tools: Tools, tenant: UUID, run: Run, world: World) -> None:
        """Finds out who can take the matter over, or decide it, before there is a transaction: platforms
        may be asked."""
        for wanted in self._wanted:
            self._handing.append((wanted, await handoffs.reach(tools, tenant, run, wanted, world)))
        for asked in self._asks:
            self._direct[asked.call.key] = await reaching.reach(tools, tenant, run, asked, world)

    async def settle(
        self, c: Connection, tenant: UUID, run: Run, flow: Flow, world: World, rules: Rules, event: Event
    ) -> None:
        """What could not be known before: inside the transaction that writes it."""
        policy = world.known.policy.version
        for call in self._calls:
            risk = world.tools[call.tool].risk
            self.commit.intents.append((call, policy, risk, "queued"))
            self.commit.note("effect.intended", key=call.key, tool=call.tool, risk=risk, policy=policy,
                             requester=run.requester.id, flow=run.flow_version)  # fmt: skip
        if self._asks:
            await grants_ended.sweep(c, tenant, self.commit, world, rules)
        for asked in self._asks:
            there = self._direct.get(asked.call.key, ())
            await approve.ask(c, tenant, self.commit, run, flow, asked, world, rules, there)
        for timer in self._timers:
            await waits.set_timer(c, self.commit, timer, run.requester.time_zone)
        for key in self._withdrawn:
            self.commit.withdrawals.append(key)
            await approve.withdraw(c, tenant, self.commit, key, None, run.requester.name)
        for each in self._handing:
            match each:
                case Relay():
                    await handoffs.pass_on(c, tenant, self.commit, each)
                case TakeBack():
                    await handoffs.take_back(c, tenant, self.commit, each)
                case (wanted, reached):
                    await handoffs.ask(c, tenant, self.commit, self._stored, run, wanted, reached)
        await handoffs.after(c, tenant, self.commit, event)
        match event:
            case Approved(approval=id) | Rejected(approval=id):
                await approve.decided(c, tenant, self.commit, id)
            case Finished() | Failed():
                if isinstance(event, Failed):
                    why = "What ran under it failed, or nobody knows whether it did."
                    await grants_ended.failed(c, tenant, self.commit, event.key, why)
                await approve.ended(c, tenant, self.commit, event)
                await doubt.after(c, tenant, self.commit, event, self._stored, world, rules)
                await learning_audit.after(c, tenant, self.commit, event, self._stored, world, rules)
