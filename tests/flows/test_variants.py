"""Variants: who gets which, when it counts as shown, and what is wrong with those that are none."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from bot.turn import PersonId
from flows.arms import arms_of, as_seen, for_run, outcome_of, reached, taken
from flows.engine import start
from flows.events import Approved, Chose, Entered, Finished, Rejected
from flows.flow import Flow
from flows.loader import load, load_stored
from flows.run import Requester, Run, from_json, to_json
from flows.variants import Experiment, assigned, stop_of
from flows.yaml_source import read
from tests.flows.builders import KNOWN, TOOLS, advance, heard, pressed, said

ASK = """
id: demo
description: A demo
steps:
  - id: hello
    type: message
    text: {variants: {a: "Hello.", b: "Hi there!"}}
  - id: ask
    type: confirm
    text: "Shall I?"
    confirmed: {variants: {a: "Confirmed.", b: "Great!"}}
  - id: done
    type: end
"""
WAYS = """
id: demo
description: A demo
steps:
  - id: ask
    type: confirm
    variants:
      long: {text: "Shall I do it now?", button: "Do it", yes: thanks}
      short: {text: "Now?", yes: done}
  - id: thanks
    type: message
    text: "Thank you."
  - id: done
    type: end
"""
PEOPLE = [f"person-{n}" for n in range(4000)]


def loaded(text: str) -> Flow:
    return load(read("demo.yaml", text.encode()), TOOLS)


def one(step: str, id: str = "demo") -> str:
    return f"id: {id}\ndescription: A demo\nsteps:\n  - {step}\n  - {{id: end_, type: end}}\n"


def experiment(weights: dict[str, int] | None = None, name: str = "demo.hello.text") -> Experiment:
    shares = weights or {"a": 1, "b": 1}
    return Experiment(name, "hello", ("text",), dict.fromkeys(shares, "x"), shares, "a")


def run_for(flow: Flow, name: str, arm: str) -> Run:
    """A run of somebody whose lot is this arm."""
    [found] = [each for each in flow.experiments if each.name == name]
    person = next(each for each in PEOPLE if assigned(found, each) == arm)
    return start(flow, "r1", Requester(PersonId(person), "Ada"), "")


def press(run: Run, choice: str) -> Chose:
    return pressed(run, choice, by=run.requester.id)


# ── who gets which ───────────────────────────────────────────────────────────────────────


def test_a_person_gets_the_same_arm_whenever_one_asks() -> None:
    first = [assigned(experiment(), person) for person in PEOPLE]
    assert first == [assigned(experiment(), person) for person in PEOPLE]


@pytest.mark.parametrize(
    ("person", "arm"), [("ada", "a"), ("grace", "b"), ("omar", "a"), ("linus", "b"), ("joan", "a")]
)
def test_the_lots_are_those_that_were_drawn_once_and_for_all(person: str, arm: str) -> None:
    """Written down: should this test fail, everybody's arm changed."""
    assert assigned(experiment(), person) == arm


def test_who_says_what_the_words_are_changes_nobodys_arm() -> None:
    reworded = replace(experiment(), arms={"a": "other", "b": "words"}, control="b")
    assert [assigned(experiment(), p) for p in PEOPLE] == [assigned(reworded, p) for p in PEOPLE]


@pytest.mark.parametrize(
    "weights", [{"a": 1, "b": 1}, {"a": 9, "b": 1}, {"a": 1, "b": 2, "c": 3}, {"x": 1000, "y": 1000}]
)
def test_as_many_people_get_each_arm_as_its_weight_says(weights: dict[str, int]) -> None:
    counted = Counter(assigned(experiment(weights), person) for person in PEOPLE)
    for arm, weight in weights.items():
        wanted = len(PEOPLE) * weight / sum(weights.values())
        assert abs(counted[arm] - wanted) < 5 * wanted**0.5


