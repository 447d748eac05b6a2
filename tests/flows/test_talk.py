"""Whole dialogues as a person reads them: the offline reader, the router and the order flow together."""

from __future__ import annotations

from dataclasses import replace

import pytest

from flows.events import Approved, Expired, Rejected
from tests.flows.talk import Talk

ASK = "What would you like to order? For example “two margheritas and a cola”."


def test_a_small_order_from_the_first_word_to_the_receipt() -> None:
    talk = Talk()
    assert talk.say("order two margheritas and a cola")[-1] == (
        "Confirm your cart: 2 × Margherita, 1 × Cola [Yes, order it | Change something | Cancel]"
    )
    assert talk.say("yes please") == [
        "(changed) Confirmed by Ada.",
        "Charging $27.00 now.",
        "Receipt: 2 × Margherita, 1 × Cola, $27.00 paid. Thank you, Ada!",
    ]
    assert [call.tool for call in talk.calls].count("stripe.charge") == 1


def test_a_large_order_waits_for_a_second_person() -> None:
    talk = Talk()
    talk.say("order six large margheritas and two colas")
    assert talk.press("yes")[-1] == (
        "This needs a second person's approval: $78.00 is $50.00 or more. I have asked."
    )
    assert talk.say("are you done?") == ["This waits for an approver. Say “cancel” to take it back."]
    assert "stripe.charge" not in [call.tool for call in talk.calls]

    assert talk.run is not None
    seen = talk.happen(Approved("a1", talk.run.waiting, "Grace"))

    assert seen[0] == "Grace approved it. Working on it now."
    assert seen[-1].startswith("Receipt: 6 × Margherita (large), 2 × Cola, $78.00 paid.")


@pytest.mark.parametrize(
    ("decision", "words"),
    [
        (
            Rejected("a1", "", "Grace", "over budget"),
            "Grace rejected it: “over budget”. Nothing was charged.",
        ),
        (Rejected("a1", "", "Grace", " "), "Grace rejected it. Nothing was charged."),
        (
            Expired("a1", ""),
            "Nobody decided in time, so it expired. "
            "That is no rejection: you may ask again. Nothing was charged.",
        ),
    ],
)
def test_a_no_is_told_in_plain_words(decision: Rejected | Expired, words: str) -> None:
    talk = Talk()
    talk.say("order six large margheritas")
    talk.press("yes")
    assert talk.run is not None
    assert talk.happen(replace(decision, key=talk.run.waiting)) == [words]


def test_a_beginning_without_items_is_not_called_a_mistake() -> None:
    assert Talk().say("I'd like to order lunch") == [ASK]
    assert Talk().say("/order") == [ASK]


def test_what_do_you_have_is_answered_with_the_menu() -> None:
    talk = Talk()
    talk.say("/order")
    assert talk.say("what do you have?") == [
        "I found nothing to order in “what do you have?”. "
        f"There is: Margherita, Funghi, Cola, Water, Tiramisu. {ASK}"
    ]
    assert "There is: Margherita, Funghi, Cola, Water, Tiramisu." in talk.say("show me the menu")


def test_the_list_is_changed_in_plain_words_until_it_is_right() -> None:
    talk = Talk()
    talk.say("order two margheritas and a cola")
    for words, cart in (
        ("make it three", "2 × Margherita, 3 × Cola"),
        ("drop the cola", "2 × Margherita"),
        ("no onions", "2 × Margherita (no onions)"),
        ("add a water", "2 × Margherita (no onions), 1 × Water"),
    ):
        assert talk.say(words)[-1].startswith(f"Confirm your cart: {cart} [")


@pytest.mark.parametrize("words", ["cancel", "forget it", "never mind"])
def test_it_can_be_dropped_at_any_point(words: str) -> None:
    for said in ("/order", "order two margheritas"):
        talk = Talk()
        talk.say(said)
        assert talk.say(words)[-1] == "Cancelled. Nothing was ordered or charged."


@pytest.mark.parametrize(
    "text",
    [
        "{{ 7*7 }}",
        "{% for x in range(9) %}x{% endfor %}",
        "<script>alert(1)</script>",
        "<!channel>",
        "order " + "🍕" * 500,
        "\u202e\u2066order",
        "x" * 40_000,
        "",
        " ",
        "\x00",
        "order 99999999999999999999 colas",
        "order -3 colas",
    ],
    ids=range(12),
)
def test_whatever_is_said_is_answered_and_nothing_of_it_is_evaluated(text: str) -> None:
    for before in ("/order", "order two margheritas", ""):
        talk = Talk()
        if before:
            talk.say(before)
        answer = talk.say(text)
        assert answer
        assert all("49" not in each for each in answer)
        assert all(len(each) < 2_000 for each in answer)
        assert "stripe.charge" not in [call.tool for call in talk.calls]
