"""A sandbox on a port of its own, a receiver for its webhooks, and the real SDK speaking to it."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from aiohttp import web

from integrations.base import Attempt
from integrations.stripe.client import StripeService, connect
from integrations.stripe.sandbox import create_sandbox
from integrations.stripe.tools import CHARGE, QUOTE

SECRET = "whsec_of_the_tests"


class Clock:
    """Real time, and what one has turned it on by."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead


@dataclass
class Received:
    """What the webhook's receiver got. `answers` are given first, then 200 for ever."""

    bodies: list[tuple[bytes, str]] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    more: threading.Condition = field(default_factory=threading.Condition)

    async def hear(self, request: web.Request) -> web.Response:
        body = await request.read()
        with self.more:
            self.bodies.append((body, request.headers["Stripe-Signature"]))
            status = self.answers.pop(0) if self.answers else 200
            self.more.notify_all()
        return web.Response(status=status)

    def wait_for(self, enough: Callable[[list[tuple[bytes, str]]], bool]) -> list[tuple[bytes, str]]:
        with self.more:
            assert self.more.wait_for(lambda: enough(self.bodies), timeout=10), "no such delivery came"
            return list(self.bodies)


class Running:
    """The sandbox as the tests see it. `stop` and `start` again keep the file, as a crash does."""

    def __init__(self, path: Path, mount: str = "/standin/stripe") -> None:
        self.path, self.mount = path, mount
        self.clock, self.received = Clock(), Received()
        self.wire: list[dict[str, Any]] = []
        self.start()

    def start(self) -> None:
        ready = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, args=(ready,), daemon=True)
        self._thread.start()
        assert ready.wait(10)

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join(10)

    def _run(self, ready: threading.Event) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._serve(ready))
        self._loop.close()

    async def _serve(self, ready: threading.Event) -> None:
        self._end = asyncio.Event()
        hooks = web.Application()
        hooks.router.add_post("/webhooks/stripe", self.received.hear)
        hooks_at = await _listen(hooks)
        app = web.Application()
        app.add_subapp(
            self.mount,
            create_sandbox(
                self.path,
                webhook_url=f"http://127.0.0.1:{hooks_at[1]}/webhooks/stripe",
                webhook_secret=SECRET,
                clock=self.clock,
                on_wire=self.wire.append,
            ),
        )
        runner, port = await _listen(app)
        self.base = f"http://127.0.0.1:{port}{self.mount}"
        ready.set()
        await self._end.wait()
        await runner.cleanup()
        await hooks_at[0].cleanup()

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """The control side: /_sandbox/…"""
        answer = requests.request(method, f"{self.base}/_sandbox/{path}", json=body, timeout=10)
        answer.raise_for_status()
        return answer.json()

    def fault(self, kind: str, path: str = "/v1/payment_intents", **more: Any) -> None:
        self.ask("POST", "fault", {"kind": kind, "path": path} | more)

    def charges(self, effect_key: str | None = None) -> int:
        query = f"?effect_key={effect_key}" if effect_key else ""
        return int(self.ask("GET", f"charges{query}")["count"])

    def service(self, **settings: str) -> StripeService:
        return connect({"STRIPE_API_KEY": "sk_test_1", "STRIPE_API_BASE": self.base} | settings)

    def quoted(self, email: str = "ada@example.com", *items: dict[str, Any]) -> dict[str, Any]:
        """The arguments of a charge, as a flow makes them of a quote."""
        wanted = list(items) or [{"name": "margherita", "quantity": 2}, {"name": "cola", "quantity": 1}]
        quote = dict(QUOTE.perform(self.service(), {"email": email, "items": wanted}, attempt()).result)
        assert quote["problems"] == []
        taken = ("customer", "payment_method", "lines", "amount", "currency")
        return {"email": email, "description": "An order"} | {name: quote[name] for name in taken}

    def charge(
        self, arguments: dict[str, Any], key: str = "run:charge:1", number: int = 1, **ago: float
    ) -> Any:
        return CHARGE.perform(self.service(), arguments, attempt(key, number, **ago))


async def _listen(app: web.Application) -> tuple[web.AppRunner, int]:
    runner = web.AppRunner(app, shutdown_timeout=0.1, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    return runner, int(runner.addresses[0][1])


def attempt(key: str = "run:charge:1", number: int = 1, **ago: float) -> Attempt:
    return Attempt(key=key, number=number, began=datetime.now(UTC) - timedelta(**ago))


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[Running]:
    running = Running(tmp_path / "stripe.sqlite")
    yield running
    running.stop()


@pytest.fixture
def make_attempt() -> Callable[..., Attempt]:
    return attempt
