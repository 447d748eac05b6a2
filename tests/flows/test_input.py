"""What is asked back, and how it is answered: nothing is guessed or dropped in silence."""

from __future__ import annotations

import pytest

from bot.reply import Buttons, Lines
from flows import doubts
from flows.effects import Change as Replaced
from flows.effects import Effect, Read, Say
from flows.events import Entered
from flows.run import Run
from flows.understanding import Change
from tests.flows.builders import ADA, KNOWN, add, advance, flow_of, heard, of_kind, pressed, run_of, said

FLOW = flow_of("""
- {id: ask, type: input, gather: [items], ask: "What would you like?", offered: "menu"}
- {id: menu, type: tool, call: desk.look, save: menu}
- {id: end, type: end}
""")
OFFERED = [
    {"name": "Margherita", "variants": ["small", "large"], "unit_amount": 1200, "currency": "usd"},
    {"name": "Funghi"},
    {"name": "Cola", "unit_amount": 300, "currency": "usd"},
]
PIZZA = add("", 2, candidates=("Margherita", "Funghi"), words="two pizzas")
COAL = add("Cola", 2, confidence=0.5, words="two coals")


def asked(unread: str = "") -> Run:
    run, _ = advance(FLOW, run_of(FLOW, unread).with_slots({"menu": OFFERED}), Entered(), KNOWN)
    return run


def hears(
    run: Run, *changes: Change, intent: str = "value", **fields: object
) -> tuple[Run, tuple[Effect, ...]]:
    return advance(FLOW, run, heard(intent, *changes, **fields), KNOWN)  # type: ignore[arg-type]


def labels(effects: tuple[Effect, ...]) -> list[str]:
    drawn = [
        block for say in of_kind(effects, Say) for block in say.reply.blocks if isinstance(block, Buttons)
    ]
    return [button.label for buttons in drawn for button in buttons.buttons]


def press(run: Run, effects: tuple[Effect, ...], label: str) -> tuple[Run, tuple[Effect, ...]]:
    """Presses the button as the person sees it."""
    drawn = [
        block for say in of_kind(effects, Say) for block in say.reply.blocks if isinstance(block, Buttons)
    ]
    button = next(button for buttons in drawn for button in buttons.buttons if button.label == label)
    return advance(FLOW, run, pressed(run, "pick", button.value.rpartition("|")[2]), KNOWN)


def ordered(run: Run) -> list[tuple[str, int]]:
    return [(item["name"], item["quantity"]) for item in run.slots.get("items") or ()]


def test_what_began_the_run_is_read_before_anything_is_asked() -> None:
    run, effects = advance(FLOW, run_of(FLOW, "order two colas"), Entered(), KNOWN)
    assert effects == (Read(ADA, "Ada", "order two colas"),)
    assert run.unread == ""


@pytest.mark.parametrize("text", ["/order", "I would like to order lunch for everybody"])
def test_a_beginning_without_items_is_simply_asked_for_them(text: str) -> None:
    _, effects = hears(asked(text), intent="route", text=text, opening=True)
    assert said(effects) == ["What would you like?"]


def test_a_question_about_the_menu_is_answered_with_it() -> None:
    _, effects = hears(asked(), intent="unknown", text="what do you have?")
    assert said(effects) == [
        "I found nothing to order in “what do you have?”. "
        "There is: Margherita, Funghi, Cola. What would you like?"
    ]
    assert effects[0].reply.blocks[1] == Lines(  # type: ignore[union-attr]
        (("Margherita (small, large)", "$12.00"), ("Funghi", ""), ("Cola", "$3.00"))
    )


def test_several_unknown_things_are_named_together_and_the_menu_once() -> None:
    _, effects = hears(asked(), add("sushi", known=False), add("ramen", known=False))
    assert said(effects) == [
        "I do not know “sushi” or “ramen”. There is: Margherita, Funghi, Cola. What would you like?"
    ]


def test_what_was_known_is_noted_and_one_may_go_on_without_the_rest() -> None:
    run, effects = hears(asked(), add("Cola", 2), add("sushi", known=False))
    assert said(effects)[0].startswith("Noted: 2 × Cola. I do not know “sushi”.")
    assert said(effects)[0].endswith("Say “that's all” to go on without it.")
    run, _ = hears(run, intent="no")
    assert run.step == "menu"


def test_words_that_are_hardly_an_order_are_left_out_aloud_and_stop_nothing() -> None:
    run, effects = hears(asked(), add("fine", known=False, confidence=0.3), add("Cola", 2))
    assert run.step == "menu"
    assert said(effects) == ["I did not understand “fine”, so I left it out."]


def test_words_left_over_are_said() -> None:
    run, effects = hears(asked(), add("Cola"), leftover="by the window")
    assert run.step == "menu"
    assert said(effects) == ["I did not understand “by the window”, so I left it out."]


def test_between_several_the_person_picks_by_a_button() -> None:
    run, effects = hears(asked(), PIZZA, add("Cola", 3))
    assert said(effects) == ["Noted: 3 × Cola.", "Which one do you mean by “two pizzas”?"]
    assert labels(effects) == ["Margherita", "Funghi", "None of these"]

    run, effects = press(run, effects, "Funghi")

    assert ordered(run) == [("Cola", 3), ("Funghi", 2)]
    assert of_kind(effects, Replaced)[0].reply.text == "Which one do you mean by “two pizzas”? Funghi."
    assert run.step == "menu"


