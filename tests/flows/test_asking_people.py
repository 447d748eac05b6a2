"""approve and think: a question to people, and one to a model."""

from __future__ import annotations

import pytest

from flows.effects import AskApproval
from flows.errors import FlowError
from flows.material import exact, generated, texts
from flows.policy import Outcome, Policy, Rule
from tests.flows.builders import KNOWN, flow_of
from tests.flows.chat import Chat

ASK = """
- id: ask
  type: approve
  question: "May {{ requester.name }} have the key?"
  facts: {Who: "{{ requester.name }}", Empty: ""}
  approvers: [Grace@example.com]
  expires_minutes: 5
  save: decision
  if_rejected: no_
  if_expired: late
- {id: yes_, type: message, text: "By {{ decision.by }}.", next: done}
- {id: no_, type: message, text: "{{ error.sentence }}", next: done}
- {id: late, type: message, text: "{{ error.sentence }}", next: done}
- {id: done, type: end}
"""


def asked() -> tuple[Chat, AskApproval]:
    chat = Chat(ASK, {"flow.approve": {"approved": True}})
    return chat, chat.asked[0]


def test_a_question_is_asked_with_its_facts_as_what_is_approved() -> None:
    chat, question = asked()
    assert question.call.tool == "flow.approve"
    assert question.call.arguments == {
        "question": "May Ada have the key?",
        "facts": [{"label": "Who", "value": "Ada"}],
        "approvers": ["grace@example.com"],
    }
    assert question.expires == 300
    assert chat.run.held


def test_a_yes_goes_on_and_says_who_gave_it() -> None:
    chat, _ = asked()
    assert chat.approve() == ["Grace approved it.", "By Grace."]


def test_a_no_and_no_answer_lead_where_the_flow_says() -> None:
    assert asked()[0].reject("not today") == ["Grace rejected it: “not today”."]
    assert asked()[0].expire() == ["Nobody decided in time."]


def test_it_can_be_taken_back_and_words_decide_nothing() -> None:
    chat, _ = asked()
    assert chat.say("approved") == ["This waits for an approver. Say “cancel” to take it back."]
    assert chat.say("cancel") == ["Cancelled, and the request for approval is withdrawn. Nothing was done."]


def test_a_policy_that_forbids_it_forbids_it() -> None:
    never = Rule("never", Outcome.DENY, "Not here.", tool="flow.*")
    known = KNOWN.__class__(Policy("p", (never,)), KNOWN.tools)
    assert "Not here." in Chat(ASK, known=known).first[0]


def test_a_policy_that_lets_writing_run_alone_does_not_answer_the_question() -> None:
    alone = Rule("all", Outcome.ALONE, "Fine.")
    known = KNOWN.__class__(Policy("p", (alone,)), KNOWN.tools)
    assert Chat(ASK, known=known).run.held


THINK = """
- {id: look, type: tool, call: desk.look, save: found}
- {id: sum, type: think, instructions: "Sum up.", material: "{{ found.rows }}", save: summary, longest: 500}
- {id: told, type: message, text: "{{ summary.label }}: {{ summary.text }}"}
- {id: done, type: end}
"""
ROWS = [{"key": "A-1", "title": "Printer", "description": "It burns", "url": "https://x/1"}, "plain words"]


def test_material_reaches_the_model_as_texts_with_their_sources() -> None:
    chat = Chat(
        THINK, {"desk.look": {"rows": ROWS}, "model.think": {"text": "S", "label": "L", "generated": True}}
    )
    assert chat.calls[1].arguments == {
        "instructions": "Sum up.",
        "material": [
            {"name": "Printer", "url": "https://x/1", "text": "It burns"},
            {"name": "2", "url": "", "text": "plain words"},
        ],
        "longest": 500,
    }
    assert chat.replies[-1].generated


def test_an_extract_is_not_marked_as_a_models_words() -> None:
    chat = Chat(
        THINK, {"desk.look": {"rows": ROWS}, "model.think": {"text": "S", "label": "L", "generated": False}}
    )
    assert not chat.replies[-1].generated
    assert chat.replies[-1].text == "L: S"


def test_what_people_wrote_cannot_stand_in_the_instructions() -> None:
    with pytest.raises(FlowError, match="may read no slot"):
        flow_of(THINK.replace("Sum up.", "Sum up {{ found }}."))


@pytest.mark.parametrize(
    "value", [None, 7, "", [], {}, [None, 3, {"a": [1]}], "x" * 500_000, [{"x": 1.5}] * 999]
)
def test_material_of_any_shape_is_texts_of_bounded_size(value: object) -> None:
    found = texts(value)
    assert len(found) <= 200
    assert sum(len(each["text"]) for each in found) <= 120_000


def test_fractions_have_one_spelling_in_arguments() -> None:
    assert exact({"a": [2.5, 3.0, 1], "b": True}) == {"a": ["2.5", "3", 1], "b": True}
    assert generated(frozenset({"a"}), {"a": {"generated": "yes"}}) is False
