"""/v1: Stripe's wire form. Key, idempotency, faults; then the endpoint, in one transaction."""

from __future__ import annotations

import asyncio
import hashlib
import json
import time
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from integrations.sandboxes.faults import Fault
from integrations.sandboxes.slowly import DRIPPING, drip, proxys_page, until_gone
from integrations.stripe.sandbox import api, things
from integrations.stripe.sandbox.call import Call
from integrations.stripe.sandbox.faults import FAULT_OF_OURS, Refusal
from integrations.stripe.sandbox.forms import decode
from integrations.stripe.sandbox.payments import Declined
from integrations.stripe.sandbox.state import SANDBOX, Sandbox, home_of

LARGEST_BODY = 1 << 20
Answer = tuple[int, str, dict[str, str]]


async def v1(request: web.Request) -> web.StreamResponse:
    sandbox = request.app[SANDBOX]
    began, number = time.perf_counter(), things.new_id("req")
    raw = await _body(request)
    tail = request.match_info["tail"]
    sandbox.home = sandbox.home or home_of(request, f"/v1/{tail}")
    fault = sandbox.faults.take(request.method, request.path)
    try:
        if raw is None:
            raise Refusal("Request body is too large.", status=413)
        _check_key(request, sandbox)
        answer = await _answer(request, sandbox, f"/{tail}", raw, number, fault)
    except Refusal as refusal:
        answer = refusal.status, _text(refusal.body), {}
    if answer is None:
        _report(request, sandbox, raw or b"", (0, "", {}), began, number)
        if request.transport is not None:
            request.transport.abort()
        return web.Response(status=499)
    answer[2].setdefault("Request-Id", number)
    _report(request, sandbox, raw or b"", answer, began, number)
    return await _send(request, answer, fault)


async def _answer(
    request: web.Request, sandbox: Sandbox, path: str, raw: bytes, number: str, fault: Fault | None
) -> Answer | None:
    """Status, body and headers; None: the connection is to be cut."""
    match fault.kind if fault else "":
        case "429":
            error = {"error": {"type": "invalid_request_error", "code": "rate_limit", "message": "Slow down"}}
            return 429, _text(error), {"Retry-After": "1"}
        case "409":
            raise Refusal("Lock timeout.", status=409, code="lock_timeout")
        case "500_before":
            return 500, _text(FAULT_OF_OURS), {}
        case "redirect":
            return 307, "", {"Location": fault.to if fault else ""}
        case "hang":
            await until_gone(request, fault)
            return None
        case "drop_before":
            return None
    text = raw.decode("utf-8", "replace") if request.method == "POST" else request.query_string
    params = decode(text)
    call = Call(sandbox.store, f"/v1{path}", params, sandbox.clock(), sandbox.home, request=number)
    call.lag = sandbox.search_lag
    key = request.headers.get("Idempotency-Key", "") if request.method == "POST" else ""
    if len(key) > 255:
        raise Refusal(
            "Keys for idempotent requests are at most 255 characters.", code="idempotency_key_too_long"
        )
    if not key:
        await _pause(fault)
        return _execute(call, request.method, path, fault)
    call.key = key
    print_ = hashlib.sha256(json.dumps([path, params], sort_keys=True).encode()).hexdigest()
    if key in sandbox.running:
        raise Refusal(
            "There is currently another in-progress request using this idempotency key.",
            status=409,
            type="idempotency_error",
            code="idempotency_key_in_use",
        )
    saved = sandbox.store.saved(key, call.now)
    if saved is not None:
        return _replayed(saved, print_)
    sandbox.running.add(key)
    try:
        await _pause(fault)
        return _execute(call, request.method, path, fault, print_)
    finally:
        sandbox.running.discard(key)
        sandbox.wake.set()


def _execute(call: Call, method: str, path: str, fault: Fault | None, fingerprint: str = "") -> Answer | None:
    """One transaction: what the endpoint does, and what its key will answer from now on."""
    kind = fault.kind if fault else ""
    call.decline = (fault.code or "generic_decline") if fault and kind == "decline" else ""
    with call.store.transaction():
        if kind == "500_saved":
            status, body = 500, _text(FAULT_OF_OURS)
        else:
            done = api.answer(call, method, path)
            status, body = (402, _text(done.body)) if isinstance(done, Declined) else (200, _text(done))
            if kind == "500_after":
                status, body = 500, _text(FAULT_OF_OURS)
        if fingerprint:
            call.store.save(call.key, fingerprint, status, body, call.request, call.now)
    return None if kind == "drop_after" else (status, body, {})


def _replayed(saved: tuple[str, int, str, str], fingerprint: str) -> Answer:
    if saved[0] != fingerprint:
        raise Refusal(
            "A key can only be used again with the parameters that it was first used with.",
            type="idempotency_error",
        )
    return (
        saved[1],
        saved[2],
        {"Idempotent-Replayed": "true", "Original-Request": saved[3], "Request-Id": saved[3]},
    )


def _check_key(request: web.Request, sandbox: Sandbox) -> None:
    scheme, _, key = request.headers.get("Authorization", "").partition(" ")
    genuine = key == sandbox.api_key if sandbox.api_key else key.startswith(("sk_test_", "rk_test_"))
    if scheme != "Bearer" or not genuine:
        raise Refusal("Invalid API Key provided.", status=401)


async def _body(request: web.Request) -> bytes | None:
    """None when it is larger than we read."""
    raw = bytearray()
    async for chunk in request.content.iter_any():
        raw += chunk
        if len(raw) > LARGEST_BODY:
            return None
    return bytes(raw)


async def _pause(fault: Fault | None) -> None:
    if fault and fault.delay_ms and fault.kind not in DRIPPING:
        await asyncio.sleep(fault.delay_ms / 1000)


async def _send(request: web.Request, answer: Answer, fault: Fault | None) -> web.StreamResponse:
    status, body, headers = answer
    kind = fault.kind if fault else ""
    if kind == "html":
        return proxys_page()
    if fault and kind in DRIPPING:
        return await drip(request, fault, status, body)
    return web.Response(status=status, body=body.encode(), headers=headers, content_type="application/json")


def _report(
    request: web.Request, sandbox: Sandbox, raw: bytes, answer: Answer, began: float, number: str
) -> None:
    genuine = answer[0] != 401
    shown = {"Idempotency-Key", "Stripe-Version", "Content-Type", "User-Agent"}
    headers = {name: value[:200] for name, value in request.headers.items() if name in shown}
    sandbox.on_wire(
        {
            "at": datetime.fromtimestamp(sandbox.clock(), UTC).isoformat(),
            "platform": "stripe",
            "direction": "from bot",
            "title": f"{request.method} /v1/{request.match_info['tail']}",
            "status": answer[0],
            "ms": round((time.perf_counter() - began) * 1000, 1),
            "verified": "bearer ✓" if genuine else "",
            "headers": headers | {"Authorization": "Bearer …", "Request-Id": number},
            "body": (raw or request.query_string.encode())[:20_000].decode("utf-8", "replace"),
            "answer": answer[1][:20_000],
            "can_resend": False,
        }
    )


def _text(body: Any) -> str:
    return json.dumps(things.public(body), indent=2)
