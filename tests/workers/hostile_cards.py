"""The corpus of hostile values, put on the card of a charge, and what of it a reader would get wrong."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from bot.reply import Reply
from bot.text import for_card
from bot.turn import PersonId
from flows.run import Requester, Run
from integrations import tools
from tests.workers.read_cards import Seen, bare, hidden
from tests.workers.sealed_case import ARGUMENTS
from workers import cards
from workers.drawn import Shown, draw
from workers.tools import Card

ROWS = json.loads((Path(__file__).parents[1] / "payloads" / "hostile" / "values.json").read_text())
VALUES: list[tuple[str, str, str]] = [
    (row["name"], row["text"] if "text" in row else row["piece"] * row["times"], row.get("shows", ""))
    for row in ROWS
]
RUN = Run("r1", "order", "0123456789abcdef", Requester(PersonId("p1"), "Ada Reyes"))
CHARGE = Card(tools()["stripe.charge"])
EXPIRES = datetime(2030, 1, 2, 3, 4, tzinfo=UTC)
SHOWN = Shown(CHARGE, ARGUMENTS, RUN, "Money above the limit.", "two coffees", EXPIRES)

# Where words of somebody come onto a card, and under which label they have to stand. Each of them
# gets what Stripe's own limits would refuse before it ever came to a card, in its first 300 characters.
PLACES = ("requester", "because", "words", "item", "note", "description", "payee")


def at(place: str, text: str) -> Shown:
    """The same charge, with these words in one place."""
    line = ARGUMENTS["lines"][0]
    match place:
        case "requester":
            return replace(SHOWN, run=replace(RUN, requester=Requester(PersonId("p1"), text[:1000])))
        case "because":
            return replace(SHOWN, because=text[:4000])
        case "words":
            return replace(SHOWN, words=text)
        case "item":
            return replace(SHOWN, arguments={**ARGUMENTS, "lines": [{**line, "name": text[:300]}]})
        case "note":
            return replace(SHOWN, arguments={**ARGUMENTS, "lines": [{**line, "note": text[:1500]}]})
        case "description":
            return replace(SHOWN, arguments={**ARGUMENTS, "description": text[:300]})
        case _:
            kept = "".join(each for each in text if not each.isspace() and each not in "<>")[:300]
            return replace(SHOWN, arguments={**ARGUMENTS, "email": kept + "@example.com"})


def card_of(shown: Shown) -> Reply:
    return cards.asking(draw(shown, "ABC234"), "a1")


def lies(shown: Shown, seen: Seen) -> list[str]:
    """What a reader would get wrong, or be made to do. Nothing: it is true."""
    given = shown.arguments
    found = []
    facts = shown.tool.facts(given)
    expected = [("Asked by", shown.run.requester.name), *facts, ("Why I ask", shown.because)]
    expected += [("It rests on", f"“{shown.words}”")] if shown.words else []
    if [(bare(for_card(a)), bare(for_card(b))) for a, b in expected] != [
        (bare(a), bare(b)) for a, b in seen.pairs
    ]:
        found.append("the facts are not those of the call")
    if [bare(each) for each in seen.of("Amount")] != ["$40.00(USD)"]:
        found.append(f"amount {seen.of('Amount')}")
    if [bare(each) for each in seen.of("Who pays")] != [bare(for_card(given["email"]))]:
        found.append("payee")
    if not any("pm_1" in each for each in seen.of("Paid by")):
        found.append("account")
    if not any("cus_1" in each for each in seen.of("At Stripe")):
        found.append("customer")
    if seen.pinged or seen.links:
        found.append(f"pings or links: {seen.pinged or seen.links}")
    if set(seen.buttons) - {"Approve", "Reject", "Reject…"}:
        found.append(f"buttons {seen.buttons}")
    if "code ABC234" not in " ".join(seen.small):
        found.append("no code")
    for _, value in seen.pairs:
        if any(
            not f"{line} ".startswith("│ ") and line.strip() for line in value.rstrip("\n").split("\n")[1:]
        ):
            found.append("a line that might be ours")
    if any("\n" in label for label, _ in seen.pairs) or any("\n" in title for title in seen.titles):
        found.append("a title of several lines")
    if out := hidden("\n".join([*seen.words, *seen.titles, *(b for _, b in seen.pairs)])):
        found.append(f"hidden {out}")
    return found
