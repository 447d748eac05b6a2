"""Stripe's webhook at the door: signature on the raw bytes, then into the inbox like everything else."""

from __future__ import annotations

import time
from collections.abc import Mapping

from bot.errors import Malformed, Unverified
from bot.front_inbox import Delivery
from bot.settings import Settings
from bot.turn import Ignored
from integrations.stripe import webhook

ACCOUNT = "own account"  # of the settings' key; it belongs to the settings' own tenant


class StripeHook:
    """Implements `bot.front.Hook`."""

    name = "stripe"
    path = "/webhooks/stripe"

    def __init__(self, settings: Settings) -> None:
        self._secret = settings.secret("stripe_webhook_secret")

    async def verify(self, headers: Mapping[str, str], body: bytes) -> Delivery | Ignored:
        header = next((v for k, v in headers.items() if k.lower() == "stripe-signature"), "")
        try:
            event = webhook.verify(body, header, self._secret, time.time())
        except webhook.NotFromStripe as error:
            raise Unverified(str(error)) from error
        except webhook.NotAnEvent as error:
            raise Malformed(str(error)) from error
        if webhook.read(event) is None:
            return Ignored("not for us")
        return Delivery("stripe", ACCOUNT, str(event["id"]), f"stripe:{event['id']}")
