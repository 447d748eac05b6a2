"""Webhooks of the services we call, as doors of the front.

How a service signs is its integration's business, which this package does not know: it is handed in.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from bot.errors import Malformed, Unverified
from bot.front_inbox import Delivery
from bot.turn import Ignored

Verify = Callable[[bytes, str, str, float], Mapping[str, Any]]

OWN_ACCOUNT = "self"  # events of the account whose key we hold name no account


class StripeHook:
    """`verify(body, header, secret, now)` raises `forged` before it reads, `malformed` after."""

    name = "stripe"
    path = "/webhooks/stripe"

    def __init__(
        self,
        verify: Verify,
        secret: str,
        *,
        forged: type[Exception],
        malformed: type[Exception],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._verify = verify
        self._secret = secret
        self._forged = forged
        self._malformed = malformed
        self._clock = clock

    async def verify(self, headers: Mapping[str, str], body: bytes) -> Delivery | Ignored:
        try:
            event = self._verify(body, headers.get("Stripe-Signature", ""), self._secret, self._clock())
        except self._forged as error:
            raise Unverified("The webhook's signature does not hold.") from error
        except self._malformed as error:
            raise Malformed("The webhook's body is no event.") from error
        return _delivery(event)


def _delivery(event: Mapping[str, Any]) -> Delivery | Ignored:
    match event:
        case {"id": str(number), "data": {"object": {"id": str(thing)}}}:
            account = event.get("account")
            workspace = account if isinstance(account, str) else OWN_ACCOUNT
            return Delivery("stripe", workspace, number, f"stripe:{thing}")
        case _:
            return Ignored("no object")