def test_between_several_the_person_picks_by_a_word_and_keeps_the_number() -> None:
    run, _ = hears(asked(), PIZZA)
    run, _ = hears(run, add("Margherita"))
    assert ordered(run) == [("Margherita", 2)]


def test_between_several_a_yes_picks_none_and_asks_again() -> None:
    run, _ = hears(asked(), PIZZA)
    run, effects = hears(run, intent="yes")
    assert ordered(run) == []
    assert said(effects) == ["Sorry, I did not get that. Which one do you mean by “two pizzas”?"]


def test_a_guess_is_made_only_after_a_yes() -> None:
    run, effects = hears(asked(), COAL)
    assert said(effects) == ["I am not sure about “two coals”. Did you mean 2 × Cola?"]
    assert ordered(run) == []
    assert ordered(hears(run, intent="yes")[0]) == [("Cola", 2)]
    assert ordered(press(run, effects, "Yes")[0]) == [("Cola", 2)]
    assert ordered(press(run, effects, "No")[0]) == []
    assert ordered(hears(run, intent="no")[0]) == []


def test_two_doubts_are_asked_one_after_the_other_and_none_is_lost() -> None:
    run, first = hears(asked(), PIZZA, COAL)
    assert said(first) == ["Which one do you mean by “two pizzas”?"]
    run, second = press(run, first, "Margherita")
    assert said(second)[-1] == "I am not sure about “two coals”. Did you mean 2 × Cola?"
    run, _ = press(run, second, "Yes")
    assert ordered(run) == [("Margherita", 2), ("Cola", 2)]


def test_a_button_of_an_earlier_question_does_not_answer_the_newer_one() -> None:
    run, first = hears(asked(), PIZZA, COAL)
    run, _ = press(run, first, "None of these")
    after, effects = press(run, first, "Margherita")
    assert after.slots == run.slots
    assert said(effects) == ["That is settled already."]


@pytest.mark.twin
def test_without_the_number_an_old_button_would_answer_the_newer_question(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real = doubts.ask
    monkeypatch.setattr(doubts, "ask", lambda number, found: real(0, found))
    run, first = hears(asked(), PIZZA, COAL)
    run, _ = press(run, first, "None of these")
    assert ordered(press(run, first, "Margherita")[0]) == [("Cola", 2)]


def test_make_it_three_is_about_what_was_asked() -> None:
    run, _ = hears(asked(), add("Cola"), PIZZA)
    run, effects = hears(run, Change("set", "", 3))
    run, _ = press(run, effects, "Funghi")
    assert ordered(run) == [("Cola", 1), ("Funghi", 3)]


def test_other_words_leave_the_question_open() -> None:
    run, _ = hears(asked(), PIZZA)
    run, effects = hears(run, add("Cola", 3))
    assert said(effects)[-2:] == ["Noted: 3 × Cola.", "Which one do you mean by “two pizzas”?"]
    assert ordered(run) == [("Cola", 3)]


def test_clearing_the_list_clears_the_question_too() -> None:
    run, _ = hears(asked(), PIZZA)
    run, effects = hears(run, Change("clear", "", 0))
    assert run.slots["doubt"] is None
    assert said(effects)[-1] == "The list is empty now. What would you like?"


def test_what_was_the_question_repeats_the_one_that_is_open() -> None:
    run, _ = hears(asked(), PIZZA)
    run, effects = hears(run, intent="repeat")
    assert said(effects) == ["Which one do you mean by “two pizzas”?"]
    assert ordered(press(run, effects, "Funghi")[0]) == [("Funghi", 2)]


def test_what_was_the_question_tells_the_list_so_far_where_none_is_open() -> None:
    run, _ = hears(asked(), add("Cola", 2), add("sushi", known=False))
    _, effects = hears(run, intent="repeat")
    assert said(effects) == ["So far: 2 × Cola. Say what to change, or “that's all” to go on."]


def test_that_is_all_with_an_empty_list_asks_again() -> None:
    run, effects = hears(asked(), intent="no")
    assert (run.step, said(effects)) == ("ask", ["What would you like?"])


def test_a_slot_that_is_filled_is_not_asked_for_unless_it_has_to_change() -> None:
    flow = flow_of("""
    - {id: ask, type: input, gather: [items], next: again}
    - {id: again, type: input, gather: [items], refill: true, ask: "What should I change?"}
    - {id: end, type: end}
    """)
    run = run_of(flow).with_slots({"items": [{"name": "Cola", "quantity": 1, "options": []}]})
    run, effects = advance(flow, run, Entered(), KNOWN)
    assert (run.step, said(effects)) == ("again", ["What should I change?"])


@pytest.mark.parametrize("text", ["{{ 7*7 }}", "{% for x in y %}", "{{ requester.email }}", "<!channel>"])
def test_template_syntax_in_what_people_write_stays_text(text: str) -> None:
    _, effects = hears(asked(), intent="unknown", text=text)
    assert text in said(effects)[0]
    _, effects = hears(asked(), add(text, known=False))
    assert f"I do not know “{text}”." in said(effects)[0]


def test_a_text_of_forty_thousand_characters_is_quoted_in_short() -> None:
    _, effects = hears(asked(), intent="unknown", text="x" * 40_000)
    assert len(said(effects)[0]) < 500
