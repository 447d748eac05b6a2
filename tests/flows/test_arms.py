"""What came of a run under the arms it was shown: one name for it, a goal, and complaints."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bot.turn import PersonId
from flows.arms import outcome_of, reached, taken
from flows.events import Approved, Entered, Finished, Rejected
from flows.flow import Flow
from flows.run import Run
from tests.flows.builders import advance, heard
from tests.flows.test_variants import ASK, loaded, run_for

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
