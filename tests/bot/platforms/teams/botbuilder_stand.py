"""botbuilder as it is shipped, handlers to try it with, and the world around them."""

from __future__ import annotations

from typing import Any

import orjson
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from botbuilder.core import ActivityHandler, TurnContext
from botbuilder.core.teams import TeamsActivityHandler
from botbuilder.integration.aiohttp import CloudAdapter
from botbuilder.schema import AdaptiveCardInvokeResponse
from botbuilder.schema.teams import TaskModuleMessageResponse, TaskModuleResponse
from botframework.connector.auth import (
    MicrosoftAppCredentials,
    PasswordServiceClientCredentialFactory,
)

from tests.bot.platforms.teams.connector_stand import Connector
from tests.bot.platforms.teams.stand import (
    APP,
    TENANT,
    Issuer,
    activity,
    headers,
    message,
    settings,
    token,
)


class Everything:
    """Issuer, login and Bot Connector on one loopback server."""

    def __init__(self) -> None:
        self.issuer = Issuer()
        self.connector = Connector()
        self.settings = settings()
        self.pauses: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)

    def message(self, **other: Any) -> dict[str, Any]:
        return message("ping", serviceUrl=self.connector.url, **other)

    def token(self, key: str = "k1", **claims: Any) -> str:
        return token(key, **({"serviceurl": self.connector.url} | claims))


class StaticCredentials(MicrosoftAppCredentials):  # type: ignore[misc]
    def get_access_token(self, force_refresh: bool = False) -> str:
        return "static"


class Static(PasswordServiceClientCredentialFactory):  # type: ignore[misc]
    async def create_credentials(self, *_: Any, **__: Any) -> Any:
        return StaticCredentials(APP, "password")


class Config:
    APP_ID = APP
    APP_PASSWORD = "password"
    APP_TYPE = "SingleTenant"
    APP_TENANTID = TENANT


class Echo(ActivityHandler):  # type: ignore[misc]
    async def on_message_activity(self, turn_context: TurnContext) -> None:
        await turn_context.send_activity("pong")


class Cards(TeamsActivityHandler):  # type: ignore[misc]
    async def on_adaptive_card_invoke(self, context: TurnContext, value: Any) -> AdaptiveCardInvokeResponse:
        return AdaptiveCardInvokeResponse(
            status_code=200, type="application/vnd.microsoft.card.adaptive", value={"type": "AdaptiveCard"}
        )

    async def on_teams_task_module_fetch(self, context: TurnContext, request: Any) -> TaskModuleResponse:
        return TaskModuleResponse(task=TaskModuleMessageResponse(value="hi"))


async def ask(adapter: CloudAdapter, bot: Any, body: Any, bearer: str | None, **more: str) -> tuple[int, str]:
    """Status and body that a route with this adapter answers."""

    async def handle(request: web.Request) -> web.StreamResponse:
        found: web.StreamResponse = await adapter.process(request, bot)
        return found

    app = web.Application()
    app.router.add_route("*", "/api/messages", handle)
    async with TestClient(TestServer(app)) as client:
        data = body if isinstance(body, bytes) else orjson.dumps(body)
        async with client.post("/api/messages", data=data, headers=headers(bearer) | more) as response:
            return response.status, await response.text()


def press(world: Everything, name: str = "adaptiveCard/action") -> dict[str, Any]:
    value = {"action": {"type": "Action.Execute", "verb": "approve", "data": {}}, "data": {}}
    return activity("invoke", name=name, value=value, serviceUrl=world.connector.url)
