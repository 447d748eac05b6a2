"""What Stripe tells us by itself: verified on the raw bytes, then read.

What completes something that we began is a `Notice`, what others did is `Happened`.

The SDK is not used: it lets a signature from the future pass, and the door imports no SDK.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from integrations import money
from integrations.base import Happened
from integrations.stripe import disputes

LARGEST_BODY = 1 << 20
LONGEST_HEADER = 4096
TOLERANCE = 300.0

_HEX = re.compile(r"[0-9a-f]{64}", re.ASCII)
_CURRENCY = re.compile(r"[a-z]{3}", re.ASCII)
_NUMBER = re.compile(r"[A-Za-z0-9-]{1,40}", re.ASCII)
_SECONDS = re.compile(r"[0-9]{1,12}", re.ASCII)


class NotFromStripe(ValueError):
    """The signature is missing, wrong or stale: nothing in the body is to be looked at."""


class NotAnEvent(ValueError):
    """Signed by Stripe, but too large or no event."""


class Outcome(StrEnum):
    PAID = "paid"
    FAILED = "failed"
    EXPIRED = "expired"
    REFUNDED = "refunded"


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing that happened, as far as we act on it.

    `event` is the key under which a second delivery is known. `external_id` is the checkout
    session's id (of a payment or refund: the payment's), `effect_key` what we marked it with.
    `by_us` is the idempotency key of the request that caused it: when it is a key of ours, the
    one who waits was told already. `amount_refunded` counts all refunds so far.
    """

    event: str
    kind: str
    external_id: str
    effect_key: str
    outcome: Outcome
    amount: int
    currency: str
    amount_refunded: int = 0
    payment_intent: str = ""
    receipt_url: str = ""
    by_us: str = ""


def sign(body: bytes, secret: str, at: int) -> str:
    """The header that Stripe would send with this body."""
    return f"t={at},v1={_digest(body, secret, str(at))}"


def verify(headers: Mapping[str, str], body: bytes, secret: str, now: float) -> dict[str, Any]:
    """The event in a genuine delivery.

    Raises `NotFromStripe` (answer 401) before anything is parsed, `NotAnEvent` (400) after.
    Several signatures may stand in the header while a secret is being changed.
    """
    if not secret:
        raise NotFromStripe("no webhook secret is set")
    if len(body) > LARGEST_BODY:
        raise NotAnEvent("the body is larger than 1 MiB")
    stamp, signatures = _parts(headers.get("Stripe-Signature", ""))
    if abs(now - int(stamp)) > TOLERANCE:
        raise NotFromStripe("the signature is stale")
    expected = _digest(body, secret, stamp)
    matches = [hmac.compare_digest(expected, each) for each in signatures]
    if not any(matches):
        raise NotFromStripe("the signature does not match")
    return _event(body)


def delivery(_headers: Mapping[str, str], event: Mapping[str, Any]) -> tuple[str, str] | None:
    """The ids of event and thing; None where it is another account's (Connect), or about nothing."""
    match event:
        case {"account": str()}:
            return None
        case {"id": str(number), "data": {"object": {"id": str(thing)}}}:
            return number, thing
        case _:
            return None


def read(event: Mapping[str, Any]) -> Happened | None:
    """What somebody did at Stripe and the thread wants to know: of a payment, refund, invoice or dispute."""
    if (disputed := disputes.read(event)) is not None:
        return disputed
    match event:
        case {"type": "charge.refunded"}:
            return _refunded(event)
        case {"type": str(kind), "data": {"object": {"id": str(id), "currency": str(code)} as thing}}:
            if kind in _TOLD and _CURRENCY.fullmatch(code):
                return _told(event, kind, id, thing)
    return None


def _refunded(event: Mapping[str, Any]) -> Happened | None:
    found = notice(event)
    if found is None:
        return None
    given = found.amount_refunded - _refunded_before(event)
    if given <= 0 or not found.external_id or not _CURRENCY.fullmatch(found.currency):
        return None
    return Happened(
        key=found.event,
        external_id=found.external_id,
        kind="refunded",
        sentence=f"{money.show(given, found.currency)} of the payment was refunded.",
        url=found.receipt_url,
        effect_key=found.by_us,
    )


# event → kind, the field with the sum, and the sentence for it
_TOLD: Mapping[str, tuple[str, str, str]] = {
    "refund.failed": ("refund_failed", "amount", "The refund of {sum} failed: the bank sent the money back."),
    "invoice.paid": ("paid", "total", "The invoice{number} over {sum} was paid."),
    "invoice.overdue": ("overdue", "total", "The invoice{number} over {sum} is overdue."),
    "invoice.voided": ("voided", "total", "The invoice{number} over {sum} was taken back."),
    "invoice.marked_uncollectible": (
        "written_off",
        "total",
        "The invoice{number} over {sum} was written off as never to be paid.",
    ),
}


