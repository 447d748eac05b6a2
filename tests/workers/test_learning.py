"""From calls that people decided to calls that run alone, and back again, in a real database."""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID, uuid4

import orjson
import pytest

from bot.turn import PersonId, Place
from flows import calibration
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
from workers import learning, learning_cli, learning_heard, learning_keeper, learning_turn, past
from workers.commit import Commit
from workers.known import World
from workers.learning import Proposal
from workers.learning_keeper import Keeper
from workers.store import bars, definitions, effects, runs
from workers.store import learning as kept
from workers.store.bars import Bar
from workers.store.door import Database
from workers.store.runs import Stored
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


# ── before anything is known ─────────────────────────────────────────────────────────────


async def test_off_nothing_is_said_and_the_call_is_noted_all_the_same(there: There) -> None:
    step, proposal = await there.called()
    assert asked(step) == "It does not come back."
    async with there.db.tenant(there.tenant) as c:
        action = await kept.by_key(c, there.tenant, proposal.action.key)
    assert action is not None
    assert (action.alone, action.chance, action.settled) == (False, 1.0, False)
    assert len(action.features) == len(NAMES)


async def test_on_the_card_says_how_far_it_is(there: There) -> None:
    await there.fill(37)
    await Keeper(there.db).tenant(there.tenant)
    await there.switched(True)
    step, _ = await there.called()
    assert asked(step) == "It does not come back. (Refunds under $50.00: 37 of about 230 decisions.)"


async def test_what_another_rule_asks_about_is_not_even_noted(there: There) -> None:
    await there.earned()
    step, proposals = await there.proposed(refund(6_000))
    assert (alone(step), proposals) == (False, [])


async def test_a_policy_without_such_a_rule_costs_no_look(there: There) -> None:
    step, proposals = await there.proposed(policy=Policy("p2", (replace(MAY, learn=None), LARGE)))
    assert (alone(step), proposals) == (False, [])


# ── earned ───────────────────────────────────────────────────────────────────────────────


async def test_with_the_evidence_and_switched_on_it_runs_alone_and_says_by_what(there: There) -> None:
    evidence = await there.earned()
    step, [proposal] = await there.proposed()
    commit = await there.wrote([proposal])

    assert alone(step)
    assert (
        proposal.sentence == "refunds under $50.00 run alone: 240 decisions, error ≤ 1 % with 90 % confidence"
    )
    [noted] = [details for what, details in commit.audit if what == "learning.alone"]
    assert noted["evidence"] == evidence
    assert float(noted["chance"]) >= calibration.AUDITED
    assert step.known.facts.learned[proposal.action.key].alone


async def test_with_the_evidence_and_switched_off_it_does_not(there: There) -> None:
    await there.earned()
    await there.switched(False)
    step, _ = await there.called()
    assert asked(step) == "It does not come back."


async def test_one_decision_too_few_is_no_certificate(there: There) -> None:
    await there.fill(229)
    await Keeper(there.db).tenant(there.tenant)
    await there.switched(True)
    assert not alone((await there.called())[0])


async def test_a_call_that_is_less_sure_than_the_bar_is_asked_about_with_the_reason(there: There) -> None:
    evidence = await there.earned()
    async with there.db.tenant(there.tenant) as c:
        query = "update bars set cut = 0.9999 where tenant_id = $1 and evidence = $2"
        await c.execute(query, there.tenant, evidence)
    step, _ = await there.called()
    assert "of this one I am less sure" in asked(step)


async def test_reckoning_again_without_anything_new_changes_nothing(there: There) -> None:
    evidence = await there.earned()
    before = await there.bar(evidence)
    await Keeper(there.db).tenant(there.tenant)
    assert await there.bar(evidence) == before


async def test_only_the_first_call_that_runs_alone_is_told(there: There) -> None:
    evidence = await there.earned()
    async with there.db.tenant(there.tenant) as c:
        assert [await bars.told(c, there.tenant, evidence) for _ in range(3)] == [True, False, False]


