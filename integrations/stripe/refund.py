"""stripe.refund: give a payment back, whole or in part, once."""

from __future__ import annotations

from integrations import money
from integrations.base import Attempt, Done, Performed
from integrations.errors import Refused
from integrations.stripe.client import Data, StripeService
from integrations.stripe.errors import SERVICE, Replayed
from integrations.stripe.models import Refund, RefundArguments


def refund(service: StripeService, arguments: RefundArguments, attempt: Attempt) -> Performed:
    """Only our key tells a repeat from a second refund of the same amount, so a repeat looks first."""
    if attempt.number > 1:
        before = service.find_refund(attempt.key, arguments.payment_intent)
        if before is not None:
            return _outcome(before)
    intent = service.intent(arguments.payment_intent)
    if intent.get("currency") != arguments.currency:
        paid_in = str(intent.get("currency")).upper()
        raise Refused(
            SERVICE,
            f"took this payment in {paid_in}, not in {arguments.currency.upper()}. Nothing was given back.",
            code="wrong_currency",
        )
    received = int(intent.get("amount_received") or 0)
    if (arguments.amount or 1) > received:
        taken = money.show(received, arguments.currency)
        raise Refused(
            SERVICE, f"took only {taken} in this payment. Nothing was given back.", code="amount_too_large"
        )
    try:
        return _outcome(service.give_back(_params(arguments, attempt), attempt.key))
    except Replayed:
        found = service.find_refund(attempt.key, arguments.payment_intent)
        if found is not None:
            return _outcome(found)
        raise Refused(
            SERVICE, "had a fault of its own. Nothing was given back.", code="service_failed"
        ) from None


def _params(arguments: RefundArguments, attempt: Attempt) -> Data:
    params: Data = {
        "payment_intent": arguments.payment_intent,
        "metadata": {"effect_key": attempt.key},
    }
    if arguments.amount is not None:
        params["amount"] = arguments.amount
    if arguments.reason is not None:
        params["reason"] = arguments.reason
    return params


def _outcome(refunded: Data) -> Performed:
    """Stripe's yes is the end of it for us, also where the bank takes its days to carry it out."""
    status = refunded.get("status")
    if status in ("failed", "canceled"):
        raise Refused(
            SERVICE, "could not give the money back: the card's bank refused it.", code="refund_failed"
        )
    amount, currency = int(refunded["amount"]), str(refunded["currency"])
    done = status == "succeeded"
    result = Refund(
        status="refunded" if done else "pending",
        refund=refunded["id"],
        payment_intent=str(refunded.get("payment_intent") or ""),
        amount=amount,
        currency=currency,
        label=f"{money.show(amount, currency)} {'given back' if done else 'on its way back'}",
    ).model_dump(mode="json")
    return Done(result, external_id=refunded["id"])
