"""Fixtures that several of the Teams tests share."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import datetime, timedelta

import aiohttp
import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestServer
from botbuilder.integration.aiohttp import CloudAdapter, ConfigurationBotFrameworkAuthentication
from botframework.connector.auth import AuthenticationConstants, JwtTokenExtractor
from botframework.connector.auth.jwt_token_extractor import _OpenIdMetadata

from bot.platforms.teams.client import TeamsClient
from bot.platforms.teams.runtime import Runtime
from tests.bot.platforms.teams.botbuilder_stand import Config, Everything, Static
from tests.bot.platforms.teams.connector_stand import Connector, a_connector
from tests.bot.platforms.teams.stand import APP, TENANT, jwk, settings


@pytest_asyncio.fixture
async def pair() -> AsyncIterator[tuple[Connector, TeamsClient]]:
    async with a_connector() as both:
        yield both


@pytest_asyncio.fixture
async def world() -> AsyncIterator[Everything]:
    all_of_it = Everything()
    app = web.Application()
    app.router.add_get("/openid", all_of_it.issuer.openid)
    app.router.add_get("/keys", all_of_it.issuer.jwks)
    app.router.add_post("/login", all_of_it.connector.login)
    app.router.add_route("*", "/teams/{rest:.*}", all_of_it.connector.connector)
    async with TestServer(app) as server:
        all_of_it.issuer.url = str(server.make_url("/openid"))
        all_of_it.connector.url = str(server.make_url("/teams"))
        all_of_it.settings = settings(
            teams_openid_url=all_of_it.issuer.url,
            teams_login_url=str(server.make_url("/login")),
            microsoft_app_password="app-secret",
        )
        yield all_of_it
        all_of_it.connector.let_go.set()


@pytest_asyncio.fixture
async def runtime(world: Everything) -> AsyncIterator[Runtime]:
    async with aiohttp.ClientSession() as session:
        found = Runtime(world.settings, session)
        found.adapter._sleep = world.sleep
        yield found


@pytest.fixture
def stock() -> Iterator[CloudAdapter]:
    """As Microsoft ships it, its key cache filled with our key, two hours old."""
    url = AuthenticationConstants.TO_BOT_FROM_CHANNEL_OPENID_METADATA_URL
    known = _OpenIdMetadata(url)
    known.keys = [jwk("k1")]
    known.last_updated = datetime.now() - timedelta(hours=2)
    JwtTokenExtractor.metadataCache[url] = known
    factory = Static(APP, "password", TENANT)
    yield CloudAdapter(ConfigurationBotFrameworkAuthentication(Config(), credentials_factory=factory))
    del JwtTokenExtractor.metadataCache[url]
