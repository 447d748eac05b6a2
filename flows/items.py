"""A list of items that one can add to, change and shorten in plain words.

An item is `{name, quantity, options}`. How sure we are of it is kept beside the list, by
name, because arguments of a tool hold nothing but what the person meant.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flows.understanding import Change

MOST_ITEMS = 50
MOST_OF_ONE = 999
MOST_OPTIONS = 20
LONGEST_WORDS = 200

Item = dict[str, Any]
Sure = dict[str, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Doubt:
    """A change that was not made, and why: what to say, or to ask back.

    `choices` are what the person may pick; one choice is a yes-or-no question.
    `unknown`: it is not on offer, so it helps to say what is.
    """

    change: Change
    question: str
    choices: tuple[str, ...] = ()
    unknown: bool = False


@dataclass(frozen=True, slots=True)
class Applied:
    """The list after the changes that could be made, in words, and the doubts that remain."""

    items: tuple[Item, ...]
    sure: Sure
    done: tuple[str, ...] = ()
    doubts: tuple[Doubt, ...] = ()


def apply(
    changes: Sequence[Change],
    items: Sequence[Mapping[str, Any]],
    sure: Mapping[str, Any],
    *,
    bar: float,
) -> Applied:
    """Every change that is at least as sure as `bar`; a doubt for each other one."""
    now: list[Item] = [{**item, "options": list(item.get("options", ()))} for item in items]
    known: Sure = {name: dict(value) for name, value in sure.items()}
    done: list[str] = []
    doubts: list[Doubt] = []
    for change in changes:
        doubt = _doubt(change, now, bar)
        if doubt is not None:
            doubts.append(doubt)
            continue
        done.append(_make(change, now, known))
    names = {item["name"] for item in now}
    return Applied(tuple(now), {n: v for n, v in known.items() if n in names}, tuple(done), tuple(doubts))


def _doubt(change: Change, items: list[Item], bar: float) -> Doubt | None:
    words = (change.words or change.item)[:LONGEST_WORDS]
    if change.candidates:
        return Doubt(change, f"Which one do you mean by “{words}”?", change.candidates[:5])
    if not change.known and change.op in ("add", "set"):
        name = (change.item or words)[:LONGEST_WORDS]
        return Doubt(change, f"I do not know “{name}”.", unknown=True)
    if change.op != "clear" and change.item == "" and not items:
        return Doubt(change, "There is nothing in the list yet.")
    if change.op in ("remove", "option") and change.item and _find(items, change.item) is None:
        return Doubt(change, f"There is no {change.item[:LONGEST_WORDS]} in your list.")
    if change.quantity < 0:
        return Doubt(change, f"I did not understand how many you mean by “{words}”.")
    too_much = _too_much(change, items)
    if too_much:
        return Doubt(change, too_much)
    if change.confidence < bar:
        meant = in_words(change, items)
        return Doubt(change, f"I am not sure about “{words}”. Did you mean {meant}?", (meant,))
    return None


def _too_much(change: Change, items: list[Item]) -> str:
    """What a list cannot hold, said; empty where it can."""
    here = _touched(change, items)
    held = here["quantity"] if here and change.op == "add" else 0
    if change.op in ("add", "set") and held + change.quantity > MOST_OF_ONE:
        return f"I can take at most {MOST_OF_ONE} of one thing."
    if change.op in ("add", "set") and here is None and len(items) >= MOST_ITEMS:
        return f"A list has at most {MOST_ITEMS} lines."
    options = (*(here["options"] if here else ()), *change.options)
    if len(options) > MOST_OPTIONS or any(len(each) > LONGEST_WORDS for each in (change.item, *options)):
        return "That is more detail than I can keep. Please say it in fewer words."
    return ""


def _touched(change: Change, items: list[Item]) -> Item | None:
    """The line that a change is about; None where it makes a new one."""
    if not change.item:
        return items[-1] if items else None
    if change.op != "add":
        return _find(items, change.item)
    options = list(change.options)
    return next((i for i in items if i["name"] == change.item and i["options"] == options), None)


def in_words(change: Change, items: Sequence[Mapping[str, Any]] = ()) -> str:
    """The change as one would say it back."""
    name = change.item or (items[-1]["name"] if items else "it")
    options = f" ({', '.join(change.options)})" if change.options else ""
    match change.op:
        case "add":
            return f"{change.quantity} × {name}{options}"
        case "set":
            return f"{change.quantity} × {name} in all{options}"
        case "remove" if change.quantity:
            return f"{change.quantity} fewer {name}"
        case "remove":
            return f"no {name}"
        case "option":
            without = f", no longer {', '.join(change.remove_options)}" if change.remove_options else ""
            return f"{name}{options}{without}"
        case _:
            return "an empty list"


def _make(change: Change, items: list[Item], sure: Sure) -> str:
    said = in_words(change, items)
    if change.op == "clear":
        items.clear()
        return said
    item = _touched(change, items)
    match change.op:
        case "add" | "set" if item is None:
            item = {"name": change.item, "quantity": change.quantity, "options": list(change.options)}
            items.append(item)
        case "add" if item is not None:
            item["quantity"] += change.quantity
        case "set" if item is not None:
            item["quantity"] = change.quantity
            _options(item, change)
        case "remove" if item is not None:
            item["quantity"] = item["quantity"] - change.quantity if change.quantity else 0
        case "option" if item is not None:
            _options(item, change)
    items[:] = [each for each in items if each["quantity"] > 0]
    if item is not None:
        _note(sure, item["name"], change)
    return said


def _note(sure: Sure, name: str, change: Change) -> None:
    """An item is as sure as the weakest of what was heard of it, until its number is said anew by name."""
    heard = {"confidence": round(change.confidence, 3), "words": change.words[:LONGEST_WORDS]}
    before = sure.get(name)
    anew = change.op == "set" and change.item
    if before is None or anew or heard["confidence"] <= before["confidence"]:
        sure[name] = heard


def _options(item: Item, change: Change) -> None:
    kept = [option for option in item["options"] if option not in change.remove_options]
    item["options"] = kept + list(dict.fromkeys(each for each in change.options if each not in kept))


def _find(items: Sequence[Item], name: str) -> Item | None:
    """The newest line of that name: what "the cola" means when there are two."""
    return next((item for item in reversed(items) if item["name"] == name), None)


def weakest(sure: Mapping[str, Any]) -> tuple[float, str]:
    """The least sure item and its words; 1.0 where nothing was heard. Of equals the first by name:
    what comes back from the database keeps no order."""
    if not sure:
        return 1.0, ""
    name = min(sure, key=lambda each: (sure[each]["confidence"], each))
    return float(sure[name]["confidence"]), str(sure[name]["words"])


def items_key(slot: str) -> str:
    """The slot that holds how sure we are of each item of `slot`."""
    return f"sure_{slot}"
