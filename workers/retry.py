"""When to try again and when to give up, for calls and for messages."""

from __future__ import annotations

from integrations.errors import IntegrationError, OutcomeUnknown, RateLimited

MOST_ATTEMPTS = 8
LONGEST = 300.0


def pause_after(error: IntegrationError, attempts: int) -> float | None:
    """Seconds until the next try with the same key, or None to give up.

    Exponential from half a second; a service that names a time gets its time.
    """
    if not error.retryable or attempts >= MOST_ATTEMPTS:
        return None
    if isinstance(error, RateLimited):
        return min(max(error.retry_after, 0.5), 3600.0)
    return backoff(attempts)


def backoff(attempts: int) -> float:
    """0.5, 1, 2, 4 … seconds, at most five minutes. No jitter: one conversation waits, not a herd."""
    return float(min(0.5 * 2 ** max(attempts - 1, 0), LONGEST))


def state_after(error: IntegrationError) -> str:
    """What an effect is when we give up: `unknown` is for a person to look at, never to repeat blindly."""
    if isinstance(error, OutcomeUnknown):
        return "unknown"
    return "dead" if error.retryable else "failed"
