"""One call of Slack's Web API: a deadline, no retries, and every failure as a PlatformError."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Mapping
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from bot.errors import PlatformError
from bot.settings import is_sandbox

SLACK = "Slack"
DEADLINE = 10.0
MAX_PAUSE = 3600.0

# The SDK logs requests and answers at DEBUG. Ours are never to be in a log.
SILENT = logging.Logger("countersign.slack.silent", level=logging.CRITICAL + 1)

# What may have been done although we were told nothing, or told of a failure midway.
UNDECIDED = frozenset({"fatal_error", "internal_error", "request_timeout", "service_unavailable"})
GONE = {
    "channel_not_found": "no longer has this conversation, or the bot is not in it",
    "is_archived": "has archived this conversation",
    "not_in_channel": "says that the bot is not in this conversation: invite it",
    "message_not_found": "no longer has this message",
    "thread_not_found": "no longer has this thread",
    "user_not_found": "does not know this person",
    "account_inactive": "says that the bot was removed from this workspace",
    "token_revoked": "says that the bot's token was revoked: install it again",
    "team_not_found": "does not know this workspace",
    "cannot_dm_bot": "has no direct messages with bots",
    "user_disabled": "says that this person's account is switched off",
}  # fmt: skip
PROBLEMS = {
    "invalid_auth": "refused the bot's token: check SLACK_BOT_TOKEN, or install the bot again",
    "not_authed": "was given no token: set SLACK_BOT_TOKEN, or install the bot",
    "token_expired": "says that the bot's token has expired: install the bot again",
    "user_not_in_channel": "cannot show this to somebody who is not in the conversation",
    "expired_trigger_id": "opens a form within three seconds only: press the button again",
    "exchanged_trigger_id": "opens one form per press: press the button again",
    "invalid_trigger_id": "does not know that press any more: press the button again",
    "cant_update_message": "lets nobody but its author change this message",
    "msg_too_long": "found the message too long",
    "msg_blocks_too_long": "found the message too long",
    "restricted_action": "does not let the bot post in this conversation",
}


def web_client(url: str, session: aiohttp.ClientSession) -> AsyncWebClient:
    """No token of its own, no retries: a retry after a lost answer would post twice."""
    client = AsyncWebClient(
        base_url=url, session=session, timeout=int(DEADLINE), retry_handlers=[], logger=SILENT
    )
    if is_sandbox(url):
        client.proxy = None
    return client


async def call(
    client: AsyncWebClient,
    method: str,
    token: str,
    arguments: Mapping[str, Any],
    *,
    read: bool = False,
    posts: bool = False,
    deadline: float = DEADLINE,
) -> Mapping[str, Any]:
    """Slack's answer to a call that it granted.

    `read`: a GET (Slack takes JSON for writing only). `posts`: a lost answer leaves it open
    whether there is now a message, so the error says `unknown`.
    """
    given = {name: value for name, value in arguments.items() if value is not None} | {"token": token}
    try:
        async with asyncio.timeout(deadline):
            if read:
                answer = await client.api_call(method, http_verb="GET", params=given)
            else:
                answer = await client.api_call(method, json=given)
    except SlackApiError as error:
        raise refusal(error, posts=posts) from None
    except aiohttp.ClientConnectorError as error:
        raise PlatformError(SLACK, "could not be reached", retryable=True) from _nameless(error)
    except (TimeoutError, aiohttp.ClientError, OSError, SlackClientError) as error:
        raise PlatformError(SLACK, "did not answer in time", retryable=True, unknown=posts) from _nameless(
            error
        )
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        raise _nonsense(posts) from _nameless(error)
    data = answer.data
    if not isinstance(data, Mapping):
        raise _nonsense(posts)
    return data


def refusal(error: SlackApiError, *, posts: bool) -> PlatformError:
    """What a refused call means for us. Nothing of Slack's answer but known words is passed on."""
    response = error.response
    status = int(getattr(response, "status_code", 0) or getattr(response, "status", 0) or 0)
    data = getattr(response, "data", None)
    code = data.get("error") if isinstance(data, Mapping) else None
    if status == 429 or code in ("ratelimited", "rate_limited"):
        pause = _pause(getattr(response, "headers", {}))
        said = f"asked us to wait {pause:.0f} s"
        return PlatformError(SLACK, said, retryable=True, retry_after=pause, limited=True)
    if status >= 500 or code in UNDECIDED:
        return PlatformError(SLACK, "had a failure of its own", retryable=True, unknown=posts)
    if not isinstance(code, str):
        return _nonsense(posts)
    if code in GONE:
        return PlatformError(SLACK, GONE[code], gone=True)
    if code == "missing_scope":
        return PlatformError(SLACK, f"wants the scope {_scope(data)}: add it and install the bot again")
    known = PROBLEMS.get(code)
    return PlatformError(SLACK, known or f"refused the call ({_word(code)})")


def _nonsense(posts: bool) -> PlatformError:
    return PlatformError(SLACK, "answered with something that is not Slack's", retryable=True, unknown=posts)


def _pause(headers: Any) -> float:
    found = [str(value) for name, value in dict(headers).items() if str(name).lower() == "retry-after"]
    if not found or not re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,6})?", found[0]):
        return 1.0
    return min(float(found[0]), MAX_PAUSE)


def _scope(data: object) -> str:
    needed = data.get("needed") if isinstance(data, Mapping) else None
    return _word(needed) if isinstance(needed, str) else "it did not name"


def _word(code: str) -> str:
    return code if re.fullmatch(r"[a-z_:.,]{1,80}", code) else "a reason that cannot be shown"


def _nameless(error: BaseException) -> BaseException:
    """The kind of a foreign error without its text, where addresses and bodies could stand."""
    return RuntimeError(type(error).__name__)
