"""The one spot where Notion's faults become ours. Notion's own text goes no further than here.

The SDK raises its own errors for what Notion answered, and our door's (requests') for what never
was an answer; both are translated by what may have been carried out, not by their names.
"""

from __future__ import annotations

import json
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

SERVICE = "Notion"

# Notion names a time with every "slow down"; where a proxy took it away, its window is a minute.
USUAL_PAUSE = 10.0
LONGEST_PAUSE = 3600.0

_SECONDS = re.compile(r"[0-9]{1,9}(\.[0-9]+)?", re.ASCII)


@contextmanager
def reading() -> Iterator[None]:
    """Around a look-up: it may be asked again whatever happened."""
    with _ours(lambda problem: NotReached(SERVICE, problem)):
        yield


@contextmanager
def writing() -> Iterator[None]:
    """Around a call that changes something: no clear answer means that it may have been done."""
    with _ours(lambda problem: OutcomeUnknown(SERVICE, problem)):
        yield


@contextmanager
def _ours(unclear: Callable[[str], IntegrationError]) -> Iterator[None]:
    import requests
    from notion_client.errors import HTTPResponseError, NotionClientErrorBase

    try:
        yield
    except HTTPResponseError as error:
        raise _answered(error, unclear) from None
    except requests.RequestException as error:
        if _never_sent(error):
            raise NotReached(SERVICE, "could not be reached") from None
        raise unclear("did not answer in time") from None
    except NotionClientErrorBase:
        raise unclear("did not answer in time") from None
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        # The answer was not shaped as Notion's answers are.
        raise unclear("gave an answer that we cannot read") from None


def _answered(error: Any, unclear: Callable[[str], IntegrationError]) -> IntegrationError:
    """What an answer other than 2xx means. It is raised `from None`: the SDK's error holds the body."""
    if error.status in (429, 529):
        return RateLimited(SERVICE, retry_after=_retry_after(error.headers))
    if not _is_notions(error.body, error.status):
        return unclear("gave an answer that we cannot read")
    match error.status:
        case 401:
            return NotConfigured(SERVICE, "does not accept our token: check NOTION_TOKEN")
        case 403:
            return NotConfigured(
                SERVICE,
                "does not let our integration do this: give it the capability (read, update, insert)"
                " on its page at Notion",
            )
        case 404:
            return Refused(
                SERVICE,
                "knows no such page or database, or it is not shared with our integration."
                " Nothing was changed.",
                code="missing",
            )
        case 409:
            # Two changes met. Whether ours is in, only a look can say.
            return unclear("had another change of the same thing at the same moment")
        case 413:
            return Refused(SERVICE, "finds this too large. Nothing was changed.", code="too_large")
        case status if 400 <= status < 500:
            return Refused(SERVICE, "did not accept this request. Nothing was changed.")
    return unclear("had a fault of its own")


def _is_notions(body: str, status: int) -> bool:
    """Notion's own error, not a page of something between us. Only that is a definite no."""
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return False
    return isinstance(said, dict) and said.get("object") == "error" and said.get("status") == status


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


def _retry_after(headers: Any) -> float:
    """Seconds, within bounds. The workspace's own limit may ask for more than a minute."""
    text = str(headers.get("retry-after") or "")
    if not _SECONDS.fullmatch(text):
        return USUAL_PAUSE
    return min(max(float(text), 0.1), LONGEST_PAUSE)
