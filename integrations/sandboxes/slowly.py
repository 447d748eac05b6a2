"""Answers as a bad line gives them: never, or byte by byte."""

from __future__ import annotations

import asyncio

from aiohttp import web

from integrations.sandboxes.faults import Fault

DRIPPING = ("drip", "drip_headers")
TICK = 0.02
HANGS = 60_000  # milliseconds, where a fault names none


async def until_gone(request: web.Request, fault: Fault | None) -> None:
    """Until whoever asked has left, or the fault's time is over."""
    longest = ((fault.delay_ms if fault else 0) or HANGS) / 1000
    for _ in range(int(longest / TICK)):
        if request.transport is None or request.transport.is_closing():
            return
        await asyncio.sleep(TICK)


async def drip(request: web.Request, fault: Fault, status: int, body: str) -> web.StreamResponse:
    """The body, or the headers too, a byte every `delay_ms` (or 100); then the line is cut."""
    pause, raw = (fault.delay_ms or 100) / 1000, body.encode()
    head = f"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {len(raw)}\r\n\r\n"
    quick, slow = (head.encode(), raw) if fault.kind == "drip" else (b"", head.encode() + raw)
    transport = request.transport
    if transport is not None:
        transport.write(quick)
    for letter in slow:
        if transport is None or transport.is_closing():
            break
        transport.write(bytes([letter]))
        await asyncio.sleep(pause)
    if transport is not None:
        transport.abort()
    return web.Response(status=499)


def proxys_page() -> web.Response:
    return web.Response(text="<html><body>A page of a proxy</body></html>", content_type="text/html")
