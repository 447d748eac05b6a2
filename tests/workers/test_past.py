"""What a policy rests on is looked up, held in the transaction that writes, and kept with the event."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID, uuid4

import orjson
import pytest

from bot.turn import PersonId, Place
from flows.effects import AskApproval, Call
from flows.engine import start
from flows.events import Entered
from flows.flow import Flow
from flows.loader import load
from flows.policy import Outcome, Policy, Rule
from flows.policy_facts import UNKNOWN, Past
from flows.policy_rule import Among, Limit, When
from flows.replay import differing, replay
from flows.run import Requester, Run
from flows.scene import Known
from flows.yaml_source import Source
from integrations import tools
from workers import past, record
from workers.store import definitions, effects, runs, spending, tenants
from workers.store.door import Database
from workers.store.runs import Stored
from workers.store.spending import Spent
from workers.tools import cards

ALONE = Rule("alone", Outcome.ALONE, "Small.")
HUNDRED = Limit("day", "requester", amount=(("usd", "100.00"),))
LIMITED = Rule("limited", Outcome.ASK, "{used} of {limit} is used.", tool="stripe.*", limit=HUNDRED)
NIGHT = When("Europe/Berlin", hours=(22 * 60, 6 * 60))
SUNDAY = 1_795_384_800.0  # 2026-11-22 23:00 in Berlin


def refund(amount: int = 3_000, currency: str = "usd", payment: str = "pi_1") -> Flow:
    given = {"payment_intent": payment, "amount": amount, "currency": currency}
    steps = [{"id": "pay", "type": "tool", "call": "stripe.refund", "with": given, "save": "paid"},
             {"id": "end", "type": "end"}]  # fmt: skip
    raw = {"id": "back", "description": "Give it back", "steps": steps}
    return load(Source("back.yaml", raw, {}), tools())


@dataclass
class There:
    db: Database
    tenant: UUID
    person: UUID

    async def somebody(self) -> UUID:
        async with self.db.tenant(self.tenant) as c:
            query = "insert into people (tenant_id, name, email) values ($1, 'Ada', $2) returning id"
            person: UUID = await c.fetchval(query, self.tenant, f"{uuid4()}@example.com")
        return person

    def run(self, flow: Flow, person: UUID | None = None) -> Run:
        who = Requester(PersonId(str(person or self.person)), "Ada", "ada@example.com")
        return start(flow, f"r{uuid4().hex[:12]}", who, "")

    async def decided(
        self, flow: Flow, *rules: Rule, person: UUID | None = None, at: float = SUNDAY
    ) -> past.Step:
        known = past.known_at(Known(Policy("p1", rules), cards()), at)
        return await past.decide(self.db, self.tenant, flow, self.run(flow, person), Entered(), known)

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
        for call in past.calls_of(step.effects):
            state = "held" if asked(step) else "queued"
            await effects.intend(c, self.tenant, conversation, step.before.id, call, "p1", "money", state)
        for each in past.spent_of(step):
            await spending.note(c, self.tenant, each)

    async def settled(self, step: past.Step, state: str) -> None:
        async with self.db.tenant(self.tenant) as c:
            query = "update effects set state = $3 where tenant_id = $1 and run_id = $2"
            await c.execute(query, self.tenant, step.before.id, state)

    async def called(self, flow: Flow, *rules: Rule, person: UUID | None = None) -> past.Step:
        """Decided and written, however often somebody was faster."""
        for _ in range(30):
            step = await self.decided(flow, *rules, person=person)
            if await self.wrote(step):
                return step
        raise AssertionError("somebody was always faster")


@pytest.fixture
async def there(db: Database, tenant: UUID) -> There:
    found = There(db, tenant, uuid4())
    found.person = await found.somebody()
    return found


def asked(step: past.Step) -> bool:
    return any(isinstance(each, AskApproval) for each in step.effects)


def alone(step: past.Step) -> bool:
    return any(isinstance(each, Call) for each in step.effects)


# ── limits ───────────────────────────────────────────────────────────────────────────────


async def test_up_to_a_limit_it_runs_alone_and_beyond_it_somebody_is_asked(there: There) -> None:
    outcomes = [alone(await there.called(refund(), ALONE, LIMITED)) for _ in range(5)]
    assert outcomes == [True, True, True, False, False]


async def test_the_card_says_how_much_of_the_limit_is_used(there: There) -> None:
    for _ in range(3):
        await there.called(refund(), ALONE, LIMITED)
    [ask] = [
        each
        for each in (await there.decided(refund(), ALONE, LIMITED)).effects
        if isinstance(each, AskApproval)
    ]
    assert ask.verdict.because == "$90.00 of $100.00 in a day is used."


async def test_exactly_the_limit_is_within_it(there: There) -> None:
    assert alone(await there.called(refund(10_000), ALONE, LIMITED))
    assert asked(await there.called(refund(1), ALONE, LIMITED))


async def test_beyond_a_limit_it_can_be_denied(there: There) -> None:
    never = replace(LIMITED, outcome=Outcome.DENY)
    assert alone(await there.called(refund(10_000), ALONE, never))
    step = await there.called(refund(1), ALONE, never)
    assert step.after.status == "failed"
    assert not past.calls_of(step.effects)


async def twenty(there: There, amount: int = 3_000) -> int:
    """How many of twenty at once ran alone."""
    steps = await asyncio.gather(*(there.called(refund(amount), ALONE, LIMITED) for _ in range(20)))
    return sum(alone(step) for step in steps)


async def test_of_twenty_at_once_only_so_many_run_alone_as_the_limit_has_room_for(there: There) -> None:
    assert await twenty(there) == 3


async def test_of_twenty_at_once_over_calls_only_five_run_alone(there: There) -> None:
    five = replace(LIMITED, limit=Limit("hour", "tool", calls=5))
    steps = await asyncio.gather(*(there.called(refund(1), ALONE, five) for _ in range(20)))
    assert sum(alone(step) for step in steps) == 5


@pytest.mark.twin
async def test_without_holding_it_twenty_at_once_all_slip_under_the_limit(
    there: There, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def careless(*_: Any) -> None:
        return

    monkeypatch.setattr(past, "hold", careless)
    steps = await asyncio.gather(*(there.decided(refund(), ALONE, LIMITED) for _ in range(20)))
    for step in steps:
        assert await there.wrote(step)
    assert sum(alone(step) for step in steps) == 20


async def test_what_was_decided_before_somebody_else_used_it_up_is_not_written(there: There) -> None:
    first, second = [await there.decided(refund(6_000), ALONE, LIMITED) for _ in range(2)]
    assert alone(second)
    assert await there.wrote(first)
    assert not await there.wrote(second)


@pytest.mark.parametrize(("state", "counts"), [
    ("withdrawn", False), ("failed", False), ("held", True), ("queued", True), ("running", True),
    ("waiting", True), ("done", True), ("unknown", True), ("dead", True),
])  # fmt: skip
async def test_what_may_have_happened_counts_and_what_was_taken_back_does_not(
    there: There, state: str, counts: bool
) -> None:
    step = await there.called(refund(10_000), ALONE, LIMITED)
    await there.settled(step, state)
    assert asked(await there.decided(refund(), ALONE, LIMITED)) is counts


@pytest.mark.parametrize(
    ("by", "ask"), [("requester", False), ("tool", True), ("tenant", True), ("recipient", True)]
)
async def test_a_limit_counts_the_calls_of_whom_it_says(there: There, by: Any, ask: bool) -> None:
    rule = replace(LIMITED, limit=replace(HUNDRED, by=by))
    await there.called(refund(10_000), ALONE, rule)
    assert asked(await there.decided(refund(), ALONE, rule, person=await there.somebody())) is ask


async def test_another_recipient_has_a_limit_of_its_own(there: There) -> None:
    rule = replace(LIMITED, limit=replace(HUNDRED, by="recipient"))
    await there.called(refund(10_000), ALONE, rule)
    assert alone(await there.decided(refund(payment="pi_2"), ALONE, rule))


async def test_money_of_another_currency_is_never_counted_as_if_it_were_the_same(there: There) -> None:
    step = await there.decided(refund(1, "eur"), ALONE, LIMITED)
    [ask] = [each for each in step.effects if isinstance(each, AskApproval)]
    assert ask.verdict.because == "€0.01 cannot be counted in the limit of “limited”, which is in USD."


async def test_what_is_older_than_the_window_is_used_up_no_more(there: There) -> None:
    await there.called(refund(10_000), ALONE, LIMITED)
    async with there.db.tenant(there.tenant) as c:
        await c.execute(
            "update spending set at = now() - interval '25 hours' where tenant_id = $1", there.tenant
        )
    assert alone(await there.decided(refund(), ALONE, LIMITED))


async def test_another_tenant_uses_up_nothing_of_ours(there: There, db: Database) -> None:
    await there.called(refund(10_000), ALONE, LIMITED)
    other = There(db, await tenants.create(db, "Another"), uuid4())
    other.person = await other.somebody()
    assert alone(await other.called(refund(10_000), ALONE, LIMITED))


# ── first times ──────────────────────────────────────────────────────────────────────────


async def test_the_first_time_with_a_tool_is_asked_about_and_the_second_is_not(there: There) -> None:
    first = Rule("new", Outcome.ASK, "New to this.", first_time="tool")
    assert asked(await there.called(refund(), ALONE, first))
    assert alone(await there.called(refund(payment="pi_2"), ALONE, first))


async def test_a_new_recipient_is_asked_about_each_time(there: There) -> None:
    first = Rule("new", Outcome.ASK, "Never paid {recipient} before.", first_time="recipient")
    step = await there.called(refund(), ALONE, first)
    [ask] = [each for each in step.effects if isinstance(each, AskApproval)]
    assert ask.verdict.because == "Never paid pi_1 before."
    assert alone(await there.called(refund(), ALONE, first))
    assert asked(await there.called(refund(payment="pi_2"), ALONE, first))


async def test_what_somebody_else_did_is_no_experience_of_ours(there: There) -> None:
    first = Rule("new", Outcome.ASK, "New to this.", first_time="tool")
    await there.called(refund(), ALONE, first, person=await there.somebody())
    assert asked(await there.called(refund(), ALONE, first))


# ── clocks, and what is recorded ─────────────────────────────────────────────────────────


def test_a_policy_that_looks_at_nothing_costs_nothing() -> None:
    known = Known(Policy("p1", (ALONE,)), cards())
    assert past.known_at(known, SUNDAY) is known
    assert known.facts is UNKNOWN


def test_the_clock_is_that_of_the_place() -> None:
    assert past.clock(SUNDAY, "Europe/Berlin") == "sun 2026-11-22 23:00"
    assert past.clock(SUNDAY, "Asia/Tokyo") == "mon 2026-11-23 07:00"


async def test_at_night_it_is_asked_and_by_day_it_is_not(there: There) -> None:
    night = Rule("night", Outcome.ASK, "It is late.", when=NIGHT)
    assert asked(await there.decided(refund(), ALONE, night))
    assert alone(await there.decided(refund(), ALONE, night, at=SUNDAY + 10 * 3600))


async def test_a_run_that_was_decided_by_the_past_is_played_again_as_it_was(there: There) -> None:
    late = Rule("night", Outcome.ALONE, "Late.", when=NIGHT)
    ours = Among(any_of=("@example.com",))
    rules = (ALONE, LIMITED, late, Rule("new", Outcome.ASK, "New.", first_time="recipient", requester=ours))
    await there.called(refund(10_000), ALONE)
    step = await there.decided(refund(), *rules)
    kept = record.kept(0, 0, step.before, step.event, step.after, step.effects, step.known)
    assert orjson.loads(kept.known)["facts"]["clocks"] == {"Europe/Berlin": "sun 2026-11-22 23:00"}
    policy = Policy("p1", rules)
    today = Known(policy, cards())
    events = record.recorded([kept], today, {"p1": policy})
    assert differing(replay(step.flow, step.before, events)) == []
    assert events[0].known.facts == step.known.facts


@pytest.mark.twin
async def test_without_what_was_known_the_same_run_is_decided_otherwise(there: There) -> None:
    step = await there.decided(refund(), ALONE, LIMITED)
    kept = record.kept(0, 0, step.before, step.event, step.after, step.effects, step.known)
    forgetful = replace(kept, known=orjson.dumps({**orjson.loads(kept.known), "facts": None}).decode())
    policy = Policy("p1", (ALONE, LIMITED))
    events = record.recorded([forgetful], Known(policy, cards()), {"p1": policy})
    assert differing(replay(step.flow, step.before, events))


async def test_what_nobody_looked_up_is_asked_about(there: There) -> None:
    flow = refund()
    step = past.Step(flow, there.run(flow), Entered(), Known(Policy("p1", (ALONE, LIMITED)), cards()),
                     there.run(flow), ())  # fmt: skip
    decided = await past.decide(there.db, there.tenant, flow, step.before, Entered(), step.known)
    assert asked(decided)


async def test_a_pattern_of_a_tool_is_no_pattern_of_the_database(there: There) -> None:
    spent = Spent("k", "stripe.refund", "money", there.person, "pi_1", 1, "usd")
    await there.called(refund(), ALONE)
    for pattern, calls in {"stripe_refund": 0, "%": 0, "*": 1, "stripe.*": 1, "s?ripe.refund": 1}.items():
        rule = replace(LIMITED, tool=pattern, limit=Limit("day", "tenant", calls=1))
        async with there.db.tenant(there.tenant) as c:
            found = await past.past_of(c, there.tenant, spent, [rule])
        assert found == Past(False, False, {rule.scope: (calls * 3_000, calls)}), pattern
