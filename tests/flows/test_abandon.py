"""A run of which nobody has heard for long is ended once, with one sentence; others' turns are waited for."""

from __future__ import annotations

from dataclasses import replace

import pytest

from flows.abandon import sentence
from flows.effects import Change, Resume, Say
from flows.events import Abandoned
from flows.replay import in_words
from flows.run import Run, from_json, to_json
from tests.flows.builders import KNOWN, advance, of_kind, said
from tests.flows.orders import FLOW, asked, confirming, held
from workers.store import codec

SAID = "I have heard nothing here for 30 days, so I closed this: nothing was ordered or charged."


@pytest.mark.parametrize("run", [asked(), confirming()], ids=["asked", "confirming"])
def test_it_is_ended_with_one_sentence(run: Run) -> None:
    after, effects = advance(FLOW, run, Abandoned(30), KNOWN)

    assert after.status == "cancelled"
    assert [each.reply.text for each in of_kind(effects, Say)] == [SAID]
    assert advance(FLOW, after, Abandoned(30), KNOWN) == (after, ())


def test_the_card_that_is_open_loses_its_buttons() -> None:
    _, effects = advance(FLOW, confirming(), Abandoned(30), KNOWN)

    assert [each.reply.text for each in of_kind(effects, Change)] == ["Closed."]


def test_of_several_in_one_thread_only_the_newest_speaks() -> None:
    after, effects = advance(FLOW, confirming(), Abandoned(30, aloud=False), KNOWN)

    assert after.status == "cancelled"
    assert of_kind(effects, Say) == []
    assert of_kind(effects, Change)


def test_one_that_was_begun_in_between_goes_back_to_its_own() -> None:
    run = replace(asked(), returns_to="r0", depth=1)
    _, effects = advance(FLOW, run, Abandoned(30), KNOWN)

    assert of_kind(effects, Resume) == [Resume("r0")]


@pytest.mark.parametrize(
    "run",
    [held(), replace(asked(), timed=True, waiting="r1:wait:1"), replace(asked(), handoff="r1:handoff:1")],
    ids=["an approver's", "the clock's", "a person's who has it in hand"],
)
def test_while_it_is_somebody_else_s_turn_it_goes_on(run: Run) -> None:
    after, effects = advance(FLOW, run, Abandoned(30), KNOWN)

    assert after.status == "waiting"
    assert effects == ()


def test_what_was_done_before_is_not_denied() -> None:
    _, effects = advance(FLOW, replace(asked(), did=("jira.create_issue",)), Abandoned(7), KNOWN)

    assert said(effects) == [
        "I have heard nothing here for 7 days, so I closed this:"
        " what was done before stays done: jira.create_issue."
    ]


def test_one_day_is_a_day() -> None:
    assert sentence(1, "Nothing was done.").startswith("I have heard nothing here for 1 day, so")


def test_it_is_decided_alike_after_it_was_stored() -> None:
    run, event = confirming(), Abandoned(30)
    again = from_json(run.id, run.flow, run.flow_version, run.status, to_json(run))

    first, second = advance(FLOW, run, event, KNOWN), advance(FLOW, again, event, KNOWN)
    assert first[0].status == second[0].status
    assert in_words(first[1]) == in_words(second[1])
    assert codec.loads(codec.dumps(event)) == event