async def test_some_are_drawn_for_an_audit_with_the_chance_that_was_logged(there: There) -> None:
    await there.earned()
    proposals = [(await there.proposed())[1][0] for _ in range(100)]
    chance = proposals[0].action.chance
    drawn = sum(each.action.drawn for each in proposals)
    assert {each.action.chance for each in proposals} == {chance}
    assert abs(drawn - 100 * chance) < 5 * (100 * chance * (1 - chance)) ** 0.5


# ── withdrawn by itself ──────────────────────────────────────────────────────────────────


async def test_after_the_step_changed_nothing_runs_alone_until_it_is_earned_again(there: There) -> None:
    await there.earned()
    changed = refund(reason="requested_by_customer")
    assert [alone((await there.called(changed))[0]) for _ in range(5)] == [False] * 5
    assert alone((await there.proposed())[0])


async def test_after_another_model_nothing_runs_alone_until_it_is_earned_again(there: There) -> None:
    await there.earned()
    there.reader = AnotherReader()
    assert [alone((await there.called())[0]) for _ in range(5)] == [False] * 5
    await there.earned()
    assert alone((await there.called())[0])


async def test_after_what_the_model_is_told_changed_nothing_runs_alone(there: There) -> None:
    await there.earned()
    flow = refund()
    reworded = replace(flow, description="Give all of it back", version="v2")
    assert not alone((await there.proposed(reworded))[0])


async def test_after_the_rules_about_the_tool_changed_nothing_runs_alone(there: There) -> None:
    await there.earned()
    wider = Policy("p3", (MAY, replace(LARGE, at_least="500.00")))
    assert not alone((await there.proposed(policy=wider))[0])


async def test_a_rule_that_wants_more_than_was_shown_is_not_let_go(there: There) -> None:
    await there.earned()
    stricter = replace(MAY, learn=Learn(0.005, 0.9))
    assert not alone((await there.proposed(policy=Policy("p1", (stricter, LARGE))))[0])


