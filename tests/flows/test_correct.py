""" "Actually …": back to what rests on it, nothing done twice, nothing swallowed."""

from __future__ import annotations

from typing import Any

import pytest

from flows import correct
from flows.effects import Call, Digress
from flows.events import Finished
from tests.flows.builders import advance, heard
from tests.flows.chat import Chat, failed

FLOW = """
- {id: title, type: input, gather: [{slot: title, type: text}], ask: "Title?"}
- {id: look, type: tool, call: desk.look, with: {about: "{{ title }}"}, save: found}
- {id: sev, type: choice, text: "Severity?", options: [low, high, critical], save: severity}
- {id: due, type: input, gather: [{slot: due_date, type: date, required: false}], ask: "When?"}
- {id: sure, type: confirm, text: "{{ title }}, {{ severity }}, {{ due_date }}, {{ found.about }}"}
- {id: write, type: tool, call: desk.pay, with: {x: "{{ title }}", amount: 7000, currency: usd}, save: paid}
- {id: more, type: input, gather: [{slot: note, type: integer}], ask: "How many?"}
- {id: done, type: end}
"""


def look(call: Call) -> dict[str, Any]:
    return {"about": f"about {call.arguments['about']}"}


def at_the_card() -> Chat:
    chat = Chat(FLOW, {"desk.look": look, "desk.pay": {"id": 1}})
    for words in ("The lamp", "high", "skip"):
        chat.say(words)
    assert chat.run.step == "sure"
    return chat


def test_what_rests_on_it_is_looked_up_anew_and_later_answers_stay() -> None:
    chat = at_the_card()
    said = chat.say("actually the title is The chair")
    assert said[:2] == ["(changed) Changed, see below.", "Changed: title is now The chair."]
    assert said[-1].startswith("The chair, high, , about The chair")
    assert [call.arguments["about"] for call in chat.calls] == ["The lamp", "The chair"]


@pytest.mark.parametrize(
    "words",
    [
        "severity critical instead",
        "make the severity critical",
        "no, the severity is critical",
        "severity: critical",
    ],
)
def test_what_nothing_rests_on_is_changed_where_one_stands(words: str) -> None:
    chat = at_the_card()
    assert chat.say(words)[-1].startswith("The lamp, critical")
    assert len(chat.calls) == 1


def test_what_was_skipped_can_be_said_later() -> None:
    chat = at_the_card()
    assert "2026-12-24" in chat.say("the due date is 24 December")[-1]


def test_what_does_not_fit_changes_nothing_and_the_question_stands() -> None:
    chat = at_the_card()
    said = chat.say("the severity is purple instead")
    assert chat.run.slots["severity"] == "high"
    assert chat.run.step == "sure"
    assert said


def test_what_is_so_already_is_said_to_be() -> None:
    assert at_the_card().say("severity high instead")[0] == "That is so already: severity is high."


def test_what_was_carried_out_with_it_cannot_be_undone_by_a_word() -> None:
    chat = at_the_card()
    chat.say("yes")
    chat.approve()
    assert chat.run.step == "more"
    assert chat.say("actually the title is Nothing")[0] == (
        "It is too late to change that: desk.pay was carried out with it."
    )
    assert chat.run.slots["title"] == "The lamp"


def test_what_does_not_rest_on_it_is_not_carried_out_a_second_time() -> None:
    chat = at_the_card()
    chat.say("yes")
    chat.approve()
    said = chat.say("severity low instead")
    assert said[0] == "Changed: severity is now low."
    assert len([call for call in chat.calls if call.tool == "desk.pay"]) == 1


@pytest.mark.twin
def test_twin_without_the_memory_of_what_was_done_it_would_be_done_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(correct, "_too_late", lambda *given: "")
    chat = at_the_card()
    chat.say("yes")
    chat.approve()
    chat.say("actually the title is Nothing")
    if chat.run.step == "sure":
        chat.say("yes")
    if chat.run.held:
        chat.approve()
    assert len([call for call in chat.calls if call.tool == "desk.pay"]) == 2


