from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.items import MOST_ITEMS, MOST_OF_ONE, apply, in_words, weakest
from flows.understanding import Change
from tests.flows.builders import add

Items = Sequence[dict[str, Any]]
NAMES = ("Margherita", "Funghi", "Cola")


def listed(*items: tuple[str, int, tuple[str, ...]]) -> list[dict[str, Any]]:
    return [{"name": name, "quantity": n, "options": list(options)} for name, n, options in items]


def after(change: Change, items: Items = ()) -> list[tuple[str, int, tuple[str, ...]]]:
    applied = apply([change], items, {}, bar=0.6)
    assert not applied.doubts, applied.doubts
    return [(item["name"], item["quantity"], tuple(item["options"])) for item in applied.items]


TWO_AND_ONE = listed(("Margherita", 2, ()), ("Cola", 1, ()))


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (add("Funghi"), [("Margherita", 2, ()), ("Cola", 1, ()), ("Funghi", 1, ())]),
        (add("Cola", 2), [("Margherita", 2, ()), ("Cola", 3, ())]),
        (add("Cola", 1, "no ice"), [("Margherita", 2, ()), ("Cola", 1, ()), ("Cola", 1, ("no ice",))]),
        (add("", 1), [("Margherita", 2, ()), ("Cola", 2, ())]),
        (Change("set", "", 3), [("Margherita", 2, ()), ("Cola", 3, ())]),
        (Change("set", "Margherita", 5), [("Margherita", 5, ()), ("Cola", 1, ())]),
        (Change("set", "Margherita", 0), [("Cola", 1, ())]),
        (Change("set", "Funghi", 2), [("Margherita", 2, ()), ("Cola", 1, ()), ("Funghi", 2, ())]),
        (Change("remove", "Margherita", 1), [("Margherita", 1, ()), ("Cola", 1, ())]),
        (Change("remove", "Margherita", 0), [("Cola", 1, ())]),
        (Change("remove", "Margherita", 9), [("Cola", 1, ())]),
        (
            Change("option", "Margherita", options=("no onions",)),
            [("Margherita", 2, ("no onions",)), ("Cola", 1, ())],
        ),
        (
            Change("option", "", options=("no ice", "no ice")),
            [("Margherita", 2, ()), ("Cola", 1, ("no ice",))],
        ),
        (Change("clear", "", 0), []),
    ],
    ids=lambda value: in_words(value) if isinstance(value, Change) else "",
)
def test_a_change_does_what_it_says(change: Change, expected: list[tuple[str, int, tuple[str, ...]]]) -> None:
    assert after(change, TWO_AND_ONE) == expected


def test_an_option_can_be_taken_back() -> None:
    change = Change("option", "Cola", options=("lemon",), remove_options=("no ice",))
    assert after(change, listed(("Cola", 1, ("no ice",)))) == [("Cola", 1, ("lemon",))]


@pytest.mark.parametrize(
    ("change", "question"),
    [
        (
            add("", candidates=("Margherita", "Funghi"), words="a pizza"),
            "Which one do you mean by “a pizza”?",
        ),
        (add("sushi", known=False), "I do not know “sushi”."),
        (add("Cola", confidence=0.5, words="coal"), "I am not sure about “coal”. Did you mean 1 × Cola?"),
        (Change("set", "", 3), "There is nothing in the list yet."),
        (Change("remove", "Cola"), "There is no Cola in your list."),
        (add("Cola", 1000), "I can take at most 999 of one thing."),
        (
            add("Cola", -2, words="minus two colas"),
            "I did not understand how many you mean by “minus two colas”.",
        ),
        (add("x" * 300), "That is more detail than I can keep. Please say it in fewer words."),
        (
            add("Cola", 1, *"abcdefghijklmnopqrstu"),
            "That is more detail than I can keep. Please say it in fewer words.",
        ),
    ],
    ids=lambda value: value[:30] if isinstance(value, str) else "",
)
def test_a_doubtful_change_is_asked_about_and_not_made(change: Change, question: str) -> None:
    applied = apply([change], (), {}, bar=0.6)
    assert applied.items == ()
    assert [doubt.question for doubt in applied.doubts] == [question]


@pytest.mark.twin
def test_without_the_bar_an_unsure_reading_would_be_ordered_in_silence() -> None:
    applied = apply([add("Cola", confidence=0.1)], (), {}, bar=0.0)
    assert [item["name"] for item in applied.items] == ["Cola"]