def test_raising_the_weight_of_an_arm_takes_nobody_out_of_it() -> None:
    before = {p: assigned(experiment({"a": 9, "b": 1}), p) for p in PEOPLE}
    after = {p: assigned(experiment({"a": 5, "b": 5}), p) for p in PEOPLE}
    assert all(after[p] == "b" for p in PEOPLE if before[p] == "b")


def test_two_experiments_draw_their_lots_apart() -> None:
    other = experiment(name="demo.ask.text")
    pairs = Counter((assigned(experiment(), p), assigned(other, p)) for p in PEOPLE)
    assert all(abs(count - 1000) < 150 for count in pairs.values())


def test_the_control_is_what_is_called_so_or_named_or_the_first_by_name() -> None:
    def control(more: str, names: str = "z: x, b: y") -> str:
        return (
            loaded(one(f"{{id: a, type: message, text: {{variants: {{{names}}}{more}}}}}"))
            .experiments[0]
            .control
        )

    assert control("") == "b"
    assert control(", control: z") == "z"
    assert control("", "a: x, control: y") == "control"


def test_a_flow_from_the_database_which_keeps_no_order_has_the_same_arms() -> None:
    flow = loaded(WAYS)
    steps = [dict(reversed(each.items())) for each in flow.source["steps"]]
    steps[0]["variants"] = dict(reversed(steps[0]["variants"].items()))
    stored = load_stored({**flow.source, "steps": steps}, TOOLS)
    assert stored.version == flow.version
    assert stored.experiments == flow.experiments
    assert list(stored.experiments[0].weights) == list(flow.experiments[0].weights)


# ── what a person is shown, and when it counts ───────────────────────────────────────────


@pytest.mark.parametrize(("arm", "words"), [("a", "Hello."), ("b", "Hi there!")])
def test_each_gets_the_words_of_their_arm_and_it_is_noted(arm: str, words: str) -> None:
    flow = loaded(ASK)
    run, effects = advance(flow, run_for(flow, "demo.hello.text", arm), Entered())
    assert said(effects) == [words, "Shall I?"]
    assert run.arms == {"demo.hello.text": arm}


def test_words_count_as_shown_when_they_are_said_and_not_before() -> None:
    flow = loaded(ASK)
    run, _ = advance(flow, run_for(flow, "demo.ask.confirmed", "b"), Entered())
    assert "demo.ask.confirmed" not in run.arms
    run, effects = advance(flow, run, press(run, "yes"))
    assert said(effects) == ["Great!"]
    assert run.arms["demo.ask.confirmed"] == "b"


def test_who_says_no_never_saw_the_words_after_a_yes() -> None:
    flow = loaded(ASK)
    run, _ = advance(flow, run_for(flow, "demo.ask.confirmed", "b"), Entered())
    run, _ = advance(flow, run, press(run, "cancel"))
    assert set(run.arms) == {"demo.hello.text"}


def test_a_message_that_is_left_out_counts_as_shown_to_nobody() -> None:
    text = ASK.replace("    type: message\n", '    type: message\n    when: "run.unread"\n')
    flow = loaded(text)
    run, _ = advance(flow, run_for(flow, "demo.hello.text", "b"), Entered())
    assert run.arms == {}


@pytest.mark.parametrize("arm", ["a", "b"])
def test_whether_it_counts_as_shown_is_the_same_whichever_arm_one_is_in(arm: str) -> None:
    flow = loaded(ASK)
    run = run_for(flow, "demo.ask.confirmed", arm)
    shown = []
    for event in ("start", "no", "yes"):
        run, _ = advance(flow, run, Entered() if event == "start" else press(run, event))
        shown.append("demo.ask.confirmed" in run.arms)
    assert shown == [False, False, True]


@pytest.mark.parametrize(
    ("arm", "label", "words"),
    [("long", "Do it", ["Confirmed.", "Thank you."]), ("short", "Yes", ["Confirmed."])],
)
def test_a_step_with_variants_is_another_step_for_each(arm: str, label: str, words: list[str]) -> None:
    flow = loaded(WAYS)
    run, card = advance(flow, run_for(flow, "demo.ask", arm), Entered())
    assert card[0].reply.blocks[1].buttons[0].label == label
    run, effects = advance(flow, run, press(run, "yes"))
    assert said(effects) == words
    assert run.arms == {"demo.ask": arm}


