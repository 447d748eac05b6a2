"""One of several: pressed, or said."""

from __future__ import annotations

import pytest

from flows.matching import match
from tests.flows.chat import Chat

FLOW = """
- id: which
  type: choice
  text: Which project?
  options: [{label: Payments, value: PAY}, {label: Platform, value: PLAT}, {label: Never mind, goto: out}]
  save: project
- {id: told, type: message, text: "It is {{ project }}."}
- {id: done, type: end}
- {id: out, type: end, status: cancelled}
"""


def test_a_press_takes_it_and_takes_the_buttons_away() -> None:
    chat = Chat(FLOW)
    assert chat.first == ["Which project? [Payments | Platform | Never mind]"]
    assert chat.press("Platform") == ["(changed) Which project? Platform.", "It is PLAT."]


@pytest.mark.parametrize(
    "words", ["Platform", "platform please", "plat", "2", "number 2", "Platfrom", "the second"]
)
def test_it_is_understood_in_words(words: str) -> None:
    chat = Chat(FLOW)
    chat.say(words)
    assert chat.run.slots["project"] == "PLAT"


def test_an_option_may_lead_elsewhere() -> None:
    chat = Chat(FLOW)
    chat.say("never mind then")
    assert chat.run.status == "cancelled"


def test_between_several_it_asks_back() -> None:
    chat = Chat(FLOW)
    assert chat.say("p") == ["Which one do you mean by “p”: Payments, Platform? [Payments | Platform]"]
    chat.say("2")
    assert chat.run.slots["project"] == "PLAT"


def test_what_is_none_of_them_is_said_to_be_and_asked_again() -> None:
    chat = Chat(FLOW)
    assert chat.say("purple") == [
        "“purple” is none of these: Payments, Platform, Never mind.",
        "Which project? [Payments | Platform | Never mind]",
    ]


def rows(count: int) -> Chat:
    text = """
    - {id: fill, type: tool, call: desk.look, save: found}
    - id: which
      type: choice
      text: Which?
      from: found.rows
      label: "{{ option.key }}: {{ option.title }}"
      value: "{{ option.key }}"
      save: key
      on_error: {empty: none}
    - {id: done, type: end}
    - {id: none, type: message, text: "None: {{ error.sentence }}", next: done}
    """
    listed = [{"key": f"PAY-{number}", "title": f"Ticket {number}"} for number in range(count)]
    return Chat(text, {"desk.look": {"rows": listed}})


def test_more_than_five_are_a_select_and_no_more_than_a_platform_takes() -> None:
    chat = rows(150)
    assert len(chat.first[0].split(" | ")) == 100
    chat.press("PAY-7: Ticket 7")
    assert chat.run.slots["key"] == "PAY-7"


def test_nothing_to_choose_from_is_an_error_of_the_step() -> None:
    assert rows(0).first == ["None: There is nothing to choose from."]


def test_a_list_that_is_none_ends_it_in_words() -> None:
    chat = Chat(
        "- {id: fill, type: tool, call: desk.look, save: found}\n"
        "- {id: which, type: choice, text: 'Which?', from: found.rows, save: key}\n- {id: done, type: end}\n",
        {"desk.look": {"rows": 7}},
    )
    assert chat.first == ["There is nothing to choose from."]
    assert chat.run.status == "failed"


@pytest.mark.parametrize(
    ("said", "places"),
    [
        ("high", (1,)),
        ("HIGH!", (1,)),
        ("3", (2,)),
        ("very", (2, 3)),
        ("low one please", (0,)),
        ("hgih", (1,)),
        ("", ()),
        ("99", ()),
        ("banana", ()),
    ],
)
def test_the_best_kind_of_likeness_counts_alone(said: str, places: tuple[int, ...]) -> None:
    assert match(said, ["low", "high", "very high", "very low"]).at == places
