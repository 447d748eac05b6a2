from __future__ import annotations

from dataclasses import replace

import pytest

from flows import engine
from flows.effects import AskApproval, Call, Change, Read, Release, Say, Whisper, Withdraw
from flows.engine import MOST_STEPS
from flows.errors import TemplateError
from flows.events import (
    Approved,
    Began,
    Chose,
    Entered,
    Event,
    Expired,
    Failed,
    Finished,
    Fired,
    Rejected,
)
from flows.run import from_json, to_json
from tests.flows.builders import (
    ADA,
    KNOWN,
    OMAR,
    PAID,
    QUOTED,
    add,
    advance,
    flow_of,
    heard,
    of_kind,
    pressed,
    run_of,
    said,
)
from tests.flows.orders import FLOW, MENU, asked, charging, confirming, held

STATES = {
    "new": lambda: run_of(FLOW),
    "asked": asked,
    "confirming": confirming,
    "held": held,
    "charging": charging,
}
EVERYTHING: tuple[Event, ...] = (
    Entered(),
    heard("unknown"),
    heard("yes"),
    heard("no"),
    heard("cancel"),
    heard("help"),
    heard("repeat"),
    heard("restart"),
    heard("greeting"),
    heard("thanks"),
    heard("route", route="escalate", route_confidence=0.9),
    heard("value", add("Cola")),
    heard("unknown", by=OMAR),
    Chose(ADA, "Ada", "yes", "", "confirm:1"),
    Chose(OMAR, "Omar", "yes", "", "confirm:1"),
    Chose(ADA, "Ada", "pick", "0.0", "collect:1"),
    Approved("a1", "r1:charge:1", "Grace"),
    Rejected("a1", "r1:charge:1", "Grace", "no"),
    Expired("a1", "r1:charge:1"),
    Finished("r1:charge:1", PAID),
    Began("r1:charge:1", {**PAID, "url": "https://pay.example/1"}),
    Failed("r1:charge:1", "declined", "The card was declined."),
    Failed("r1:charge:7", "declined", "The card was declined."),
    Fired("t1"),
)
NAMES = [f"{at}-{type(event).__name__}" for at, event in enumerate(EVERYTHING)]


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("event", EVERYTHING, ids=NAMES)
def test_every_event_in_every_state_is_answered_alike_each_time_and_survives_storage(
    state: str, event: Event
) -> None:
    run = STATES[state]()

    once, again = advance(FLOW, run, event, KNOWN), advance(FLOW, run, event, KNOWN)
    stored = from_json(run.id, run.flow, run.flow_version, run.status, to_json(run))

    assert once == again == advance(FLOW, stored, event, KNOWN)


def test_an_order_runs_from_the_first_words_to_the_receipt() -> None:
    run, first = advance(FLOW, run_of(FLOW, "order two margheritas"), Entered(), KNOWN)
    assert of_kind(first, Call) == [Call("r1:menu:1", "stripe.catalogue", {}, "menu")]

    run, reading = advance(FLOW, run, Finished("r1:menu:1", MENU), KNOWN)
    assert reading == (Read(ADA, "Ada", "order two margheritas"),)

    run, price = advance(FLOW, run, heard("value", add("Margherita", 2), opening=True), KNOWN)
    assert price[0].arguments["items"] == [{"name": "Margherita", "quantity": 2, "options": []}]

    run, card = advance(FLOW, run, Finished("r1:price:1", QUOTED), KNOWN)
    assert said(card) == ["Confirm your cart: 2 × Margherita"]

    run, charge = advance(FLOW, run, pressed(run, "yes"), KNOWN)
    assert [type(effect) for effect in charge] == [Change, Call, Say]
    assert charge[1].key == "r1:charge:1"
    assert charge[1].arguments["amount"] == 2400

    run, receipt = advance(FLOW, run, Finished("r1:charge:1", PAID), KNOWN)
    assert said(receipt) == ["Receipt: 2 × Margherita, $24.00 paid. Thank you, Ada!"]
    assert run.status == "done"


