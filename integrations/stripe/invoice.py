"""stripe.invoice: draft it, put the lines in, look at the sum, finalise and send it, once.

Each step has a key of its own, made from the effect's, and a second try goes on where the first
one ended: the draft is found by our mark, and a line that is there is not put in again.
Until it is finalised nobody has seen it, so whatever goes wrong before takes the draft away.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from integrations import money
from integrations.base import Attempt, Done, Performed
from integrations.errors import IntegrationError, OutcomeUnknown, Refused
from integrations.stripe.client import Data, StripeService
from integrations.stripe.errors import SERVICE
from integrations.stripe.invoice_models import Invoice, InvoiceArguments, InvoiceLine

CLOCK_SKEW = timedelta(seconds=60)
NOTHING = "Nothing was sent."


def invoice(service: StripeService, arguments: InvoiceArguments, attempt: Attempt) -> Performed:
    """Raises `Refused` where nothing is owed, `OutcomeUnknown` where that is not known."""
    add_up(arguments)
    found = None
    if attempt.number > 1:
        since = int((attempt.began - CLOCK_SKEW).timestamp())
        found = service.find_invoice(attempt.key, arguments.customer, since)
    if found is not None and found.get("status") != "draft":
        return _sent(service, found, arguments, attempt)
    _check_customer(service, arguments)
    draft = found or service.draft_invoice(_draft(arguments, attempt), attempt.key)
    try:
        ready = _with_lines(service, draft, arguments, attempt)
        if ready.get("status") == "draft":
            ready = service.finalize_invoice(str(draft["id"]), f"{attempt.key}:finalize")
    except Refused:
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
        service.add_to_invoice(
            {
                "customer": arguments.customer,
                "invoice": id,
                "amount": line.amount,
                "currency": arguments.currency,
                "description": line_text(line),
                "metadata": {"effect_key": key},
            },
            key,
        )
    ready = service.invoice(id)
    total, currency = ready.get("total"), str(ready.get("currency") or "")
    if total != arguments.amount or currency != arguments.currency:
        wanted = money.show(arguments.amount, arguments.currency)
        comes_to = money.show(total, currency) if isinstance(total, int) else "something else"
        raise _no("amount_changed", f"comes to {comes_to} with this customer, not to {wanted}.")
    return ready


def _sent(service: StripeService, found: Data, arguments: InvoiceArguments, attempt: Attempt) -> Performed:
    """Sends what is open; says what it has become where it is open no longer."""
    match found.get("status"):
        case "open":
            found = service.send_invoice(str(found["id"]), f"{attempt.key}:send")
            return _result(found, arguments)
        case "paid":
            return _result(found, arguments)
        case "void" | "uncollectible" | "deleted":
            raise Refused(
                SERVICE, "had this invoice, and somebody has taken it back since.", code="taken_back"
            )
        case _:
            raise OutcomeUnknown(SERVICE, "left the invoice in a state that we do not know")


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


def _mark(thing: Data) -> str:
    return str((thing.get("metadata") or {}).get("effect_key") or "")


def _no(code: str, problem: str) -> Refused:
    return Refused(SERVICE, f"{problem} {NOTHING}", code=code)
