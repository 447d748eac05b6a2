"""create_app: verify → store → answer. The only way in for Slack, Teams, the web and webhooks."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

import orjson
import structlog
from aiohttp import web

from bot import faults, tracing
from bot.errors import InboxRefused, Malformed, Unverified
from bot.front_answers import Refused, dress, error, say, written
from bot.front_body import check_headers, read_body
from bot.front_inbox import Arrival, Delivery, Hook, Inbox
from bot.front_ready import Readiness
from bot.front_server import LIMITS, FrontRunner, handler_args
from bot.limits import Buckets, Gate, Limits
from bot.log import where
from bot.metrics import Metrics, metrics
from bot.platforms.base import Door, Payload
from bot.reply import Form, Reply
from bot.turn import Ignored, Immediate, TenantId, Turn

__all__ = ["GUARD", "Arrival", "Delivery", "FrontRunner", "Hook", "Inbox", "answered", "create_app", "stored"]

log = structlog.get_logger()

Handled = tuple[str, web.Response]  # the outcome as the counter calls it, and what we say
# Of headers, body, and what follows a webhook's path in the address.
Decide = Callable[[Mapping[str, str], bytes, str], Awaitable[Handled]]


@dataclass(frozen=True, slots=True)
class Guard:
    """What all routes of one front share."""

    inbox: Inbox
    limits: Limits
    inside: Gate
    buffered: Gate
    rates: Buckets
    counted: Metrics

    async def tenant(self, platform: str, workspace: str) -> TenantId | None:
        """The tenant that the verified envelope names; raises `Refused` when it sends too much."""
        tenant = await self.inbox.tenant_of(platform, workspace)
        if tenant is not None and not self.rates.take(tenant):
            raise Refused(429, "rate", Retry_After="1")
        return tenant


GUARD = web.AppKey("guard", Guard)  # for routes of `extra` that store what they hear


def create_app(
    doors: Sequence[Door],
    inbox: Inbox,
    *,
    hooks: Sequence[Hook] = (),
    limits: Limits = Limits(),  # noqa: B008 (frozen)
    extra: Callable[[web.Application], None] | None = None,
    counted: Metrics | None = None,
) -> web.Application:
    """The front. Run it with `FrontRunner`, which holds the deadlines of the connection too.

    `extra` adds routes of its own (OAuth, the workbench under `up`); it is responsible for them.
    """
    app = web.Application(client_max_size=limits.body_bytes, handler_args=handler_args(limits))
    app[LIMITS] = limits
    app.on_response_prepare.append(dress)
    guard = Guard(
        inbox,
        limits,
        Gate(limits.in_flight),
        Gate(limits.buffered_bytes),
        Buckets(limits.tenant_rate, limits.tenant_burst),
        counted or metrics(),
    )
    app[GUARD] = guard
    for door in doors:
        app.router.add_route("*", door.path, Entrance(guard, door.name, _door(guard, door)).handle)
    for hook in hooks:
        entrance = Entrance(guard, hook.name, _hook(guard, hook))
        app.router.add_route("*", hook.path, entrance.handle)
        app.router.add_route("*", hook.path + "/{token}", entrance.handle)
    readiness = Readiness(inbox, limits.ready_seconds)
    app.router.add_get("/healthz", readiness.alive)
    app.router.add_get("/readyz", readiness.ready)
    if extra is not None:
        extra(app)
    app.router.add_route("*", "/{rest:.*}", _nothing_here)
    return app


@dataclass(frozen=True, slots=True)
class Entrance:
    """One POST route: everything that is the same whoever knocks."""

    guard: Guard
    name: str
    decide: Decide

    async def handle(self, request: web.Request) -> web.Response:
        began = time.perf_counter()
        with tracing.span("ack", platform=self.name):
            outcome, response = await self._outcome(request)
            tracing.note(outcome=outcome)
        self.guard.counted.event(self.name, outcome)
        if outcome == "stored":
            self.guard.counted.acked(self.name, time.perf_counter() - began)
        return response

    async def _outcome(self, request: web.Request) -> Handled:
        if request.method != "POST":
            return "method", error(405, Allow="POST")
        if not self.guard.inside.enter():
            return "busy", error(503, Retry_After="1")
        try:
            check_headers(request, self.guard.limits)
            body = await read_body(request, self.guard.limits, self.guard.buffered)
            return await self.decide(request.headers, body, request.match_info.get("token", ""))
        except Refused as refused:
            return refused.outcome, error(refused.status, **refused.headers)
        except Unverified:
            return "unverified", error(401)
        except Malformed:
            return "malformed", error(400)
        except InboxRefused:
            return "not_stored", error(503, Retry_After="1")
        except ConnectionError:
            return "gone", error(400)
        except Exception as problem:
            log.error("front.failed", platform=self.name, error=type(problem).__name__, at=where(problem))
            return "failed", error(500)
        finally:
            self.guard.inside.leave()


def _door(guard: Guard, door: Door) -> Decide:
    async def decide(headers: Mapping[str, str], body: bytes, _token: str) -> Handled:
        began = time.monotonic()
        payload = await door.verify(headers, body)
        match door.to_turn(payload):
            case Immediate(answer):
                return "immediate", say(200, answer)
            case Ignored(reason):
                guard.counted.ignored(door.name, reason)
                return "ignored", web.Response()
            case Turn() as turn:
                pass
        kept = await stored(guard, turn, payload)
        if kept is None:
            return "stranger", web.Response()
        arrival, new = kept
        reply = None
        if turn.wants_answer:
            reply = await answered(guard, arrival, began)
        return "stored" if new else "duplicate", written(door.answer(turn, reply))

    return decide


async def stored(guard: Guard, turn: Turn, payload: Payload) -> tuple[Arrival, bool] | None:
    """After the commit; False: it was there already. None: it comes from nobody whom we know."""
    tenant = await guard.tenant(turn.place.platform, turn.place.workspace)
    if tenant is None:
        guard.counted.ignored(turn.place.platform, "unknown workspace")
        return None
    arrival = Arrival(tenant, turn, _packed(payload))
    await faults.point("F01")
    new = await _within(guard.limits.store_seconds, guard.inbox.put(arrival))
    await faults.point("F03")
    return arrival, new


def _hook(guard: Guard, hook: Hook) -> Decide:
    async def decide(headers: Mapping[str, str], body: bytes, token: str) -> Handled:
        delivery = await hook.verify(headers, body, token)
        if isinstance(delivery, Ignored):
            guard.counted.ignored(hook.name, delivery.reason)
            return "ignored", web.Response()
        tenant = await guard.tenant(delivery.platform, delivery.workspace)
        if tenant is None:
            guard.counted.ignored(hook.name, "unknown workspace")
            return "stranger", web.Response()
        storing = guard.inbox.put_delivery(tenant, delivery, delivery.payload or body)
        new = await _within(guard.limits.store_seconds, storing)
        return "stored" if new else "duplicate", web.Response()

    return decide


def _packed(payload: Payload) -> bytes:
    try:
        return orjson.dumps(payload)
    except TypeError as problem:  # a lone surrogate, a number beyond 64 bits
        raise Malformed("The payload holds what JSON cannot carry.") from problem


async def _within(seconds: float, storing: Awaitable[bool]) -> bool:
    """Stored in time, or refused: the platform sends again, and a late commit makes that a copy."""
    try:
        async with asyncio.timeout(seconds):
            return await storing
    except TimeoutError:
        raise InboxRefused("The event was not stored in time.") from None


async def answered(guard: Guard, arrival: Arrival, began: float) -> Reply | Form | None:
    """The engine's words for the response, if they come in time. The turn is safe either way."""
    budget = max(0.1, guard.limits.answer_seconds - (time.monotonic() - began))
    try:
        async with asyncio.timeout(budget + 0.1):
            return await guard.inbox.answer(arrival, budget)
    except Exception as problem:
        log.warning("front.no_answer", platform=arrival.turn.place.platform, error=type(problem).__name__)
        return None


async def _nothing_here(_request: web.Request) -> web.Response:
    return error(404)
