"""What everybody says in every flow: cancel, change, what was the question, help, start over."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.reply import Reply
from flows.effects import Call, Change, Digress, Resume, Say, Withdraw
from flows.events import Approved, Began, Entered, Failed, Finished, Resumed
from tests.flows.builders import KNOWN, PAID, add, advance, heard, of_kind, run_of, said
from tests.flows.orders import FLOW, MENU, asked, charging, confirming, held

STATES = {"asked": asked, "confirming": confirming}


@pytest.mark.parametrize("state", ["asked", "confirming"])
def test_cancel_ends_it_at_any_question(state: str) -> None:
    run, effects = advance(FLOW, STATES[state](), heard("cancel"), KNOWN)
    assert run.status == "cancelled"
    assert said(effects)[-1] == "Cancelled. Nothing was ordered or charged."


def test_cancelling_takes_the_buttons_off_the_open_card() -> None:
    _, effects = advance(FLOW, confirming(), heard("cancel"), KNOWN)
    assert of_kind(effects, Change)[0].reply.text == "Cancelled."


def test_cancel_while_an_approver_is_asked_takes_the_request_back() -> None:
    run, effects = advance(FLOW, held(), heard("cancel"), KNOWN)
    assert of_kind(effects, Withdraw) == [Withdraw("r1:charge:1")]
    assert run.status == "cancelled"
    assert advance(FLOW, run, Approved("a1", "r1:charge:1", "Grace"), KNOWN) == (run, ())


def test_cancel_while_only_reading_ends_it() -> None:
    run, _ = advance(FLOW, run_of(FLOW), Entered(), KNOWN)
    run, effects = advance(FLOW, run, heard("cancel"), KNOWN)
    assert (run.status, said(effects)) == ("cancelled", ["Cancelled. Nothing was ordered or charged."])


def test_cancel_comes_too_late_while_money_is_moving_and_says_so() -> None:
    run, effects = advance(FLOW, charging(), heard("cancel"), KNOWN)
    assert run.status == "waiting"
    assert said(effects) == ["It is too late to cancel: it is being carried out right now."]


def test_a_payment_link_is_shown_and_what_is_said_meanwhile_points_to_it() -> None:
    began = Began("r1:charge:1", {**PAID, "status": "awaiting_payment", "url": "https://pay.example/1"})
    run, link = advance(FLOW, charging(), began, KNOWN)
    assert "please pay here" in said(link)[0]
    assert link[0].reply.blocks[0].buttons[0].url == "https://pay.example/1"

    assert said(advance(FLOW, run, heard("unknown"), KNOWN)[1]) == [
        "This waits for you: please follow the link above."
    ]
    assert "cannot take the link back" in said(advance(FLOW, run, heard("cancel"), KNOWN)[1])[0]
    run, effects = advance(FLOW, run, Finished("r1:charge:1", PAID), KNOWN)
    assert (run.status, effects[0]) == ("done", Change(link[0].id, Reply("This link has been used.")))


def test_a_link_that_was_not_used_in_time_is_closed_too() -> None:
    began = Began("r1:charge:1", {**PAID, "url": "https://pay.example/1"})
    run, _ = advance(FLOW, charging(), began, KNOWN)
    run, effects = advance(FLOW, run, Failed("r1:charge:1", "declined", "The link was not used."), KNOWN)
    assert said(effects) == ["This link is no longer open.", "The link was not used. Nothing was charged."]


def test_repeat_asks_the_open_question_again() -> None:
    run = confirming()
    assert said(advance(FLOW, run, heard("repeat"), KNOWN)[1]) == ["Confirm your cart: 2 × Margherita"]
    assert "no question open" in said(advance(FLOW, charging(), heard("repeat"), KNOWN)[1])[0]


def test_help_tells_what_can_be_started_and_what_is_on_offer_and_asks_again() -> None:
    words = said(advance(FLOW, asked(), heard("help"), KNOWN)[1])
    assert words[0].startswith("I can do this:\n• /order – Order from the menu\n• /escalate")
    assert words[1] == "There is: Margherita, Cola."
    assert words[2].startswith("What would you like to order?")


def test_start_over_forgets_the_list_and_begins_at_the_first_step() -> None:
    run, effects = advance(FLOW, confirming(), heard("restart"), KNOWN)
    assert [type(effect) for effect in effects] == [Change, Say, Call]
    assert effects[2].key == "r1:menu:2"
    run, effects = advance(FLOW, run, Finished("r1:menu:2", MENU), KNOWN)
    assert run.slots["items"] is None
    assert said(effects)[-1].startswith("What would you like to order?")


def test_thanks_and_hello_are_answered_without_losing_the_place() -> None:
    run, effects = advance(FLOW, confirming(), heard("thanks"), KNOWN)
    assert said(effects) == ["You are welcome."]
    _, effects = advance(FLOW, run, heard("greeting"), KNOWN)
    assert said(effects) == ["Hello! We are in the middle of “order”.", "Confirm your cart: 2 × Margherita"]


@pytest.mark.parametrize("changes", [(), (add("person", known=False),)])
def test_a_sentence_that_asks_for_another_flow_runs_it_in_between(changes: tuple[object, ...]) -> None:
    event = heard("route", *changes, route="escalate", route_confidence=0.9)  # type: ignore[arg-type]
    run, effects = advance(FLOW, confirming(), event, KNOWN)
    assert run.step == "confirm"
    assert said(effects) == ["Let us do that first; then I come back to “order”."]
    assert effects[-1] == Digress("escalate", "words", 0.9, "")


def test_three_flows_deep_or_into_one_that_is_not_there_nobody_digresses() -> None:
    event = heard("route", route="escalate", route_confidence=0.9)
    _, effects = advance(FLOW, replace(confirming(), depth=3), event, KNOWN)
    answer = "We are in the middle of “order”. Finish it here or say “cancel”, then ask for escalate."
    assert said(effects) == [answer]
    _, effects = advance(FLOW, confirming(), event, replace(KNOWN, flows=()))
    assert said(effects) == [answer]


def test_back_from_another_flow_the_question_is_asked_again() -> None:
    _, effects = advance(FLOW, confirming(), Resumed(), KNOWN)
    assert said(effects) == ["Back to “order”.", "Confirm your cart: 2 × Margherita"]
    _, effects = advance(FLOW, held(), Resumed(), KNOWN)
    assert said(effects) == ["Back to “order”: it waits for an approver."]


def test_a_flow_that_was_begun_in_between_hands_back_when_it_is_over() -> None:
    run, effects = advance(FLOW, replace(confirming(), returns_to="r0", depth=1), heard("cancel"), KNOWN)
    assert run.over
    assert effects[-1] == Resume("r0")


def test_a_correction_at_the_confirmation_is_priced_anew_and_shown_on_a_new_card() -> None:
    _, effects = advance(FLOW, confirming(), heard("value", add("Cola", 3)), KNOWN)
    assert [type(effect) for effect in effects] == [Change, Call]
    assert effects[0].reply.text == "Changed, see below."
    assert effects[1].key == "r1:price:2"
    assert [item["name"] for item in effects[1].arguments["items"]] == ["Margherita", "Cola"]


@pytest.mark.parametrize("confidence", [0.3, 0.79])
def test_a_doubtful_yes_confirms_nothing(confidence: float) -> None:
    run, effects = advance(FLOW, confirming(), heard("yes", confidence=confidence), KNOWN)
    assert run.step == "confirm"
    assert said(effects)[0].startswith("I did not understand that.")


def test_a_yes_with_a_change_in_it_changes_and_asks_again() -> None:
    run, effects = advance(FLOW, confirming(), heard("yes", add("Cola")), KNOWN)
    assert run.step == "price"
    assert not [call for call in of_kind(effects, Call) if call.tool == "stripe.charge"]
