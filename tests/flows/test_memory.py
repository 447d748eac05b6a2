"""What is remembered of a run, and what becomes of "the usual" in another."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.turn import PersonId
from flows import memory
from flows.effects import Call
from flows.events import Entered, Finished
from flows.flow import Flow
from flows.memory import Remembered
from flows.memory_words import Again, again
from flows.run import Run
from flows.understanding import Change, Meaning, Value
from tests.flows.builders import (
    KNOWN,
    PAID,
    QUOTED,
    TOOLS,
    add,
    advance,
    flow_of,
    heard,
    pressed,
    run_of,
    said,
)
from tests.flows.orders import FLOW, MENU, asked, charging, confirming

BARE = flow_of("""
- id: collect
  type: input
  gather: [items]
- id: pay
  type: tool
  call: desk.pay
  with: {amount: 100, currency: usd}
  rests_on: [items]
  save: paid
- id: over
  type: end
""")
USUAL = Again("the usual", "", usual=True)
LAST = Again("same as last time", "")
TWO = {"items": [{"name": "Margherita", "quantity": 2, "options": []}]}
ONE = {"items": [{"name": "Cola", "quantity": 1, "options": ["cold"]}]}

TYPED = flow_of("""
- id: ask
  type: input
  gather:
    - {slot: size, type: text, ask: "Which size?"}
    - {slot: when, type: date, ask: "When?"}
    - {slot: mail, type: email, ask: "For whom?"}
    - {slot: many, type: integer, ask: "How many?"}
- id: write
  type: tool
  call: desk.write
  with: {size: "{{ size }}"}
  save: done
- id: over
  type: end
