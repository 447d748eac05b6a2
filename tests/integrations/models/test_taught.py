"""A flow needs examples and no code: its paraphrases are routed, and what belongs to no flow is not."""

from __future__ import annotations

from dataclasses import replace
from threading import current_thread

import pytest

from integrations.models.base import FlowChoice, Question
from integrations.models.learned.classifier import Guess, learn
from integrations.models.learned.keeping import SHELF
from integrations.models.offline import reader, taught
from integrations.models.offline.reader import OfflineReader, read
from integrations.models.offline.routing import Route
from integrations.models.offline.taught import lesson_of, together

ORDER = FlowChoice(
    "order",
    "Order from the menu",
    ("order two margheritas and a cola", "I'd like to order lunch", "can I get a pizza please",
     "we need four waters and a salad", "place an order", "I want to buy three colas"),
)  # fmt: skip
LEAVE = FlowChoice(
    "leave",
    "Ask for days off",
    ("I want to take Friday off", "book two days of holiday in May", "request annual leave",
     "can I have a week of vacation", "I need a day off next Monday", "put me down for leave in July"),
)  # fmt: skip
PARKING = FlowChoice(
    "parking",
    "Reserve a parking space at the office",
    ("I need a parking space tomorrow", "reserve a spot in the garage", "can I park at the office on Monday",
     "book parking for a visitor", "is there a free space for my car", "get me a parking permit"),
)  # fmt: skip
BAR = 0.6


def asked(text: str, *flows: FlowChoice) -> Question:
    return Question(text, flows)


PARAPHRASES = (
    ("could I take next Friday off please", "leave"),
    ("I would like a day of vacation in July", "leave"),
    ("book me a holiday in June", "leave"),
    ("request two days of leave", "leave"),
    ("put in a week of holiday for me", "leave"),
    ("reserve a parking spot for Monday", "parking"),
    ("I need a space in the garage for my car", "parking"),
    ("can a visitor park at the office tomorrow", "parking"),
    ("a parking permit for next week", "parking"),
    ("I'd like to place an order for lunch", "order"),
)


def test_paraphrases_of_a_new_flow_with_six_examples_are_routed() -> None:
    """None to a wrong flow, and few so unsure that the bot would ask back."""
    readings = [(read(asked(text, ORDER, LEAVE, PARKING)), flow) for text, flow in PARAPHRASES]
    unsure = [reading for reading, _ in readings if reading.route_confidence < BAR]

    assert all(reading.route == flow for reading, flow in readings)
    assert len(unsure) <= 2


def test_an_example_that_is_added_counts_with_the_next_sentence() -> None:
    text = "my bicycle needs a stand"
    before = read(asked(text, ORDER, LEAVE, PARKING))
    more = replace(PARKING, examples=(*PARKING.examples, "a stand for my bicycle", "where can my bicycle go"))
    after = read(asked(text, ORDER, LEAVE, more))

    assert before.route_confidence < BAR
    assert (after.route, after.route_confidence >= BAR) == ("parking", True)


@pytest.mark.parametrize(
    "text",
    [
        "the printer on the third floor jams",
        "who won the elections in Portugal",
        "translate this letter into French",
        "my keyboard has lost a key",
        "is the server in Frankfurt still slow",
        "what should I wear to the party",
        "colourless green ideas sleep furiously",
        "asdf jkl qwertz",
    ],
)
def test_what_belongs_to_no_flow_is_not_routed(text: str) -> None:
    assert read(asked(text, ORDER, LEAVE, PARKING)).route_confidence < BAR


@pytest.mark.twin
def test_twin_without_talk_that_asks_for_nothing_every_sentence_belongs_to_some_flow(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    text = "I need a new pair of shoes"
    flows = (ORDER, LEAVE, PARKING)
    guarded = learn(lesson_of.__wrapped__(flows).pairs).guess(text, never="").confidence
    monkeypatch.setattr(taught, "SENTENCES", ())
    bare = learn(lesson_of.__wrapped__(flows).pairs).guess(text, never="").confidence

    assert guarded < BAR <= bare


def test_a_denial_is_no_order_however_much_it_resembles_one() -> None:
    assert read(asked("I did not place an order", ORDER, LEAVE, PARKING)).route_confidence < BAR


@pytest.mark.twin
def test_twin_without_the_ear_for_denials_it_is_taken_for_an_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(taught, "denies", lambda sentence, flow: False)
    monkeypatch.setattr("integrations.models.offline.routing.denies", lambda sentence, flow: False)

    assert read(asked("I did not place an order", ORDER, LEAVE, PARKING)).route_confidence >= BAR


def test_where_both_agree_it_is_between_what_each_says() -> None:
    found = together(Route("order", 0.9, "order"), Guess("order", 0.7))

    assert 0.7 < found.confidence < 0.9
    assert found.words == "order"


def test_where_they_differ_neither_is_believed_and_both_are_named() -> None:
    found = together(Route("order", 0.9, "order"), Guess("leave", 0.8))

    assert (found.flow, found.runner_up) == ("order", "leave")
    assert found.confidence < BAR
    surer = together(Route("order", 0.3, "order"), Guess("leave", 0.9))
    assert (surer.flow, surer.runner_up) == ("leave", "order")
    assert surer.confidence < BAR


def test_without_an_example_in_reach_the_nearest_stands_alone() -> None:
    assert together(Route("", 0.0, ""), Guess("", 0.0)) == Route("", 0.0, "")


def test_a_product_s_name_is_not_learned_by_heart() -> None:
    assert taught.plain(taught.split("two colas please"), [(1, 2)]) == "two thing please"
    assert taught.plain(taught.split("two colas please"), []) == "two colas please"


def test_a_command_that_is_named_stays_sure_whatever_was_learned() -> None:
    reading = read(asked("/leave parking space in the garage", ORDER, LEAVE, PARKING))

    assert (reading.route, reading.route_confidence >= 0.95) == ("leave", True)


async def test_while_it_learns_the_loop_goes_on_and_the_second_time_it_reads_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    threads: list[str] = []
    monkeypatch.setattr(reader, "read", lambda question: threads.append(current_thread().name))
    flows = (replace(ORDER, examples=("a sentence of this test alone", "another of this test")), LEAVE)

    await OfflineReader().read(asked("order lunch", *flows))
    SHELF.get(lesson_of(flows))
    await OfflineReader().read(asked("order lunch", *flows))

    assert threads[0] != threads[1] == current_thread().name
