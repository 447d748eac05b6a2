"""The one spot where the SDK's exceptions and Jira's refusals become ours.

Jira's own text goes no further than here; of its errors only the names of fields are read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.utils import parsedate_to_datetime
from typing import Any

from integrations.errors import (
    IntegrationError,
    NotConfigured,
    NotReached,
    OutcomeUnknown,
    RateLimited,
    Refused,
)

SERVICE = "Jira"
NOTHING = "Nothing was changed."
SLOW_DOWN = 5.0

_FIELD = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,40}", re.ASCII)
_NAMES = {
    "summary": "the title",
    "description": "the description",
    "project": "the project",
    "issuetype": "the kind of ticket",
    "priority": "the priority",
    "labels": "the labels",
    "assignee": "the assignee",
    "reporter": "the reporter",
    "resolution": "the resolution",
    "comment": "the comment",
    "parent": "the parent ticket",
}
_OWN = frozenset({"errorMessages", "errors", "errorMessage", "message"})


class FieldsRefused(Refused):
    """Jira takes all but these fields. Nothing was done."""

    code = "fields_refused"

    def __init__(self, problem: str, fields: frozenset[str]) -> None:
        super().__init__(SERVICE, problem)
        self.fields = fields


class Unreadable(Exception):
    """An answer that is not shaped as Jira's answers are."""


@contextmanager
def reading(what: str) -> Iterator[None]:
    """Around a look-up: it may be asked again whatever happened. `what` names it for people."""
    with _ours(what, lambda problem: NotReached(SERVICE, problem), changes=False):
        yield


@contextmanager
def writing(what: str) -> Iterator[None]:
    """Around a call that changes something: no clear answer means that it may have been done."""
    with _ours(what, lambda problem: OutcomeUnknown(SERVICE, problem), changes=True):
        yield


Unclear = Callable[[str], IntegrationError]


@contextmanager
def _ours(what: str, unclear: Unclear, *, changes: bool) -> Iterator[None]:
    import requests
    from jira.exceptions import JIRAError

    try:
        yield
    except JIRAError as error:
        # From None: the SDK's exception prints headers and bodies, and a log would carry them.
        raise translate(error, what, unclear, changes=changes) from None
    except requests.exceptions.JSONDecodeError:
        raise unclear("gave an answer that I cannot read") from None
    except requests.RequestException as error:
        if never_sent(error):
            raise NotReached(SERVICE, "could not be reached") from None
        raise unclear(_lost(error)) from None
    except (Unreadable, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise unclear("gave an answer that I cannot read") from None


def translate(error: Any, what: str, unclear: Unclear, *, changes: bool) -> IntegrationError:
    """One of Jira's refusals as one of ours."""
    status, response = error.status_code, error.response
    if response is None:
        return unclear("gave an answer that I cannot read")
    if status == 429 or (status == 503 and not changes and "Retry-After" in response.headers):
        return RateLimited(SERVICE, retry_after=retry_after(response.headers))
    if status == 401 or _signed_in_as_nobody(response.headers):
        return NotConfigured(
            SERVICE, "does not accept our sign-in: check JIRA_URL, JIRA_EMAIL and JIRA_API_TOKEN"
        )
    end = f" {NOTHING}" if changes else ""
    if status == 403:
        return Refused(
            SERVICE, f"did not let me {what}: our account there may not do that.{end}", code="forbidden"
        )
    own = _own_words(response)
    if own is None or status >= 500:
        return unclear("had a fault of its own" if status >= 500 else "gave an answer that I cannot read")
    match status:
        case 404:
            problem = "there is no such thing, or our account there may not see it"
            return Refused(SERVICE, f"did not let me {what}: {problem}.{end}", code="missing")
        case 409:
            # Refused before it was begun, because of somebody else's change at the same moment.
            return NotReached(SERVICE, "was just changing the same ticket", code="conflict")
        case 410:
            return Refused(SERVICE, f"did not let me {what}: it no longer offers that.{end}", code="gone")
        case 413:
            return Refused(SERVICE, f"did not let me {what}: it is too large.{end}", code="too_large")
    fields = _fields(own)
    if fields:
        return FieldsRefused(f"did not let me {what}: it does not take {told(fields)}.{end}", fields)
    return Refused(SERVICE, f"did not let me {what}: it does not take it as it is.{end}")


def told(fields: frozenset[str]) -> str:
    """Fields, in words where we have words for them."""
    known = [name for field, name in _NAMES.items() if field in fields]
    others = sorted(fields - set(_NAMES))
    if others:
        known.append(f"a ticket without {', '.join(others[:5])}")
    return " and ".join(filter(None, [", ".join(known[:-1]), known[-1]]))


def never_sent(error: Any) -> bool:
    """True only where no byte of the request can have left: no address, refused, no handshake."""
    import requests
    from urllib3.exceptions import NewConnectionError

    match error:
        case requests.exceptions.ConnectTimeout() | requests.exceptions.InvalidSchema():
            return True
        case requests.exceptions.SSLError():
            return "CERTIFICATE_VERIFY_FAILED" in str(error)
        case requests.exceptions.ConnectionError() if error.args:
            return isinstance(getattr(error.args[0], "reason", None), NewConnectionError)
    return False


def retry_after(headers: Any) -> float:
    """Seconds to wait, within bounds, from a number or a date (as seen from the service's own clock)."""
    text = str(headers.get("Retry-After") or "").strip()
    if re.fullmatch(r"-?[0-9]{1,9}(\.[0-9]{1,9})?", text, re.ASCII):
        return min(max(float(text), 0.1), 3600.0)
    try:
        until = parsedate_to_datetime(text) - parsedate_to_datetime(str(headers.get("Date") or ""))
    except (ValueError, TypeError, IndexError, OverflowError):
        return SLOW_DOWN
    return min(max(until.total_seconds(), 0.1), 3600.0)


def _lost(error: Any) -> str:
    from integrations.http import AnswerRefused, RedirectRefused

    match error:
        case RedirectRefused():
            return "sent me to another address, where I do not go: check JIRA_URL"
        case AnswerRefused():
            return "gave a larger answer than I read"
    return "did not answer in time"


def _signed_in_as_nobody(headers: Any) -> bool:
    """Jira goes on as an anonymous visitor when a sign-in fails; what follows is about nobody."""
    reason = str(headers.get("X-Seraph-LoginReason") or "")
    return "AUTHENTICATED_FAILED" in reason or "AUTHENTICATION_DENIED" in reason


def _own_words(response: Any) -> dict[str, Any] | None:
    """The body, if it is an error as Jira writes them and not some page on the way."""
    try:
        body = response.json()
    except (ValueError, RecursionError):
        return None
    return body if isinstance(body, dict) and _OWN & set(body) else None


def _fields(body: dict[str, Any]) -> frozenset[str]:
    errors = body.get("errors")
    if not isinstance(errors, dict):
        return frozenset()
    return frozenset(name for name in list(errors)[:50] if _FIELD.fullmatch(str(name)))
