"""GitHub's wire form: the token, the faults, then the endpoint, in one transaction."""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from datetime import UTC, datetime
from email.utils import formatdate
from typing import Any

from aiohttp import web

from integrations.github.sandbox import api
from integrations.github.sandbox.call import Call
from integrations.github.sandbox.faults import AFTER, SAYS, Refusal
from integrations.github.sandbox.state import SANDBOX, Sandbox, parts_of
from integrations.github.sandbox.work import OUR_APP, US
from integrations.sandboxes.faults import Fault
from integrations.sandboxes.slowly import DRIPPING, drip, proxys_page, until_gone

LARGEST_BODY = 1 << 20
Answer = tuple[int, str, dict[str, str]]

_SCOPES = "repo, read:org"


async def rest(request: web.Request) -> web.StreamResponse:
    sandbox = request.app[SANDBOX]
    began, number = time.perf_counter(), secrets.token_hex(8).upper()
    raw = await _body(request)
    # Still quoted: a label may have a slash in its name.
    home, path = parts_of(request)
    sandbox.home = sandbox.home or home
    if sandbox.latency_ms:
        await asyncio.sleep(sandbox.latency_ms / 1000)
    fault = sandbox.faults.take(request.method, request.path)
    try:
        answer = await _answer(request, sandbox, path, raw, fault)
    except Refusal as refusal:
        answer = refusal.status, json.dumps(refusal.body), dict(refusal.headers)
    finally:
        sandbox.wake.set()
    if answer is not None:
        now = sandbox.clock()
        answer = answer[0], answer[1], _headers(sandbox, number, now) | answer[2]
    _report(request, sandbox, path, raw or b"", answer or (0, "", {}), began)
    if answer is None:
        if request.transport is not None:
            request.transport.abort()
        return web.Response(status=499)
    return await _send(request, answer, fault)


async def _answer(
    request: web.Request, sandbox: Sandbox, path: str, raw: bytes | None, fault: Fault | None
) -> Answer | None:
    """Status, body and headers; None: the connection is to be cut."""
    kind = fault.kind if fault else ""
    if kind in SAYS:
        status, message, headers = SAYS[kind]
        more = {"Retry-After": fault.retry_after} if fault and fault.retry_after else {}
        return (
            status,
            json.dumps({"message": message, "documentation_url": "https://docs.github.com"}),
            (headers | more),
        )
    match kind:
        case "redirect":
            return 307, "", {"Location": fault.to if fault else ""}
        case "hang":
            await until_gone(request, fault)
            return None
        case "drop_before":
            return None
        case "delay":
            await asyncio.sleep((fault.delay_ms if fault else 0) / 1000)
    if raw is None:
        raise Refusal(413, "Payload too large")
    with sandbox.store.transaction():
        call = _call(request, sandbox, raw)
        status, body = api.answer(call, request.method, path)
    if kind == "500_after":
        return 500, json.dumps({"message": "Server Error"}), {}
    if kind == "drop_after":
        return None
    return status, json.dumps(body), {"Link": call.links} if call.links else {}


def _call(request: web.Request, sandbox: Sandbox, raw: bytes) -> Call:
    if not request.headers.get("User-Agent"):
        raise Refusal(403, "Request forbidden by administrative rules. Missing or invalid User Agent string.")
    now = sandbox.clock()
    who, app = _who(request, sandbox, now)
    body: Any = None
    if raw:
        try:
            body = json.loads(raw)
        except (ValueError, RecursionError):
            raise Refusal(400, "Problems parsing JSON") from None
    return Call(sandbox.store, now, sandbox.home, who, query=dict(request.query), body=body, app=app)


def _who(request: web.Request, sandbox: Sandbox, now: float) -> tuple[str, bool]:
    """Whose token it is, and whether it is the App itself that speaks."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() not in ("token", "bearer") or not token:
        raise Refusal(401, "Requires authentication")
    if token.count(".") == 2 and scheme == "Bearer":
        return OUR_APP, True
    handed_out = sandbox.store.get("token", token)
    if handed_out is not None and handed_out["ends"] > now:
        return OUR_APP, False
    if token.startswith("ghs_") or (sandbox.token and token != sandbox.token):
        raise Refusal(401, "Bad credentials")
    return US, False


def _headers(sandbox: Sandbox, number: str, now: float) -> dict[str, str]:
    return {
        "X-GitHub-Request-Id": number,
        "X-GitHub-Media-Type": "github.v3; format=json",
        "X-GitHub-Api-Version-Selected": "2022-11-28",
        "X-OAuth-Scopes": _SCOPES,
        "Date": formatdate(now, usegmt=True),
        **sandbox.rate(now),
    }


async def _body(request: web.Request) -> bytes | None:
    """None when it is larger than we read."""
    raw = bytearray()
    async for chunk in request.content.iter_any():
        raw += chunk
        if len(raw) > LARGEST_BODY:
            return None
    return bytes(raw)


async def _send(request: web.Request, answer: Answer, fault: Fault | None) -> web.StreamResponse:
    status, body, headers = answer
    kind = fault.kind if fault and fault.kind in AFTER else ""
    if kind == "html":
        return proxys_page()
    if kind == "empty":
        body = ""
    if kind == "truncated":
        body = body[: len(body) // 2]
    if fault and kind in DRIPPING:
        return await drip(request, fault, status, body)
    headers = headers | {"Content-Type": "application/json; charset=utf-8"}
    return web.Response(status=status, body=body.encode(), headers=headers)


def _report(
    request: web.Request, sandbox: Sandbox, path: str, raw: bytes, answer: Answer, began: float
) -> None:
    shown = {"X-GitHub-Api-Version", "Accept", "Content-Type", "User-Agent"}
    headers = {name: value[:200] for name, value in request.headers.items() if name in shown}
    sandbox.on_wire(
        {
            "at": datetime.fromtimestamp(sandbox.clock(), UTC).isoformat(),
            "platform": "github",
            "direction": "from bot",
            "title": f"{request.method} {path}",
            "status": answer[0],
            "ms": round((time.perf_counter() - began) * 1000, 1),
            "verified": "token ✓" if answer[0] != 401 else "",
            "headers": headers | {"Authorization": "token …"},
            "body": (raw or request.query_string.encode())[:20_000].decode("utf-8", "replace"),
            "answer": "…" if "access_tokens" in path else answer[1][:20_000],
            "can_resend": False,
        }
    )
