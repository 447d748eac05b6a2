"""/v1: Notion's wire form. Token, version, budget, faults; then the endpoint, in one transaction."""

from __future__ import annotations

import asyncio
import json
import time
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from integrations.notion.sandbox import api, things
from integrations.notion.sandbox.faults import AFTER, REFUSALS, Refusal, envelope
from integrations.notion.sandbox.state import SANDBOX, Sandbox, home_of
from integrations.sandboxes.faults import Fault
from integrations.sandboxes.slowly import DRIPPING, drip, until_gone

LARGEST_BODY = 500_000
VERSIONS = frozenset({"2025-09-03", "2026-03-11"})
_PAGE_OF_A_PROXY = "<html><body>A page of a proxy</body></html>"


class Answer:
    """Status, text and headers. `cut`: the connection is closed instead."""

    def __init__(self, status: int, text: str, *, kind: str = "application/json", cut: bool = False) -> None:
        self.status, self.text, self.kind, self.cut = status, text, kind, cut
        self.headers: dict[str, str] = {}


async def v1(request: web.Request) -> web.StreamResponse:
    sandbox = request.app[SANDBOX]
    began, number = time.perf_counter(), things.new_id()
    raw = await _body(request)
    tail = request.match_info["tail"]
    sandbox.home = sandbox.home or home_of(request, f"/v1/{tail}")
    fault = sandbox.faults.take(request.method, request.path)
    if sandbox.latency:
        await asyncio.sleep(sandbox.latency)
    try:
        answer = await _answer(request, sandbox, f"/{tail}", raw, number, fault)
    except Refusal as refusal:
        answer = _refused(refusal.status, refusal.code, refusal.message, number)
        if isinstance(refusal, Limited):
            answer.headers["Retry-After"] = str(refusal.seconds)
    answer.headers.setdefault("x-notion-request-id", number)
    _report(request, sandbox, raw or b"", answer, began)
    sandbox.wake.set()
    if answer.cut:
        if request.transport is not None:
            request.transport.abort()
        return web.Response(status=499)
    return await _send(request, answer, fault)


async def _answer(
    request: web.Request, sandbox: Sandbox, path: str, raw: bytes | None, number: str, fault: Fault | None
) -> Answer:
    kind = fault.kind if fault else ""
    if kind in REFUSALS and fault is not None:
        answer = _refused(*REFUSALS[kind], "Switched on in the sandbox.", number)
        if fault.retry_after:
            answer.headers["Retry-After"] = fault.retry_after
        return answer
    match kind:
        case "502_html":
            return Answer(502, _PAGE_OF_A_PROXY, kind="text/html")
        case "redirect":
            answer = Answer(307, "")
            answer.headers["Location"] = fault.to if fault else ""
            return answer
        case "hang":
            await until_gone(request, fault)
            return Answer(0, "", cut=True)
        case "drop_before":
            return Answer(0, "", cut=True)
        case "delay":
            await asyncio.sleep((fault.delay_ms if fault else 0) / 1000)
    _check_door(request, sandbox)
    call = api.Call(
        sandbox.store,
        _json(request, raw),
        dict(request.query),
        sandbox.clock(),
        sandbox.query_lag,
        sandbox.search_lag,
    )
    with sandbox.store.transaction():
        done = api.answer(call, request.method, path)
    return _after(kind, _shown(done, sandbox.home, number), number)


def _after(kind: str, text: str, number: str) -> Answer:
    """What was carried out, answered well or badly."""
    match kind:
        case "500_after":
            return _refused(500, "internal_server_error", "Unexpected error occurred.", number)
        case "503_after":
            return _refused(503, "service_unavailable", "Notion is unavailable.", number)
        case "404_html_after":
            return Answer(404, _PAGE_OF_A_PROXY, kind="text/html")
        case "drop_after":
            return Answer(0, "", cut=True)
        case "html":
            return Answer(200, _PAGE_OF_A_PROXY, kind="text/html")
        case "empty":
            return Answer(200, "")
        case "truncated":
            return Answer(200, text[: len(text) // 2])
    assert kind not in AFTER
    return Answer(200, text)


def _check_door(request: web.Request, sandbox: Sandbox) -> None:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme != "Bearer" or not token or (sandbox.token and token != sandbox.token):
        raise Refusal(401, "unauthorized", "API token is invalid.")
    version = request.headers.get("Notion-Version")
    if version not in VERSIONS:
        raise Refusal(
            400, "missing_version", "Notion-Version header failed validation: it should be defined."
        )
    wait = sandbox.too_many(sandbox.clock())
    if wait:
        raise Limited(wait)


class Limited(Refusal):
    def __init__(self, seconds: int) -> None:
        super().__init__(429, "rate_limited", "You have been rate limited. Please try again later.")
        self.seconds = seconds


def _json(request: web.Request, raw: bytes | None) -> Any:
    if raw is None:
        raise Refusal(400, "validation_error", "body failed validation: body is larger than 500 kB.")
    if request.method not in ("POST", "PATCH"):
        return None
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        raise Refusal(400, "invalid_json", "Error parsing JSON body.") from None


def _refused(status: int, code: str, message: str, number: str) -> Answer:
    return Answer(status, json.dumps(envelope(status, code, message, number)))


def _shown(done: things.Data, home: str, number: str) -> str:
    """The endpoint's answer with every object in it as Notion shows it."""
    shown = things.public(done, home)
    if isinstance(shown.get("results"), list):
        shown["results"] = [things.public(each, home) for each in shown["results"]]
    return json.dumps(shown | {"request_id": number})


async def _body(request: web.Request) -> bytes | None:
    """None when it is larger than Notion takes."""
    raw = bytearray()
    async for chunk in request.content.iter_any():
        raw += chunk
        if len(raw) > LARGEST_BODY:
            return None
    return bytes(raw)


async def _send(request: web.Request, answer: Answer, fault: Fault | None) -> web.StreamResponse:
    if fault and fault.kind in DRIPPING:
        return await drip(request, fault, answer.status, answer.text)
    return web.Response(
        status=answer.status,
        body=answer.text.encode(),
        headers=answer.headers,
        content_type=answer.kind,
    )


def _report(request: web.Request, sandbox: Sandbox, raw: bytes, answer: Answer, began: float) -> None:
    shown = {"Notion-Version", "Content-Type", "User-Agent"}
    headers = {name: value[:200] for name, value in request.headers.items() if name in shown}
    sandbox.on_wire(
        {
            "at": datetime.fromtimestamp(sandbox.clock(), UTC).isoformat(),
            "platform": "notion",
            "direction": "from bot",
            "title": f"{request.method} /v1/{request.match_info['tail']}",
            "status": answer.status,
            "ms": round((time.perf_counter() - began) * 1000, 1),
            "verified": "bearer ✓" if answer.status != 401 else "",
            "headers": headers | {"Authorization": "Bearer …"} | answer.headers,
            "body": (raw or request.query_string.encode())[:20_000].decode("utf-8", "replace"),
            "answer": answer.text[:20_000],
            "can_resend": False,
        }
    )
