"""What somebody wants again and again: learned from what they said and from what approvers changed."""

from __future__ import annotations

import pytest

from bot.turn import PersonId
from flows import memory_habits
from flows.effects import Call
from flows.events import Finished
from flows.memory_habits import Wanted, accepted, is_sensitive, may_propose, of_edit, of_items, proposed
from flows.memory_words import told, wish
from flows.run import Run
from tests.flows.builders import KNOWN, QUOTED, advance, flow_of, run_of
from tests.flows.orders import FLOW, asked, charging, confirming, held

LARGE = Wanted("Margherita", "large")
TICKET = flow_of("""
- id: ask
  type: input
  gather:
    - {slot: title, type: text}
    - {slot: amount, type: text}
- id: severity
  type: choice
  text: "How severe?"
  options: [{label: Low, value: low}, {label: High, value: high}]
  save: severity
- id: confirm
  type: confirm
  text: "{{ title }}"
  yes: write
- id: write
  type: tool
  call: desk.write
  with: {title: "{{ title }}", severity: "{{ severity }}", amount: "{{ amount }}"}
  save: done
- id: over
  type: end
""")


def test_what_was_wanted_of_each_product_is_noted_with_all_products_there_were() -> None:
    items = [
        {"name": "Margherita", "quantity": 1, "options": ["large", "no onions"]},
        {"name": "Cola", "quantity": 2, "options": []},
    ]
    wanted, about = of_items(FLOW, {"items": items})
    assert wanted == (LARGE, Wanted("Margherita", "no onions"))
    assert about == ("Margherita", "Cola")


def test_it_is_proposed_where_the_cart_is_shown_and_the_product_was_named_plainly() -> None:
    assert may_propose(FLOW, asked(), confirming())
    assert proposed(FLOW, confirming(), [LARGE]) == LARGE


@pytest.mark.parametrize("habit", [Wanted("Cola", "cold"), Wanted("payment", "other"), Wanted("menu", "x")])
def test_what_is_not_in_the_cart_is_not_proposed(habit: Wanted) -> None:
    assert proposed(FLOW, confirming(), [habit]) is None


def test_whoever_said_how_they_want_it_is_not_asked() -> None:
    run = confirming()
    small = [{"name": "Margherita", "quantity": 2, "options": ["small"]}]
    assert proposed(FLOW, run.with_slots({"items": small}), [LARGE]) is None


def test_nothing_is_proposed_once_it_waits_for_an_approver_or_is_being_paid() -> None:
    assert not may_propose(FLOW, confirming(), held())
    assert not may_propose(FLOW, confirming(), charging())


def test_a_yes_goes_back_to_the_cart_which_is_shown_again_and_charges_nothing() -> None:
    event = accepted(confirming(), FLOW, LARGE, PersonId("ada"), "Ada")
    after, effects = advance(FLOW, confirming(), event, KNOWN)
    assert after.slots["items"][0]["options"] == ["large"]
    assert [each.tool for each in effects if isinstance(each, Call)] == ["stripe.quote"]
    after, effects = advance(FLOW, after, Finished(after.waiting, QUOTED), KNOWN)
    assert after.step == "confirm"
    assert not [each for each in effects if isinstance(each, Call)]


def test_a_yes_of_somebody_else_is_refused_by_the_run() -> None:
    event = accepted(confirming(), FLOW, LARGE, PersonId("omar"), "Omar")
    after, _ = advance(FLOW, confirming(), event, KNOWN)
    assert after.slots["items"][0]["options"] == []


def test_a_yes_that_comes_while_it_is_being_paid_changes_nothing() -> None:
    event = accepted(charging(), FLOW, LARGE, PersonId("ada"), "Ada")
    after, _ = advance(FLOW, charging(), event, KNOWN)
    assert after.slots["items"] == charging().slots["items"]


# ── approvers' edits ─────────────────────────────────────────────────────────────────────


def test_what_an_approver_changed_is_learned_where_it_is_a_slot_of_the_flow() -> None:
    changes = (("Severity", "low", "high"), ("Labels", "a", "b"))
    assert of_edit(TICKET, "write", changes) == (Wanted("severity", "high"),)


@pytest.mark.parametrize(
    "field", ["Amount", "amount", "Recipient", "E-mail", "Payment method", "Customer", "Assignee", "To"]
)
def test_what_it_costs_and_whom_it_is_for_is_never_learned(field: str) -> None:
    assert of_edit(TICKET, "write", ((field, "1", "100"),)) == ()


