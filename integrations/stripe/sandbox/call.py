"""One request to the sandbox's API, and what every endpoint needs of it: lists, expansion, events."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from integrations.stripe.sandbox.faults import Refusal
from integrations.stripe.sandbox.store import Store
from integrations.stripe.sandbox.things import Data, a_list, new_id, public, whole

API_VERSION = "2026-10-28.endive"

# What an account's webhook endpoint is subscribed to; other events can only be listed.
SENT = frozenset(
    {
        "checkout.session.completed",
        "checkout.session.expired",
        "checkout.session.async_payment_succeeded",
        "checkout.session.async_payment_failed",
        "payment_intent.succeeded",
        "payment_intent.payment_failed",
        "charge.refunded",
        "charge.dispute.created",
        "charge.dispute.closed",
        "refund.failed",
        "invoice.paid",
        "invoice.overdue",
        "invoice.voided",
        "invoice.marked_uncollectible",
    }
)
_LIST = frozenset({"limit", "starting_after", "ending_before", "created", "expand"})


@dataclass(slots=True)
class Call:
    """`decline`: a fault that was switched on declines the next card, whatever card it is.

    `home` is the address that this sandbox is reached at, for links that people open. `lag`:
    seconds by which a search runs behind.
    """

    store: Store
    path: str
    params: dict[str, Any]
    now: float
    home: str
    request: str = ""
    key: str = ""
    decline: str = ""
    lag: float = 0.0

    @property
    def at(self) -> int:
        return int(self.now)

    def allow(self, *names: str) -> None:
        """A parameter that Stripe does not know is an error there, so it is one here."""
        for name in self.params:
            if name not in names and name != "expand":
                raise Refusal(
                    f"Received unknown parameter: {name[:80]}", code="parameter_unknown", param=name[:80]
                )

    def need(self, name: str) -> str:
        value = self.params.get(name)
        if not isinstance(value, str) or not value:
            raise Refusal(f"Missing required param: {name}.", code="parameter_missing", param=name)
        return value

    def text(self, name: str) -> str:
        value = self.params.get(name, "")
        if not isinstance(value, str):
            raise Refusal(f"Invalid string: {name}", param=name)
        return value

    def truth(self, name: str, default: bool = False) -> bool:
        value = self.params.get(name)
        if value is None:
            return default
        if value not in ("true", "false"):
            raise Refusal(f"Invalid boolean: {name}", param=name)
        return bool(value == "true")

    def metadata(self, given: Any = None) -> dict[str, str]:
        found = self.params.get("metadata", {}) if given is None else given
        if not isinstance(found, dict) or len(found) > 50:
            raise Refusal("Metadata is at most 50 pairs.", param="metadata")
        for name, value in found.items():
            if len(name) > 40 or not isinstance(value, str) or len(value) > 500:
                raise Refusal("Metadata names have 40 and values 500 characters at most.", param="metadata")
        return dict(found)

    def page(self, kind: str, keep: Callable[[Data], bool] = lambda _: True, *, customer: str = "") -> Data:
        """One page, newest first."""
        limit = whole(self.params, "limit") if "limit" in self.params else 10
        if not 1 <= limit <= 100:
            raise Refusal("This value must be between 1 and 100.", param="limit")
        created = self.params.get("created", {})
        bounds = created if isinstance(created, dict) else {"gte": created, "lte": created}
        low = max(
            whole(bounds, "gte") if "gte" in bounds else 0, whole(bounds, "gt") + 1 if "gt" in bounds else 0
        )
        high = min(
            whole(bounds, "lte") if "lte" in bounds else 1 << 60,
            whole(bounds, "lt") - 1 if "lt" in bounds else 1 << 60,
        )
        found = self.store.newest(
            kind,
            keep=lambda thing: thing["created"] <= high and keep(thing),
            customer=customer,
            after=self.text("starting_after"),
            since=low,
            most=limit + 1,
        )
        return a_list(self.path, found[:limit], len(found) > limit)

    def list_of(self, kind: str, *filters: str, keep: Callable[[Data], bool] = lambda _: True) -> Data:
        """A page, filtered by equality on the named parameters."""
        self.allow(*_LIST, *filters)
        wanted = {name: self.params[name] for name in filters if name in self.params}
        return self.page(
            kind,
            lambda thing: (
                keep(thing) and all(_same(thing.get(name), value) for name, value in wanted.items())
            ),
            customer=str(wanted.get("customer", "")),
        )

    def emit(self, type: str, thing: Data, **before: Any) -> None:
        """Record an event; one that is subscribed to is queued in the same transaction.

        `before` is what changed in the thing, as it was.
        """
        event: Data = {
            "id": new_id("evt"),
            "object": "event",
            "api_version": API_VERSION,
            "created": self.at,
            "data": {"object": public(thing)} | ({"previous_attributes": before} if before else {}),
            "livemode": False,
            "pending_webhooks": 1 if type in SENT else 0,
            "request": {"id": self.request or None, "idempotency_key": self.key or None},
            "type": type,
        }
        self.store.put(event)
        if type in SENT:
            self.store.queue(event["id"], json.dumps(event, indent=2), self.now)

    def expanded(self, thing: Data) -> Data:
        wanted = self.params.get("expand", [])
        if not isinstance(wanted, list) or not all(isinstance(each, str) for each in wanted):
            raise Refusal("Invalid array", param="expand")
        for path in wanted:
            parts = path.split(".")
            if len(parts) > 4 + (parts[0] == "data"):
                raise Refusal("You cannot expand more than 4 levels of a property.", param="expand")
            self._expand(thing, parts, path)
        return thing

    def _expand(self, thing: Any, parts: list[str], path: str) -> None:
        if isinstance(thing, list):
            for each in thing:
                self._expand(each, parts, path)
            return
        if not isinstance(thing, dict):
            return
        first, *rest = parts
        if first not in thing:
            raise Refusal(f"This property cannot be expanded ({path[:80]}).", param="expand")
        if isinstance(thing[first], str):
            thing[first] = self.store.find(thing[first]) or thing[first]
        if rest:
            self._expand(thing[first], rest, path)


def _same(have: Any, wanted: Any) -> bool:
    if isinstance(have, bool):
        return bool(wanted == ("true" if have else "false"))
    return bool(have == wanted)
