"""Runs that are lived through at random, recorded as the bot records them, and stored if wanted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import orjson

from bot.turn import PersonId, Place
from flows.engine import advance, start
from flows.events import Approved, Chose, Entered, Event, Expired, Failed, Finished, Heard, Rejected
from flows.flow import Flow
from flows.policy import Policy
from flows.replay import stored
from flows.run import Requester, Run
from flows.scene import Known
from flows.understanding import Change, Intent, Meaning
from workers import record
from workers.store import runs
from workers.store.door import Connection
from workers.store.history import Kept
from workers.store.runs import Stored
from workers.tools import cards

PLACE = Place("slack", "T1", "C1", "17.1")
GRACE = "Grace"


@dataclass
class Life:
    """One run. `turn` moves it by some events, as one turn of the bot does: stored in between."""

    flow: Flow
    policy: Policy
    id: str
    requester: Requester
    unread: str = ""
    version: int = 0
    rows: list[Kept] = field(default_factory=list)
    known: Known = field(init=False)
    run: Run = field(init=False)

    def __post_init__(self) -> None:
        self.known = Known(self.policy, cards(), ((self.flow.id, self.flow.description),))
        self.run = start(self.flow, self.id, self.requester, self.unread, 0.9, self.unread)

    def turn(self, *events: Event) -> list[Kept]:
        """The events that were kept of it."""
        if self.version:
            self.run = stored(self.run)
        kept = []
        for number, event in enumerate(events):
            before = self.run
            self.run, effects = advance(self.flow, before, event, self.known)
            kept.append(record.kept(self.version, number, before, event, self.run, effects, self.known))
        self.version += 1
        self.rows += kept
        return kept

    async def store(self, c: Connection, tenant: UUID, conversation: str, *events: Event) -> None:
        before = Stored(self.run, conversation, PLACE, self.version)
        kept = self.turn(*events)
        await runs.save(c, tenant, before, self.run, kept)

    def event(self, choose: Callable[[list[Any]], Any]) -> Event:
        """Something that could happen now, or that comes too late."""
        key, at = (
            self.run.waiting or f"{self.id}:charge:1",
            f"{self.run.step}:{self.run.entries.get(self.run.step, 0)}",
        )
        me = self.requester
        intents: list[Intent] = ["value", "yes", "no", "cancel", "help", "repeat", "restart", "unknown"]
        items = [
            Change("add", "Margherita", 2, words="two"),
            Change("set", "", 3),
            Change("add", "Cola", confidence=0.4),
        ]
        kind = choose(
            ["heard", "change", "chose", "late", "finished", "failed", "approved", "rejected", "expired"]
        )
        match kind:
            case "heard":
                return Heard(me.id, me.name, "words \u0000 and more", Meaning(choose(intents), 0.9))
            case "change":
                return Heard(me.id, me.name, "two", Meaning("value", 0.95, changes=(choose(items),)))
            case "chose":
                return Chose(me.id, me.name, choose(["yes", "no", "cancel", "pick"]), choose(["", "1.0"]), at)
            case "late":
                return Chose(PersonId("omar"), "Omar", "yes", "", "confirm:1")
            case "finished":
                return Finished(key, self._result())
            case "failed":
                return Failed(key, choose(["declined", "unknown", "price_changed"]), "It did not work.")
            case "approved":
                return Approved("a", key, GRACE)
            case "rejected":
                return Rejected("a", key, GRACE, choose(["", "over budget"]))
        return Expired("a", key)

    def _result(self) -> dict[str, Any]:
        return RESULTS.get(self.run.step, {"amount": 2400, "currency": "usd", "payment_intent": "pi_1"})


MENU = {"currency": "usd", "products": [{"name": "Margherita", "unit_amount": 1200, "currency": "usd"}]}
QUOTE: dict[str, Any] = {
    "lines": [
        {"price": "price_1", "product": "prod_1", "name": "Margherita", "quantity": 2, "unit_amount": 1200,
         "amount": 2400, "note": ""}
    ],
    "amount": 2400, "currency": "usd", "customer": "cus_ada", "customer_name": "Ada",
    "payment_method": "pm_ada", "payment_label": "Visa …4242", "problems": [],
}  # fmt: skip
RESULTS: dict[str, dict[str, Any]] = {"menu": MENU, "price": QUOTE}


def order(life: Life, quantity: int = 2) -> list[tuple[Event, ...]]:
    """Turns that take an order to its end."""
    me = life.requester
    said = Heard(
        me.id, me.name, "two", Meaning("value", 0.95, changes=(Change("add", "Margherita", quantity),))
    )
    return [
        (Entered(),),
        (Finished(f"{life.id}:menu:1", MENU),),
        (said,),
        (Finished(f"{life.id}:price:1", QUOTE),),
        (Chose(me.id, me.name, "yes", "", "confirm:1"),),
        (Finished(f"{life.id}:charge:1", {"amount": 2400, "currency": "usd", "payment_intent": "pi_1"}),),
    ]


def with_id(requester: UUID) -> Requester:
    return Requester(PersonId(str(requester)), "Ada", "ada@example.com")


def renamed(flow: Flow, old: str, new: str) -> dict[str, Any]:
    """The flow's definition with another wording."""
    text = orjson.dumps(flow.source).decode()
    assert old in text
    found: dict[str, Any] = orjson.loads(text.replace(old, new))
    return found
