"""stripe.charge: take the money once, or hand out a link that takes it once.

The order of the steps is the promise. A second try looks for what the first one left behind
before it looks at prices: else a price that changed in between would have us say "nothing was
charged" of something that was. It also looks because Stripe forgets a key after a day.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from integrations import money
from integrations.base import Attempt, Done, Pending, Performed
from integrations.errors import OutcomeUnknown, Refused
from integrations.stripe import declines
from integrations.stripe.client import Data, StripeService
from integrations.stripe.errors import NEEDS_OWNER, SERVICE, Declined, Replayed
from integrations.stripe.models import Charge, ChargeArguments, Line

LINK_LIVES = timedelta(hours=2)
SHORTEST_LINK = timedelta(minutes=31)
CLOCK_SKEW = timedelta(seconds=60)


def charge(service: StripeService, arguments: ChargeArguments, attempt: Attempt) -> Performed:
    """Done when the money is taken, Pending when a person must open the link.

    Raises `Refused` where nothing was charged, `OutcomeUnknown` where that is not known.
    """
    now = datetime.now(UTC)
    by_card = bool(arguments.payment_method and arguments.customer)
    if attempt.number > 1:
        before = (
            _look(service, arguments, attempt) if by_card else _look_for_link(service, arguments, attempt)
        )
        if before is not None:
            return before
    check(service, arguments)
    if not by_card:
        return _link(service, arguments, attempt, attempt.key, now)
    try:
        return _by_card(service, arguments, attempt)
    except Declined as declined:
        if not declined.needs_owner:
            raise
    return _link(service, arguments, attempt, f"{attempt.key}:link", now)


def check(service: StripeService, arguments: ChargeArguments) -> None:
    """What was quoted must still be true. Raises `Refused`; nothing is charged then."""
    for line in arguments.lines:
        if line.unit_amount * line.quantity != line.amount:
            raise _no("wrong_amount", f"was not asked: the line “{line.name}” does not add up.")
    if sum(line.amount for line in arguments.lines) != arguments.amount:
        raise _no("wrong_amount", "was not asked: the lines do not add up to the total.")
    if arguments.amount == 0:
        raise _no("wrong_amount", "was not asked: there is nothing to pay.")
    prices: dict[str, Data] = {}
    for line in arguments.lines:
        if line.price not in prices:
            prices[line.price] = _price(service, line)
        _check_line(service, line, prices[line.price], arguments.currency)


def _price(service: StripeService, line: Line) -> Data:
    try:
        return service.price(line.price)
    except Refused as refused:
        if refused.code != "missing":
            raise
        raise _no("unknown_product", f"no longer sells {line.name}.") from None


def _check_line(service: StripeService, line: Line, price: Data, currency: str) -> None:
    product: Any = price.get("product")
    sold = isinstance(product, dict) and product.get("active") and not product.get("deleted")
    if not sold or product.get("id") != line.product:
        raise _no("unknown_product", f"no longer sells {line.name}.")
    if price.get("currency") != currency:
        raise _no(
            "wrong_currency",
            f"sells {line.name} in {str(price.get('currency')).upper()}, not in {currency.upper()}.",
        )
    if not price.get("active"):
        raise _price_changed(line, _successor(service, price, line.product), currency)
    if price.get("unit_amount") != line.unit_amount:
        raise _price_changed(line, price, currency)


def _successor(service: StripeService, old: Data, product: str) -> Data:
    """A price at Stripe never changes: it is put away, and a new one takes its size and currency."""
    for price in service.prices_of(product):
        same_size = (price.get("nickname") or "") == (old.get("nickname") or "")
        if same_size and price.get("currency") == old.get("currency"):
            return price
    return {}


def _price_changed(line: Line, new: Data, currency: str) -> Refused:
    amount = new.get("unit_amount")
    if not isinstance(amount, int):
        return _no("unknown_product", f"no longer sells {line.name}.")
    was, now = money.show(line.unit_amount, currency), money.show(amount, currency)
    if was == now:
        return _no("price_changed", f"has replaced the price of {line.name}, which is still {now}.")
    return _no("price_changed", f"has a new price for {line.name}: {now} instead of {was}.")


def _by_card(service: StripeService, arguments: ChargeArguments, attempt: Attempt) -> Performed:
    params: Data = {
        "amount": arguments.amount,
        "currency": arguments.currency,
        "customer": arguments.customer,
        "payment_method": arguments.payment_method,
        "payment_method_types": ["card"],
        "off_session": True,
        "confirm": True,
        "metadata": {"effect_key": attempt.key},
        "expand": ["latest_charge"],
    }
    if arguments.description:
        params["description"] = arguments.description
    try:
        intent = service.pay(params, attempt.key)
    except Replayed:
        return _after_replayed_fault(service, arguments, attempt)
    settled = _settle(service, intent, attempt)
    if settled is None:
        raise OutcomeUnknown(SERVICE, "left the payment in a state that we do not know")
    return settled


def _look(service: StripeService, arguments: ChargeArguments, attempt: Attempt) -> Performed | None:
    """What an earlier try left: the payment, or the link that it fell back to, or nothing."""
    intent = service.find_intent(attempt.key, arguments.customer, _since(attempt))
    if intent is None:
        return None
    try:
        return _settle(service, intent, attempt)
    except Declined as declined:
        if not declined.needs_owner:
            raise
    return _look_for_link(service, arguments, attempt)


def _look_for_link(service: StripeService, arguments: ChargeArguments, attempt: Attempt) -> Performed | None:
    found = service.find_link(attempt.key, arguments.customer, _since(attempt))
    if found is None or (found.get("status") == "open" and not found.get("url")):
        return None
    if found.get("status") == "expired":
        raise Refused(
            SERVICE, "closed the payment link before it was used. Nothing was charged.", code="expired"
        )
    return _handed_out(found, arguments)


def _settle(service: StripeService, intent: Data, attempt: Attempt) -> Performed | None:
    """A payment as it stands. None: it was begun and asks for something that we can still give."""
    match intent.get("status"):
        case "succeeded":
            return Done(_result(intent, "paid"), external_id=intent["id"])
        case "processing":
            return Pending(_result(intent, "processing"), external_id=intent["id"])
        case "requires_action":
            # Nobody may complete it while a link for the same debt is open.
            service.cancel(intent["id"], f"{attempt.key}:cancel")
            raise Declined(declines.decline(NEEDS_OWNER, ""), needs_owner=True)
        case "requires_payment_method" | "canceled":
            error = intent.get("last_payment_error") or {}
            code, reason = str(error.get("code") or ""), str(error.get("decline_code") or "")
            was_cancelled = intent.get("status") == "canceled"
            needs_owner = was_cancelled or NEEDS_OWNER in (code, reason)
            raise Declined(declines.decline(code, reason), needs_owner=needs_owner)
        case _:
            return None


def _after_replayed_fault(service: StripeService, arguments: ChargeArguments, attempt: Attempt) -> Performed:
    """Stripe keeps its own 500s under our key. The list says whether money moved; the key never will."""
    found = _look(service, arguments, attempt)
    if found is not None:
        return found
    raise _no("service_failed", "had a fault of its own.")


def _link(
    service: StripeService, arguments: ChargeArguments, attempt: Attempt, key: str, now: datetime
) -> Performed:
    # From the first try's time, so that every try sends the same bytes under the same key.
    ends = attempt.began + LINK_LIVES
    if ends - now < SHORTEST_LINK:
        ends = now + LINK_LIVES
    marked = {"effect_key": attempt.key}
    params: Data = {
        "mode": "payment",
        "line_items": [{"price": line.price, "quantity": line.quantity} for line in arguments.lines],
        "success_url": service.return_url,
        "expires_at": int(ends.timestamp()),
        "metadata": marked,
        "payment_intent_data": {"metadata": marked},
    }
    if arguments.customer:
        params["customer"] = arguments.customer
    elif arguments.email:
        params["customer_email"] = arguments.email
    if arguments.description:
        params["payment_intent_data"]["description"] = arguments.description
    return _handed_out(service.open_link(params, key), arguments)


def _handed_out(session: Data, arguments: ChargeArguments) -> Performed:
    """The link as it stands; one that was paid while we were away is done."""
    total = money.show(arguments.amount, arguments.currency)
    if session.get("status") == "complete" and session.get("payment_status") == "paid":
        paid = Charge(
            status="paid",
            amount=arguments.amount,
            currency=arguments.currency,
            label=f"{total} paid",
            payment_intent=str(session.get("payment_intent") or ""),
            session=session["id"],
        )
        return Done(paid.model_dump(mode="json"), external_id=session["id"])
    result = Charge(
        status="awaiting_payment",
        amount=arguments.amount,
        currency=arguments.currency,
        label=f"{total} to be paid by link",
        url=str(session.get("url") or ""),
        session=session["id"],
    )
    return Pending(result.model_dump(mode="json"), external_id=session["id"])


def _result(intent: Data, status: Any) -> Data:
    amount, currency = int(intent["amount"]), str(intent["currency"])
    receipt = intent.get("latest_charge")
    paid = "paid" if status == "paid" else "on its way"
    return Charge(
        status=status,
        amount=amount,
        currency=currency,
        label=f"{money.show(amount, currency)} {paid}",
        payment_intent=intent["id"],
        receipt_url=str((receipt or {}).get("receipt_url") or "") if isinstance(receipt, dict) else "",
    ).model_dump(mode="json")


def _since(attempt: Attempt) -> int:
    return int((attempt.began - CLOCK_SKEW).timestamp())


def _no(code: str, problem: str) -> Refused:
    return Refused(SERVICE, f"{problem} Nothing was charged.", code=code)