""")


def run(slots: dict[str, object], status: str = "done", flow: Flow = FLOW) -> Run:
    found = run_of(flow)
    return Run(found.id, flow.id, found.flow_version, found.requester, status=status, slots=slots)  # type: ignore[arg-type]  # the words of a status


def past(slots: dict[str, object], day: str = "3 Nov", outcome: str = "done") -> Remembered:
    return Remembered("order", outcome, "order: things", slots, day)


# ── what is kept ─────────────────────────────────────────────────────────────────────────


def test_of_a_finished_order_its_items_are_kept_and_nothing_that_a_service_said() -> None:
    paid, _ = advance(FLOW, charging(), Finished(charging().waiting, PAID), KNOWN)
    found = memory.of_run(FLOW, paid)
    assert found is not None
    assert set(found.slots) == {"items"}
    assert found.body == "order: 2 × Margherita"
    assert (found.flow, found.outcome) == ("order", "done")
    for planted in ("pi_1", "Visa", "cus_ada", QUOTED["lines"][0]["price"]):
        assert planted not in str(found)


@pytest.mark.twin
def test_if_all_slots_were_kept_the_services_words_would_be_among_them() -> None:
    paid, _ = advance(FLOW, charging(), Finished(charging().waiting, PAID), KNOWN)
    assert "Visa" in str(dict(paid.slots))


@pytest.mark.parametrize("status", ["cancelled", "waiting", "escalated"])
def test_what_did_not_come_to_an_end_is_not_remembered(status: str) -> None:
    assert memory.of_run(FLOW, run(TWO, status)) is None


def test_what_failed_is_remembered_as_failed_and_is_never_the_usual() -> None:
    found = memory.of_run(FLOW, run(TWO, "failed"))
    assert found is not None
    assert found.outcome == "failed"
    assert memory.meant(USUAL, [found]) is None


def test_a_run_in_which_nothing_was_said_leaves_nothing() -> None:
    assert memory.of_run(FLOW, run({"menu": MENU})) is None


def test_typed_slots_are_kept_but_for_somebodys_address() -> None:
    slots: dict[str, object] = {"size": "large", "mail": "eve@example.com", "many": 3, "when": "2026-11-22"}
    found = memory.of_run(TYPED, run(slots, flow=TYPED))
    assert found is not None
    assert set(found.slots) == {"size", "many", "when"}
    assert "eve@example.com" not in found.body


@given(st.dictionaries(st.sampled_from(["items", "size"]), st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=400),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=10,
)))  # fmt: skip
@settings(max_examples=150)
def test_whatever_the_slots_hold_it_is_bounded_or_left_out(slots: dict[str, object]) -> None:
    for flow in (FLOW, TYPED):
        found = memory.of_run(flow, run(slots, flow=flow))
        if found is not None:
            assert len(found.body) <= memory.LONGEST_BODY
            assert len(found.slots) <= memory.MOST_SLOTS
            for value in found.slots.values():
                assert not isinstance(value, str) or len(value) <= memory.LONGEST_VALUE


# ── which one is meant ───────────────────────────────────────────────────────────────────


def test_same_as_last_time_is_the_newest_that_was_done() -> None:
    found = memory.meant(LAST, [past(ONE, outcome="failed"), past(TWO), past(ONE)])
    assert found is not None
    assert found.slots == TWO


def test_the_usual_is_what_was_wanted_most_often_and_of_equals_the_newest() -> None:
    assert memory.meant(USUAL, [past(ONE), past(TWO), past(TWO)]) == past(TWO)
    assert memory.meant(USUAL, [past(ONE), past(TWO)]) == past(ONE)


def test_what_is_long_past_is_not_the_usual() -> None:
    old = [past(TWO)] * 100
    found = memory.meant(USUAL, [*[past(ONE)] * memory.LATELY, *old])
    assert found is not None
    assert found.slots == ONE


# ── filling it in ────────────────────────────────────────────────────────────────────────


def test_the_usual_at_the_first_question_leads_to_the_card_with_a_yes_and_to_no_charge() -> None:
    meant = memory.filled(Meaning("value"), USUAL, past(TWO), FLOW, asked(), TOOLS)
    assert meant is not None
    after, effects = advance(FLOW, asked(), heard("value", *meant.changes), KNOWN)
    assert after.slots["items"] == TWO["items"]
    assert after.slots["sure_items"]["Margherita"] == {"confidence": memory.SURE, "words": "the usual"}
    assert [each.tool for each in effects if isinstance(each, Call)] == ["stripe.quote"]
    after, effects = advance(FLOW, after, Finished(after.waiting, QUOTED), KNOWN)
    assert after.step == "confirm"
    assert not [each for each in effects if isinstance(each, Call)]


def test_what_is_taken_up_is_said_before_anything_else() -> None:
    _, effects = advance(
        FLOW, asked(), heard("value", add("Margherita", 2), recalled="The usual, as on 3 Nov: two."), KNOWN
    )
    assert said(effects)[0] == "The usual, as on 3 Nov: two."


def test_what_was_said_beside_it_comes_after_it() -> None:
    beside = Meaning("value", changes=(Change("remove", "Cola", 0),))
    meant = memory.filled(beside, USUAL, past(ONE), FLOW, asked(), TOOLS)
    assert meant is not None
    assert [each.op for each in meant.changes] == ["add", "remove"]


def test_at_the_confirmation_it_goes_back_to_the_list_and_is_shown_again() -> None:
    meant = memory.filled(Meaning("value"), LAST, past(ONE), FLOW, confirming(), TOOLS)
    assert meant is not None
    after, effects = advance(FLOW, confirming(), heard("value", *meant.changes), KNOWN)
    assert [item["name"] for item in after.slots["items"]] == ["Margherita", "Cola"]
    assert not [each for each in effects if isinstance(each, Call) and each.tool == "stripe.charge"]


def test_where_no_later_step_asks_for_a_yes_it_is_asked_about_at_once() -> None:
    first, _ = advance(BARE, run_of(BARE), Entered(), KNOWN)
    meant = memory.filled(Meaning("value"), USUAL, past(TWO), BARE, first, TOOLS)
    assert meant is not None
    after, effects = advance(BARE, first, heard("value", *meant.changes), KNOWN)
    assert not [each for each in effects if isinstance(each, Call)]
    assert "Did you mean 2 × Margherita?" in said(effects)[0]
    after, effects = advance(
        BARE, after, pressed(after, "pick", f"{after.slots['doubt']['number']}.0"), KNOWN
    )
    assert [each.tool for each in effects if isinstance(each, Call)] == ["desk.pay"]


@pytest.mark.twin
def test_taken_as_sure_without_a_yes_it_would_be_paid_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "shown_first", lambda *_: True)
    first, _ = advance(BARE, run_of(BARE), Entered(), KNOWN)
    meant = memory.filled(Meaning("value"), USUAL, past(TWO), BARE, first, TOOLS)
    assert meant is not None
    _, effects = advance(BARE, first, heard("value", *meant.changes), KNOWN)
    assert [each.tool for each in effects if isinstance(each, Call)] == ["desk.pay"]


def test_typed_slots_are_filled_but_for_dates_and_addresses_and_what_was_just_said() -> None:
    slots: dict[str, object] = {"size": "large", "mail": "eve@example.com", "many": 3, "when": "2026-11-22"}
    at = Run("r1", "demo", TYPED.version, run_of(TYPED).requester, step="ask")
    now = Meaning("value", values=(Value("many", "5", "five", 0.9),))
    meant = memory.filled(now, USUAL, past(slots), TYPED, at, TOOLS)
    assert meant is not None
    assert {each.slot: each.text for each in meant.values} == {"size": "large", "many": "5"}
    assert meant.values[0].confidence == memory.UNSURE  # desk.write follows without a yes


def test_a_step_that_takes_nothing_of_the_kind_hears_the_words_as_they_are() -> None:
    assert memory.filled(Meaning("value"), USUAL, past(TWO), FLOW, charging(), TOOLS) is None
    assert not memory.can_be_filled(FLOW, charging())
    assert memory.can_be_filled(FLOW, confirming())


def test_every_shipped_way_from_the_first_question_of_an_order_to_its_charge_asks_for_a_yes() -> None:
    assert memory.shown_first(FLOW, "collect", TOOLS)
    assert not memory.shown_first(FLOW, "charge", TOOLS) or FLOW.steps["charge"].targets


# ── the words ────────────────────────────────────────────────────────────────────────────

POINTING = [
    "the usual", "my usual please", "order the usual", "I'd like my usual order", "same as last time",
    "the same as before", "same as yesterday, please", "same again", "as usual", "Like last time!",
    "what I had last time", "wie immer", "das Übliche bitte", "dasselbe wie letztes mal", "and for Grace too",
    "the same for Omar as well", "once more the same", "what I always have", "repeat my last order",
]  # fmt: skip
NOT_POINTING = [
    "two colas", "order two margheritas", "refund the last order", "not the usual", "don't order the usual",
    "unusual", "the last pizza was cold", "usually I pay by card", "cancel", "yes", "for Grace", "",
    "nothing is the same", "x" * 500 + " the usual",
]  # fmt: skip


@pytest.mark.parametrize("text", POINTING)
def test_these_words_point_at_what_was_before(text: str) -> None:
    assert again(text) is not None


@pytest.mark.parametrize("text", NOT_POINTING)
def test_these_do_not(text: str) -> None:
    assert again(text) is None


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("order the usual plus two colas", "order plus two colas"),
        ("As usual, but without the cola", "but without the cola"),
        ("the usual", ""),
        ("same as last time, please", ""),
    ],
)
def test_what_is_said_beside_it_stays(text: str, rest: str) -> None:
    found = again(text)
    assert found is not None
    assert found.rest == rest


def test_for_whom_it_is_is_heard_and_may_mean_what_is_on_the_list() -> None:
    found = again("and for Grace too")
    assert found is not None
    assert (found.whom, found.vague, found.usual) == ("Grace", True, False)


@pytest.mark.parametrize("text", ["the server is slow as usual", "as usual nobody answers the phone"])
def test_a_story_that_says_as_usual_begins_nothing(text: str) -> None:
    found = again(text)
    assert found is not None
    assert not found.alone


@pytest.mark.parametrize("text", ["I'd like the usual please", "can we have the same again", "the usual"])
def test_a_wish_for_it_alone_begins_it(text: str) -> None:
    found = again(text)
    assert found is not None
    assert found.alone


@given(st.text(max_size=600))
@settings(max_examples=200)
def test_no_words_of_anybody_break_the_reading_of_them(text: str) -> None:
    found = again(text)
    assert found is None or (len(found.words) <= 400 and len(found.rest) <= 402)


def test_who_presses_is_who_says_it() -> None:
    assert PersonId("ada") == run_of(FLOW).requester.id
