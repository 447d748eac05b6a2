"""POST /forget for a tenant's own servers, and the page from which somebody fetches what is kept about them.

Neither knows a cookie: whoever asks carries a token in a header, or the link that was told to them alone.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from html import escape
from typing import Any, Protocol

import orjson
from aiohttp import web

from bot.errors import Malformed, Unverified
from bot.front import GUARD, Entrance, Guard, Handled
from bot.front_answers import Refused, error, say

PATH, EXPORT = "/forget", "/export/{token}"
LONGEST_WHO, LONGEST_TOKEN = 320, 1_000
SIGNED_WITHIN = 300.0  # seconds
FIELDS = {"person", "block"}
# The one style is named by its hash; nothing else may be loaded, run or framed.
STYLE = "body{max-width:36rem;margin:3rem auto;padding:0 1rem;font:1rem/1.6 system-ui,sans-serif}"
_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()


class Forgetters(Protocol):
    """What the front is handed: who may ask, and who does it."""

    def bearer(self, token: str) -> str | None:
        """The tenant whose token it is."""
        ...

    def secret(self, tenant: str) -> str | None:
        """With which that tenant signs, where the name is one."""
        ...

    async def forget(self, tenant: str, who: str, block: bool, within: float) -> Mapping[str, Any] | None:
        """The receipt, done or not; None where nobody was ever known by that."""
        ...

    def export(self, token: str) -> AsyncIterator[bytes]:
        """Lines of JSON. Raises `Unverified` at once."""
        ...


@dataclass(frozen=True, slots=True)
class Forget:
    guard: Guard
    forgetters: Forgetters
    clock: Callable[[], float] = time.time

    async def handle(self, request: web.Request) -> web.Response:
        return await Entrance(self.guard, "forget", self._decide).handle(request)

    async def _decide(self, headers: Mapping[str, str], body: bytes, _token: str) -> Handled:
        tenant = entitled(self.forgetters, headers, body, self.clock())
        if not self.guard.rates.take(f"forget:{tenant}"):
            raise Refused(429, "rate", Retry_After="1")
        who, block = asked(body)
        found = await self.forgetters.forget(tenant, who, block, self.guard.limits.answer_seconds)
        if found is None:
            return "unknown", error(404)
        done = found["state"] == "done"
        return ("forgotten" if done else "begun"), say(200 if done else 202, dict(found))


def entitled(forgetters: Forgetters, headers: Mapping[str, str], body: bytes, now: float) -> str:
    """The tenant, by a bearer token, or by a signature of the raw body that is no older than five minutes:
    `Countersign-Tenant: …` and `Countersign-Signature: t=SECONDS,v1=HEX`. Raises `Unverified`."""
    given = headers.get("Authorization", "")
    if given.startswith("Bearer ") and len(given) <= LONGEST_TOKEN:
        if tenant := forgetters.bearer(given.removeprefix("Bearer ").strip()):
            return tenant
        raise Unverified("That is no token of ours.")
    tenant, signature = headers.get("Countersign-Tenant", ""), headers.get("Countersign-Signature", "")
    if len(tenant) > 100 or len(signature) > 200:
        raise Unverified("The signature is too long to be one.")
    parts = dict(part.partition("=")[::2] for part in signature.split(","))
    at, secret = parts.get("t", ""), forgetters.secret(tenant) if tenant else None
    if secret is None or not at.isdecimal() or len(at) > 12 or abs(now - int(at)) > SIGNED_WITHIN:
        raise Unverified("Nobody signed this, or long ago.")
    expected = sign(secret, int(at), body)
    if not hmac.compare_digest(expected.encode(), parts.get("v1", "").encode("utf-8", "replace")):
        raise Unverified("The signature does not hold.")
    return tenant


def sign(secret: str, at: int, body: bytes) -> str:
    return hmac.new(secret.encode(), f"{at}.".encode() + body, "sha256").hexdigest()


def asked(body: bytes) -> tuple[str, bool]:
    """Whom, and whether they are to be heard again. Raises `Malformed`."""
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError as problem:
        raise Malformed("The body is no JSON.") from problem
    if not isinstance(found, dict) or not set(found) <= FIELDS:
        raise Malformed("The body is an object with `person`, and `block` if need be.")
    who, block = found.get("person"), found.get("block", False)
    if not isinstance(who, str) or not 0 < len(who.strip()) <= LONGEST_WHO or not isinstance(block, bool):
        raise Malformed("`person` is an e-mail address or an account, `block` true or false.")
    return who.strip(), block


@dataclass(frozen=True, slots=True)
class Export:
    """GET shows what the link is for, so that whoever previews links fetches nothing; POST gives it."""

    guard: Guard
    forgetters: Forgetters

    async def page(self, request: web.Request) -> web.Response:
        token = request.match_info["token"]
        if len(token) > LONGEST_TOKEN:
            return error(404)
        html = (
            f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Your data</title>'
            f"<style>{escape(STYLE)}</style><h1>Your data</h1><p>Everything that is kept about you,"
            " one line of JSON for each row. It is for your eyes.</p>"
            '<form method="post"><button>Download</button></form></html>'
        )
        policy = f"default-src 'none'; style-src 'sha256-{_HASH}'; form-action 'self'; frame-ancestors 'none'"
        return web.Response(text=html, content_type="text/html", headers={"Content-Security-Policy": policy})

    async def file(self, request: web.Request) -> web.StreamResponse:
        token = request.match_info["token"]
        if len(token) > LONGEST_TOKEN:
            return error(404)
        if not self.guard.rates.take(f"export:{token[-40:]}"):
            return error(429, Retry_After="1")
        try:
            lines = self.forgetters.export(token)
        except Unverified:
            return error(404)
        response = web.StreamResponse(
            headers={
                "Content-Type": "application/x-ndjson",
                "Content-Disposition": 'attachment; filename="your-data.jsonl"',
                "Cache-Control": "no-store",
            }
        )
        await response.prepare(request)
        async for line in lines:
            await response.write(line)
        await response.write_eof()
        return response


def add_forget(app: web.Application, forgetters: Forgetters) -> None:
    """For `extra` of `create_app`."""
    guard = app[GUARD]
    export = Export(guard, forgetters)
    app.router.add_route("*", PATH, Forget(guard, forgetters).handle)
    app.router.add_get(EXPORT, export.page)
    app.router.add_post(EXPORT, export.file)
