"""Invoices: drafted, filled, finalised, sent, and paid on a page of their own. As since 2025-03-31:
an invoice names no payment; `invoice_payments` do.
"""

from __future__ import annotations

import secrets

from integrations.stripe.sandbox import payments, things
from integrations.stripe.sandbox.call import Call
from integrations.stripe.sandbox.faults import Refusal
from integrations.stripe.sandbox.things import Data

DAY = 86_400


def create(call: Call) -> Data:
    call.allow(
        "customer",
        "collection_method",
        "days_until_due",
        "auto_advance",
        "currency",
        "description",
        "metadata",
        "pending_invoice_items_behavior",
    )
    customer = call.store.get("customer", call.need("customer"))
    by_mail = call.text("collection_method") == "send_invoice"
    days = things.whole(call.params, "days_until_due") if "days_until_due" in call.params else None
    if by_mail and days is None:
        raise Refusal(
            "If collection_method is send_invoice, days_until_due is needed.", param="days_until_due"
        )
    if days is not None and not (by_mail and 0 <= days <= 1000):
        raise Refusal("Invalid days_until_due.", param="days_until_due")
    if call.text("pending_invoice_items_behavior") not in ("", "exclude"):
        raise Refusal("The sandbox leaves pending items out.", param="pending_invoice_items_behavior")
    id = things.new_id("in")
    made = {
        "id": id,
        "object": "invoice",
        "amount_due": 0,
        "amount_paid": 0,
        "amount_remaining": 0,
        "attempted": False,
        "auto_advance": call.truth("auto_advance"),
        "billing_reason": "manual",
        "collection_method": "send_invoice" if by_mail else "charge_automatically",
        "created": call.at,
        "currency": (call.text("currency") or "usd").lower(),
        "customer": customer["id"],
        "customer_email": customer["email"],
        "customer_name": customer["name"],
        "description": call.text("description") or None,
        "due_date": None,
        "hosted_invoice_url": None,
        "invoice_pdf": None,
        "lines": things.a_list(f"/v1/invoices/{id}/lines", [], False),
        "livemode": False,
        "metadata": call.metadata(),
        "number": None,
        "parent": None,
        "status": "draft",
        "status_transitions": dict.fromkeys(
            ("finalized_at", "marked_uncollectible_at", "paid_at", "voided_at")
        ),
        "subtotal": 0,
        "total": 0,
        "total_taxes": [],
        "_days": days,
    }
    call.store.put(made)
    call.emit("invoice.created", made)
    return made


def add_item(call: Call) -> Data:
    call.allow("customer", "invoice", "amount", "currency", "description", "metadata")
    invoice = call.store.get("invoice", call.need("invoice"))
    if invoice["customer"] != call.need("customer"):
        raise Refusal("The invoice belongs to another customer.", param="invoice")
    _only(invoice, "draft", "add a line to")
    if call.need("currency").lower() != invoice["currency"]:
        raise Refusal("The currency of the invoice is another one.", param="currency")
    item = {
        "id": things.new_id("ii"),
        "object": "invoiceitem",
        "amount": things.whole(call.params, "amount"),
        "created": call.at,
        "currency": invoice["currency"],
        "customer": invoice["customer"],
        "date": call.at,
        "description": call.text("description") or None,
        "discountable": True,
        "invoice": invoice["id"],
        "livemode": False,
        "metadata": call.metadata(),
        "parent": None,
        "period": {"end": call.at, "start": call.at},
        "pricing": None,
        "proration": False,
        "quantity": 1,
    }
    call.store.put(item)
    invoice["lines"]["data"].append(_line(item))
    total = sum(line["amount"] for line in invoice["lines"]["data"])
    invoice.update(subtotal=total, total=total, amount_due=total, amount_remaining=total)
    call.store.put(invoice)
    return item


def finalize(call: Call, id: str) -> Data:
    call.allow("auto_advance")
    invoice = call.store.get("invoice", id)
    _only(invoice, "draft", "finalize")
    count = len(call.store.newest("invoice", keep=lambda each: bool(each["number"]), most=100_000))
    invoice["status_transitions"]["finalized_at"] = call.at
    invoice.update(
        status="open",
        number=f"PIZZA-{count + 1:04d}",
        hosted_invoice_url=f"{call.home}/invoice/{id}",
        invoice_pdf=f"{call.home}/invoice/{id}?pdf",
        due_date=call.at + invoice["_days"] * DAY if invoice["_days"] is not None else None,
    )
    call.emit("invoice.finalized", invoice)
    if invoice["total"] == 0:
        return _paid(call, invoice)
    return call.store.put(invoice)


