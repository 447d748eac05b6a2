"""stripe.invoice: draft it, put the lines in, look at the sum, finalise and send it, once.

Each step has a key of its own, made from the effect's, and a second try goes on where the first
one ended: the draft is found by our mark, and a line that is there is not put in again.
Until it is finalised nobody has seen it, so whatever goes wrong before takes the draft away.
Stripe keeps its own faults under our keys: where a step's answer will be one for ever, what there
is tells whether it was carried out.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from integrations import money
from integrations.base import Attempt, Done, Performed
from integrations.errors import IntegrationError, NotConfigured, OutcomeUnknown, Refused
from integrations.stripe.client import Data, StripeService
from integrations.stripe.errors import SERVICE, Replayed
from integrations.stripe.invoice_models import Invoice, InvoiceArguments, InvoiceLine

CLOCK_SKEW = timedelta(seconds=60)
NOTHING = "Nothing was sent."


def invoice(service: StripeService, arguments: InvoiceArguments, attempt: Attempt) -> Performed:
    """Raises `Refused` where nothing is owed, `OutcomeUnknown` where that is not known."""
    add_up(arguments)
    found = _found(service, arguments, attempt) if attempt.number > 1 else None
    if found is not None and found.get("status") != "draft":
        return _sent(service, found, arguments, attempt)
    _check_customer(service, arguments)
    draft = found or _drafted(service, arguments, attempt)
    try:
        ready = _finalised(service, _with_lines(service, draft, arguments, attempt), attempt)
    except (Refused, NotConfigured):
        _take_away(service, draft)
        raise
    return _sent(service, ready, arguments, attempt)


def add_up(arguments: InvoiceArguments) -> None:
    for line in arguments.lines:
        if line.unit_amount * line.quantity != line.amount:
            raise _no("wrong_amount", f"was not asked: the line “{line.description}” does not add up.")
    if sum(line.amount for line in arguments.lines) != arguments.amount:
        raise _no("wrong_amount", "was not asked: the lines do not add up to the total.")


def line_text(line: InvoiceLine) -> str:
    return line.description if line.quantity == 1 else f"{line.quantity} × {line.description}"


def _check_customer(service: StripeService, arguments: InvoiceArguments) -> None:
    """What is sent goes where the card said."""
    try:
        customer = service.customer(arguments.customer)
    except Refused as refused:
        if refused.code != "missing":
            raise
        raise _no("unknown_customer", "no longer has this customer.") from None
    if customer.get("deleted"):
        raise _no("unknown_customer", "no longer has this customer.")
    email = str(customer.get("email") or "")
    if not email:
        raise _no("no_address", "has no e-mail address of this customer.")
    if email.lower() != arguments.email.lower():
        raise _no("wrong_customer", "has another e-mail address of this customer.")


def _found(service: StripeService, arguments: InvoiceArguments, attempt: Attempt) -> Data | None:
    return service.find_invoice(attempt.key, arguments.customer, _since(attempt))


def _drafted(service: StripeService, arguments: InvoiceArguments, attempt: Attempt) -> Data:
    try:
        return service.draft_invoice(_draft(arguments, attempt), attempt.key)
    except Replayed:
        found = _found(service, arguments, attempt)
        if found is None:
            raise _no("service_failed", "had a fault of its own.") from None
        return found


def _draft(arguments: InvoiceArguments, attempt: Attempt) -> Data:
    params: Data = {
        "customer": arguments.customer,
        "collection_method": "send_invoice",
        "days_until_due": arguments.days_until_due,
        "auto_advance": False,
        "currency": arguments.currency,
        # What else waits to be invoiced to this customer was not approved.
        "pending_invoice_items_behavior": "exclude",
        "metadata": {"effect_key": attempt.key},
    }
    if arguments.memo:
        params["description"] = arguments.memo
    return params


def _with_lines(service: StripeService, draft: Data, arguments: InvoiceArguments, attempt: Attempt) -> Data:
    """The draft as it stands with every line in it; its sum is what was approved."""
    id = str(draft["id"])
    there = {_mark(item) for item in service.invoice_items(id)} if attempt.number > 1 else set()
    for number, line in enumerate(arguments.lines, 1):
        key = f"{attempt.key}:line:{number}"
        if key in there:
            continue
        params: Data = {
            "customer": arguments.customer,
            "invoice": id,
            "amount": line.amount,
            "currency": arguments.currency,
            "description": line_text(line),
            "metadata": {"effect_key": key},
        }
        try:
            service.add_to_invoice(params, key)
        except Replayed:
            if key not in {_mark(item) for item in service.invoice_items(id)}:
                raise _no("service_failed", "had a fault of its own.") from None
    ready = service.invoice(id)
    total, currency = ready.get("total"), str(ready.get("currency") or "")
    if total != arguments.amount or currency != arguments.currency:
        wanted = money.show(arguments.amount, arguments.currency)
        comes_to = money.show(total, currency) if isinstance(total, int) else "something else"
        raise _no("amount_changed", f"comes to {comes_to} with this customer, not to {wanted}.")
    return ready


def _finalised(service: StripeService, ready: Data, attempt: Attempt) -> Data:
    if ready.get("status") != "draft":
        return ready
    id = str(ready["id"])
    try:
        return service.finalize_invoice(id, f"{attempt.key}:finalize")
    except Replayed:
        found = service.invoice(id)
        if found.get("status") == "draft":
            raise _no("service_failed", "had a fault of its own.") from None
        return found


def _sent(service: StripeService, found: Data, arguments: InvoiceArguments, attempt: Attempt) -> Performed:
    """Sends what is open; says what it has become where it is open no longer."""
    match found.get("status"):
        case "open":
            return _result(_mailed(service, found, attempt), arguments)
        case "paid":
            return _result(found, arguments)
        case "void" | "uncollectible" | "deleted":
            raise Refused(
                SERVICE, "had this invoice, and somebody has taken it back since.", code="taken_back"
            )
        case _:
            raise OutcomeUnknown(SERVICE, "left the invoice in a state that we do not know")


def _mailed(service: StripeService, found: Data, attempt: Attempt) -> Data:
    """An invoice does not say whether it was sent; Stripe's list of events does."""
    id, key = str(found["id"]), f"{attempt.key}:send"
    if attempt.number > 1 and _was_mailed(service, id, attempt):
        return found
    try:
        return service.send_invoice(id, key)
    except Replayed:
        return found if _was_mailed(service, id, attempt) else service.send_invoice(id, f"{key}:again")
    except (Refused, NotConfigured):
        # It is owed by now, though its customer never heard of it: what failed has to leave nothing.
        service.void_invoice(id, f"{attempt.key}:void")
        raise


