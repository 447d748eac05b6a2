"""Who may talk to the workbench: this machine, and no web page but its own.

The workbench signs Slack requests and mints Teams tokens for whoever asks, so a page elsewhere
that posts to localhost, or a name that suddenly resolves to it, must find the door closed.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from aiohttp import web

from bot.errors import ConfigurationError
from bot.settings import LOOPBACK, Settings

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

BODY_LIMIT = 1024 * 1024
POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def refuse_off_loopback(settings: Settings) -> None:
    if not settings.on_loopback:
        raise ConfigurationError(
            f"the workbench runs only on this machine: HOST is {settings.host}, set it to 127.0.0.1"
        )


def host_is_ours(host: str) -> bool:
    """A loopback name, whatever the port (it may be forwarded). Anything else is DNS rebinding."""
    try:
        return urlsplit(f"//{host}").hostname in LOOPBACK
    except ValueError:
        return False


def origin_is_ours(request: web.Request, *, required: bool) -> bool:
    """The page itself; or no browser at all, unless `required`.

    A browser says `null` for a form of a page that hides its address; then `Sec-Fetch-Site`,
    which no script can set, tells.
    """
    origin = request.headers.get("Origin")
    site = request.headers.get("Sec-Fetch-Site")
    if origin is None:
        return not required and site in (None, "same-origin", "none")
    if origin == "null":
        return not required and site == "same-origin"
    return origin == f"{request.scheme}://{request.headers.get('Host', '')}"


def guarded(handler: Handler, *, origin_required: bool = False) -> Handler:
    async def guard(request: web.Request) -> web.StreamResponse:
        refusal = _refusal(request, origin_required)
        return refusal if refusal is not None else await handler(request)

    return guard


@web.middleware
async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    """The same for a whole application that is mounted."""
    refusal = _refusal(request, origin_required=False)
    return refusal if refusal is not None else await handler(request)


def _refusal(request: web.Request, origin_required: bool) -> web.Response | None:
    if not host_is_ours(request.headers.get("Host", "")):
        return web.json_response({"error": "this address answers to localhost only"}, status=403)
    asks_only = request.method in ("GET", "HEAD") and not origin_required
    if not asks_only and not origin_is_ours(request, required=origin_required):
        return web.json_response({"error": "this request comes from another site"}, status=403)
    return None


class TooLarge(Exception):
    """A body over the limit: 413."""


async def read_body(request: web.Request, limit: int = BODY_LIMIT) -> bytes:
    if (request.content_length or 0) > limit:
        raise TooLarge
    body = bytearray()
    async for chunk in request.content.iter_chunked(64 * 1024):
        body += chunk
        if len(body) > limit:
            raise TooLarge
    return bytes(body)
