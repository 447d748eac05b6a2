"""Variants: who gets which, when it counts as shown, and what is wrong with those that are none."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from bot.turn import PersonId
from flows.arms import arms_of, as_seen, for_run, taken
from flows.engine import start
from flows.events import Chose, Entered
from flows.flow import Flow
from flows.loader import load, load_stored
from flows.run import Requester, Run, from_json, to_json
from flows.variants import Experiment, assigned, stop_of
from flows.yaml_source import read
from tests.flows.builders import KNOWN, TOOLS, advance, pressed, said
from tests.flows.test_schema import VALIDATOR

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


@pytest.mark.parametrize(
    ("step", "names"),
    [
        (
            "{id: a, type: choice, text: {variants: {a: x, b: y}}, save: s,"
            " options: [{label: {variants: {a: Red, b: Rot}}, value: red}, Blue]}",
            ["demo.a.text", "demo.a.options.0.label"],
        ),
        (
            "{id: a, type: input, gather: [{slot: s, ask: {variants: {a: x, b: y}},"
            " refuse: {variants: {a: no, b: nope}}}]}",
            ["demo.a.gather.0.ask", "demo.a.gather.0.refuse"],
        ),
        (
            "{id: a, type: approve, question: {variants: {a: x, b: y}},"
            " if_approved: end_, if_rejected: end_}",
            ["demo.a.question"],
        ),
        ("{id: a, type: wait, variants: {a: {for: 2 days}, b: {for: 3 days}}}", ["demo.a"]),
    ],
)
def test_every_step_type_may_have_variants_of_its_words(step: str, names: list[str]) -> None:
    assert [each.name for each in loaded(one(step)).experiments] == names
    VALIDATOR.validate(read("a.yaml", one(step).encode()).value)


def test_arguments_of_a_tool_may_have_a_field_that_is_called_so() -> None:
    flow = loaded(one("{id: a, type: tool, call: desk.look, with: {variants: {a: 1, b: 2}}}"))
    assert flow.experiments == ()
