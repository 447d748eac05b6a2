"""An answer in place of the message that was pressed, where only one person sees it: by its response_url.

There is no other way: an ephemeral message has no id that chat.update takes. Slack lets it be used five
times in thirty minutes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import aiohttp
import orjson
from slack_sdk.web.async_client import AsyncWebClient

from bot.errors import PlatformError
from bot.net import RefusedCall, TooLarge, check_host, read_limited
from bot.platforms.slack.call import DEADLINE, SLACK
from bot.settings import is_sandbox

HOSTS = frozenset({"hooks.slack.com", "hooks.slack-gov.com"})
LARGEST_ANSWER = 64_000


async def respond(web: AsyncWebClient, address: str, message: Mapping[str, Any]) -> None:
    """Raises `PlatformError`: it is too late, or was used too often, or leads somewhere else."""
    body = orjson.dumps({**message, "replace_original": True})
    timeout = aiohttp.ClientTimeout(total=DEADLINE)
    try:
        check_host(address, HOSTS, allow_loopback=is_sandbox(web.base_url))
        session = web.session
        if session is None:
            raise PlatformError(SLACK, "has no connection of ours")
        async with (
            asyncio.timeout(DEADLINE),
            session.post(
                address,
                data=body,
                headers={"Content-Type": "application/json; charset=utf-8"},
                timeout=timeout,
                allow_redirects=False,
            ) as response,
        ):
            await read_limited(response, LARGEST_ANSWER)
            if response.status != 200:
                raise PlatformError(SLACK, f"did not take it in place of the other ({response.status})")
    except RefusedCall:
        raise PlatformError(
            SLACK, "named an address that is not its own, so nothing was sent there"
        ) from None
    except (TooLarge, TimeoutError, aiohttp.ClientError, OSError) as error:
        raise PlatformError(SLACK, "did not answer in time", unknown=True) from RuntimeError(
            type(error).__name__
        )
