"""A tenant in which refunds are asked about, people who may let them run alone, and calls that try."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

from bot.platforms.base import Profile
from bot.turn import Account, PersonId, Place, Pressed, Turn, TurnId
from flows.approval_stages import Stage
from flows.duty import Duty, Group
from flows.effects import AskApproval, Call, UnderGrant
from flows.engine import start
from flows.events import Entered
from flows.flow import Flow
from flows.grants import Limits, Scope, Wanted
from flows.loader import load
from flows.policy import Approvers, Outcome, Policy, Rule
from flows.run import Requester, Run
from flows.scene import Known
from flows.yaml_source import Source
from integrations import tools
from workers import past
from workers.approve import Rules
from workers.approvers import grants_made
from workers.approvers.grants_made import Said
from workers.commit import Commit
from workers.services import Services
from workers.store import (
    conversations,
    definitions,
    effects,
    enqueue,
    grants,
    people,
    runs,
    spending,
    tenants,
)
from workers.store.door import Database
from workers.store.grants import Grant
from workers.store.people import Person
from workers.store.runs import Stored
from workers.tools import cards

PLACE = Place("slack", "T1", "CAPPROVE")
ASKS = Rule("refunds", Outcome.ASK, "Money that is given back.", tool="stripe.refund", grantable=True)
UNSURE = Rule("unsure", Outcome.ASK, "I am not sure.", confidence_below=0.75)
NEVER = Rule("never", Outcome.DENY, "Never so much.", at_least="1000.00")
CONVERSATION = "slack:T1:CAPPROVE:"
WANTED = Wanted(
    Scope("stripe.refund", "ada@example.com", "pi_1"), Limits(3, "day", 3_000, 6_000, "usd"), days=30
)


def email(name: str) -> str:
    return f"{name}@example.com"


def refund(amount: int = 2_000, payment: str = "pi_1", currency: str = "usd", **more: Any) -> Flow:
    given = {"payment_intent": payment, "amount": amount, "currency": currency}
    steps = [{"id": "pay", "type": "tool", "call": "stripe.refund", "with": given, "save": "paid"},
             {"id": "end", "type": "end"}]  # fmt: skip
    return load(Source("back.yaml", {"id": "back", "description": "Give it back", "steps": steps} | more,
                       {}), tools())  # fmt: skip


def fixed(flow: Flow, source: Flow) -> Flow:
    """The same flow as far as a grant looks: what is called is in the run's own words, not in the flow."""
    return replace(flow, source=source.source, version=source.version)


