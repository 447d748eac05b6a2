"""What goes wrong again and again: a person is offered, once, by a button, never without being asked for."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from flows import trouble
from flows.effects import Digress
from flows.events import Entered, Failed
from flows.run import Run
from tests.flows.builders import KNOWN, advance, flow_of, heard, of_kind, pressed, run_of, said

ASKING = flow_of(
    """
    - {id: size, type: choice, text: "Which size?", options: [Small, Large], save: size}
    - {id: done, type: end}
    """,
    "order",
)


def puzzled(times: int) -> tuple[Run, tuple[Any, ...]]:
    run, effects = advance(ASKING, run_of(ASKING), Entered())
    for _ in range(times):
        run, effects = advance(ASKING, run, heard(text="purple"))
    return run, effects


@pytest.mark.parametrize("times", [1, 2])
def test_once_or_twice_not_understood_nobody_is_offered(times: int) -> None:
    assert trouble.TEXT not in said(puzzled(times)[1])


def test_not_understood_three_times_a_person_is_offered_by_a_button_and_nothing_begins() -> None:
    run, effects = puzzled(3)

    assert said(effects)[-1] == trouble.TEXT
    assert of_kind(effects, Digress) == []
    assert run.step == "size"


def test_it_is_offered_once_in_a_run() -> None:
    assert trouble.TEXT not in said(puzzled(4)[1])
    assert trouble.TEXT not in said(puzzled(7)[1])


def test_the_button_leads_to_a_person_and_back_here_once() -> None:
    run, _ = puzzled(3)

    then, effects = advance(ASKING, run, pressed(run, trouble.CHOICE))
    assert of_kind(effects, Digress) == [Digress("escalate", "", 1.0, "")]
    _, again = advance(ASKING, then, pressed(then, trouble.CHOICE))

    assert of_kind(again, Digress) == []
    assert said(again) == ["I am on it already."]


def test_where_there_is_nobody_to_hand_it_to_nothing_is_offered() -> None:
    known = replace(KNOWN, flows=(("order", "Order"),))
    run, effects = advance(ASKING, run_of(ASKING), Entered(), known)
    for _ in range(4):
        run, effects = advance(ASKING, run, heard(text="purple"), known)

    assert trouble.TEXT not in said(effects)


def test_what_fails_three_times_is_offered_to_a_person_too() -> None:
    flow = flow_of(
        """
        - {id: write, type: tool, call: desk.write, save: wrote, rests_on: [more],
           on_error: {"*": again}, next: done}
        - {id: again, type: input, gather: [{slot: more}], refill: true, ask: "Again?", next: write}
        - {id: done, type: end}
        """,
        "order",
    )
    run, effects = advance(flow, replace(run_of(flow), slots={"sure_more": {}}), Entered())
    for number in range(3):
        assert trouble.TEXT not in said(effects)
        run, effects = advance(flow, run, Failed(run.waiting, "unavailable", "No."))
        if number < 2:
            run, effects = advance(flow, run, heard("value", text="again"))

    assert said(effects)[-1] == trouble.TEXT
