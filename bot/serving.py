"""Runs the parts of one process until it is told to stop, and lets each finish what it is doing."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, suppress

import structlog
from aiohttp import web

from bot import lifeline
from bot.front_server import FrontRunner
from bot.metrics import metrics_app
from bot.settings import Settings

log = structlog.get_logger()

Part = Callable[[asyncio.Event], Awaitable[None]]

FINISH = 8.0  # seconds for requests and turns under way; a supervisor kills after ten


def run(parts: Sequence[Part]) -> None:
    """Until SIGTERM or Ctrl-C. A part that fails ends all, with its error."""
    lifeline.watch()
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(_run(parts))


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    with suppress(ImportError):
        import uvloop

        return uvloop.new_event_loop
    return None


async def _run(parts: Sequence[Part]) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with asyncio.TaskGroup() as group:
        for part in parts:
            group.create_task(_until_stopped(part, stop))


async def _until_stopped(part: Part, stop: asyncio.Event) -> None:
    """When one part ends, all do: half a process helps nobody."""
    try:
        await part(stop)
    finally:
        stop.set()


async def serve_http(app: web.Application, settings: Settings, stop: asyncio.Event) -> None:
    """The front's sockets; requests under way are answered before it returns."""
    async with AsyncExitStack() as stack:
        runner = FrontRunner(app, handle_signals=False, access_log=None, shutdown_timeout=FINISH)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        await web.TCPSite(runner, settings.host, settings.port, backlog=1024).start()
        log.info("front.listening", host=settings.host, port=settings.port)
        await stop.wait()


async def serve_metrics(settings: Settings, stop: asyncio.Event) -> None:
    """GET /metrics on a port of its own, for the machine or network that collects them."""
    if not settings.metrics_port:
        await stop.wait()
        return
    runner = web.AppRunner(metrics_app(), handle_signals=False, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, settings.host, settings.metrics_port).start()
        await stop.wait()
    finally:
        await runner.cleanup()