@dataclass
class Desk:
    """`approvers` are who may decide; two of them where `quorum` says so."""

    db: Database
    tenant: UUID
    policy: Policy
    people: dict[str, Person] = field(default_factory=dict)
    flow: Flow = field(default_factory=refund)

    @property
    def rules(self) -> Rules:
        return Rules(("slack:CAPPROVE",), (), Services({}))

    def world(self, **more: Any) -> Any:
        known = Known(self.policy, cards())
        flows = more.get("flows", {self.flow.id: self.flow})
        return SimpleNamespace(known=known, flows=flows, tools=cards())

    async def met(self, name: str, platform: str = "slack") -> Person:
        account = Account(platform, "T1", f"U-{name}-{platform}")
        async with self.db.tenant(self.tenant) as c:
            person = await people.remember(c, self.tenant, account, Profile(name.title(), email(name)))
        self.people[name] = person
        return person

    async def proposed(self, wanted: Wanted = WANTED, by: str = "grace") -> tuple[Said, Commit]:
        commit = Commit()
        async with self.db.tenant(self.tenant) as c:
            said = await grants_made.propose(
                c, self.tenant, commit, CONVERSATION, wanted, self.people.get(by), self.world(), self.rules
            )
            await self._messages(c, commit)
        return said, commit

    async def _messages(self, c: Any, commit: Commit) -> None:
        await conversations.wake(c, self.tenant, CONVERSATION)
        await enqueue.add(c, self.tenant, CONVERSATION, commit.messages)

    async def newest(self) -> Grant:
        async with self.db.tenant(self.tenant) as c:
            number = await c.fetchval("select max(id) from grants")
            found = await grants.by_id(c, self.tenant, number)
        assert found is not None
        return found

    async def presses(
        self, name: str, action: str = "grant.agree", place: Place = PLACE, number: int = 0
    ) -> tuple[Said, Commit]:
        person, commit = self.people[name], Commit()
        number = number or (await self.newest()).id
        turn = Turn(TurnId(f"t{uuid4()}"), place, Account("slack", "T1", f"U-{name}-slack"),
                    Pressed(action, str(number)))  # fmt: skip
        async with self.db.tenant(self.tenant) as c:
            said = await grants_made.pressed(c, self.tenant, commit, turn, person, self.world(), self.rules)
        return said, commit

    async def granted(self, wanted: Wanted = WANTED, by: str = "grace") -> Grant:
        """Proposed and agreed to."""
        await self.proposed(wanted, by)
        said, _ = await self.presses(by)
        assert "may run alone" in said.text, said
        return await self.newest()

    # ── calls ────────────────────────────────────────────────────────────────────────────

    def run(self, flow: Flow, name: str = "ada") -> Run:
        person = self.people[name]
        who = Requester(PersonId(str(person.id)), person.name, person.email)
        return start(flow, f"r{uuid4().hex[:12]}", who, "")

    async def decided(self, flow: Flow | None = None, name: str = "ada", **more: Any) -> past.Step:
        flow = flow or self.flow
        known = past.known_at(Known(self.policy, cards()), 1_795_384_800.0)
        rules = more.get("rules", self.rules)
        return await past.decide(self.db, self.tenant, flow, self.run(flow, name), Entered(), known, rules)

    async def wrote(self, step: past.Step) -> bool:
        """As an engine does it. False: somebody was faster."""
        try:
            async with self.db.tenant(self.tenant) as c:
                await past.hold(c, self.tenant, [step])
                await self._write(c, step)
        except past.Moved:
            return False
        return True

    async def _write(self, c: Any, step: past.Step) -> None:
        conversation = f"slack:T:{step.before.id}"
        query = "insert into conversations (tenant_id, key) values ($1, $2)"
        await c.execute(query, self.tenant, conversation)
        await definitions.keep_flow(c, self.tenant, step.flow.id, step.flow.version, step.flow.source)
        stored = Stored(step.before, conversation, Place("slack", "T", "C", "1"), 0)
        await runs.save(c, self.tenant, stored, step.after)
        state = "held" if asked(step) else "queued"
        for call in past.calls_of(step.effects):
            await effects.intend(
                c, self.tenant, conversation, step.before.id, call, self.policy.version, "money", state
            )
        for each in past.spent_of(step):
            await spending.note(c, self.tenant, each)
        for each in step.effects:
            if isinstance(each, UnderGrant):
                await grants.use(c, self.tenant, each.key, int(each.grant))

    async def called(self, flow: Flow | None = None, name: str = "ada") -> past.Step:
        """Decided and written, however often somebody was faster."""
        for _ in range(30):
            step = await self.decided(flow, name)
            if await self.wrote(step):
                return step
        raise AssertionError("somebody was always faster")

    async def settled(self, step: past.Step, state: str) -> None:
        async with self.db.tenant(self.tenant) as c:
            await c.execute("update effects set state = $2 where run_id = $1", step.before.id, state)


def key_of(step: past.Step) -> str:
    return past.calls_of(step.effects)[0].key


def asked(step: past.Step) -> bool:
    return any(isinstance(each, AskApproval) for each in step.effects)


def alone(step: past.Step) -> bool:
    return any(isinstance(each, Call) for each in step.effects)


def policy(*rules: Rule, quorum: int = 1, version: str = "p1") -> Policy:
    who = tuple(map(email, ("grace", "omar", "linus")))
    approvers = Approvers(stages=(Stage(who, quorum),), places=("slack:CAPPROVE",))
    duty = Duty({"crew": Group((email("ada"), email("grace")))})
    return Policy(version, rules or (ASKS,), approvers, duty=duty)


async def desk(db: Database, tenant: UUID, found: Policy) -> Desk:
    there = Desk(db, tenant, found)
    async with db.tenant(tenant) as c:
        await tenants.install(c, tenant, "slack", f"T{tenant.hex[:12]}", "", None)
        await definitions.keep_policy(c, tenant, found.version, {"rules": []})
    for name in ("ada", "grace", "omar", "mallory"):
        await there.met(name)
    return there