def test_a_run_stays_with_what_it_was_shown_though_the_arm_is_stopped_since() -> None:
    flow, known = loaded(ASK), replace(KNOWN, stopped=frozenset({stop_of("demo.hello.text", "b")}))
    run, _ = advance(flow, run_for(flow, "demo.hello.text", "b"), Entered())
    assert arms_of(flow, run, known.stopped)["demo.hello.text"] == "b"


def test_whoever_comes_after_an_arm_was_stopped_gets_the_control_and_is_not_counted() -> None:
    flow, known = loaded(ASK), replace(KNOWN, stopped=frozenset({stop_of("demo.hello.text", "b")}))
    run, effects = advance(flow, run_for(flow, "demo.hello.text", "b"), Entered(), known)
    assert said(effects)[0] == "Hello."
    run, _ = advance(flow, run, press(run, "yes"), known)
    assert [each.experiment for each in taken(flow, run)] == ["demo.ask.confirmed"]


def test_everything_that_is_drawn_survives_storage_and_old_runs_are_read_too() -> None:
    flow = loaded(ASK)
    run, _ = advance(flow, run_for(flow, "demo.hello.text", "b"), Entered())
    run = replace(run, complained=True)
    assert from_json(run.id, run.flow, run.flow_version, run.status, to_json(run)) == run
    plain = to_json(replace(run, arms={}, complained=False))
    assert not {"arms", "complained"} & set(plain)


def test_a_flow_without_variants_is_run_as_it_stands() -> None:
    flow = loaded(one('{id: a, type: message, text: "x"}'))
    assert as_seen(flow, {}) is flow
    assert for_run(flow, start(flow, "r1", Requester(PersonId("ada"), "Ada"), ""), frozenset()) is flow


def test_a_text_in_what_a_message_shows_may_have_variants() -> None:
    flow = loaded(
        one(
            "{id: a, type: message, text: x, show: [{heading: {variants: {a: Here, b: There}}},"
            " {facts: {Total: {variants: {a: much, b: little}}}}]}"
        )
    )
    assert [each.name for each in flow.experiments] == ["demo.a.show.0.heading", "demo.a.show.1.facts.Total"]
    assert set(flow.ways["a"]) == {("a", "a"), ("a", "b"), ("b", "a"), ("b", "b")}


def test_the_button_of_a_question_may_have_variants() -> None:
    flow = loaded(one("{id: a, type: confirm, text: x, button: {variants: {a: Yes, b: Go on}}}"))
    assert {step.button for step in flow.ways["a"].values()} == {"Yes", "Go on"}  # type: ignore[attr-defined]  # a Confirm


def test_arguments_of_a_tool_may_have_a_field_that_is_called_so() -> None:
    flow = loaded(one("{id: a, type: tool, call: desk.look, with: {variants: {a: 1, b: 2}}}"))
    assert flow.experiments == ()


# ── what came of it ──────────────────────────────────────────────────────────────────────

TOOL = """
id: demo
description: A demo
goal: paid
steps:
  - id: hello
    type: message
    text: {variants: {a: "Hello.", b: "Hi there!"}}
  - id: pay
    type: tool
    call: desk.burn
    on_error: {rejected: no, expired: no}
  - id: paid
    type: end
  - id: no
    type: end
    status: cancelled
"""


def held() -> tuple[Flow, Run]:
    flow = loaded(TOOL)
    run, _ = advance(flow, run_for(flow, "demo.hello.text", "b"), Entered())
    return flow, run