def test_a_large_amount_waits_for_an_approver_and_is_released_once() -> None:
    run = confirming(amount=7800)
    run, effects = advance(FLOW, run, pressed(run, "yes"), KNOWN)
    assert not of_kind(effects, Call)
    assert of_kind(effects, AskApproval)[0].call.key == "r1:charge:1"

    approved = Approved("a1", "r1:charge:1", "Grace")
    run, first = advance(FLOW, run, approved, KNOWN)
    run, second = advance(FLOW, run, approved, KNOWN)

    assert of_kind(first, Release) == [Release("r1:charge:1")]
    assert second == ()


def test_an_unsure_reading_waits_for_an_approver_however_small_it_is() -> None:
    run = confirming(confidence=0.7)
    _, effects = advance(FLOW, run, pressed(run, "yes"), KNOWN)
    ask = of_kind(effects, AskApproval)[0]
    assert (ask.confidence, ask.words, ask.verdict.rule) == (0.7, "margherita", "unsure")


def test_a_rejection_is_told_with_its_reason_and_nothing_is_charged() -> None:
    run, effects = advance(FLOW, held(), Rejected("a1", "r1:charge:1", "Grace", "over budget"), KNOWN)
    assert said(effects) == ["Grace rejected it: “over budget”. Nothing was charged."]
    assert run.status == "cancelled"


def test_an_expiry_is_said_to_be_no_rejection() -> None:
    _, effects = advance(FLOW, held(), Expired("a1", "r1:charge:1"), KNOWN)
    assert "it expired. That is no rejection" in said(effects)[0]


@pytest.mark.parametrize("late", [Approved("a1", "r1:charge:1", "Grace"), Finished("r1:charge:1", PAID)])
def test_after_an_expiry_no_decision_and_no_result_changes_anything(late: Event) -> None:
    run, _ = advance(FLOW, held(), Expired("a1", "r1:charge:1"), KNOWN)
    assert advance(FLOW, run, late, KNOWN) == (run, ())


def test_a_changed_price_is_told_and_shown_anew_under_a_new_key() -> None:
    failed = Failed("r1:charge:1", "price_changed", "The price of Margherita changed.")
    run, effects = advance(FLOW, charging(), failed, KNOWN)
    assert said(effects)[0].startswith("The price of Margherita changed. Nothing was charged")
    run, _ = advance(FLOW, run, Finished("r1:price:2", {**QUOTED, "amount": 2600}), KNOWN)
    run, effects = advance(FLOW, run, pressed(run, "yes"), KNOWN)
    assert of_kind(effects, Call)[0].key == "r1:charge:2"


def test_a_press_on_an_earlier_card_changes_nothing_and_says_where_the_newest_is() -> None:
    run = confirming()
    old = pressed(run, "yes")
    run, _ = advance(FLOW, run, heard("value", add("Cola")), KNOWN)
    run, _ = advance(FLOW, run, Finished(run.waiting, QUOTED), KNOWN)

    after, effects = advance(FLOW, run, old, KNOWN)

    assert after == run
    assert effects == (Whisper(ADA, effects[0].reply),)
    assert "out of date" in effects[0].reply.text


