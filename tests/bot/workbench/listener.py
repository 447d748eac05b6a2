"""A small bot that writes down what reaches it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

from aiohttp import web


@dataclass(frozen=True, slots=True)
class Heard:
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def payload(self) -> dict[str, Any]:
        """JSON, or the `payload` field of a form, or the form itself."""
        if self.headers["Content-Type"].startswith("application/json"):
            return dict(json.loads(self.body))
        form = {
            name: values[0] for name, values in parse_qs(self.body.decode(), keep_blank_values=True).items()
        }
        return dict(json.loads(form["payload"])) if "payload" in form else form

    @property
    def event(self) -> dict[str, Any]:
        return dict(self.payload["event"])


class Listener:
    """Answers 200 unless told otherwise; `answer` may look at what was heard."""

    def __init__(self) -> None:
        self.heard: list[Heard] = []
        self.answer: Callable[[Heard], web.Response] = lambda heard: web.Response()
        self._news = asyncio.Event()

    async def hear(self, request: web.Request) -> web.Response:
        heard = Heard(request.path, dict(request.headers), await request.read())
        self.heard.append(heard)
        self._news.set()
        return self.answer(heard)

    async def wait_for(self, predicate: Callable[[dict[str, Any]], bool], count: int = 1) -> list[Heard]:
        async with asyncio.timeout(5):
            while True:
                self._news.clear()
                found = [heard for heard in self.heard if predicate(heard.payload)]
                if len(found) >= count:
                    return found
                await self._news.wait()

    async def event(self, type: str, count: int = 1) -> list[Heard]:
        return await self.wait_for(lambda payload: (payload.get("event") or {}).get("type") == type, count)

    async def interaction(self, type: str, count: int = 1) -> list[Heard]:
        return await self.wait_for(lambda payload: payload.get("type") == type, count)
