"""The words that a flow is begun with."""

from __future__ import annotations

import pytest

from flows.opening import opening, pointed_at
from tests.flows.builders import flow_of

ASKS = flow_of("- {id: title, type: input, gather: [{slot: title}]}\n- {id: done, type: end}", "escalate")


@pytest.mark.parametrize(
    ("words", "given"),
    [
        ("escalate: the lift is stuck", "/escalate the lift is stuck"),
        ("Escalate the lift is stuck", "/escalate the lift is stuck"),
        ("/escalate the lift is stuck", "/escalate the lift is stuck"),
        ("escalate", "escalate"),
        ("escalated again", "escalated again"),
        ("please escalate this", "please escalate this"),
    ],
)
def test_what_follows_the_name_of_a_flow_answers_its_first_question(words: str, given: str) -> None:
    assert opening(ASKS, words) == given


def test_a_flow_that_begins_otherwise_hears_the_words_as_they_are() -> None:
    flow = flow_of('- {id: hello, type: message, text: "Hello"}\n- {id: done, type: end}')
    assert opening(flow, "demo: words") == "demo: words"


def test_of_a_message_that_was_pointed_at_the_first_line_is_what_it_is_about() -> None:
    assert pointed_at("escalate", "  The lift\nis stuck") == "/escalate The lift"
    assert pointed_at("escalate", "") == "/escalate"
    assert len(pointed_at("escalate", "x" * 900)) <= 211
