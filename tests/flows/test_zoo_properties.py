"""Whatever happens, in whatever order: what must hold for a run of a flow with every step type in it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from flows.effects import AskApproval, Call, CancelTimer, Release, SetTimer, Whisper, Withdraw
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
    Resumed,
)
from flows.loader import load
from flows.policy import Outcome, judge
from flows.run import Run, from_json, to_json
from flows.steps import STEPS
from flows.understanding import Meaning, Value
from flows.yaml_source import read
from tests.flows.builders import ADA, KNOWN, OMAR, TOOLS, run_of

FLOW = load(read("zoo.yaml", (Path(__file__).parent / "zoo.yaml").read_bytes()), TOOLS)
MOST_STATE = 256 * 1024
SLOTS = ["title", "severity", "due", "count", "note", "project", "stars", "nothing"]

words = st.sampled_from(
    [
        "The lamp",
        "high",
        "2026-12-24",
        "3",
        "ada@example.com",
        "skip",
        "yes",
        "",
        "{{ 7*7 }}",
        "é" * 300,
        "<!channel>",
    ]
)
sure = st.sampled_from([0.0, 0.3, 0.6, 0.75, 0.97])
values = st.builds(Value, slot=st.sampled_from(SLOTS), text=words, words=words, confidence=sure)
meanings = st.builds(
    Meaning,
    intent=st.sampled_from(
        ["value", "value", "value", "route", "yes", "no", "help", "repeat", "thanks", "unknown"]
    ),
    confidence=sure,
    route=st.sampled_from(["", "", "order", "escalate"]),
    route_confidence=sure,
    values=st.lists(values, max_size=3).map(tuple),
)
often_not = st.sampled_from([False, False, False, True])
answers: dict[str, list[str]] = {
    "title": ["The lamp"], "severity": ["high", "low"], "due": ["2026-12-24"], "count": ["3"],
    "project": ["a", "b"], "stars": ["1", "4"], "note": ["7"],
}  # fmt: skip


class ZooRun(RuleBasedStateMachine):
    """One run, and beside it what a ledger would have noted of its effects."""

    def __init__(self) -> None:
        super().__init__()
        self.run: Run = run_of(FLOW)
        self.keys: set[str] = set()
        self.asked: set[str] = set()
        self.approved: set[str] = set()
        self.released: set[str] = set()
        self.timers: set[str] = set()

    @initialize(text=words, steps=st.integers(0, 14))
    def begin(self, text: str, steps: int) -> None:
        self.run = run_of(FLOW, text)
        self.happen(Entered())
        for _ in range(steps):
            self._goes_on(0)

    def _goes_on(self, at: int) -> None:
        """What usually comes next."""
        run = self.run
        if run.over:
            return
        if run.timed:
            self.happen(Fired(run.waiting))
        elif run.held:
            self.approved.add(run.waiting)
            self.happen(Approved("a", run.waiting, "Grace"))
        elif run.waiting:
            rows = [{"label": "a", "value": 1}, {"label": "b", "value": 2}]
            result = {"n": 1, "day": "2026-12-24", "rows": rows, "text": "S", "label": "L", "generated": True}
            self.happen(Finished(run.waiting, result))
        elif run.step == "sure":
            self._press("yes", "")
        else:
            here = {"which": "project", "rate.ask": "stars", "last": "note"}.get(run.step)
            slot = here or next((each for each in SLOTS if run.slots.get(each) is None), "title")
            text = answers.get(slot, ["x"])
            value = Value(slot, text[at % len(text)], "w", 0.97)
            self.happen(
                Heard(ADA, "Ada", value.text, Meaning("value", 0.97, values=(value,)), today="2026-11-18")
            )

    def _press(self, choice: str, value: str, old: int = 0) -> None:
        entry = self.run.entries.get(self.run.step, 0) - old
        self.happen(Chose(ADA, "Ada", choice, value, f"{self.run.step}:{entry}"))

    @rule(times=st.integers(1, 5), at=st.integers(0, 1))
    def it_goes_on(self, times: int, at: int) -> None:
        for _ in range(times):
            self._goes_on(at)

    @rule(by=st.sampled_from([ADA, ADA, OMAR]), text=words, meaning=meanings, opening=often_not)
    def somebody_says_something(self, by: Any, text: str, meaning: Meaning, opening: bool) -> None:
        self.happen(Heard(by, "Ada", text, meaning, opening, 1.0, "2026-11-18"))

    @rule(
        choice=st.sampled_from(["answer", "pick", "yes", "no", "cancel"]),
        value=st.sampled_from(["0", "1", "severity.1", "severity.9", "3.0", "", "-1", "٣"]),
        old=st.sampled_from([0, 0, 0, 1]),
        really=often_not,
    )
    def somebody_presses(self, choice: str, value: str, old: int, really: bool) -> None:
        if really or choice != "cancel":
            self._press(choice, value, old)

    @rule(intent=st.sampled_from(["cancel", "restart"]), really=often_not, too=often_not)
    def ada_wants_out(self, intent: Any, really: bool, too: bool) -> None:
        if really and too:
            self.happen(Heard(ADA, "Ada", intent, Meaning(intent, 0.95)))

    @rule(code=st.sampled_from(["busy", "unknown", "rejected"]))
    def the_service_fails(self, code: str) -> None:
        if self.run.waiting and not self.run.held and not self.run.timed:
            self.happen(Failed(self.run.waiting, code, "It failed."))

    @rule(reason=words, how=st.sampled_from(["reject", "expire"]), really=often_not)
    def nobody_says_yes(self, reason: str, how: str, really: bool) -> None:
        if self.run.held and really:
            key = self.run.waiting
            self.happen(Rejected("a", key, "Grace", reason) if how == "reject" else Expired("a", key))

    @rule(
        event=st.sampled_from(
            [
                Entered(),
                Fired("r1:nap:9"),
                Fired(""),
                Resumed(),
                Finished("r1:look:9", {}),
                Began("", {}),
                Approved("a", "r1:ask:9", "M"),
                Failed("r2:look:1", "x", "x"),
                Expired("a", ""),
            ]
        )
    )
    def something_late_or_foreign_arrives(self, event: Event) -> None:
        self.happen(event)

    # what must hold ---------------------------------------------------------------------------

    def happen(self, event: Event) -> None:
        before = self.run
        after, effects = advance(FLOW, before, event, KNOWN)
        stored = from_json(before.id, before.flow, before.flow_version, before.status,
                           json.loads(json.dumps(to_json(before))))  # fmt: skip
        assert advance(FLOW, stored, event, KNOWN) == (after, effects), "storing a run changes what it does"
        self.run = after
        if before.over:
            assert after == before
            assert all(isinstance(effect, Whisper) for effect in effects)
        if isinstance(event, Heard) and not event.opening and not before.over:
            assert effects, "a message was swallowed"
        for effect in effects:
            self._note(effect)

    def _note(self, effect: Any) -> None:
        match effect:
            case Call(key=key, tool=tool, arguments=arguments):
                self._new(key)
                assert TOOLS[tool].risk == "read" or (
                    judge(KNOWN.policy, TOOLS[tool], arguments, 1.0).outcome is Outcome.ALONE
                )
                assert tool != "flow.approve"
            case AskApproval(call=call):
                self._new(call.key)
                self.asked.add(call.key)
            case Release(key=key):
                assert key in self.asked & self.approved
                assert key not in self.released
                self.released.add(key)
            case Withdraw(key=key):
                assert key in self.asked
                assert key not in self.released
            case SetTimer(key=key):
                assert key not in self.timers, "one key, two timers"
                self.timers.add(key)
            case CancelTimer(key=key):
                assert key in self.timers

    def _new(self, key: str) -> None:
        assert key not in self.keys, "one key, two effects"
        self.keys.add(key)

    @invariant()
    def it_waits_for_one_thing_at_most_and_knows_which(self) -> None:
        run = self.run
        assert not (run.over and run.waiting)
        assert not ((run.held or run.timed) and not run.waiting)
        assert not (run.held and run.timed)
        if run.waiting:
            assert run.waiting == run.key(run.step)

    @invariant()
    def it_stays_small(self) -> None:
        assert len(json.dumps(to_json(self.run))) < MOST_STATE


ZooRun.TestCase.settings = settings(
    max_examples=60,
    stateful_step_count=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
TestZooRun = ZooRun.TestCase


def test_there_is_every_step_type_in_it() -> None:
    assert {step.kind for step in FLOW.steps.values()} >= set(STEPS) - {"handoff"}


def test_usually_it_comes_to_its_end() -> None:
    machine = ZooRun()
    machine.happen(Entered())
    for _ in range(40):
        machine._goes_on(1)
    assert machine.run.status == "done"
