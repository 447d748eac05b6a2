"""What the door hands on, and to whom: the callables that keep the front free of any database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from bot.reply import Form, Reply
from bot.turn import Ignored, TenantId, Turn


@dataclass(frozen=True, slots=True)
class Arrival:
    """A genuine turn of a known tenant. `payload` is the verified payload as JSON."""

    tenant: TenantId
    turn: Turn
    payload: bytes


@dataclass(frozen=True, slots=True)
class Delivery:
    """A genuine webhook call: no person did it, so it is no turn.

    `platform` is the sender ("stripe"), `workspace` the account there that names the tenant,
    `id` the sender's own id of the event, which a redelivery repeats, `conversation` the key
    under which deliveries are put in order. `payload` is what was verified, as JSON, where it is
    more than the body (an event's kind may stand in a header).
    """

    platform: str
    workspace: str
    id: str
    conversation: str
    payload: bytes = b""


class Inbox(Protocol):
    """Where arrivals become durable.

    The door gives each call a time limit and cancels it then, so every method has to survive
    cancellation: what was committed stays committed, and the redelivery is a copy.
    """

    async def tenant_of(self, platform: str, workspace: str) -> TenantId | None:
        """Cached by the implementation: it is asked for every event."""
        ...

    async def put(self, arrival: Arrival) -> bool:
        """Returns after the commit; False: it was already there.

        Raises `InboxRefused` when it could not be stored.
        """
        ...

    async def put_delivery(self, tenant: TenantId, delivery: Delivery, payload: bytes) -> bool:
        """As `put`, for a webhook; `payload` is what was verified."""
        ...

    async def answer(self, arrival: Arrival, budget: float) -> Reply | Form | None:
        """The engine's answer to a turn with `wants_answer`; None after `budget` seconds without."""
        ...

    async def ready(self) -> Mapping[str, bool]:
        """What we need and whether it answers: database, broker."""
        ...


class Hook(Protocol):
    """Hears one service's webhook: verify on the raw bytes, then say what it is."""

    name: str
    path: str

    async def verify(self, headers: Mapping[str, str], body: bytes, token: str = "") -> Delivery | Ignored:
        """`token` is what follows `path/` in the address.

        Raises `Unverified` (401), `Malformed` (400) or `InboxRefused` (503).
        """
        ...
