"""Stripe's error codes in plain words. Every sentence ends by saying whether money moved."""

from __future__ import annotations

_NOTHING = "Nothing was charged."

# A lost, stolen or suspect card is told like any other: the person at the keyboard may not be its owner.
_DECLINED = "declined the card."

_DECLINES = {
    "insufficient_funds": "declined the card: there is not enough money on it.",
    "withdrawal_count_limit_exceeded": "declined the card: its limit is reached.",
    "card_velocity_exceeded": "declined the card: its limit is reached.",
    "expired_card": "declined the card: it has expired.",
    "incorrect_cvc": "declined the card: its security code is wrong.",
    "invalid_cvc": "declined the card: its security code is wrong.",
    "incorrect_number": "declined the card: its number is wrong.",
    "invalid_number": "declined the card: its number is wrong.",
    "currency_not_supported": "declined the card: it cannot pay in this currency.",
    "transaction_not_allowed": "declined the card: it does not allow this kind of payment.",
    "card_not_supported": "declined the card: it does not allow this kind of payment.",
    "do_not_honor": "declined the card: the bank gave no reason. Ask the bank, or use another card.",
    "generic_decline": "declined the card: the bank gave no reason. Ask the bank, or use another card.",
    "try_again_later": "could not reach the card's bank just now. Try again in a while.",
    "processing_error": "could not process the card just now. Try again in a while.",
    "issuer_not_available": "could not reach the card's bank just now. Try again in a while.",
    "authentication_required": "needs the card's owner to confirm this payment in person.",
}

# code of an error that is no decline → (our code, sentence)
_REFUSALS = {
    "amount_too_small": ("amount_too_small", "does not take amounts this small."),
    "amount_too_large": ("amount_too_large", "does not take amounts this large."),
    "charge_already_refunded": ("already_refunded", "says that this payment was already given back."),
    "charge_exceeds_source_limit": ("amount_too_large", "does not take amounts this large."),
    "refund_disputed_payment": ("disputed", "cannot give this back: the payment is disputed."),
    "charge_disputed": ("disputed", "cannot give this back: the payment is disputed."),
    "insufficient_balance": ("no_balance", "cannot give this back: the account's balance is too low."),
    "payment_method_unactivated": ("not_activated", "has this way of paying switched off."),
}


def decline(code: str, decline_code: str) -> str:
    """The sentence for a card that was declined; the bank's reason goes before Stripe's class."""
    sentence = _DECLINES.get(decline_code) or _DECLINES.get(code) or _DECLINED
    return f"{sentence} {_NOTHING}"


def refusal(code: str) -> tuple[str, str] | None:
    """Our code and sentence for a request that Stripe will never accept, where we know it."""
    return _REFUSALS.get(code)
