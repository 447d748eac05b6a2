"""Socket Mode: Slack's events without a public address, when SLACK_APP_TOKEN is set.

Our own few lines rather than the SDK's client: that one puts everything it hears into a queue
without an end and reads JSON without a limit, and here nothing is acknowledged before it is stored.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import structlog

from bot.errors import ConfigurationError, CountersignError, Malformed, PlatformError
from bot.platforms.base import Door, HttpAnswer, Payload
from bot.platforms.slack.call import SLACK, call, web_client
from bot.platforms.slack.verify import MAX_BODY, parse_json
from bot.settings import Settings, is_sandbox
from bot.turn import Immediate, Turn

log = structlog.get_logger(__name__)

CONNECTIONS = 2  # Slack closes each one now and then; the other goes on hearing
AT_ONCE = 64
HEARTBEAT = 15.0
HANDSHAKE = 10.0
STORE_DEADLINE = 10.0
DRAIN = 10.0
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0

Store = Callable[[Payload], Awaitable[HttpAnswer | None]]


class SocketMode:
    """Hears through a websocket what the door hears over HTTP.

    `store` returns once the payload is committed; what it returns is the answer to a form.
    Where it fails nothing is acknowledged, and Slack delivers again.
    """

    def __init__(
        self,
        settings: Settings,
        session: aiohttp.ClientSession,
        door: Door,
        store: Store,
        *,
        connections: int = CONNECTIONS,
        first_pause: float = FIRST_PAUSE,
    ) -> None:
        self._session = session
        self._web = web_client(settings.slack_api_url, session)
        self._sandbox = is_sandbox(settings.slack_api_url)
        self._token = settings.secret("slack_app_token")
        self._door = door
        self._store = store
        self._connections = connections
        self._first_pause = first_pause

    async def run(self) -> None:
        """Until cancelled. Raises `ConfigurationError` where Slack refuses the app token."""
        if not self._token:
            raise ConfigurationError("Set SLACK_APP_TOKEN (xapp-…) for Socket Mode.")
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(self._connections):
                    group.create_task(self._stay_connected())
        except* CountersignError as failed:
            raise failed.exceptions[0] from None

    async def _stay_connected(self) -> None:
        pause = self._first_pause
        while True:
            try:
                async with await self._connect() as socket:
                    log.info("slack.socket_connected")
                    if await self._listen(socket):
                        pause = self._first_pause
            except (PlatformError, aiohttp.ClientError, OSError, TimeoutError) as error:
                wait = getattr(error, "retry_after", None) or pause
                log.warning("slack.socket_lost", kind=type(error).__name__, wait=wait)
                await asyncio.sleep(wait)
                pause = min(pause * 2, LONGEST_PAUSE)
            else:
                await asyncio.sleep(self._first_pause)

    async def _connect(self) -> aiohttp.ClientWebSocketResponse:
        url = await self._address()
        async with asyncio.timeout(HANDSHAKE):
            return await self._session.ws_connect(
                url,
                heartbeat=HEARTBEAT,
                max_msg_size=2 * MAX_BODY,
                timeout=aiohttp.ClientWSTimeout(ws_close=5.0),
            )

    async def _address(self) -> str:
        try:
            answer = await call(self._web, "apps.connections.open", self._token, {}, deadline=HANDSHAKE)
        except PlatformError as error:
            if error.retryable:
                raise
            raise ConfigurationError(
                "Slack refused SLACK_APP_TOKEN: it is an app-level token (xapp-…) with the scope "
                "connections:write, and Socket Mode is switched on in the app's settings."
            ) from error
        url = answer.get("url")
        if not isinstance(url, str) or not self._is_safe(url):
            raise PlatformError(SLACK, "gave no safe address for Socket Mode", retryable=True)
        return url

    def _is_safe(self, url: str) -> bool:
        """Encrypted, or on this machine while the sandbox is."""
        return urlsplit(url).scheme == "wss" or (self._sandbox and is_sandbox(url))

    async def _listen(self, socket: aiohttp.ClientWebSocketResponse) -> bool:
        """True if Slack said hello. Ends when the connection does, after what was begun is done."""
        greeted = False
        gate = asyncio.Semaphore(AT_ONCE)
        running: set[asyncio.Task[None]] = set()
        try:
            async for message in socket:
                if message.type is not aiohttp.WSMsgType.TEXT:
                    continue
                envelope = _read(message.data)
                if envelope.get("type") == "hello":
                    greeted = True
                elif envelope.get("type") == "disconnect":
                    break
                elif envelope:
                    await gate.acquire()
                    task = asyncio.create_task(self._receive(socket, envelope))
                    running.add(task)
                    task.add_done_callback(running.discard)
                    task.add_done_callback(lambda done: gate.release())
        finally:
            if running:
                await asyncio.wait(running, timeout=DRAIN)
            for task in running:
                task.cancel()
        return greeted

    async def _receive(self, socket: aiohttp.ClientWebSocketResponse, envelope: Mapping[str, Any]) -> None:
        """Store, then acknowledge: never the other way round."""
        try:
            answer = await self._stored(envelope)
        except Exception as error:
            log.warning("slack.socket_not_stored", kind=type(error).__name__)
            return
        acknowledgement: dict[str, Any] = {"envelope_id": envelope.get("envelope_id")}
        if answer is not None and answer.body is not None and envelope.get("accepts_response_payload"):
            acknowledgement["payload"] = answer.body
        try:
            await socket.send_str(json.dumps(acknowledgement))
        except (aiohttp.ClientError, OSError) as error:
            # It is stored: a second delivery is a copy, and the inbox knows copies.
            log.info("slack.socket_not_acknowledged", kind=type(error).__name__)

    async def _stored(self, envelope: Mapping[str, Any]) -> HttpAnswer | None:
        match envelope.get("payload"):
            case dict(payload):
                pass
            case _:
                return None
        try:
            turn = self._door.to_turn(payload)
        except Malformed:
            log.info("slack.socket_malformed")
            return None  # delivered again it would be no better
        if isinstance(turn, Immediate):
            return HttpAnswer(body=turn.body)
        if not isinstance(turn, Turn):
            log.debug("slack.socket_ignored", reason=turn.reason)
            return None
        async with asyncio.timeout(STORE_DEADLINE):
            return await self._store(payload)


def _read(data: str) -> Mapping[str, Any]:
    try:
        return parse_json(data.encode("utf-8"))
    except (Malformed, UnicodeEncodeError):
        log.info("slack.socket_malformed")
        return {}
