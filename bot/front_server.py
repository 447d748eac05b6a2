"""The sockets under the door: how long we wait for a request, and how many may be connected.

aiohttp has no deadline for headers or body, so a connection that trickles bytes would live for
ever. Here a timer runs whenever a request has begun and is not complete.
"""

from __future__ import annotations

import asyncio
from typing import Any, cast

import structlog
from aiohttp import StreamReader, web
from aiohttp.http_exceptions import LineTooLong
from aiohttp.web_protocol import RequestHandler
from aiohttp.web_request import BaseRequest

from bot.front_answers import HEADERS, SERVER, error
from bot.limits import Limits

log = structlog.get_logger()

LIMITS = web.AppKey("limits", Limits)
_FULL = (
    b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
)


def handler_args(limits: Limits) -> dict[str, Any]:
    """What aiohttp's own request handler can be told; for `web.Application(handler_args=…)`.

    Nothing is ever decompressed: an encoded body is refused, and must cost nothing before that.
    """
    return {
        "auto_decompress": False,
        "access_log": None,
        "keepalive_timeout": limits.idle_seconds,
        "lingering_time": limits.linger_seconds,
        "max_headers": limits.header_lines,
        "max_field_size": limits.header_bytes,
        "max_line_size": limits.header_bytes,
        "read_bufsize": 64 * 1024,
    }


class GuardedHandler(RequestHandler):
    """One connection, with a deadline on every request that is still being sent."""

    __slots__ = ("_deadline", "_last", "_limits")

    def __init__(self, manager: GuardedServer, limits: Limits, **kwargs: Any) -> None:
        super().__init__(manager, **kwargs)
        self._limits = limits
        self._deadline: asyncio.TimerHandle | None = None
        self._last: StreamReader | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        manager = cast(GuardedServer, self._manager)
        if manager.is_full(self._limits.connections):
            self._force_close = True
            stream = cast(asyncio.Transport, transport)
            stream.write(_FULL)
            stream.close()
            log.warning("front.connections_full", most=self._limits.connections)
            return
        super().connection_made(transport)
        self._arm()

    def data_received(self, data: bytes) -> None:
        seen = self._request_count
        super().data_received(data)
        if self._request_count != seen and self._messages:
            self._last = self._messages[-1][1]
        if self._last is not None and self._last.is_eof():
            self._disarm()
        elif data and self._deadline is None and not self._upgraded and not self._force_close:
            # (aiohttp calls itself with no data to go on parsing: nothing has begun then.)
            self._arm()

    def connection_lost(self, exc: BaseException | None) -> None:
        self._disarm()
        super().connection_lost(exc)

    def _arm(self) -> None:
        self._deadline = self._loop.call_later(self._limits.read_seconds, self._too_slow)

    def _disarm(self) -> None:
        self._last = None
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _too_slow(self) -> None:
        self._deadline = None
        transport = self.transport
        if transport is not None:
            log.info("front.too_slow")
            transport.abort()

    def handle_error(
        self,
        request: BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Bad HTTP, or a bug: a generic body, and a log line with the kind of error only."""
        if request.writer.output_size > 0:
            raise ConnectionError("the response had already begun")
        if isinstance(exc, LineTooLong):
            status = 431
        if status >= 500:
            log.error("front.failed", error=type(exc).__name__)
        else:
            log.info("front.bad_http", status=status, error=type(exc).__name__)
        response = error(status)
        response.headers.update(HEADERS)
        response.headers["Server"] = SERVER
        response.force_close()
        return response

    def log_exception(self, *_args: Any, **kwargs: Any) -> None:
        """aiohttp's own would print the traceback, and with it what the request held."""
        log.error("front.failed", error=type(kwargs.get("exc_info")).__name__)


class GuardedServer(web.Server):
    """Makes a guarded connection where aiohttp would make a plain one."""

    def __init__(self, plain: web.Server, limits: Limits) -> None:
        super().__init__(
            plain.request_handler,
            request_factory=plain.request_factory,
            handler_cancellation=plain.handler_cancellation,
            loop=plain._loop,
            **plain._kwargs,
        )
        self._limits = limits

    def is_full(self, most: int) -> bool:
        return len(self._connections) >= most

    def __call__(self) -> RequestHandler:
        return GuardedHandler(self, self._limits, loop=self._loop, **self._kwargs)


class FrontRunner(web.AppRunner):
    """`web.AppRunner` for an application of `create_app`, with the connection's guards."""

    __slots__ = ()

    async def _make_server(self) -> web.Server:
        return GuardedServer(await super()._make_server(), self.app[LIMITS])
