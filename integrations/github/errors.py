"""The one spot where PyGithub's exceptions become ours. GitHub's own text goes no further than here."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping
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

SERVICE = "GitHub"
NOTHING = "Nothing was changed."
LONGEST_WAIT = 3600.0
# What GitHub asks for where it names no time.
USUAL_WAIT = 60.0

_FIELDS = frozenset({"title", "body", "labels", "assignees", "milestone", "state", "name", "q"})


@contextmanager
def reading(what: str) -> Iterator[None]:
    """Around a look-up: it may be asked again whatever happened. `what` completes "did not let me …"."""
    with _ours(what, lambda problem: NotReached(SERVICE, problem)):
        yield


@contextmanager
def writing(what: str) -> Iterator[None]:
    """Around a change: no clear answer means that it may have been made."""
    with _ours(what, lambda problem: OutcomeUnknown(SERVICE, problem)):
        yield


Unclear = Callable[[str], IntegrationError]


@contextmanager
def _ours(what: str, unclear: Unclear) -> Iterator[None]:
    import requests
    from github import GithubException

    try:
        yield
    except GithubException as error:
        raise translate(error, what, unclear) from None
    except requests.JSONDecodeError:
        raise unclear("gave an answer that we cannot read") from None
    except requests.RequestException as error:
        raise _unanswered(error, unclear) from None
    except (ValueError, TypeError, KeyError, AttributeError, AssertionError, RuntimeError, LookupError):
        # Not shaped as GitHub's answers are; PyGithub also asserts, and raises RuntimeError at a redirect.
        raise unclear("gave an answer that we cannot read") from None


def translate(error: Any, what: str, unclear: Unclear) -> IntegrationError:
    """One of PyGithub's exceptions as one of ours, raised `from None`: it prints the whole answer."""
    headers = {str(name).lower(): str(value) for name, value in (error.headers or {}).items()}
    data = error.data if isinstance(error.data, dict) else {}
    said = data.get("message")
    if not isinstance(said, str) or error.status >= 500:
        # A proxy's page says nothing about what GitHub did.
        return unclear("had a fault of its own" if error.status >= 500 else _UNREADABLE)
    if error.status == 429 or (error.status == 403 and _too_fast(headers, said)):
        return RateLimited(SERVICE, retry_after=retry_after(headers, time.time()))
    match error.status:
        case 401:
            return NotConfigured(SERVICE, "does not accept our token: check GITHUB_TOKEN or GITHUB_APP_ID")
        case 403 | 451:
            return _no("forbidden", f"did not let me {what}: our token may not do that.")
        case 404:
            return _no("missing", f"did not let me {what}: it is not there, or not shown to us.")
        case 410:
            return _no("gone", f"did not let me {what}: it was deleted, or issues are switched off there.")
        case 409:
            return unclear("was busy with another change of the same thing")
        case 422:
            return _no("invalid", f"did not let me {what}: {_named(data)}.")
        case status if 400 <= status < 500:
            return _no("refused", f"did not let me {what}.")
    return unclear(_UNREADABLE)


_UNREADABLE = "gave an answer that we cannot read"


def _no(code: str, problem: str) -> Refused:
    return Refused(SERVICE, f"{problem} {NOTHING}", code=code)


def _too_fast(headers: Mapping[str, str], said: str) -> bool:
    """Either limit; the secondary one is known by its words where it sends no header."""
    return (
        "retry-after" in headers
        or headers.get("x-ratelimit-remaining") == "0"
        or "rate limit" in said.lower()
        or "abuse detection" in said.lower()
    )


def retry_after(headers: Mapping[str, str], now: float) -> float:
    """Seconds, within bounds: as named, else until the limit starts anew, else a minute."""
    named = headers.get("retry-after", "")
    if re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,3})?", named, re.ASCII):
        wait = float(named)
    elif named and _date(named) is not None:
        wait = (_date(named) or now) - now
    elif headers.get("x-ratelimit-remaining") == "0" and re.fullmatch(
        r"[0-9]{1,11}", headers.get("x-ratelimit-reset", ""), re.ASCII
    ):
        # Their clock told the time of the reset, so theirs is compared with it.
        wait = float(headers["x-ratelimit-reset"]) - (_date(headers.get("date", "")) or now)
    else:
        wait = USUAL_WAIT
    return min(max(wait, 1.0), LONGEST_WAIT)


def _date(text: str) -> float | None:
    try:
        return parsedate_to_datetime(text[:64]).timestamp()
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


def _named(data: Mapping[str, Any]) -> str:
    """Which of the fields it objects to, in our own words."""
    errors = data.get("errors")
    found = {
        str(each.get("field"))
        for each in (errors if isinstance(errors, list) else [])
        if isinstance(each, dict) and each.get("field") in _FIELDS
    }
    return f"it does not accept the {' and the '.join(sorted(found))}" if found else "it does not accept this"


def _unanswered(error: Any, unclear: Unclear) -> IntegrationError:
    if _never_sent(error):
        return NotReached(SERVICE, "could not be reached")
    from integrations.http import AnswerRefused, RedirectRefused

    match error:
        case RedirectRefused():
            return unclear("sent us to another address, where we do not go")
        case AnswerRefused():
            return unclear(_UNREADABLE)
    return unclear("did not answer in time")


def _never_sent(error: Any) -> bool:
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
