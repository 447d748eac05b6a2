"""The shipped order flow, in each of the states that it can wait in."""

from __future__ import annotations

from flows.events import Entered, Finished
from flows.run import Run
from tests.flows.builders import KNOWN, QUOTED, add, advance, heard, order_flow, pressed, run_of

FLOW = order_flow()
MENU = {"currency": "usd", "products": [{"name": "Margherita"}, {"name": "Cola"}]}


def asked() -> Run:
    """At the first question."""
    run, _ = advance(FLOW, run_of(FLOW), Entered(), KNOWN)
    run, _ = advance(FLOW, run, Finished(run.waiting, MENU), KNOWN)
    return run


def confirming(amount: int = 2400, confidence: float = 1.0) -> Run:
    """With a card to be confirmed."""
    run, _ = advance(FLOW, asked(), heard("value", add("Margherita", 2, confidence=confidence)), KNOWN)
    run, _ = advance(FLOW, run, Finished(run.waiting, {**QUOTED, "amount": amount}), KNOWN)
    assert run.step == "confirm"
    return run


def held() -> Run:
    """Waiting for an approver."""
    run = confirming(amount=7800)
    run, _ = advance(FLOW, run, pressed(run, "yes"), KNOWN)
    assert run.held
    return run


def charging() -> Run:
    """Waiting for the service."""
    run = confirming()
    run, _ = advance(FLOW, run, pressed(run, "yes"), KNOWN)
    assert run.waiting
    assert not run.held
    return run
