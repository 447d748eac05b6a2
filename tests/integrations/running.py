"""A sandbox on a port of its own, and a receiver for its webhooks: what all services' tests share."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import requests
from aiohttp import web

from integrations.base import Attempt

PATIENCE = 10


class Clock:
    """Real time, and what one has turned it on by, in place of sleeping."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead

    def turn(self, seconds: float) -> None:
        self.ahead += seconds


Keep = Callable[[bytes, dict[str, str]], Any]


@dataclass
class Received:
    """What the receiver got, each as `keep` has it. `answers` are given first, then 200 for ever."""

    keep: Keep = lambda body, headers: (body, headers)
    got: list[Any] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    more: threading.Condition = field(default_factory=threading.Condition)

    async def hear(self, request: web.Request) -> web.Response:
        body = await request.read()
        with self.more:
            self.got.append(self.keep(body, dict(request.headers)))
            status = self.answers.pop(0) if self.answers else 200
            self.more.notify_all()
        return web.Response(status=status)

    def wait_for(self, enough: Callable[[list[Any]], bool] | int) -> list[Any]:
        """All that came, once there is enough of it (or so many)."""
        many = enough if isinstance(enough, int) else 0
        done = (lambda got: len(got) >= many) if isinstance(enough, int) else enough
        with self.more:
            assert self.more.wait_for(lambda: done(self.got), timeout=PATIENCE), "no such delivery came"
            return list(self.got)


class RunningSandbox:
    """As the tests see it. `stop` and `start` again keep the file, as a crash does.

    A service's own names itself, makes its app with `make`, and adds what its tests ask.
    """

    name: str
    secret: str
    make: Callable[..., web.Application]
    keep: Keep = staticmethod(lambda body, headers: (body, headers))

    def __init__(self, path: Path, mount: str = "") -> None:
        self.path, self.mount = path, mount or f"/standin/{self.name}"
        self.clock, self.received = Clock(), Received(self.keep)
        self.wire: list[dict[str, Any]] = []
        self.start()

    def start(self) -> None:
        ready = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, args=(ready,), daemon=True)
        self._thread.start()
        assert ready.wait(PATIENCE)

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive(), "the sandbox did not end"

    def _run(self, ready: threading.Event) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._serve(ready))
        self._loop.close()

    async def _serve(self, ready: threading.Event) -> None:
        self._end = asyncio.Event()
        hooks = web.Application()
        hooks.router.add_post(f"/webhooks/{self.name}", self.received.hear)
        hooked, port = await _listen(hooks)
        app, to = web.Application(), f"http://127.0.0.1:{port}/webhooks/{self.name}"
        made = self.make(
            self.path, webhook_url=to, webhook_secret=self.secret, clock=self.clock, on_wire=self.wire.append
        )
        app.add_subapp(self.mount, made)
        runner, port = await _listen(app)
        self.origin = f"http://127.0.0.1:{port}"
        self.base = f"{self.origin}{self.mount}"
        ready.set()
        await self._end.wait()
        await runner.cleanup()
        await hooked.cleanup()

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """The control side: /_sandbox/…"""
        answer = requests.request(method, f"{self.base}/_sandbox/{path}", json=body, timeout=PATIENCE)
        assert answer.ok, answer.text
        return answer.json()


async def _listen(app: web.Application) -> tuple[web.AppRunner, int]:
    runner = web.AppRunner(app, shutdown_timeout=0.1, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    return runner, int(runner.addresses[0][1])


def attempt(key: str = "run:step:1", number: int = 1, **ago: float) -> Attempt:
    """The try of that number; `ago` says how long it is since the first began (hours=25)."""
    return Attempt(key=key, number=number, began=datetime.now(UTC) - timedelta(**ago))
