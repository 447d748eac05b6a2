"""A whole dialogue in memory: the offline reader, the router, the engine, and Stripe's own quoting rules.

Nothing is stored and nothing is sent; what is pure in the bot is all there is.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

from bot.reply import Buttons, Reply
from flows import router
from flows.effects import AskApproval, Call, Change, Effect, Read, Release, Say, Whisper
from flows.engine import advance
from flows.events import Entered, Event, Finished, Heard
from flows.run import Run
from integrations.models.offline.reader import OfflineReader
from integrations.stripe.catalogue import Good, Offer, catalogue
from tests.flows.builders import ADA, KNOWN, order_flow, pressed, run_of
from workers import understand
from workers.known import World

SIZES = ("small", "medium", "large")


def good(name: str, aliases: tuple[str, ...], *amounts: int) -> Good:
    sizes = SIZES if len(amounts) == 3 else ("",)
    offers = tuple(
        Offer(f"price_{name}_{size}", size, amount, "usd")
        for size, amount in zip(sizes, amounts, strict=True)
    )
    return Good(f"prod_{name}", name, aliases, offers, offers[len(offers) // 2].price)


GOODS = (
    good("Margherita", ("margheritas", "margherita pizza", "margherita pizzas"), 900, 1200, 1500),
    good("Funghi", ("funghis", "mushroom pizza", "mushroom pizzas"), 1000, 1300, 1600),
    good("Cola", ("colas", "coke", "cokes"), 300),
    good("Water", ("waters", "still water"), 200),
    good("Tiramisu", ("tiramisus", "dessert"), 600),
)


class Talk:
    """Say something, press something; the answer is what the person then sees."""

    def __init__(self) -> None:
        self.flow = order_flow()
        self.known = replace(
            KNOWN, flows=(("order", self.flow.description), ("escalate", "Ask a person to take over"))
        )
        self.world = World({"order": self.flow}, self.known, {})
        self.reader = OfflineReader()
        self.run: Run | None = None
        self.calls: list[Call] = []
        self.asked: AskApproval | None = None

    def say(self, text: str) -> list[str]:
        meaning = self._read(text)
        if self.run is None or self.run.over:
            decided = router.route(meaning, self.known, "Ada")
            if isinstance(decided, router.Answer):
                return [decided.text, *(f"[/{each}]" for each in decided.choices)]
            self.run = run_of(self.flow, text, decided.confidence)
            return self.happen(Entered())
        return self.happen(Heard(ADA, "Ada", text, meaning))

    def press(self, label: str) -> list[str]:
        assert self.run is not None
        choice, _, value = label.partition("=")
        return self.happen(pressed(self.run, choice, value))

    def happen(self, event: Event) -> list[str]:
        seen: list[str] = []
        waiting: list[Event] = [event]
        while waiting:
            assert self.run is not None
            self.run, effects = advance(self.flow, self.run, waiting.pop(0), self.known)
            for effect in effects:
                seen += self._shown(effect)
                waiting += self._answered(effect)
        return seen

    def _read(self, text: str) -> Any:
        open_run = self.run if self.run and not self.run.over else None
        asked = understand.question(text, self.world, open_run, self.flow if open_run else None)
        return understand.meaning(asyncio.run(self.reader.read(asked)))

    def _answered(self, effect: Effect) -> list[Event]:
        match effect:
            case Read(by=by, name=name, text=text):
                return [Heard(by, name, text, self._read(text), opening=True)]
            case Call():
                self.calls.append(effect)
                return [self._result(effect)]
            case AskApproval():
                self.asked = effect
            case Release() if self.asked:
                self.calls.append(self.asked.call)
                return [self._result(self.asked.call)]
        return []

    def _result(self, call: Call) -> Event:
        match call.tool:
            case "stripe.catalogue":
                return Finished(call.key, catalogue(GOODS).model_dump(mode="json"))
            case "stripe.quote":
                return Finished(call.key, _quote(call.arguments))
        lines = call.arguments["lines"]
        return Finished(
            call.key,
            {"status": "paid", "amount": sum(line["amount"] for line in lines), "currency": "usd",
             "label": "Visa …4242", "payment_intent": "pi_1", "receipt_url": "", "url": "", "session": ""},
        )  # fmt: skip

    def _shown(self, effect: Effect) -> list[str]:
        match effect:
            case Say(reply=reply):
                return [reply.text + _buttons(reply)]
            case Change(reply=reply):
                return [f"(changed) {reply.text}{_buttons(reply)}"]
            case Whisper(reply=reply):
                return [f"(whispered) {reply.text}"]
        return []


def _buttons(reply: Reply) -> str:
    drawn = [each.label for block in reply.blocks if isinstance(block, Buttons) for each in block.buttons]
    return f" [{' | '.join(drawn)}]" if drawn else ""


def _quote(arguments: Any) -> dict[str, Any]:
    prices = {each.name: each.offers[len(each.offers) // 2].unit_amount for each in GOODS}
    lines, problems = [], []
    for item in arguments["items"]:
        if item["name"] not in prices:
            problems.append(
                {
                    "item": item["name"],
                    "code": "unknown_product",
                    "sentence": f"{item['name']} is not sold here.",
                }
            )
            continue
        unit = prices[item["name"]]
        lines.append(
            {"price": "price_1", "product": "prod_1", "name": item["name"], "quantity": item["quantity"],
             "unit_amount": unit, "amount": unit * item["quantity"], "note": ", ".join(item["options"])}
        )  # fmt: skip
    amount = sum(line["amount"] for line in lines)
    return {
        "lines": lines, "amount": amount, "currency": "usd", "customer": "cus_ada", "customer_name": "Ada",
        "payment_method": "pm_ada", "payment_label": "Visa …4242", "problems": problems,
    }  # fmt: skip