def test_the_sure_ones_are_made_and_the_doubtful_ones_kept_as_doubts() -> None:
    applied = apply([add("Cola", 2), add("sushi", known=False), add("Funghi")], (), {}, bar=0.6)
    assert applied.done == ("2 × Cola", "1 × Funghi")
    assert [doubt.change.item for doubt in applied.doubts] == ["sushi"]


@pytest.mark.parametrize("step", [1, 500])
def test_adding_again_and_again_ends_at_the_most_of_one_thing_and_says_so(step: int) -> None:
    items: Items = ()
    for _ in range(MOST_OF_ONE // step + 1):
        applied = apply([add("Cola", step)], items, {}, bar=0.6)
        items = applied.items
    assert items[0]["quantity"] <= MOST_OF_ONE
    assert "at most 999" in applied.doubts[0].question


def test_a_list_has_an_end() -> None:
    many = [add(f"n{n}") for n in range(MOST_ITEMS + 3)]
    applied = apply(many, (), {}, bar=0.6)
    assert len(applied.items) == MOST_ITEMS
    assert len(applied.doubts) == 3


def test_an_option_heard_well_does_not_make_an_item_sure_that_was_heard_badly() -> None:
    first = apply([add("Cola", confidence=0.65, words="coal")], (), {}, bar=0.6)
    then = apply([Change("option", "", options=("no ice",))], first.items, first.sure, bar=0.6)
    assert weakest(then.sure) == (0.65, "coal")


def test_saying_an_item_anew_by_name_makes_it_as_sure_as_that() -> None:
    first = apply([add("Cola", confidence=0.65)], (), {}, bar=0.6)
    then = apply(
        [Change("set", "Cola", 2, words="two colas", confidence=0.99)], first.items, first.sure, bar=0.6
    )
    assert weakest(then.sure) == (0.99, "two colas")


def test_what_was_taken_out_no_longer_makes_the_order_unsure() -> None:
    first = apply([add("Cola", confidence=0.65), add("Funghi")], (), {}, bar=0.6)
    then = apply([Change("remove", "Cola", 0)], first.items, first.sure, bar=0.6)
    assert weakest(then.sure) == (1.0, "funghi")
    assert weakest({}) == (1.0, "")


changes = st.builds(
    Change,
    op=st.sampled_from(["add", "set", "remove", "option", "clear"]),
    item=st.sampled_from([*NAMES, ""]),
    quantity=st.integers(0, 600),
    options=st.lists(st.sampled_from(["large", "no onions"]), max_size=2, unique=True).map(tuple),
    confidence=st.sampled_from([0.5, 0.7, 1.0]),
)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.lists(changes, max_size=25))
def test_the_quantities_are_always_what_the_changes_say(sequence: list[Change]) -> None:
    """Against a model that knows nothing but quantities: one number for each line, newest last."""
    items: Items = ()
    sure: dict[str, Any] = {}
    model: list[list[Any]] = []
    for change in sequence:
        applied = apply([change], items, sure, bar=0.6)
        if not applied.doubts:
            _modelled(model, change)
        assert [[i["name"], i["quantity"]] for i in applied.items] == [line[:2] for line in model]
        assert sum(i["quantity"] for i in applied.items) == sum(line[1] for line in model)
        items, sure = applied.items, applied.sure
        assert set(sure) == {item["name"] for item in items}


def _modelled(model: list[list[Any]], change: Change) -> None:
    if change.op == "clear":
        model.clear()
        return
    options = tuple(change.options)
    line: list[Any] | None
    if not change.item:
        line = model[-1]
    elif change.op == "add":
        line = next((each for each in model if each[0] == change.item and each[2] == options), None)
    else:
        line = next((each for each in reversed(model) if each[0] == change.item), None)
    if line is None:
        line = [change.item, 0, options]
        model.append(line)
    elif change.op in ("set", "option"):
        line[2] = line[2] + tuple(each for each in options if each not in line[2])
    match change.op:
        case "add":
            line[1] += change.quantity
        case "set":
            line[1] = change.quantity
        case "remove":
            line[1] = line[1] - change.quantity if change.quantity else 0
    model[:] = [each for each in model if each[1] > 0]


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.lists(changes, max_size=10))
def test_a_doubtful_change_leaves_the_list_as_it_was(sequence: list[Change]) -> None:
    before = listed(("Cola", 2, ()))
    unsure = [Change(each.op, each.item, each.quantity, confidence=0.2) for each in sequence]
    assert list(apply(unsure, before, {}, bar=0.6).items) == before
