"""Whatever happens, in whatever order: what must hold for every run of the order flow."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from flows.effects import AskApproval, Call, Effect, Read, Release, Whisper, Withdraw
from flows.engine import advance
from flows.events import (
    Approved,
    Began,
    Chose,
    Entered,
    Event,
    Expired,
    Failed,
    Finished,
    Fired,
    Heard,
    Rejected,
)
from flows.policy import Outcome, judge
from flows.run import from_json, to_json
from flows.understanding import Change, Meaning
from tests.flows.builders import ADA, KNOWN, MENU, OMAR, PAID, QUOTED, TOOLS, order_flow, run_of

FLOW = order_flow()
MOST_STATE = 256 * 1024

people = st.sampled_from([ADA, ADA, ADA, ADA, OMAR])
sure = st.sampled_from([0.0, 0.3, 0.59, 0.6, 0.74, 0.75, 0.8, 0.97, 1.0])
hostile = st.sampled_from(
    [
        "",
        "two colas",
        "{{ 7*7 }}",
        "{% for x in y %}",
        "<!channel>",
        "\u202eevil",
        "é" * 300,
        "a|b:c",
    ]
)
names = st.sampled_from([*MENU, "", "{{ 7*7 }}", "x" * 300])
changes = st.builds(
    Change,
    op=st.sampled_from(["add", "set", "remove", "option", "clear"]),
    item=names,
    quantity=st.integers(-3, 1200),
    options=st.lists(hostile, max_size=3).map(tuple),
    remove_options=st.lists(hostile, max_size=2).map(tuple),
    known=st.booleans(),
    candidates=st.sampled_from([(), (), ("Margherita", "Funghi"), tuple(f"N{n}" for n in range(30))]),
    words=hostile,
    confidence=sure,
)
meanings = st.builds(
    Meaning,
    intent=st.sampled_from(
        ["value", "route", "yes", "yes", "no", "help", "repeat", "restart", "greeting", "thanks", "unknown"]
    ),
    confidence=sure,
    route=st.sampled_from(["", "order", "escalate"]),
    route_confidence=sure,
    changes=st.lists(changes, max_size=3).map(tuple),
    leftover=hostile,
)
often_not = st.sampled_from([False, False, True])
amounts = st.sampled_from([0, 1, 4999, 5000, 5001, 99_999_999])
quotes = st.builds(
    lambda amount, problem: {**QUOTED, "amount": amount, "problems": [problem] if problem else []},
    amounts,
    st.sampled_from(
        [None, None, None, {"item": "x", "code": "unknown_product", "sentence": "There is no x."}]
    ),
)
strange = st.sampled_from(
    [{}, {"amount": None}, {"amount": "much", "currency": 7}, {"problems": 3, "lines": 3}]
)


class OrderRun(RuleBasedStateMachine):
    """One run, and beside it what a ledger would have noted of its effects."""

    def __init__(self) -> None:
        super().__init__()
        self.run = run_of(FLOW)
        self.keys: set[str] = set()
        self.asked: dict[str, Call] = {}
        self.approved: set[str] = set()
        self.released: set[str] = set()

    @initialize(text=hostile, confidence=sure, steps=st.integers(0, 8), amount=amounts)
    def begin(self, text: str, confidence: float, steps: int, amount: int) -> None:
        """Somewhere on the way, so that every state is a start as often as another."""
        self.run = run_of(FLOW, text, confidence)
        self.happen(Entered())
        for _ in range(steps):
            self._goes_on(amount)

    def _goes_on(self, amount: int) -> None:
        """What usually comes next."""
        run = self.run
        if run.over:
            return
        if run.held:
            self.an_approver_approves()
        elif run.waiting:
            self.the_service_answers({**QUOTED, "amount": amount}, PAID)
        elif run.step == "confirm":
            self.somebody_presses(ADA, "yes", "", True)
        else:
            self.ada_orders("Cola", 2, 0.97)

    @rule(amount=amounts)
    def it_goes_on(self, amount: int) -> None:
        self._goes_on(amount)

    @rule(amount=amounts)
    def it_goes_on_twice(self, amount: int) -> None:
        self._goes_on(amount)
        self._goes_on(amount)

    @rule(amount=amounts)
    def it_goes_on_to_the_end_of_what_is_known(self, amount: int) -> None:
        for _ in range(4):
            self._goes_on(amount)

    # what happens -----------------------------------------------------------------------------

    @rule(by=people, text=hostile, meaning=meanings, opening=st.sampled_from([False, False, False, True]))
    def somebody_says_something(self, by: Any, text: str, meaning: Meaning, opening: bool) -> None:
        self.happen(Heard(by, "Ada", text, meaning, opening))

    @rule(item=st.sampled_from(MENU), quantity=st.integers(1, 9), confidence=sure)
    def ada_orders(self, item: str, quantity: int, confidence: float) -> None:
        change = Change("add", item, quantity, words=item, confidence=confidence)
        self.happen(Heard(ADA, "Ada", item, Meaning("value", confidence, changes=(change,))))

    @rule(really=often_not)
    def ada_cancels(self, really: bool) -> None:
        if really:
            self.happen(Heard(ADA, "Ada", "cancel", Meaning("cancel", 0.95)))

    @rule(
        by=people,
        choice=st.sampled_from(["yes", "yes", "yes", "no", "cancel", "pick", "nonsense"]),
        value=st.sampled_from(["", "0.0", "3.1", "4.-", "99999.0", "x"]),
        fresh=st.sampled_from([True, True, True, False]),
    )
    def somebody_presses(self, by: Any, choice: str, value: str, fresh: bool) -> None:
        entry = self.run.entries.get(self.run.step, 0) - (0 if fresh else 1)
        self.happen(Chose(by, "Ada", choice, value, f"{self.run.step}:{entry}"))

    @rule(at=st.integers(0, 5))
    def ada_answers_the_open_question(self, at: int) -> None:
        doubt = self.run.slots.get("doubt")
        if doubt:
            value = f"{doubt['number']}.{at}"
            step = self.run.step
            self.happen(Chose(ADA, "Ada", "pick", value, f"{step}:{self.run.entries[step]}"))

    @rule(quote=quotes, paid=st.just(PAID))
    def the_service_answers(self, quote: dict[str, Any], paid: dict[str, Any]) -> None:
        key = self.run.waiting
        if key and not self.run.held:
            menu = {"currency": "usd", "products": [{"name": each} for each in MENU]}
            result = {"menu": menu, "price": quote, "charge": paid}[key.split(":")[1]]
            self.happen(Finished(key, result))

    @rule(result=strange, really=often_not)
    def the_service_answers_nonsense(self, result: dict[str, Any], really: bool) -> None:
        if really and self.run.waiting and not self.run.held and self.run.step == "price":
            self.happen(Finished(self.run.waiting, result))

    @rule(
        code=st.sampled_from(["price_changed", "declined", "rejected", "*"]), text=hostile, really=often_not
    )
    def the_service_fails(self, code: str, text: str, really: bool) -> None:
        if self.run.waiting and (really or code == "price_changed"):
            self.happen(Failed(self.run.waiting, code, text))

    @rule()
    def the_service_begins(self) -> None:
        if self.run.waiting and not self.run.held:
            self.happen(Began(self.run.waiting, {**PAID, "url": "https://pay.example/1"}))

    @rule()
    def an_approver_approves(self) -> None:
        if self.run.held:
            self.approved.add(self.run.waiting)
            self.happen(Approved("a1", self.run.waiting, "Grace"))

    @rule(reason=hostile, really=often_not)
    def an_approver_rejects(self, reason: str, really: bool) -> None:
        if self.run.held and really:
            self.happen(Rejected("a1", self.run.waiting, "Grace", reason))

    @rule(really=often_not)
    def nobody_decides(self, really: bool) -> None:
        if self.run.held and really:
            self.happen(Expired("a1", self.run.waiting))

    @rule(
        event=st.sampled_from(
            [
                Entered(),
                Fired("t"),
                Approved("a1", "r1:charge:9", "Mallory"),
                Approved("a1", "r1:charge:1", "Mallory"),
                Finished("r1:charge:9", PAID),
                Finished("r2:charge:1", PAID),
                Began("r1:menu:9", {}),
                Failed("", "x", "x"),
                Rejected("a1", "", "Mallory", ""),
            ]
        )
    )
    def something_late_or_foreign_arrives(self, event: Event) -> None:
        key = getattr(event, "key", None)
        if isinstance(event, Approved) and key == self.run.waiting and self.run.held:
            self.approved.add(str(key))
        self.happen(event)

    # what must hold ---------------------------------------------------------------------------

    def happen(self, event: Event) -> None:
        before = self.run
        after, effects = advance(FLOW, before, event, KNOWN)
        stored = from_json(
            before.id, before.flow, before.flow_version, before.status, _through_json(to_json(before))
        )
        assert advance(FLOW, stored, event, KNOWN) == (after, effects), "storing a run changes what it does"
        self.run = after
        if before.over:
            assert after == before
            assert all(isinstance(effect, Whisper) for effect in effects)
        for effect in effects:
            self._note(effect)
        assert after.said >= before.said
        assert all(after.entries[step] >= count for step, count in before.entries.items())

    def _note(self, effect: Effect) -> None:
        match effect:
            case Call(key=key, tool=tool, arguments=arguments):
                self._new(key)
                verdict = judge(KNOWN.policy, TOOLS[tool], arguments, self._confidence())
                assert TOOLS[tool].risk == "read" or verdict.outcome is Outcome.ALONE
            case AskApproval(call=call):
                self._new(call.key)
                self.asked[call.key] = call
            case Release(key=key):
                assert key in self.asked
                assert key in self.approved
                assert key not in self.released
                self.released.add(key)
            case Withdraw(key=key):
                assert key in self.asked
                assert key not in self.released
            case Read(by=by):
                assert by == ADA

    def _new(self, key: str) -> None:
        assert key not in self.keys, "one key, two effects"
        self.keys.add(key)
        run, step, generation = key.split(":")
        assert run == self.run.id
        assert int(generation) == self.run.entries[step]

    def _confidence(self) -> float:
        heard = self.run.slots.get("sure_items") or {}
        return min([self.run.route_confidence, *(float(each["confidence"]) for each in heard.values())])

    @invariant()
    def it_waits_for_one_thing_at_most_and_knows_which(self) -> None:
        run = self.run
        assert not (run.over and run.waiting)
        assert not (run.held and not run.waiting)
        if run.waiting:
            assert run.waiting == run.key(run.step)

    @invariant()
    def it_stays_small(self) -> None:
        assert len(json.dumps(to_json(self.run))) < MOST_STATE

    @invariant()
    def its_list_is_one_that_can_be_ordered(self) -> None:
        items = self.run.slots.get("items") or ()
        assert len(items) <= 50
        for item in items:
            assert 0 < item["quantity"] <= 999
            assert len(item["name"]) <= 200
            assert len(item["options"]) <= 20
        heard = self.run.slots.get("sure_items") or {}
        assert set(heard) == {item["name"] for item in items}


def _through_json(state: Any) -> Any:
    return json.loads(json.dumps(state))


OrderRun.TestCase.settings = settings(
    max_examples=80,
    stateful_step_count=30,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
TestOrderRun = OrderRun.TestCase


def test_the_machine_would_notice_a_released_key_that_nobody_approved() -> None:
    machine = OrderRun()
    machine.run = replace(machine.run, entries={"charge": 1})
    try:
        machine._note(Release("r1:charge:1"))
    except AssertionError:
        return
    raise AssertionError("the property test is blind")
