"""What can go wrong at a platform, in one family."""

from __future__ import annotations


class CountersignError(Exception):
    """Anything of ours. The message is written for the person who reads it."""


class ConfigurationError(CountersignError):
    """A setting is missing or wrong; the message says which, and what to do."""


class Unverified(CountersignError):
    """Signature or token missing, wrong or stale: 401, and nothing is stored."""


class Malformed(CountersignError):
    """The body is not what its content type says: 400."""


class InboxRefused(CountersignError):
    """The event could not be stored; the platform is to send it again: 503."""


class PlatformError(CountersignError):
    """A platform refused a call of ours, or never answered.

    `retryable`: trying again may help. `retry_after`: seconds the platform asked for.
    `limited`: too many of ours came at once, and this one was not carried out.
    `unknown`: the call may have been carried out, so a post must be looked up before it is
    tried again. `gone`: the place or message no longer exists, or we were removed from it.
    The message never holds a token or a message body.
    """

    def __init__(
        self,
        platform: str,
        problem: str,
        *,
        retryable: bool = False,
        retry_after: float | None = None,
        unknown: bool = False,
        gone: bool = False,
        limited: bool = False,
    ) -> None:
        super().__init__(f"{platform} {problem}")
        self.platform = platform
        self.retryable = retryable
        self.retry_after = retry_after
        self.unknown = unknown
        self.gone = gone
        self.limited = limited
