"""The workbench's view of the Stripe sandbox: over HTTP, since `bot` knows no integration."""

from __future__ import annotations

from typing import Any

import aiohttp

from bot.workbench.cast import Json
from bot.workbench.slack_people import NotPossible

ANSWER_LIMIT = 4 * 1024 * 1024
SECONDS = aiohttp.ClientTimeout(total=5)


class StripeSandbox:
    """`base` is where the sandbox is mounted on this very server."""

    def __init__(self, base: str) -> None:
        self._base = f"{base}/standin/stripe/_sandbox"
        self._session: aiohttp.ClientSession | None = None

    async def open(self) -> None:
        self._session = aiohttp.ClientSession(trust_env=False, timeout=SECONDS)

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    async def records(self) -> list[Json]:
        answer = await self._call("GET", "records")
        listed = answer.get("records") or answer.get("data") if isinstance(answer, dict) else answer
        return list(listed or ())[:60]

    async def decline_next(self) -> None:
        await self._call("POST", "fault", {"path": "/payment_intents", "kind": "decline", "times": 1})

    async def reset(self) -> None:
        await self._call("POST", "reset", {})

    async def _call(self, method: str, name: str, body: Json | None = None) -> Any:
        if self._session is None:
            raise NotPossible("the Stripe sandbox is not running")
        url = f"{self._base}/{name}"
        try:
            async with self._session.request(method, url, json=body, allow_redirects=False) as answer:
                if answer.status >= 300 or (answer.content_length or 0) > ANSWER_LIMIT:
                    raise NotPossible(f"the Stripe sandbox answered {answer.status}")
                return await answer.json(content_type=None)
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise NotPossible("the Stripe sandbox did not answer") from error
