"""Reads one request body within size and time, before anything looks at it."""

from __future__ import annotations

import asyncio

from aiohttp import StreamReader, web
from aiohttp.http_exceptions import HttpProcessingError

from bot.front_answers import Refused
from bot.limits import Gate, Limits

CONTENT_TYPES = frozenset({"application/json", "application/x-www-form-urlencoded"})


def check_headers(request: web.Request, limits: Limits) -> None:
    """All that can be refused without reading a byte of the body."""
    headers = request.headers
    if "Content-Encoding" in headers:
        raise Refused(415, "encoded")
    length = request.content_length
    if length is not None and length > limits.body_bytes:
        raise Refused(413, "too_large")
    kind = headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if kind not in CONTENT_TYPES:
        raise Refused(415, "content_type")


async def read_body(request: web.Request, limits: Limits, buffered: Gate) -> bytes:
    """The whole body. `buffered` is shared by all requests: together they hold no more than that."""
    content = request.content
    if content.is_eof():
        return await _read(content, limits.body_bytes, buffered)
    try:
        async with asyncio.timeout(limits.read_seconds):
            return await _read(content, limits.body_bytes, buffered)
    except TimeoutError:
        raise Refused(408, "too_slow") from None


async def _read(content: StreamReader, most: int, buffered: Gate) -> bytes:
    parts: list[bytes] = []
    size = 0
    try:
        while chunk := await content.readany():
            if size + len(chunk) > most:
                raise Refused(413, "too_large")
            if not buffered.enter(len(chunk)):
                raise Refused(503, "full", Retry_After="1")
            size += len(chunk)
            parts.append(chunk)
    except (web.RequestPayloadError, HttpProcessingError):
        raise Refused(400, "bad_framing") from None
    finally:
        buffered.leave(size)
    return parts[0] if len(parts) == 1 else b"".join(parts)
