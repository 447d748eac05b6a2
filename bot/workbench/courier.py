"""Carries what people did to the bot, as the platforms do: signed, timed, and again where they would."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

import aiohttp

from bot.workbench import wire
from bot.workbench.cast import Json
from bot.workbench.store import Store

ANSWER_LIMIT = 512 * 1024
Sign = Callable[[bytes], Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Parcel:
    """One request to the bot. `patient`: the platform tries again when it is not answered 2xx."""

    platform: Literal["slack", "teams"]
    title: str
    path: str
    content_type: str
    body: str
    patient: bool = False
    timeout: float = 3.0
    id: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """`status` 0: no answer; `problem` is Slack's name for why (`http_timeout`, `connection_failed`)."""

    status: int
    body: bytes = b""
    problem: str = ""
    final: bool = False

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300


class Courier:
    """`bot_url` may be set later: in tests the bot starts after its stand-ins.

    Patient parcels are stored before they are sent, so a restart delivers what was under way.
    """

    def __init__(
        self,
        store: Store,
        bot_url: str,
        signers: Mapping[str, Sign],
        verified: Mapping[str, str],
        pauses: tuple[float, ...] = (0.0, 1.0, 5.0),
    ) -> None:
        self.bot_url = bot_url
        self.pauses = pauses
        self._store = store
        self._signers = signers
        self._verified = verified
        self._session: aiohttp.ClientSession | None = None
        self._under_way: set[asyncio.Task[Outcome]] = set()

    async def open(self) -> None:
        connector = aiohttp.TCPConnector(limit=100)
        self._session = aiohttp.ClientSession(connector=connector, trust_env=False)

    async def close(self) -> None:
        for task in tuple(self._under_way):
            task.cancel()
        await asyncio.gather(*self._under_way, return_exceptions=True)
        if self._session is not None:
            await self._session.close()

    def post(self, parcel: Parcel) -> asyncio.Task[Outcome]:
        """Takes it and lets go; the task may be awaited by whoever wants to see the answer."""
        if parcel.patient:
            parcel = replace(parcel, id=secrets.token_hex(12))
            self._store.put("parcel", parcel.id, asdict(parcel))
        return self._start(self._deliver(parcel))

    def resume(self) -> None:
        """After a start: what an earlier process had not brought to its end."""
        for kept in self._store.newest("parcel"):
            self._start(self._deliver(Parcel(**kept), first_pause=0.5))

    async def send(self, parcel: Parcel) -> Outcome:
        return await self.post(parcel)

    async def send_again(self, again: Json, *, late: bool = True) -> Outcome:
        """The same bytes with a fresh signature: what a platform does when it redelivers."""
        extra = {"X-Slack-Retry-Num": "1", "X-Slack-Retry-Reason": "http_timeout"} if late else {}
        parcel = Parcel(**again)
        if parcel.platform == "teams" or not parcel.patient:
            extra = {}
        return await self._start(self._attempt(parcel, extra, f"{parcel.title} (again)"))

    async def settle(self) -> None:
        """Waits until nothing is under way."""
        while self._under_way:
            await asyncio.gather(*self._under_way, return_exceptions=True)

    def _start(self, delivery: Coroutine[Any, Any, Outcome]) -> asyncio.Task[Outcome]:
        task = asyncio.create_task(delivery)
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        return task

    async def _deliver(self, parcel: Parcel, first_pause: float = 0.0) -> Outcome:
        await asyncio.sleep(first_pause)
        outcome = await self._attempt(parcel, {}, parcel.title)
        if parcel.patient:
            for number, pause in enumerate(self.pauses, start=1):
                if outcome.ok or outcome.final:
                    break
                await asyncio.sleep(pause)
                extra = _retry_headers(parcel, number, outcome)
                outcome = await self._attempt(parcel, extra, f"{parcel.title} (retry {number})")
            self._store.drop("parcel", parcel.id)
        return outcome

    async def _attempt(self, parcel: Parcel, extra: Mapping[str, str], title: str) -> Outcome:
        raw = parcel.body.encode()
        headers = {"Content-Type": parcel.content_type, **self._signers[parcel.platform](raw), **extra}
        began = time.perf_counter()
        outcome = await self._request(self.bot_url + parcel.path, raw, headers, parcel.timeout)
        wire.log(
            self._store,
            platform=parcel.platform,
            direction="to bot",
            title=title,
            status=outcome.status,
            ms=(time.perf_counter() - began) * 1000,
            verified=self._verified[parcel.platform],
            headers=headers,
            body=parcel.body,
            answer=outcome.problem or outcome.body.decode(errors="replace"),
            again=asdict(replace(parcel, id="")),
        )
        return outcome

    async def _request(self, url: str, body: bytes, headers: Mapping[str, str], seconds: float) -> Outcome:
        if self._session is None:
            return Outcome(0, problem="connection_failed", final=True)
        limit = aiohttp.ClientTimeout(total=seconds)
        try:
            async with self._session.post(
                url, data=body, headers=headers, timeout=limit, allow_redirects=False
            ) as answer:
                text = b"".join([chunk async for chunk in _at_most(answer.content, ANSWER_LIMIT)])
                refused = answer.status >= 300 and answer.headers.get("X-Slack-No-Retry") == "1"
                problem = "" if 200 <= answer.status < 300 else "http_error"
                return Outcome(answer.status, text, problem, final=refused)
        except TimeoutError:
            return Outcome(0, problem="http_timeout")
        except aiohttp.ClientError:
            return Outcome(0, problem="connection_failed")


async def _at_most(stream: aiohttp.StreamReader, limit: int) -> AsyncIterator[bytes]:
    """The beginning of an answer: a bot that never stops talking is cut off."""
    async for chunk in stream.iter_chunked(64 * 1024):
        yield chunk[:limit]
        limit -= len(chunk)
        if limit <= 0:
            return


def _retry_headers(parcel: Parcel, number: int, last: Outcome) -> dict[str, str]:
    if parcel.platform != "slack":
        return {}
    return {"X-Slack-Retry-Num": str(number), "X-Slack-Retry-Reason": last.problem or "unknown_error"}
