"""The workbench's view of the services' sandboxes: over HTTP, since `bot` knows no integration."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp
from aiohttp import web

from bot.workbench.cast import Json, Person
from bot.workbench.slack_people import NotPossible

ANSWER_LIMIT = 4 * 1024 * 1024
SECONDS = aiohttp.ClientTimeout(total=5)
MOST_RECORDS = 60
STALE = 5.0

OnWire = Callable[[Mapping[str, Any]], None]

# What may be asked of a service's next call, in the words that every sandbox knows.
FAULTS: Mapping[str, Json] = {
    "429": {"kind": "429", "retry_after": "2"},
    "500": {"kind": "500_after"},
    "slow": {"kind": "delay", "delay_ms": 8000},
    "reset": {"kind": "drop_after"},
}
PROMISED = {
    "429": "be told to slow down",
    "500": "be carried out and answered with an error",
    "slow": "take eight seconds",
    "reset": "be carried out and lose its answer",
}


@dataclass(frozen=True, slots=True)
class Act:
    """What a person can do there themselves, behind our back.

    `body` makes of a record and the person what POST /_sandbox/act takes; None: not to this record.
    """

    name: str
    label: str
    body: Callable[[Json, Person], Json | None]


@dataclass(frozen=True, slots=True)
class Sandbox:
    """A service's sandbox, mounted at /standin/<name>. `make` is given a place to log its wire."""

    name: str
    title: str
    make: Callable[[OnWire], web.Application]
    acts: tuple[Act, ...] = ()


class SandboxClient:
    """One of them. `base` is where this very server answers."""

    def __init__(self, sandbox: Sandbox, base: str) -> None:
        self.sandbox = sandbox
        self._base = f"{base}/standin/{sandbox.name}/_sandbox"
        self._session: aiohttp.ClientSession | None = None
        self._known: list[Json] = []
        self._until = 0.0

    def opened(self, session: aiohttp.ClientSession | None) -> None:
        self._session = session

    def touched(self) -> None:
        """Something happened there, so what is known of it is old."""
        self._until = 0.0

    async def records(self) -> list[Json]:
        """What it holds, and what one could do to it. Asked again only after something happened."""
        if self._until < time.monotonic():
            self._until = time.monotonic() + STALE
            try:
                answer = await self._call("GET", "records")
            except NotPossible:
                self.touched()
                raise
            self._known = [self._with_acts(each) for each in list(answer or ())[:MOST_RECORDS]]
        return self._known

    async def fail_next(self, how: str) -> str:
        if how not in FAULTS:
            raise NotPossible(f"the next call can be one of {', '.join(FAULTS)}")
        await self._call("POST", "fault", {"path": "*", "method": "*", "times": 1} | FAULTS[how])
        return f"The next call to {self.sandbox.title} will {PROMISED[how]}."

    async def act(self, name: str, record: str, who: Person) -> str:
        act = next((each for each in self.sandbox.acts if each.name == name), None)
        found = next((each for each in await self.records() if each["id"] == record), None)
        body = act.body(found, who) if act is not None and found is not None else None
        if act is None or body is None:
            raise NotPossible(f"that cannot be done at {self.sandbox.title}")
        await self._call("POST", "act", body)
        return f"{who.name} did that at {self.sandbox.title}: {act.label.lower()}."

    async def decline_next(self) -> None:
        await self._call("POST", "fault", {"path": "/payment_intents", "kind": "decline", "times": 1})

    async def reset(self) -> None:
        await self._call("POST", "reset", {})

    def _with_acts(self, record: Json) -> Json:
        """Which of the acts fit; whose they would be makes no difference to that."""
        from bot.workbench.cast import OMAR

        fitting = [
            {"name": act.name, "label": act.label}
            for act in self.sandbox.acts
            if act.body(record, OMAR) is not None
        ]
        return record | {"acts": fitting, "at": self.sandbox.name}

    async def _call(self, method: str, name: str, body: Json | None = None) -> Any:
        title = self.sandbox.title
        if self._session is None:
            raise NotPossible(f"the {title} sandbox is not running")
        if method != "GET":
            self.touched()
        url = f"{self._base}/{name}"
        try:
            async with self._session.request(method, url, json=body, allow_redirects=False) as answer:
                if answer.status >= 300 or (answer.content_length or 0) > ANSWER_LIMIT:
                    raise NotPossible(f"the {title} sandbox answered {answer.status}")
                return await answer.json(content_type=None)
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise NotPossible(f"the {title} sandbox did not answer") from error


class Sandboxes:
    """All that are mounted, by name."""

    def __init__(self, sandboxes: Iterable[Sandbox], base: str) -> None:
        self._all = {sandbox.name: SandboxClient(sandbox, base) for sandbox in sandboxes}
        self._session: aiohttp.ClientSession | None = None

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._all)

    def get(self, name: str) -> SandboxClient | None:
        return self._all.get(name)

    def at(self, name: str) -> SandboxClient:
        found = self.get(name)
        if found is None:
            raise NotPossible(f"{name[:40] or 'that service'} is real here, or not there at all")
        return found

    async def open(self) -> None:
        self._session = aiohttp.ClientSession(trust_env=False, timeout=SECONDS)
        for each in self._all.values():
            each.opened(self._session)

    async def close(self) -> None:
        for each in self._all.values():
            each.opened(None)
        if self._session is not None:
            await self._session.close()

    async def records(self) -> list[Json]:
        listed = await asyncio.gather(*(each.records() for each in self._all.values()))
        return [record for records in listed for record in records]

    async def reset(self) -> None:
        await asyncio.gather(*(each.reset() for each in self._all.values()))
