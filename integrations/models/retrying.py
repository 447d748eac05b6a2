"""When a model's server is asked a second time, and what its refusals mean."""

from __future__ import annotations

from .base import ModelUnavailable, Problem

MOST_TRIES = 2
AFTER_DOWN, AFTER_BUSY = 0.1, 0.4  # seconds
LEAST_LEFT = 1.0  # seconds that an answer takes at least
MOST_AFTER = 120.0


def pause_before_retry(error: ModelUnavailable, tries: int, left: float) -> float | None:
    """None: do not. A second try helps where another server may answer, or this one a moment later;
    not where the same question would be answered alike, and not without the time for it."""
    match error.problem:
        case Problem.DOWN:
            pause = AFTER_DOWN
        case Problem.BUSY:
            pause = max(error.after, AFTER_BUSY)
        case _:
            return None
    return pause if tries < MOST_TRIES and pause + LEAST_LEFT <= left else None


def of_status(kind: str, status: int, retry_after: str) -> ModelUnavailable:
    """By its number alone: the texts differ between servers and versions, and the body may be anything."""
    told = f"{kind} answered {status}"
    match status:
        case 401 | 403:
            return ModelUnavailable(told, Problem.KEY)
        case 429 | 503:  # vLLM says 503 when its queue is full, without a Retry-After
            return ModelUnavailable(told, Problem.BUSY, after=_seconds(retry_after))
        case _ if status >= 500 or status in (408, 409):
            return ModelUnavailable(told, Problem.DOWN)
        case 400 | 422:
            return ModelUnavailable(told, Problem.REJECTED)
    return ModelUnavailable(told, Problem.SHAPE)  # not the server that we take it for


def _seconds(retry_after: str) -> float:
    """A date, or anything else, is none."""
    whole = retry_after.strip()
    return min(float(whole), MOST_AFTER) if whole.isascii() and whole.isdecimal() and len(whole) < 6 else 0.0