def test_while_it_waits_for_an_approver_a_correction_takes_the_request_back() -> None:
    chat = at_the_card()
    chat.say("yes")
    assert chat.run.held
    before = chat.run.waiting
    said = chat.say("actually the title is Another")
    assert "Changed: title is now Another." in said
    assert chat.run.waiting != before or not chat.run.held


def test_while_it_is_being_carried_out_it_is_too_late() -> None:
    chat = Chat(FLOW, {"desk.look": look, "desk.pay": None})
    for words in ("The lamp", "high", "skip", "yes"):
        chat.say(words)
    chat.approve()
    assert chat.say("actually the title is X")[0].startswith(
        "It is too late to change that: desk.pay is being"
    )


def test_another_flow_in_the_middle_is_run_first() -> None:
    chat = at_the_card()
    run, effects = advance(chat.flow, chat.run, heard("route", route="escalate", route_confidence=0.9))
    assert isinstance(effects[-1], Digress)
    assert run.step == "sure"


def test_free_text_that_sounds_like_another_flow_is_text() -> None:
    chat = Chat(FLOW)
    event = heard("value", text="order the new lamps", route="order", route_confidence=0.9)
    run, effects = advance(chat.flow, chat.run, event)
    assert run.slots["title"] == "order the new lamps"
    assert not [each for each in effects if isinstance(each, Digress)]


# ── trying again ─────────────────────────────────────────────────────────────────────────

TRY = """
- id: write
  type: tool
  call: desk.look
  retry: {times: 2, after: 30 seconds}
  on_error: {"*": sorry}
- {id: done, type: end}
- {id: sorry, type: message, text: "Sorry: {{ error.sentence }}", next: done}
"""


def test_a_certain_failure_is_tried_again_under_a_new_key_and_that_is_said() -> None:
    chat = Chat(TRY, {"desk.look": failed("busy", "It is busy.")})
    assert chat.first == ["It is busy. I will try again in 30 seconds (1 of 2)."]
    assert chat.wake() == ["It is busy. I will try again in 30 seconds (2 of 2)."]
    assert chat.wake() == ["Sorry: It is busy."]
    assert [call.key for call in chat.calls] == ["r1:write:1", "r1:write:2", "r1:write:3"]


@pytest.mark.parametrize("code", ["unknown", "rejected", "denied", "expired", "sealed"])
def test_what_is_not_certain_or_was_refused_is_never_tried_again(code: str) -> None:
    chat = Chat(TRY, {"desk.look": failed(code, "No.")})
    assert chat.first == ["Sorry: No."]
    assert len(chat.calls) == 1


@pytest.mark.twin
def test_twin_without_that_list_what_may_have_happened_would_be_done_twice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("flows.steps.tool.NEVER_AGAIN", frozenset())
    chat = Chat(TRY, {"desk.look": failed("unknown", "Nobody knows.")})
    chat.wake()
    assert len(chat.calls) == 2


def test_while_it_waits_to_try_again_it_can_be_cancelled() -> None:
    chat = Chat(TRY, {"desk.look": failed("busy")})
    assert chat.say("hello?") != []
    assert chat.say("cancel") == ["Cancelled. Nothing was done."]


def test_a_late_result_of_the_try_before_counts_as_the_result() -> None:
    chat = Chat(TRY, {"desk.look": failed("busy")})
    chat.happen(Finished("r1:write:1", {}))
    assert chat.run.status == "done"


# ── what was done ────────────────────────────────────────────────────────────────────────


def test_cancelling_after_something_was_done_does_not_say_that_nothing_was() -> None:
    chat = at_the_card()
    chat.say("yes")
    chat.approve()
    assert chat.say("cancel") == ["Cancelled. What was done before stays done: desk.pay."]
