"""What the door says: empty acknowledgements, and errors that tell a stranger nothing."""

from __future__ import annotations

from typing import Any

import orjson
from aiohttp import web

from bot.platforms.base import HttpAnswer

JSON = "application/json"

PROBLEMS = {
    400: "bad request",
    401: "not verified",
    404: "not found",
    405: "method not allowed",
    408: "too slow",
    413: "too large",
    414: "address too long",
    415: "unsupported encoding or content type",
    429: "too many requests",
    431: "headers too large",
    500: "internal error",
    503: "try again",
}

HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
SERVER = "countersign"


class Refused(Exception):
    """The request ends here, with this status. `outcome` is what the counter calls it."""

    def __init__(self, status: int, outcome: str, **headers: str) -> None:
        super().__init__(outcome)
        self.status = status
        self.outcome = outcome
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


def error(status: int, **headers: str) -> web.Response:
    """A generic error. Where the body was not read to its end, the connection closes after it."""
    response = web.Response(
        status=status,
        body=orjson.dumps({"error": PROBLEMS.get(status, "refused")}),
        content_type=JSON,
        headers={name.replace("_", "-"): value for name, value in headers.items()},
    )
    if status in (408, 413, 414, 415, 431):
        response.force_close()
    return response


def written(answer: HttpAnswer) -> web.Response:
    """What a platform's door wants said, as a response."""
    return say(answer.status, answer.body)


def say(status: int, body: Any) -> web.Response:
    match body:
        case None:
            return web.Response(status=status)
        case bytes():
            return web.Response(status=status, body=body, content_type="application/octet-stream")
        case str():
            return web.Response(status=status, text=body)
        case _:
            return web.Response(status=status, body=orjson.dumps(body), content_type=JSON)


async def dress(_request: web.Request, response: web.StreamResponse) -> None:
    """Security headers on every response; a page that needs others has set them already."""
    headers = response.headers
    headers["Server"] = SERVER
    for name, value in HEADERS.items():
        if name not in headers:
            headers[name] = value