def send(call: Call, id: str) -> Data:
    """It is mailed: here, an event that can be counted."""
    call.allow()
    invoice = call.store.get("invoice", id)
    if invoice["status"] == "draft":
        invoice = finalize(call, id)
    _only(invoice, "open", "send")
    if not invoice["customer_email"]:
        raise Refusal("The customer has no e-mail address.", code="invoice_no_customer_email")
    call.emit("invoice.sent", invoice)
    return invoice


def void(call: Call, id: str) -> Data:
    call.allow()
    invoice = call.store.get("invoice", id)
    if invoice["status"] not in ("open", "uncollectible"):
        raise _wrong(invoice, "void")
    invoice["status_transitions"]["voided_at"] = call.at
    invoice["status"] = "void"
    call.emit("invoice.voided", invoice)
    return call.store.put(invoice)


def write_off(call: Call, id: str) -> Data:
    call.allow()
    invoice = call.store.get("invoice", id)
    _only(invoice, "open", "mark as uncollectible")
    invoice["status_transitions"]["marked_uncollectible_at"] = call.at
    invoice["status"] = "uncollectible"
    call.emit("invoice.marked_uncollectible", invoice)
    return call.store.put(invoice)


def delete(call: Call, id: str) -> Data:
    call.allow()
    invoice = call.store.get("invoice", id)
    _only(invoice, "draft", "delete")
    for item in call.store.newest("invoiceitem", keep=lambda each: each["invoice"] == id, most=1000):
        call.store.remove(item["id"])
    call.store.remove(id)
    call.emit("invoice.deleted", invoice)
    return {"id": id, "object": "invoice", "deleted": True}


def pay(call: Call, id: str) -> Data:
    """What the button on its page does. One that is not open is left as it is."""
    invoice = call.store.get("invoice", id)
    if invoice["status"] != "open":
        return invoice
    card = call.store.put(things.card(things.new_id("pm"), call.at, "pm_card_visa", invoice["customer"]))
    intent = things.intent(
        call.at, invoice["total"], invoice["currency"], customer=invoice["customer"],
        description=f"Payment for invoice {invoice['number']}",
    )  # fmt: skip
    payments.succeed(call, call.store.put(intent), card)
    payment = {
        "id": things.new_id("inpay"),
        "object": "invoice_payment",
        "amount_paid": invoice["total"],
        "amount_requested": invoice["total"],
        "created": call.at,
        "currency": invoice["currency"],
        "invoice": id,
        "is_default": True,
        "livemode": False,
        "payment": {"payment_intent": intent["id"], "type": "payment_intent"},
        "status": "paid",
        "status_transitions": {"canceled_at": None, "paid_at": call.at},
    }
    call.store.put(payment)
    call.emit("invoice_payment.paid", payment)
    return _paid(call, invoice)


def _paid(call: Call, invoice: Data) -> Data:
    invoice["status_transitions"]["paid_at"] = call.at
    invoice.update(
        status="paid", amount_paid=invoice["total"], amount_remaining=0, attempted=True, auto_advance=False
    )
    call.emit("invoice.paid", invoice)
    call.emit("invoice.payment_succeeded", invoice)
    return call.store.put(invoice)


def _line(item: Data) -> Data:
    return {
        "id": f"il_{secrets.token_hex(12)}",
        "object": "line_item",
        "amount": item["amount"],
        "currency": item["currency"],
        "description": item["description"],
        "invoice": item["invoice"],
        "livemode": False,
        "metadata": item["metadata"],
        "parent": {
            "invoice_item_details": {"invoice_item": item["id"], "proration": False},
            "type": "invoice_item_details",
        },
        "period": item["period"],
        "pricing": None,
        "quantity": 1,
        "taxes": [],
    }


def _only(invoice: Data, status: str, verb: str) -> None:
    if invoice["status"] != status:
        raise _wrong(invoice, verb)


def _wrong(invoice: Data, verb: str) -> Refusal:
    return Refusal(
        f"You cannot {verb} this invoice, since it has a status of {invoice['status']}.",
        code="invoice_not_editable",
    )
