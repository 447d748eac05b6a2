"""/rest/api: Jira's wire form. Sign-in and faults; then the endpoint, in one transaction."""

from __future__ import annotations

import asyncio
import base64
import binascii
import json
import time
import uuid
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from integrations.jira.sandbox import api
from integrations.jira.sandbox.call import Call
from integrations.jira.sandbox.faults import STATUSES, Refusal
from integrations.jira.sandbox.state import SANDBOX, Sandbox, home_of
from integrations.sandboxes.faults import Fault
from integrations.sandboxes.slowly import DRIPPING, drip, proxys_page, until_gone

LARGEST_BODY = 1 << 20
OWN_FAULT = {"errorMessages": ["Internal server error"], "errors": {}}
Answer = tuple[int, str, dict[str, str]]


async def rest(request: web.Request) -> web.StreamResponse:
    sandbox = request.app[SANDBOX]
    began = time.perf_counter()
    raw = await _body(request)
    version, tail = request.match_info["version"], request.match_info["tail"]
    sandbox.home = home_of(request, f"/rest/api/{version}/{tail}") or sandbox.home
    sandbox.version = int(version)
    fault = sandbox.faults.take(request.method, request.path)
    await asyncio.sleep((sandbox.latency + (fault.delay_ms if fault and fault.kind == "delay" else 0)) / 1000)
    try:
        if raw is None:
            raise Refusal("Request body is too large.", status=413)
        _check_sign_in(request, sandbox)
        answer = await _answer(request, sandbox, raw, fault)
    except Refusal as refusal:
        answer = refusal.status, _text(refusal.body), {}
    sandbox.wake.set()
    _report(request, sandbox, raw or b"", answer or (0, "", {}), began)
    if answer is None:
        if request.transport is not None:
            request.transport.abort()
        return web.Response(status=499)
    return await _send(request, answer, fault)


async def _answer(request: web.Request, sandbox: Sandbox, raw: bytes, fault: Fault | None) -> Answer | None:
    """Status, body and headers; None: the connection is to be cut."""
    kind = fault.kind if fault else ""
    if kind in STATUSES:
        waits = {"Retry-After": fault.retry_after} if fault and fault.retry_after else {}
        raise_for = Refusal("Rate limit exceeded." if kind == "429" else "Refused.", status=STATUSES[kind])
        limited = waits | ({"RateLimit-Reason": "jira-burst-based"} if kind == "429" else {})
        return raise_for.status, _text(raise_for.body), limited
    match kind:
        case "500_before":
            return 500, _text(OWN_FAULT), {}
        case "503":
            return 503, "<html>Down for maintenance</html>", {"Retry-After": "3"}
        case "redirect":
            return 307, "", {"Location": fault.to if fault else ""}
        case "hang":
            await until_gone(request, fault)
            return None
        case "drop_before":
            return None
    call = Call(
        sandbox.store,
        sandbox.clock(),
        sandbox.home,
        int(request.match_info["version"]),
        lag=sandbox.lag,
        query=dict(request.query),
        body=_json(raw),
        denied=sandbox.denied,
        off_screen=sandbox.off_screen,
    )
    with sandbox.store.transaction():
        status, body = api.answer(call, request.method, request.match_info["tail"])
    if kind == "500_after":
        return 500, _text(OWN_FAULT), {}
    return None if kind == "drop_after" else (status, _text(body), {})


def _check_sign_in(request: web.Request, sandbox: Sandbox) -> None:
    """An e-mail address with its token (Cloud), or a personal token alone (Data Center)."""
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    token = value if scheme == "Bearer" else ""
    if scheme == "Basic":
        try:
            token = base64.b64decode(value, validate=True).decode().partition(":")[2]
        except (binascii.Error, UnicodeDecodeError):
            token = ""
    if not token or (sandbox.token and token != sandbox.token):
        raise Refusal("Client must be authenticated to access this resource.", status=401)


def _json(raw: bytes) -> dict[str, Any]:
    if not raw:
        return {}
    try:
        found = json.loads(raw)
    except (ValueError, RecursionError):
        raise Refusal("There was an error parsing JSON. Check that your request body is valid.") from None
    if not isinstance(found, dict):
        raise Refusal("Invalid request payload. Refer to the REST API documentation and try again.")
    return found


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
    if fault and fault.kind in DRIPPING:
        return await drip(request, fault, status, body)
    headers = headers | {"Atl-Traceid": uuid.uuid4().hex, "X-AREQUESTID": uuid.uuid4().hex[:12]}
    match fault.kind if fault else "":
        case "html":
            return proxys_page()
        case "truncated":
            body = (body or '{"id": "10001"}')[: max(5, len(body) // 2)]
        case "empty":
            return web.Response(status=200, headers=headers)
    return web.Response(status=status, body=body.encode(), headers=headers, content_type="application/json")


def _report(request: web.Request, sandbox: Sandbox, raw: bytes, answer: Answer, began: float) -> None:
    shown = {"Content-Type", "User-Agent", "Accept"}
    headers = {name: value[:200] for name, value in request.headers.items() if name in shown}
    sandbox.on_wire(
        {
            "at": datetime.fromtimestamp(sandbox.clock(), UTC).isoformat(),
            "platform": "jira",
            "direction": "from bot",
            "title": f"{request.method} {request.path_qs[-300:]}",
            "status": answer[0],
            "ms": round((time.perf_counter() - began) * 1000, 1),
            "verified": "signed in ✓" if answer[0] != 401 else "",
            "headers": headers | {"Authorization": "…"},
            "body": (raw or request.query_string.encode())[:20_000].decode("utf-8", "replace"),
            "answer": answer[1][:20_000],
            "can_resend": False,
        }
    )


def _text(body: Any) -> str:
    return "" if body is None else json.dumps(body)
