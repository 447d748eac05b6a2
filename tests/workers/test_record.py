"""What is kept of a run is enough to play it again, event by event, to the same digest."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.events import Entered
from flows.loader import load_file
from flows.policy_file import load_policy
from flows.replay import Played, differing, replay
from flows.scene import Known
from integrations import tools
from tests.workers.lived import Life, order, with_id
from workers import record
from workers.push import CATALOG, POLICY
from workers.store.history import PER_TURN
from workers.tools import cards

FLOW = load_file(CATALOG / "order.yaml", tools())
RULES = load_policy(POLICY)
ADA = with_id(UUID(int=1))
TODAY = Known(RULES, cards())


def life(unread: str = "") -> Life:
    return Life(FLOW, RULES, "r1", ADA, unread)


def again(lived: Life) -> list[Played]:
    began = record.began("r1", "order", FLOW.version, lived.rows)
    assert began is not None
    return replay(FLOW, began, record.recorded(lived.rows, TODAY, {RULES.version: RULES}))


@settings(max_examples=150)
@given(st.data())
def test_whatever_happens_to_a_run_it_is_decided_alike_when_it_is_played_again(data: st.DataObject) -> None:
    def choose(options: list[Any]) -> Any:
        return data.draw(st.sampled_from(options))

    lived = life(choose(["", "two margheritas"]))
    lived.turn(Entered())
    for _ in range(data.draw(st.integers(0, 12))):
        lived.turn(*[lived.event(choose) for _ in range(choose([1, 1, 1, 2]))])
    played = again(lived)
    assert len(played) == len(lived.rows)
    assert differing(played) == []


def test_a_whole_order_is_played_again_to_its_receipt() -> None:
    lived = life()
    for events in order(lived):
        lived.turn(*events)
    assert lived.run.status == "done"
    played = again(lived)
    assert differing(played) == []
    assert "said: Receipt" in played[-1].details[0]


def test_what_was_decided_stands_beside_it_in_words() -> None:
    lived = life()
    for events in order(lived):
        lived.turn(*events)
    words = [line for row in lived.rows for line in orjson.loads(row.decided)]
    assert any(line.startswith('called stripe.charge: {"amount":2400') for line in words)
    assert "changed: Confirmed by Ada." in words
    assert (lived.rows[0].before, lived.rows[0].after) == ("", "menu")


def test_events_are_numbered_by_the_turn_they_came_in() -> None:
    lived = life()
    lived.turn(Entered())
    lived.turn(lived.event(lambda options: options[0]), lived.event(lambda options: options[0]))
    assert [row.seq for row in lived.rows] == [0, PER_TURN, PER_TURN + 1]


def test_only_the_first_event_carries_the_run_as_it_began() -> None:
    lived = life("two colas")
    for events in order(lived)[:3]:
        lived.turn(*events)
    assert [row.began is None for row in lived.rows] == [False, True, True]
    assert record.began("r1", "order", FLOW.version, lived.rows[1:]) is None


def test_with_more_flows_than_are_kept_those_of_today_are_taken() -> None:
    many = Known(RULES, cards(), tuple((f"flow{n}", "a flow") for n in range(record.MOST_FLOWS + 1)))
    lived = life()
    lived.known = many
    lived.turn(Entered())
    assert orjson.loads(lived.rows[0].known)["flows"] is None
    assert len(lived.rows[0].known) < 200


def test_a_policy_that_is_gone_is_noticed() -> None:
    lived = life()
    lived.turn(Entered())
    assert record.policies_of(lived.rows) == {RULES.version}


@pytest.mark.twin
def test_twin_a_recording_that_lost_an_event_is_decided_otherwise() -> None:
    lived = life()
    for events in order(lived):
        lived.turn(*events)
    del lived.rows[2]
    assert differing(again(lived)) != []
