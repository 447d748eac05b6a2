"""A tenant with a rule that may learn, and how its calls are proposed, written and decided."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID, uuid4

import orjson
import pytest

from bot.turn import PersonId
from flows.calibration_rule import Learn
from flows.effects import AskApproval, Call
from flows.engine import start
from flows.events import Entered
from flows.features import NAMES
from flows.flow import Flow
from flows.loader import load
from flows.policy import Outcome, Policy, Rule
from flows.run import Requester, Run
from flows.scene import Known
from flows.yaml_source import Source
from integrations import tools
from integrations.models.offline import OfflineReader
from workers import learning, learning_turn, past
from workers.commit import Commit
from workers.known import World
from workers.learning import Proposal
from workers.learning_keeper import Keeper
from workers.store import bars, definitions
from workers.store import learning as kept
from workers.store.bars import Bar
from workers.store.door import Database
from workers.tools import cards

LEARN = Learn(0.01, 0.9)
MAY = Rule("refunds", Outcome.ASK, "It does not come back.", tool="stripe.refund", learn=LEARN)
LARGE = Rule("large", Outcome.ASK, "Much.", risk=frozenset({"money"}), at_least="50.00")
POLICY = Policy("p1", (MAY, LARGE))
RAW = {
    "rules": [
        {"name": "refunds", "tool": "stripe.refund", "outcome": "ask", "because": "It does not come back.",
         "may_learn": True, "error": "1%", "confidence": "90%"},
        {"name": "large", "risk": ["money"], "at_least": "50.00", "outcome": "ask", "because": "Much."},
    ]
}  # fmt: skip
ENOUGH = 240


def refund(amount: int = 3_000, reason: str = "") -> Flow:
    given = {
        "payment_intent": "pi_1",
        "amount": amount,
        "currency": "usd",
        **({"reason": reason} if reason else {}),
    }
    steps = [{"id": "pay", "type": "tool", "call": "stripe.refund", "with": given, "save": "paid"},
             {"id": "end", "type": "end"}]  # fmt: skip
    raw = {"id": "back", "description": "Give it back", "steps": steps}
    return load(Source("back.yaml", raw, {}), tools())


class AnotherReader(OfflineReader):
    """Goes by another name."""


@dataclass
class There:
    db: Database
    tenant: UUID
    person: UUID
    reader: OfflineReader

    @property
    def tools(self) -> Any:
        return cast(Any, SimpleNamespace(db=self.db, reader=self.reader))

    async def switched(self, on: bool) -> None:
        async with self.db.tenant(self.tenant) as c:
            await kept.allow(c, self.tenant, on)

    async def proposed(
        self, flow: Flow | None = None, policy: Policy = POLICY
    ) -> tuple[past.Step, list[Proposal]]:
        flow = flow or refund()
        known = Known(policy, cards())
        world = World({flow.id: flow}, known, cards())
        who = Requester(PersonId(str(self.person)), "Ada", "ada@example.com")
        run: Run = start(flow, f"r{uuid4().hex[:12]}", who, "")
        step = await past.decide(self.db, self.tenant, flow, run, Entered(), known)
        return await learning.weighed(self.tools, self.tenant, world, step)

    async def wrote(self, proposals: list[Proposal]) -> Commit:
        commit = Commit()
        nowhere = cast(Any, SimpleNamespace(where=lambda policy: ()))
        async with self.db.tenant(self.tenant) as c:
            await learning_turn.hold(c, self.tenant, commit, proposals, POLICY, nowhere)
        return commit

    async def called(self, flow: Flow | None = None) -> tuple[past.Step, Proposal]:
        step, [proposal] = await self.proposed(flow)
        await self.wrote([proposal])
        return step, proposal

    async def fill(self, number: int, right: bool = True, **changed: float) -> str:
        """So many calls that were decided, which looked as the present one does but for what is `changed`."""
        _, [one] = await self.proposed()
        values = [changed.get(name, each) for name, each in zip(NAMES, one.action.features, strict=True)]
        async with self.db.tenant(self.tenant) as c:
            await bars.seen(c, self.tenant, one.about)
            await c.execute(
                "insert into learned_actions (tenant_id, effect_key, evidence, tool, features, score,"
                " verdict, why, settled_at) select $1, gen_random_uuid()::text, $2, $3, $4, 0.5, $5,"
                " 'approved', now()"
                " from generate_series(1, $6)",
                self.tenant, one.about.evidence, one.action.tool, orjson.dumps(values).decode(), right,
                number,
            )  # fmt: skip
        return one.about.evidence

    async def bar(self, evidence: str) -> Bar:
        async with self.db.tenant(self.tenant) as c:
            found = await bars.by_evidence(c, self.tenant, evidence)
        assert found is not None
        return found

    async def earned(self) -> str:
        evidence = await self.fill(ENOUGH)
        await Keeper(self.db).tenant(self.tenant)
        await self.switched(True)
        return evidence


@pytest.fixture
async def there(db: Database, tenant: UUID) -> There:
    async with db.tenant(tenant) as c:
        person: UUID = await c.fetchval(
            "insert into people (tenant_id, name, email) values ($1, 'Ada', $2) returning id",
            tenant,
            f"{uuid4()}@example.com",
        )
        await definitions.keep_policy(c, tenant, "p1", RAW)
    return There(db, tenant, person, OfflineReader())


def asked(step: past.Step) -> str:
    """What the card says of why; empty where nobody is asked."""
    return next((each.verdict.because for each in step.effects if isinstance(each, AskApproval)), "")


def alone(step: past.Step) -> bool:
    return any(isinstance(each, Call) for each in step.effects)
