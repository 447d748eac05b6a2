"""botbuilder's CloudAdapter without its known faults. The only module, with `mended_auth`, that knows it.

Invokes are answered, bad requests are 4xx, what Teams asks us to repeat is repeated, and an
activity costs a fraction of the CPU. Its support has ended, so they will not be mended upstream.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import orjson
from aiohttp import web
from botbuilder.core import InvokeResponse, TurnContext, serializer_helper
from botbuilder.integration.aiohttp import CloudAdapter
from botbuilder.schema import Activity, ConversationReference, ErrorResponseException, ResourceResponse
from msrest.exceptions import ClientException
from msrest.serialization import Model
from msrest.universal_http.requests import ClientRetryPolicy

from bot.errors import Malformed, Unverified
from bot.platforms.base import HttpAnswer, Payload
from bot.platforms.teams.connector import retry_after
from bot.platforms.teams.mended_auth import Authentication
from bot.platforms.teams.payload import header, parse, require_json
from bot.platforms.teams.runtime import Handler

ATTEMPTS = 4
LONGEST_PAUSE = 30.0
WORTH_RETRYING = frozenset({412, 429, 500, 502, 503, 504})

Sleep = Callable[[float], Awaitable[None]]


class MendedAdapter(CloudAdapter):  # type: ignore[misc]  # botbuilder is untyped
    def __init__(self, authentication: Authentication, *, sleep: Sleep = asyncio.sleep) -> None:
        quicken()
        super().__init__(authentication)
        self._trust = authentication
        self._sleep = sleep

    async def run(self, payload: Payload, handler: Handler) -> HttpAnswer:
        """One verified activity through a handler, whose body may be a model, plain data or nothing."""
        activity = _activity(payload)
        trusted = self._trust.trusted(activity.service_url)
        return _answer(await self.process_activity(trusted, activity, handler.on_turn))

    async def process(self, request: web.Request, bot: Handler, ws_response: Any = None) -> web.Response:
        """For those who serve botbuilder on a route of their own; ours stores first."""
        if request.method != "POST":
            return web.Response(status=405, headers={"Allow": "POST"})
        try:
            answer = await self.run(await self._verified(request), bot)
        except Unverified:
            return web.Response(status=401)
        except Malformed:
            return web.Response(status=400)
        if answer.body is None:
            return web.Response(status=answer.status)
        return web.json_response(body=orjson.dumps(answer.body), status=answer.status)

    async def _verified(self, request: web.Request) -> Payload:
        require_json(request.headers)
        caller = await self._trust.verifier.caller(header(request.headers, "Authorization"))
        payload = parse(await request.read())
        self._trust.verifier.match(caller, payload.get("serviceUrl"), payload.get("channelId"))
        return payload

    async def send_activities(
        self, context: TurnContext, activities: list[Activity]
    ) -> list[ResourceResponse]:
        """One at a time, so that a repeat never sends again what had already been sent."""
        sent: list[ResourceResponse] = []
        for activity in activities:
            sent += await self._again(partial(CloudAdapter.send_activities, self, context, [activity]))
        return sent

    async def update_activity(self, context: TurnContext, activity: Activity) -> Any:
        return await self._again(partial(CloudAdapter.update_activity, self, context, activity))

    async def delete_activity(self, context: TurnContext, reference: ConversationReference) -> None:
        await self._again(partial(CloudAdapter.delete_activity, self, context, reference))

    async def _again(self, call: Callable[[], Awaitable[Any]]) -> Any:
        """Microsoft asks to repeat these, later each time and not all at once."""
        for attempt in range(1, ATTEMPTS + 1):
            await self._trust.connectors.refresh()
            try:
                return await call()
            except ErrorResponseException as error:
                if error.response.status_code not in WORTH_RETRYING or attempt == ATTEMPTS:
                    raise
                await self._sleep(pause(attempt, retry_after(error.response.headers)))
        raise AssertionError("the last attempt returns or raises")


def pause(attempt: int, asked: float | None) -> float:
    """At least what Teams asked for, else half a second doubling, both with some chance in it."""
    some = random.random()  # noqa: S311 (spreads retries, guards nothing)
    wait = asked * (1 + some / 10) if asked is not None else 0.5 * 2 ** (attempt - 1) * (0.5 + some)
    return min(wait, LONGEST_PAUSE)


def quicken() -> None:
    """msrest looks for each of 999 numbers in a list, for every connector it makes; a set knows at once."""
    policy: Any = ClientRetryPolicy
    policy.safe_codes = frozenset(policy.safe_codes)


def _activity(payload: Payload) -> Activity:
    try:
        activity = Activity().deserialize(dict(payload))
    except (ClientException, TypeError, ValueError, AttributeError):
        raise Malformed("The body is no activity.") from None
    if not activity.type or not isinstance(activity.service_url, str):
        raise Malformed("The body is no activity.")
    conversation = payload.get("conversation")
    if activity.conversation is not None and isinstance(conversation, dict):
        # Their model misspells the field and so loses it.
        activity.conversation.tenant_id = conversation.get("tenantId")
    return activity


def _answer(said: InvokeResponse | None) -> HttpAnswer:
    """What nobody handled is a plain 200 with an empty object, which Teams shows as nothing."""
    if said is None:
        return HttpAnswer()
    if int(said.status) == 501:
        return HttpAnswer(200, {})
    return HttpAnswer(int(said.status), _plain(said.body) if said.body is not None else {})


def _plain(body: Any) -> Any:
    """JSON, whatever they left in it; an exception by its name alone."""
    match body:
        case Model():
            return _plain(serializer_helper(body))
        case dict():
            return {str(key): _plain(value) for key, value in body.items()}
        case list() | tuple():
            return [_plain(value) for value in body]
        case str() | int() | float() | None:
            return body
        case _:
            return type(body).__name__
