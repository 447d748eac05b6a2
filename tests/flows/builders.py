"""Small real things for the tests of the mind: a policy, three tools, a person, a loader of YAML text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import dedent
from typing import Any

from bot.turn import PersonId
from flows import engine
from flows.effects import Change, Effect, Say, Whisper
from flows.engine import start
from flows.events import Chose, Event, Heard
from flows.flow import Flow
from flows.loader import load, load_file
from flows.policy import Approvers, Outcome, Policy, Rule
from flows.run import Requester, Run
from flows.scene import Known
from flows.understanding import Change as ItemChange
from flows.understanding import Intent, Meaning
from flows.yaml_source import read

ROOT = Path(__file__).resolve().parents[2]
CATALOG = ROOT / "flows" / "catalog"
ADA, OMAR = PersonId("ada"), PersonId("omar")
REQUESTER = Requester(ADA, "Ada", "ada@example.com")

MENU = ("Margherita", "Funghi", "Cola", "Water", "Tiramisu")


@dataclass(frozen=True)
class Card:
    """A tool as the policy sees it: `amount`, `currency` and `to` of the arguments are read."""

    name: str
    risk: str = "read"
    egress: bool = False

    def amount(self, arguments: Mapping[str, Any]) -> tuple[int, str] | None:
        if self.risk != "money":
            return None
        amount, currency = arguments["amount"], arguments["currency"]
        if isinstance(amount, bool) or not isinstance(amount, int) or not isinstance(currency, str):
            raise ValueError("unreadable")
        return amount, currency

    def recipient(self, arguments: Mapping[str, Any]) -> str | None:
        return arguments.get("to")


TOOLS: Mapping[str, Card] = {
    card.name: card
    for card in (
        Card("stripe.catalogue"),
        Card("stripe.quote"),
        Card("stripe.charge", "money"),
        Card("desk.look"),
        Card("desk.write", "write"),
        Card("desk.pay", "money"),
        Card("desk.burn", "destructive"),
        Card("model.think"),
        Card("flow.approve", "write"),
    )
}

RULES = (
    Rule("reading", Outcome.ALONE, "It only reads.", risk=frozenset({"read"})),
    Rule("small", Outcome.ALONE, "{amount} is small.", risk=frozenset({"money"})),
    Rule(
        "large", Outcome.ASK, "{amount} is {at_least} or more.", risk=frozenset({"money"}), at_least="50.00"
    ),
    Rule(
        "unsure",
        Outcome.ASK,
        "I am only {confidence} sure.",
        risk=frozenset({"write", "money", "destructive"}),
        confidence_below=0.75,
    ),
    Rule("writing", Outcome.ALONE, "It can be undone.", risk=frozenset({"write"})),
)
POLICY = Policy("p1", RULES, Approvers())
KNOWN = Known(POLICY, TOOLS, (("order", "Order from the menu"), ("escalate", "Ask a person")))


def flow_of(text: str, id: str = "demo") -> Flow:
    """A flow from the YAML of its steps."""
    head = f"id: {id}\ndescription: A demo\nsteps:\n"
    body = "".join(f"  {line}\n" for line in dedent(text).strip("\n").splitlines())
    return load(read(f"{id}.yaml", (head + body).encode()), TOOLS)


def order_flow() -> Flow:
    """The flow as it is shipped."""
    return load_file(CATALOG / "order.yaml", TOOLS)


def run_of(flow: Flow, unread: str = "", confidence: float = 1.0) -> Run:
    return start(flow, "r1", REQUESTER, unread, confidence)


def heard(
    intent: Intent = "unknown",
    *changes: ItemChange,
    text: str = "words",
    by: PersonId = ADA,
    confidence: float = 0.95,
    opening: bool = False,
    **fields: Any,
) -> Heard:
    meaning = Meaning(intent, confidence, changes=changes, **fields)
    return Heard(by, str(by).title(), text, meaning, opening)


def add(item: str, quantity: int = 1, *options: str, **fields: Any) -> ItemChange:
    return ItemChange("add", item, quantity, options, words=fields.pop("words", item.lower()), **fields)


def pressed(run: Run, choice: str, value: str = "", by: PersonId = ADA) -> Chose:
    """A press on a card of the present step."""
    return Chose(by, str(by).title(), choice, value, f"{run.step}:{run.entries.get(run.step, 0)}")


def said(effects: tuple[Effect, ...]) -> list[str]:
    """The texts, in order: what is said, changed and whispered."""
    return [effect.reply.text for effect in effects if isinstance(effect, Say | Change | Whisper)]


def of_kind(effects: tuple[Effect, ...], kind: Any) -> list[Any]:
    return [effect for effect in effects if isinstance(effect, kind)]


QUOTED: Mapping[str, Any] = {
    "lines": [
        {
            "price": "price_margherita",
            "product": "prod_margherita",
            "name": "Margherita (medium)",
            "quantity": 2,
            "unit_amount": 1200,
            "amount": 2400,
            "note": "no onions",
        }
    ],
    "amount": 2400,
    "currency": "usd",
    "customer": "cus_ada",
    "customer_name": "Ada",
    "payment_method": "pm_ada",
    "payment_label": "Visa …4242",
    "problems": [],
}
PAID: Mapping[str, Any] = {
    "status": "paid",
    "amount": 2400,
    "currency": "usd",
    "label": "Visa …4242",
    "payment_intent": "pi_1",
    "receipt_url": "",
    "url": "",
    "session": "",
}


@dataclass
class Desk:
    """What the fake services answer, by tool; every test may change its own copy."""

    answers: dict[str, Mapping[str, Any]] = field(
        default_factory=lambda: {
            "stripe.catalogue": {
                "currency": "usd",
                "products": [{"name": name, "variants": [], "aliases": []} for name in MENU],
            },
            "stripe.quote": QUOTED,
            "stripe.charge": PAID,
        }
    )


def advance(flow: Flow, run: Run, event: Event, known: Known = KNOWN) -> tuple[Run, tuple[Any, ...]]:
    """The engine's, with effects that a test may look into without asking each for its kind."""
    return engine.advance(flow, run, event, known)