def _was_mailed(service: StripeService, id: str, attempt: Attempt) -> bool:
    try:
        return service.was_sent(id, _since(attempt))
    except NotConfigured:
        return False  # our key may not read events, and its own key protects the call for a day


def _result(found: Data, arguments: InvoiceArguments) -> Performed:
    amount, currency = int(found["total"]), str(found["currency"])
    number, due = str(found.get("number") or ""), found.get("due_date")
    name = f"Invoice {number}" if number else "Invoice"
    verb = "paid" if found.get("status") == "paid" else f"sent to {arguments.email}"
    result = Invoice(
        status="paid" if found.get("status") == "paid" else "sent",
        invoice=found["id"],
        number=number,
        amount=amount,
        currency=currency,
        due=datetime.fromtimestamp(due, UTC).date().isoformat() if isinstance(due, int) else "",
        url=str(found.get("hosted_invoice_url") or ""),
        label=f"{name} over {money.show(amount, currency)} {verb}",
    ).model_dump(mode="json")
    return Done(result, external_id=found["id"])


def _take_away(service: StripeService, draft: Data) -> None:
    """A draft that stays is a nuisance to whoever keeps the books, and nothing worse."""
    try:
        service.drop_draft(str(draft["id"]))
    except IntegrationError:
        return


def _since(attempt: Attempt) -> int:
    return int((attempt.began - CLOCK_SKEW).timestamp())


def _mark(thing: Data) -> str:
    return str((thing.get("metadata") or {}).get("effect_key") or "")


def _no(code: str, problem: str) -> Refused:
    return Refused(SERVICE, f"{problem} {NOTHING}", code=code)
