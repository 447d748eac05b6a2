"""Who failed, and a sentence for the person waiting in the thread."""

from __future__ import annotations


class IntegrationError(Exception):
    """A service refused us, or never answered.

    The message is written for the person waiting. `code` is for a flow's `on_error`.
    It never holds what the service sent back, a token, or a body.
    """

    retryable = False
    code = "failed"

    def __init__(self, service: str, problem: str, *, code: str | None = None) -> None:
        super().__init__(f"{service} {problem}")
        self.service = service
        self.problem = problem
        if code is not None:
            self.code = code


class Refused(IntegrationError):
    """A definite no: nothing was done, and the same request will be refused again."""

    code = "refused"


class NotReached(IntegrationError):
    """The request never left or was never begun (DNS, refused, connect time-out): try again freely."""

    retryable = True
    code = "not_reached"


class RateLimited(IntegrationError):
    """Not executed; try again after `retry_after` seconds with the same key."""

    retryable = True
    code = "rate_limited"

    def __init__(self, service: str, *, retry_after: float) -> None:
        super().__init__(service, f"asked us to slow down for {retry_after:.0f} seconds")
        self.retry_after = retry_after


class OutcomeUnknown(IntegrationError):
    """The request may have been carried out: look it up, or ask again with the same key."""

    retryable = True
    code = "unknown"


class NotConfigured(IntegrationError):
    """The service has no credentials here; the message names the setting."""

    code = "not_configured"