def test_a_run_that_came_to_its_goal_is_a_success() -> None:
    flow, run = held()
    key = run.waiting
    if run.held:
        run, _ = advance(flow, run, Approved("a", key, "Grace"))
    run, _ = advance(flow, run, Finished(key, {}))
    [found] = taken(flow, run)
    assert (found.arm, found.outcome, found.good, found.bad) == ("b", "done", True, False)
    assert (found.series, found.control, found.arms) == ("a:1 b:1", "a", ("a", "b"))


@pytest.mark.parametrize(
    ("status", "slots", "more", "outcome", "bad"),
    [
        ("done", {}, {}, "done", False),
        ("cancelled", {}, {}, "cancelled", True),
        ("failed", {}, {}, "failed", True),
        ("cancelled", {"error": {"code": "rejected", "sentence": ""}}, {}, "rejected", True),
        ("failed", {"error": {"code": "rejected", "sentence": ""}}, {}, "rejected", True),
        ("cancelled", {"error": {"code": "expired", "sentence": ""}}, {}, "expired", False),
        ("failed", {"error": {"code": "declined", "sentence": ""}}, {}, "failed", True),
        ("done", {"error": {"code": "declined", "sentence": ""}}, {}, "done", False),
        ("done", {}, {"complained": True}, "complaint", True),
        ("failed", {"error": "odd"}, {}, "failed", True),
    ],
)
def test_what_came_of_a_run_has_one_name(
    status: Any, slots: dict[str, Any], more: dict[str, Any], outcome: str, bad: bool
) -> None:
    flow, run = held()
    run = replace(run, status=status, slots=slots, **more)
    assert outcome_of(flow, run) == outcome
    [found] = taken(flow, run)
    assert found.bad == bad


def test_a_rejected_approval_is_held_against_the_arm() -> None:
    flow, run = held()
    run = replace(run, held=True)
    run, _ = advance(flow, run, Rejected("a", run.waiting, "Grace", ""))
    assert run.over
    assert [each.outcome for each in taken(flow, run)] == ["rejected"]


def test_the_goal_may_be_a_step_that_was_come_to_whatever_happened_after() -> None:
    flow, run = held()
    ended = replace(run, status="failed", entries={**run.entries, "paid": 1})
    assert reached(flow, ended)
    assert not reached(flow, replace(ended, entries=run.entries))


def test_nothing_is_said_of_a_run_that_goes_on_or_was_shown_nothing() -> None:
    flow, run = held()
    assert taken(flow, run) == ()
    assert taken(flow, replace(run, status="done", arms={})) == ()


@pytest.mark.parametrize("words", ["this is wrong", "This is wrong!", "That’s wrong.", "👎", ":-1:", "wrong"])
def test_who_says_that_it_is_wrong_complains(words: str) -> None:
    flow = loaded(ASK)
    run, _ = advance(flow, run_for(flow, "demo.hello.text", "b"), Entered())
    run, _ = advance(flow, run, heard("unknown", text=words, by=run.requester.id))
    assert run.complained


@pytest.mark.parametrize("words", ["what is wrong with you today", "no", "make it three", "wrong address: 7"])
def test_other_words_are_no_complaint(words: str) -> None:
    flow = loaded(ASK)
    run, _ = advance(flow, run_for(flow, "demo.hello.text", "b"), Entered())
    run, _ = advance(flow, run, heard("unknown", text=words, by=run.requester.id))
    assert not run.complained


def test_starting_over_after_having_been_shown_something_is_a_complaint() -> None:
    flow = loaded(ASK)
    run, _ = advance(flow, run_for(flow, "demo.hello.text", "b"), Entered())
    run, _ = advance(flow, run, heard("restart", by=run.requester.id))
    assert run.complained
    assert run.arms["demo.hello.text"] == "b"


def test_a_bystander_s_complaint_is_not_held_against_it() -> None:
    flow = loaded(ASK)
    run, _ = advance(flow, run_for(flow, "demo.hello.text", "b"), Entered())
    run, _ = advance(flow, run, heard("unknown", text="this is wrong", by=PersonId("mallory")))
    assert not run.complained