def _told(event: Mapping[str, Any], type: str, id: str, thing: Mapping[str, Any]) -> Happened:
    kind, sum_of, sentence = _TOLD[type]
    number, url = _text(thing.get("number")), _text(thing.get("hosted_invoice_url"))
    shown = f" {number}" if _NUMBER.fullmatch(number) else ""
    return Happened(
        key=_text(event.get("id")),
        external_id=id[:500],
        kind=kind,
        sentence=sentence.format(number=shown, sum=money.show(_whole(thing.get(sum_of)), thing["currency"])),
        url=url if url.startswith(("https://", "http://")) else "",
        effect_key=_asked_for(event),
    )


def notice(event: Mapping[str, Any]) -> Notice | None:
    """None for every event that we do not act on."""
    data = event.get("data")
    thing = data.get("object") if isinstance(data, Mapping) else None
    if not isinstance(thing, Mapping):
        return None
    match event.get("type"):
        case "checkout.session.completed" if thing.get("payment_status") == "paid":
            return _of_session(event, thing, Outcome.PAID)
        case "checkout.session.async_payment_succeeded":
            return _of_session(event, thing, Outcome.PAID)
        case "checkout.session.async_payment_failed":
            return _of_session(event, thing, Outcome.FAILED)
        case "checkout.session.expired":
            return _of_session(event, thing, Outcome.EXPIRED)
        case "payment_intent.succeeded":
            return _of_intent(event, thing, Outcome.PAID)
        case "payment_intent.payment_failed" if not _asked_for(event):
            # A decline in answer to a request was told there, and a link may be open since.
            return _of_intent(event, thing, Outcome.FAILED)
        case "charge.refunded":
            return _of_charge(event, thing)
        case _:
            return None


def _parts(header: str) -> tuple[str, list[str]]:
    if len(header) > LONGEST_HEADER:
        raise NotFromStripe("the signature header is too long")
    pairs = [part.strip().partition("=") for part in header.split(",")]
    stamps = [value for name, _, value in pairs if name == "t"]
    signatures = [value for name, _, value in pairs if name == "v1" and _HEX.fullmatch(value)]
    if len(stamps) != 1 or not _SECONDS.fullmatch(stamps[0]) or not signatures:
        raise NotFromStripe("the signature header is missing or malformed")
    return stamps[0], signatures


def _digest(body: bytes, secret: str, stamp: str) -> str:
    return hmac.new(secret.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def _event(body: bytes) -> dict[str, Any]:
    try:
        event = json.loads(body)
    except (ValueError, RecursionError):
        raise NotAnEvent("the body is not JSON") from None
    if not isinstance(event, dict) or event.get("object") != "event":
        raise NotAnEvent("the body is not an event")
    if not isinstance(event.get("id"), str) or not isinstance(event.get("type"), str):
        raise NotAnEvent("the event has no id or no type")
    return event


def _of_session(event: Mapping[str, Any], session: Mapping[str, Any], outcome: Outcome) -> Notice:
    return _notice(
        event,
        outcome,
        external_id=_text(session.get("id")),
        effect_key=_mark(session),
        amount=_whole(session.get("amount_total")),
        currency=_text(session.get("currency")),
        payment_intent=_id(session.get("payment_intent")),
    )


def _of_intent(event: Mapping[str, Any], intent: Mapping[str, Any], outcome: Outcome) -> Notice:
    return _notice(
        event,
        outcome,
        external_id=_text(intent.get("id")),
        effect_key=_mark(intent),
        amount=_whole(intent.get("amount_received")),
        currency=_text(intent.get("currency")),
        payment_intent=_text(intent.get("id")),
    )


def _of_charge(event: Mapping[str, Any], charge: Mapping[str, Any]) -> Notice:
    return _notice(
        event,
        Outcome.REFUNDED,
        external_id=_id(charge.get("payment_intent")),
        effect_key=_mark(charge),
        amount=_whole(charge.get("amount")),
        currency=_text(charge.get("currency")),
        payment_intent=_id(charge.get("payment_intent")),
        amount_refunded=_whole(charge.get("amount_refunded")),
        receipt_url=_text(charge.get("receipt_url")),
    )


def _refunded_before(event: Mapping[str, Any]) -> int:
    match event:
        case {"data": {"previous_attributes": {"amount_refunded": int(before)}}}:
            return before
    return 0


def _notice(event: Mapping[str, Any], outcome: Outcome, **rest: Any) -> Notice:
    by_us = _asked_for(event)
    return Notice(
        event=_text(event.get("id")), kind=_text(event.get("type")), outcome=outcome, by_us=by_us, **rest
    )


def _asked_for(event: Mapping[str, Any]) -> str:
    """The idempotency key of the request that caused it, if one did."""
    request = event.get("request")
    return _text(request.get("idempotency_key")) if isinstance(request, Mapping) else ""


def _mark(thing: Mapping[str, Any]) -> str:
    metadata = thing.get("metadata")
    return _text(metadata.get("effect_key")) if isinstance(metadata, Mapping) else ""


def _id(reference: object) -> str:
    """References are ids, or whole objects where they were expanded."""
    return _text(reference.get("id")) if isinstance(reference, Mapping) else _text(reference)


def _text(value: object) -> str:
    return value[:500] if isinstance(value, str) else ""


def _whole(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0