@pytest.mark.twin
def test_without_the_guard_a_press_on_an_earlier_card_would_confirm_another_list(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run = confirming()
    old = pressed(run, "yes")
    run, _ = advance(FLOW, run, heard("value", add("Cola")), KNOWN)
    run, _ = advance(FLOW, run, Finished(run.waiting, QUOTED), KNOWN)
    monkeypatch.setattr(engine, "_refused", lambda run, event: ())

    _, effects = advance(FLOW, run, old, KNOWN)

    assert of_kind(effects, Call)[0].tool == "stripe.charge"


@pytest.mark.parametrize("event", [heard("yes", by=OMAR), Chose(OMAR, "Omar", "yes", "", "confirm:1")])
def test_a_bystander_steers_nothing_and_is_told_why(event: Event) -> None:
    run = confirming()
    after, effects = advance(FLOW, run, event, KNOWN)
    assert after == run
    assert effects == (Whisper(OMAR, effects[0].reply),)
    assert said(effects) == ["Only Ada can answer this."]


@pytest.mark.twin
def test_without_the_guard_a_bystander_would_confirm_somebody_elses_order(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(engine, "_refused", lambda run, event: ())
    _, effects = advance(FLOW, confirming(), heard("yes", by=OMAR), KNOWN)
    assert of_kind(effects, Call)[0].tool == "stripe.charge"


@pytest.mark.parametrize(
    "event",
    [
        Finished("r1:menu:1", MENU),
        Finished("r1:charge:2", PAID),
        Failed("r2:charge:1", "x", "x"),
        Approved("a1", "r1:charge:1", "Grace"),
        Entered(),
    ],
)
def test_a_late_result_a_foreign_one_and_a_second_beginning_change_nothing(event: Event) -> None:
    run = charging()
    assert advance(FLOW, run, event, KNOWN) == (run, ())


@pytest.mark.twin
def test_without_the_guard_a_second_beginning_would_charge_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "_stale", lambda run, event: False)
    _, effects = advance(FLOW, charging(), Entered(), KNOWN)
    assert of_kind(effects, Call)[0].tool == "stripe.charge"


@pytest.mark.twin
def test_without_the_guard_a_late_approval_would_release_what_is_not_held(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(engine, "_stale", lambda run, event: False)
    _, effects = advance(FLOW, charging(), Approved("a1", "r1:charge:1", "Grace"), KNOWN)
    assert of_kind(effects, Release)


@pytest.mark.parametrize("by", [ADA, OMAR])
def test_a_run_that_is_over_answers_a_press_and_does_nothing_else(by: str) -> None:
    run = replace(confirming(), status="done")
    after, effects = advance(FLOW, run, replace(pressed(run, "yes"), by=by), KNOWN)  # type: ignore[arg-type]
    assert after == run
    assert said(effects) == ["This is finished already, so the button changes nothing."]


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("choice", ["yes", "no", "cancel", "pick", "nonsense"])
def test_no_press_goes_unanswered_in_any_state(state: str, choice: str) -> None:
    run = STATES[state]()
    for by in (ADA, OMAR):
        _, effects = advance(FLOW, run, pressed(run, choice, by=by), KNOWN)
        assert effects


CIRCLE = """
- {id: a, type: branch, cases: [{if: "1 == 2", goto: done}], else: ask}
- {id: ask, type: input, gather: [items], next: say}
- {id: say, type: message, text: round, next: a}
- {id: done, type: end}
"""


def test_a_flow_that_goes_in_circles_stops_with_a_sentence() -> None:
    flow = flow_of(CIRCLE)
    run = replace(run_of(flow), slots={"items": [{"name": "Cola", "quantity": 1, "options": []}]})

    run, effects = advance(flow, run, Entered(), KNOWN)

    assert run.status == "failed"
    assert said(effects)[-1] == "This flow went in circles, so I stopped it."
    assert len(effects) <= MOST_STEPS


BROKEN = """
- {id: pay, type: tool, call: desk.pay, with: {amount: 9900, currency: usd}, save: done, on_error: {"*": oh}}
- {id: say, type: message, text: "{{ done.amount | money(done.currency) }} paid"}
- {id: end, type: end}
- {id: oh, type: message, text: "{{ error.sentence | items }}", next: end}
"""


def test_a_text_that_cannot_be_filled_in_ends_the_run_and_names_the_step() -> None:
    flow = flow_of(BROKEN)
    run, _ = advance(flow, run_of(flow), Entered(), KNOWN)
    run, effects = advance(flow, run, Expired("a1", run.waiting), KNOWN)
    assert run.status == "failed"
    assert "step “oh” of this flow has a fault" in said(effects)[0]


def test_a_run_that_breaks_while_it_is_held_takes_the_request_back() -> None:
    flow = flow_of(BROKEN)
    run, _ = advance(flow, run_of(flow), Entered(), KNOWN)
    outcome = engine._broken(run, TemplateError("it is broken"))
    assert of_kind(outcome.effects, Withdraw) == [Withdraw("r1:pay:1")]


def test_a_tool_that_is_gone_is_refused_in_words_and_not_called() -> None:
    run = confirming()
    bare = replace(KNOWN, tools={name: card for name, card in KNOWN.tools.items() if name != "stripe.charge"})
    run, effects = advance(FLOW, run, pressed(run, "yes"), bare)
    assert not of_kind(effects, Call)
    assert "There is no tool stripe.charge here. Nothing was charged." in said(effects)