@pytest.mark.twin
async def test_twin_with_a_key_that_does_not_name_the_model_old_evidence_would_count(
    there: There, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(learning, "model_of", lambda reader: "any")
    await there.earned()
    there.reader = AnotherReader()
    assert alone((await there.proposed())[0])


async def test_switched_off_between_deciding_and_writing_it_is_decided_again(there: There) -> None:
    await there.earned()
    _, proposals = await there.proposed()
    await there.switched(False)
    with pytest.raises(past.Moved):
        await there.wrote(proposals)


@pytest.mark.twin
async def test_twin_without_looking_again_it_would_run_after_it_was_switched_off(
    there: There, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def always(*_: Any) -> bool:
        return True

    await there.earned()
    _, proposals = await there.proposed()
    await there.switched(False)
    monkeypatch.setattr(learning_turn.bars, "still", always)
    await there.wrote(proposals)


async def run_alone(there: There, number: int) -> list[str]:
    return [(await there.called())[1].action.key for _ in range(number)]


async def judged(there: There, key: str, right: bool) -> Commit:
    """As an audit card is answered."""
    commit, nowhere = Commit(), cast(Any, SimpleNamespace(where=lambda policy: ()))
    async with there.db.tenant(there.tenant) as c:
        await kept.settle(c, there.tenant, key, right, "audit", again=True)
        action = await kept.by_key(c, there.tenant, key)
        assert action is not None
        await learning_turn.judge(c, there.tenant, commit, action.evidence, POLICY, nowhere)
    return commit


async def test_audits_that_find_too_many_wrong_stop_it_and_evidence_counts_anew(there: There) -> None:
    evidence = await there.earned()
    keys = await run_alone(there, 3)
    commit = await judged(there, keys[0], right=False)

    assert [what for what, _ in commit.audit] == ["learning.stopped"]
    assert (await there.bar(evidence)).stands is False
    assert not alone((await there.called())[0])
    await Keeper(there.db).tenant(there.tenant)
    assert (await there.bar(evidence)).stands is False
    await there.earned()
    assert (await there.bar(evidence)).stands is True


async def test_audits_that_find_it_right_leave_it(there: There) -> None:
    evidence = await there.earned()
    for key in await run_alone(there, 3):
        assert (await judged(there, key, right=True)).audit == []
    assert (await there.bar(evidence)).stands is True


async def test_what_the_service_refuses_speaks_against_it_and_what_could_not_be_reached_does_not(
    there: There,
) -> None:
    evidence = await there.earned()
    keys, nowhere = await run_alone(there, 2), cast(Any, SimpleNamespace(where=lambda policy: ()))
    for key, code, stands in ((keys[0], "not_reached", True), (keys[1], "refused", False)):
        async with there.db.tenant(there.tenant) as c:
            await learning_turn.failed(c, there.tenant, Commit(), key, code, POLICY, nowhere)
        assert (await there.bar(evidence)).stands is stands


async def test_a_change_of_what_is_asked_for_stops_it_before_any_error_is_seen(there: There) -> None:
    evidence = await there.fill(ENOUGH, in_scope=1.0)
    await Keeper(there.db).tenant(there.tenant)
    await there.switched(True)
    await there.fill(60, in_scope=0.0)
    step, [proposal] = await there.proposed()
    commit = await there.wrote([proposal])

    assert not alone(step)
    assert "requests out of scope have become more" in asked(step)
    assert [details["why"] for what, details in commit.audit if what == "learning.stopped"] == ["drift"]
    assert (await there.bar(evidence)).stands is False


async def test_the_alarm_is_the_same_once_the_keeper_has_looked_on(there: There) -> None:
    await there.fill(ENOUGH, in_scope=1.0)
    await Keeper(there.db).tenant(there.tenant)
    await there.switched(True)
    evidence = await there.fill(60, in_scope=0.0)
    await Keeper(there.db).tenant(there.tenant)
    assert (await there.bar(evidence)).watched > 0
    assert "have become more" in asked((await there.proposed())[0])


# ── labels ───────────────────────────────────────────────────────────────────────────────


async def decided(there: There, state: str, seconds: float = 30.0, *notes: tuple[str, dict[str, Any]]) -> Any:
    """A call that was asked about, and how its approval ended: verdict and why."""
    step, proposal = await there.called()
    key = proposal.action.key
    async with there.db.tenant(there.tenant) as c:
        where = f"slack:T:{key}"
        await c.execute("insert into conversations (tenant_id, key) values ($1, $2)", there.tenant, where)
        await definitions.keep_flow(c, there.tenant, step.flow.id, step.flow.version, step.flow.source)
        await runs.save(
            c, there.tenant, Stored(step.before, where, Place("slack", "T", "C", "1"), 0), step.after
        )
        [call] = past.calls_of(step.effects)
        await effects.intend(c, there.tenant, where, step.before.id, call, "p1", "money", "held")
        await c.execute(
            "insert into approvals (tenant_id, id, effect_key, run_id, conversation, step, tool, requester,"
            " account, flow_version, policy_version, digest, code, rule, because, words, card, expires_at,"
            " state, created_at, decided_at) values ($1, $2, $3, $8, $4, 'pay', 'stripe.refund', $5, '',"
            " 'v', 'p1', '', '', 'refunds', '', '', '{}', now(), $6, now(),"
            " now() + make_interval(secs => $7))",
            there.tenant, f"{key}:approval", key, where, there.person, state, seconds, step.before.id,
        )  # fmt: skip
        told = [(what, {"approval": f"{key}:approval", **details}) for what, details in notes]
        await learning_heard.overhear(c, there.tenant, told)
    await Keeper(there.db).tenant(there.tenant)
    async with there.db.tenant(there.tenant) as c:
        query = "select verdict, why from learned_actions where tenant_id = $1 and effect_key = $2"
        return tuple(await c.fetchrow(query, there.tenant, key))


@pytest.mark.parametrize(("state", "seconds", "notes", "found"), [
    ("approved", 30.0, (), (True, "approved")),
    ("used", 30.0, (), (True, "used")),
    ("rejected", 30.0, (), (False, "rejected")),
    ("changed", 30.0, (("approval.edited", {"fields": ["amount"]}),), (False, "edited")),
    ("expired", 30.0, (), (None, "expired")),
    ("withdrawn", 30.0, (), (None, "withdrawn")),
    ("approved", 1.5, (), (None, "glance")),
    ("approved", 30.0, (("approval.edited", {"fields": ["amount"]}),), (False, "edited")),
    ("approved", 30.0, (("approval.decided", {"batch": "b1"}),), (None, "bulk")),
    ("approved", 30.0, (("approval.counted", {"batch": "b1"}),), (None, "bulk")),
    ("approved", 30.0, (("approval.decided", {"verdict": "approved"}),), (True, "approved")),
    ("pending", 30.0, (), (None, "")),
])  # fmt: skip
async def test_how_an_approval_ended_is_its_label(
    there: There, state: str, seconds: float, notes: Any, found: Any
) -> None:
    assert await decided(there, state, seconds, *notes) == found


async def test_what_was_settled_is_not_settled_again(there: There) -> None:
    _, proposal = await there.called()
    async with there.db.tenant(there.tenant) as c:
        first = await kept.settle(c, there.tenant, proposal.action.key, True, "audit")
        second = await kept.settle(c, there.tenant, proposal.action.key, False, "audit")
    assert (first, second) == (True, False)


async def test_only_so_many_calls_are_kept(there: There) -> None:
    evidence = await there.fill(30)
    async with there.db.tenant(there.tenant) as c:
        await kept.drop(c, there.tenant, evidence, 10)
        number = await c.fetchval("select count(*) from learned_actions where tenant_id = $1", there.tenant)
    assert number == 10


async def test_with_plenty_it_fits_on_the_oldest_third_and_certifies_on_the_rest(there: There) -> None:
    evidence = await there.fill(480)
    await there.fill(20, right=False, route=0.0, straight=0.0)
    await there.fill(220)
    async with there.db.tenant(there.tenant) as c:
        rows = await kept.labelled(c, there.tenant, evidence, 0, calibration.LATEST)
    scores, certificate = learning_keeper.reckon(rows, [], LEARN)
    assert certificate is not None
    assert certificate.of <= 720 - 240
    bad = [row for row in rows if not row.right]
    assert scores.score(bad[0].tool, bad[0].features) < certificate.cut


# ── in words ─────────────────────────────────────────────────────────────────────────────


async def lines(there: There) -> list[str]:
    async with there.db.tenant(there.tenant) as c:
        return [
            line for each in await learning_cli.every(c, there.tenant) for line in learning_cli.in_lines(each)
        ]


async def test_bars_say_what_runs_alone_and_what_came_of_it(there: There) -> None:
    await there.earned()
    await run_alone(there, 2)
    first, second, third, _ = await lines(there)
    assert first == "refunds under $50.00 run alone: 240 decisions, error ≤ 1 % with 90 % confidence"
    assert second == "  stripe.refund [money], step pay of back"
    assert third.startswith("  2 ran alone since, 0 of them were looked at: 0 wrong; 0 were refused")


async def test_bars_say_why_it_is_asked_about_again(there: There) -> None:
    await there.earned()
    await judged(there, (await run_alone(there, 1))[0], right=False)
    assert any(
        "asked about again since" in line and "1 of 1 that were looked at" in line
        for line in await lines(there)
    )


async def test_of_an_older_step_nothing_is_said(there: There) -> None:
    await there.earned()
    await there.called(refund(reason="duplicate"))
    found = await lines(there)
    assert sum("step pay of back" in line for line in found) == 1
    assert "0 of about 230 decisions" in found[0]
