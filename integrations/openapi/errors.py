"""The one spot where an answer, or the lack of one, becomes an error. What the service wrote stays here."""

from __future__ import annotations

import re

import requests
from urllib3.exceptions import NewConnectionError

from integrations.errors import (
    IntegrationError,
    NotConfigured,
    NotReached,
    OutcomeUnknown,
    RateLimited,
    Refused,
)

LONGEST_WAIT = 3600.0
USUAL_WAIT = 5.0


class NobodyKnows(OutcomeUnknown):
    """It may have been carried out, and nothing tells: a person looks, and nothing is repeated."""

    retryable = False


class Retry:
    """How a call may be tried again: `reads` as often as one likes, `keyed` with the same key, else never."""

    def __init__(self, service: str, *, reads: bool, keyed: bool) -> None:
        self.service, self.reads, self.keyed = service, reads, keyed

    def unclear(self, problem: str) -> IntegrationError:
        """No clear answer. A read did nothing; a write may have been done."""
        if self.reads:
            return NotReached(self.service, problem)
        return (OutcomeUnknown if self.keyed else NobodyKnows)(self.service, problem)

    def of_failure(self, error: requests.RequestException) -> IntegrationError:
        from integrations.http import AnswerRefused, RedirectRefused

        if never_sent(error):
            return NotReached(self.service, "could not be reached")
        if isinstance(error, RedirectRefused):
            told = "sent us to another address, where we do not go"
            return Refused(self.service, told, code="redirected") if self.reads else self.unclear(told)
        if isinstance(error, AnswerRefused):
            told = "answered with more than we read"
            return Refused(self.service, told, code="too_large") if self.reads else self.unclear(told)
        return self.unclear("did not answer in time")

    def of_status(self, status: int, retry_after: str, credentials: str) -> IntegrationError:
        """For anything but 2xx. `credentials` names the setting to look at."""
        service = self.service
        match status:
            case 401:
                return NotConfigured(service, f"does not accept our credentials: check {credentials}")
            case 403:
                return NotConfigured(service, f"does not let our account do this: check {credentials}")
            case 404 | 410:
                return Refused(
                    service, "does not have what this refers to. Nothing was changed.", code="missing"
                )
            case 409 if self.keyed:
                return OutcomeUnknown(service, "is still working on this request", code="in_progress")
            case 409:
                return Refused(service, "says that this conflicts with how things are now.", code="conflict")
            case 412 | 428:
                return Refused(service, "says that it has changed meanwhile.", code="conflict")
            case 400 | 422:
                return Refused(
                    service, "did not accept these arguments. Nothing was changed.", code="invalid"
                )
            case 402:
                return Refused(service, "wants to be paid for this. Nothing was changed.")
            case 413:
                return Refused(service, "says that this is too large. Nothing was changed.", code="too_large")
            case 429:
                return RateLimited(service, retry_after=_seconds(retry_after))
            case 405 | 406 | 411 | 414 | 415 | 431 | 451:
                return Refused(service, "does not take such a request. Nothing was changed.")
            case 503 if retry_after and self.reads:
                return RateLimited(service, retry_after=_seconds(retry_after))
            case _:
                return self.unclear(f"had a fault of its own ({status})")


def never_sent(error: BaseException) -> bool:
    """True only where no byte of the request can have left: no address, refused, no handshake."""
    match error:
        case requests.exceptions.ConnectTimeout() | requests.exceptions.InvalidSchema():
            return True
        case requests.exceptions.SSLError():
            return "CERTIFICATE_VERIFY_FAILED" in str(error)
        case requests.exceptions.ConnectionError() if error.args:
            return isinstance(getattr(error.args[0], "reason", None), NewConnectionError)
    return False


def _seconds(text: str) -> float:
    """Of a Retry-After, within bounds; a date in it is not worth reading."""
    if not re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,3})?", text.strip(), re.ASCII):
        return USUAL_WAIT
    return min(max(float(text), 0.5), LONGEST_WAIT)
