"""A sandbox on a port of its own, a receiver for its webhooks, and the real SDK speaking to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from integrations.base import Attempt
from integrations.stripe.client import StripeService, connect
from integrations.stripe.sandbox import create_sandbox
from integrations.stripe.tools import CHARGE, QUOTE
from tests.integrations.running import RunningSandbox
from tests.integrations.running import attempt as an_attempt

SECRET = "whsec_of_the_tests"


class Running(RunningSandbox):
    """Stripe's: what came is its body with the signature."""

    name, secret = "stripe", SECRET
    make = staticmethod(create_sandbox)
    keep = staticmethod(lambda body, headers: (body, headers["Stripe-Signature"]))

    def fault(self, kind: str, path: str = "/v1/payment_intents", **more: Any) -> None:
        self.ask("POST", "fault", {"kind": kind, "path": path} | more)

    def charges(self, effect_key: str | None = None) -> int:
        query = f"?effect_key={effect_key}" if effect_key else ""
        return int(self.ask("GET", f"charges{query}")["count"])

    def service(self, **settings: str) -> StripeService:
        return connect({"STRIPE_API_KEY": "sk_test_1", "STRIPE_API_BASE": self.base} | settings)

    def quoted(self, email: str = "ada@example.com", *items: dict[str, Any]) -> dict[str, Any]:
        """The arguments of a charge, as a flow makes them of a quote."""
        wanted = list(items) or [{"name": "margherita", "quantity": 2}, {"name": "cola", "quantity": 1}]
        quote = dict(QUOTE.perform(self.service(), {"email": email, "items": wanted}, attempt()).result)
        assert quote["problems"] == []
        taken = ("customer", "payment_method", "lines", "amount", "currency")
        return {"email": email, "description": "An order"} | {name: quote[name] for name in taken}

    def charge(
        self, arguments: dict[str, Any], key: str = "run:charge:1", number: int = 1, **ago: float
    ) -> Any:
        return CHARGE.perform(self.service(), arguments, attempt(key, number, **ago))


def attempt(key: str = "run:charge:1", number: int = 1, **ago: float) -> Attempt:
    return an_attempt(key, number, **ago)


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[Running]:
    running = Running(tmp_path / "stripe.sqlite")
    yield running
    running.stop()


@pytest.fixture
def make_attempt() -> Callable[..., Attempt]:
    return attempt
