"""The one spot where Stripe's exceptions become ours. Stripe's own text goes no further than here."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from integrations.errors import (
    IntegrationError,
    NotConfigured,
    NotReached,
    OutcomeUnknown,
    RateLimited,
    Refused,
)
from integrations.stripe import declines

SERVICE = "Stripe"
NEEDS_OWNER = "authentication_required"


class Declined(Refused):
    """The card said no. `needs_owner`: the same person could pay by a link."""

    code = "card_declined"

    def __init__(self, problem: str, *, needs_owner: bool = False) -> None:
        super().__init__(SERVICE, problem)
        self.needs_owner = needs_owner


class Replayed(OutcomeUnknown):
    """Stripe's own fault, kept under our key: asking again gives the same answer for ever."""


@contextmanager
def reading() -> Iterator[None]:
    """Around a look-up: it may be asked again whatever happened."""
    with _ours(lambda problem: NotReached(SERVICE, problem)):
        yield


@contextmanager
def moving_money() -> Iterator[None]:
    """Around a call that changes something: no clear answer means that it may have been done."""
    with _ours(lambda problem: OutcomeUnknown(SERVICE, problem)):
        yield


@contextmanager
def _ours(unclear: Callable[[str], IntegrationError]) -> Iterator[None]:
    import stripe

    try:
        yield
    except stripe.StripeError as error:
        raise translate(error, unclear) from None
    except (ValueError, TypeError, KeyError, AttributeError):
        # The answer was not shaped as Stripe's answers are.
        raise unclear("gave an answer that we cannot read") from None


def translate(error: Any, unclear: Callable[[str], IntegrationError]) -> IntegrationError:
    """One of Stripe's exceptions as one of ours.

    It is raised `from None`: Stripe's exception prints bodies, and a log would carry them.
    """
    import stripe

    details = error.error
    code = str(getattr(details, "code", None) or "")
    match error:
        case stripe.APIConnectionError():
            if _never_sent(error):
                return NotReached(SERVICE, "could not be reached")
            return unclear("did not answer in time")
        case stripe.RateLimitError():
            return RateLimited(SERVICE, retry_after=_retry_after(error))
        case stripe.CardError():
            reason = str(getattr(details, "decline_code", None) or "")
            return Declined(declines.decline(code, reason), needs_owner=NEEDS_OWNER in (code, reason))
        case stripe.AuthenticationError():
            return NotConfigured(SERVICE, "does not accept our key: check STRIPE_API_KEY")
        case stripe.PermissionError():
            return NotConfigured(SERVICE, "does not let our key do this: check what STRIPE_API_KEY may do")
        case stripe.IdempotencyError():
            return OutcomeUnknown(
                SERVICE, "already has another request under this key", code="key_used_otherwise"
            )
        case stripe.InvalidRequestError():
            return _refused(code)
    if details is None:
        return unclear("gave an answer that we cannot read")
    if error.http_status == 409:
        return OutcomeUnknown(SERVICE, "is still working on this request", code="in_progress")
    if error.http_status is not None and 400 <= error.http_status < 500:
        return _refused(code)
    if _header(error, "Idempotent-Replayed") == "true":
        return Replayed(SERVICE, "had a fault of its own")
    return unclear("had a fault of its own")


def _refused(code: str) -> Refused:
    known = declines.refusal(code)
    if known is not None:
        return Refused(SERVICE, known[1], code=known[0])
    if code == "resource_missing":
        return Refused(SERVICE, "no longer has what this refers to. Nothing was changed.", code="missing")
    return Refused(SERVICE, "did not accept this request. Nothing was changed.")


def _never_sent(error: Any) -> bool:
    """True only where no byte of the request can have left: no address, refused, no handshake."""
    import requests
    from urllib3.exceptions import NewConnectionError

    cause = error.__cause__ or error.__context__
    match cause:
        case requests.exceptions.ConnectTimeout() | requests.exceptions.InvalidSchema():
            return True
        case requests.exceptions.SSLError():
            return "CERTIFICATE_VERIFY_FAILED" in str(cause)
        case requests.exceptions.ConnectionError() if cause.args:
            return isinstance(getattr(cause.args[0], "reason", None), NewConnectionError)
    return False


def _retry_after(error: Any) -> float:
    """Seconds, within bounds. Stripe promises no such header, and a date in it is not worth reading."""
    text = _header(error, "Retry-After")
    if not re.fullmatch(r"-?[0-9]{1,9}(\.[0-9]+)?", text, re.ASCII):
        return 2.0
    return min(max(float(text), 0.1), 60.0)


def _header(error: Any, name: str) -> str:
    headers = error.headers or {}
    value = headers.get(name) or headers.get(name.lower())
    return str(value) if value else ""
