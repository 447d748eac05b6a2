"""stripe.refund: give a payment back, whole or in part, once.

A payment may be given back in as many parts as one likes, and two equal parts are two refunds:
only our key tells a repeat from a second one, so a repeat looks for its mark before anything else.
"""

from __future__ import annotations

from typing import Any

from integrations import money
from integrations.base import Attempt, Done, Performed
from integrations.errors import Refused
from integrations.stripe.client import Data, StripeService
from integrations.stripe.errors import SERVICE, Replayed
from integrations.stripe.models import Refund, RefundArguments

NOTHING = "Nothing was given back."


def refund(service: StripeService, arguments: RefundArguments, attempt: Attempt) -> Performed:
    """Raises `Refused` where nothing was given back, `OutcomeUnknown` where that is not known."""
    if attempt.number > 1:
        before = service.find_refund(attempt.key, arguments.payment_intent)
        if before is not None:
            return _outcome(before, service.payment(arguments.payment_intent))
    payment = service.payment(arguments.payment_intent)
    check(payment, arguments)
    try:
        given = service.give_back(_params(arguments, attempt), attempt.key)
    except Replayed:
        found = service.find_refund(attempt.key, arguments.payment_intent)
        if found is None:
            raise _no("service_failed", "had a fault of its own.") from None
        given = found
    except Refused as refused:
        # Somebody else may have been quicker between our look and our call: say so, if it was that.
        if refused.code == "refused":
            check(service.payment(arguments.payment_intent), arguments)
        raise
    return _outcome(given, payment, was_left=left_of(payment))


def check(payment: Data, arguments: RefundArguments) -> None:
    """What was asked for must be possible, and what was approved still true. Raises `Refused`."""
    currency = str(payment.get("currency") or "")
    if currency != arguments.currency:
        paid_in = currency.upper()
        raise _no("wrong_currency", f"took this payment in {paid_in}, not in {arguments.currency.upper()}.")
    _check_payer(payment, arguments)
    received, left = _received(payment), left_of(payment)
    if received == 0:
        raise _no("not_paid", "has taken no money in this payment.")
    if _charge(payment).get("disputed"):
        raise _no("disputed", "cannot give this back: the payment is disputed.")
    if left == 0:
        raise _no("already_refunded", "says that this payment was already given back.")
    amount, taken = arguments.amount or left, money.show(received, currency)
    if amount > received:
        raise _no("amount_too_large", f"took only {taken} in this payment.")
    if amount > left:
        rest = money.show(left, currency)
        raise _no("amount_too_large", f"has only {rest} left of this payment of {taken}.")
    if arguments.left is not None and arguments.left != left:
        was, now = money.show(arguments.left, currency), money.show(left, currency)
        raise _no("changed", f"has {now} left of this payment, not {was} as was asked for.")


def left_of(payment: Data) -> int:
    """What can still be given back of a payment, in minor units."""
    back = _charge(payment).get("amount_refunded")
    return max(0, _received(payment) - (back if isinstance(back, int) else 0))


def payer_of(payment: Data) -> tuple[str, str]:
    """Name and address of whoever paid, as far as Stripe knows them."""
    customer = payment.get("customer")
    known = customer if isinstance(customer, dict) and not customer.get("deleted") else {}
    details = _charge(payment).get("billing_details") or {}
    name = known.get("name") or details.get("name") or ""
    email = known.get("email") or details.get("email") or payment.get("receipt_email") or ""
    return str(name), str(email)


def _check_payer(payment: Data, arguments: RefundArguments) -> None:
    customer = payment.get("customer")
    id = customer.get("id") if isinstance(customer, dict) else customer
    _, email = payer_of(payment)
    another = arguments.customer and arguments.customer != id
    if another or (arguments.email and arguments.email.lower() != email.lower()):
        raise _no("wrong_customer", "took this payment from somebody else.")


def _charge(payment: Data) -> Data:
    charge: Any = payment.get("latest_charge")
    return charge if isinstance(charge, dict) else {}


def _received(payment: Data) -> int:
    received = payment.get("amount_received")
    return received if isinstance(received, int) else 0


def _params(arguments: RefundArguments, attempt: Attempt) -> Data:
    params: Data = {
        "payment_intent": arguments.payment_intent,
        "metadata": {"effect_key": attempt.key},
    }
    # Where the card named what is left, that sum was approved, and no other one is sent.
    amount = arguments.amount or arguments.left
    if amount is not None:
        params["amount"] = amount
    if arguments.reason is not None:
        params["reason"] = arguments.reason
    return params


def _outcome(refunded: Data, payment: Data, was_left: int | None = None) -> Performed:
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
        left=left_of(payment) if was_left is None else max(0, was_left - amount),
        receipt_url=str(_charge(payment).get("receipt_url") or ""),
    ).model_dump(mode="json")
    return Done(result, external_id=refunded["id"])


def _no(code: str, problem: str) -> Refused:
    return Refused(SERVICE, f"{problem} {NOTHING}", code=code)