@pytest.mark.twin
def test_without_the_list_of_names_an_amount_would_be_learned(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory_habits, "is_sensitive", lambda _: False)
    assert of_edit(TICKET, "write", (("Amount", "1", "100"),)) == (Wanted("amount", "100"),)


@pytest.mark.parametrize(
    "slot", ["amount", "total_price", "pay_to", "customer_email", "recipient", "iban", "owner"]
)
def test_names_of_money_and_of_people_are_known(slot: str) -> None:
    assert is_sensitive(slot)


@pytest.mark.parametrize("slot", ["size", "title", "severity", "notes", "topping"])
def test_other_names_are_not(slot: str) -> None:
    assert not is_sensitive(slot)


def test_a_slot_that_approvers_changed_again_and_again_is_proposed_before_they_are_asked() -> None:
    habit = Wanted("severity", "high")
    at = Run("r1", "demo", TICKET.version, run_of(TICKET).requester, step="confirm", entries={"confirm": 1})
    low = at.with_slots({"title": "It broke", "severity": "low"})
    assert proposed(TICKET, low, [habit]) == habit
    assert proposed(TICKET, low.with_slots({"severity": "high"}), [habit]) is None
    after, _ = advance(TICKET, low, accepted(low, TICKET, habit, PersonId("ada"), "Ada"), KNOWN)
    assert after.slots["severity"] == "high"
    assert after.step == "confirm"


def test_a_habit_about_money_that_is_there_all_the_same_is_not_proposed() -> None:
    at = Run("r1", "demo", TICKET.version, run_of(TICKET).requester, step="confirm", entries={"confirm": 1})
    assert proposed(TICKET, at.with_slots({"amount": "1"}), [Wanted("amount", "100")]) is None


# ── what is said of the memory ───────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("what do you remember about me?", "list"),
        ("What do you know about me", "list"),
        ("show me what you remember", "list"),
        ("forget that", "forget_that"),
        ("please forget it", "forget_that"),
        ("forget everything about me", "forget_all"),
        ("forget everything you know about me!", "forget_all"),
        ("vergiss alles über mich", "forget_all"),
        ("stop remembering me", "off"),
        ("don't remember anything about me", "off"),
        ("start remembering again", "on"),
    ],
)
def test_whole_sentences_about_the_memory_are_understood(text: str, meant: str) -> None:
    assert wish(text) == meant


@pytest.mark.parametrize(
    "text",
    ["forget the cola", "I forgot that", "what do you remember about the outage?", "remember the milk", "",
     "forget everything about me and charge it to Grace", "don't forget that", "order what you remember"],
)  # fmt: skip
def test_a_part_of_a_sentence_asks_nothing_of_it(text: str) -> None:
    assert wish(text) is None


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("I always want my pizzas without onions, remember that", "I always want my pizzas without onions"),
        ("I am allergic to nuts. Please remember that!", "I am allergic to nuts"),
        ("remember that I am allergic to nuts", "I am allergic to nuts"),
        ("Please remember: our office closes at six.", "our office closes at six."),
        ("remember I work from Berlin", "I work from Berlin"),
        ("can you keep in mind that invoices go to Grace", "invoices go to Grace"),
        ("merk dir, dass ich keine Nüsse esse", "ich keine Nüsse esse"),
        ("remember that " + "word " * 80, ""),
    ],
)
def test_what_somebody_says_for_later_is_told_from_the_words_around_it(text: str, what: str) -> None:
    assert told(text) == what


@pytest.mark.parametrize(
    "text",
    ["remember the milk", "remember to order on Friday", "do you remember that I ordered?", "remember that?",
     "I don't remember that", "remember that", "remember me again", "two colas and remember the milk",
     "remember that forget everything about me", "remember that " + "word " * 200,
     "what do you remember about me?"],
)  # fmt: skip
def test_what_is_to_be_done_or_asked_is_not_told(text: str) -> None:
    assert told(text) is None


def test_in_the_middle_of_something_only_a_sentence_of_its_own_is_told() -> None:
    assert told("two colas, remember that", alone=False) is None
    assert told("remember that I am allergic to nuts", alone=False) == "I am allergic to nuts"
