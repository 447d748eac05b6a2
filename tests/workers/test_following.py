"""What is taken for an answer to a thread, and what never is, whatever a model makes of it there."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from flows.understanding import Change, Meaning, Value
from integrations.models.base import ModelUnavailable
from workers import following
from workers.seen import Seen
from workers.store.inbox import Row

THREE = Change("set", "Margherita", 3)
LARGE, AGREED = Value("size", "large", "large", 0.9), Value("insured", "Yes", "yes", 0.9)
UNKNOWN = Meaning("unknown", 0.1)
CANCEL = Meaning("cancel", 0.9)


class Library:
    async def flow(self, *_: Any) -> Any:
        return SimpleNamespace()


async def taken(
    monkeypatch: pytest.MonkeyPatch, alone: Meaning, there: Meaning | Exception, count: int = 1
) -> bool:
    async def read(*_: Any) -> Meaning:
        if isinstance(there, Exception):
            raise there
        return there

    monkeypatch.setattr(following, "read", read)
    tools: Any = SimpleNamespace(library=Library(), db=None)
    claimed: Any = SimpleNamespace(tenant=None)
    found: Any = [SimpleNamespace(run=SimpleNamespace(flow="order", flow_version="1"))] * count
    seen = Seen(Row(1, "slack", "d", "turn", b"", 1), SimpleNamespace(), None, None, False)  # type: ignore[arg-type]
    return await following._meant(tools, claimed, seen, found, "words", alone) is not None


@pytest.mark.parametrize(
    ("alone", "there"),
    [
        (UNKNOWN, Meaning("value", 0.9, changes=(THREE,))),
        (Meaning("route", 0.5, route="order", route_confidence=0.5), Meaning("value", 0.9, changes=(THREE,))),
        (UNKNOWN, Meaning("value", 0.9, values=(LARGE,))),
        (CANCEL, CANCEL),
    ],
)
async def test_a_change_a_value_and_an_end_are_taken(
    monkeypatch: pytest.MonkeyPatch, alone: Meaning, there: Meaning
) -> None:
    assert await taken(monkeypatch, alone, there)


@pytest.mark.parametrize(
    ("alone", "there"),
    [
        (Meaning("yes", 0.9), Meaning("yes", 0.9)),
        (Meaning("yes", 0.9), Meaning("value", 0.9, values=(AGREED,))),
        (Meaning("no", 0.9), CANCEL),
        (UNKNOWN, Meaning("yes", 0.9)),
        (UNKNOWN, Meaning("value", 0.9, values=(AGREED,))),
        (UNKNOWN, Meaning("value", 0.9, values=(LARGE, AGREED))),
        (UNKNOWN, Meaning("value", 0.9, changes=(Change("add", "asdf", known=False),))),
        (UNKNOWN, Meaning("value", 0.9)),
        (UNKNOWN, Meaning("unknown", 0.9, changes=(THREE,))),
        (UNKNOWN, Meaning("cancel", 0.3)),
        (Meaning("route", 0.5, route="ask", route_confidence=0.5), Meaning("value", 0.9, values=(LARGE,))),
        (UNKNOWN, ModelUnavailable("it is away")),
    ],
)
async def test_a_yes_and_what_means_something_else_are_not(
    monkeypatch: pytest.MonkeyPatch, alone: Meaning, there: Meaning | Exception
) -> None:
    assert not await taken(monkeypatch, alone, there)


async def test_of_two_the_newer_is_changed_and_neither_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    assert await taken(monkeypatch, UNKNOWN, Meaning("value", 0.9, changes=(THREE,)), count=2)
    assert not await taken(monkeypatch, CANCEL, CANCEL, count=2)
