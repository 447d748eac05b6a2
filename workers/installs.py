"""Which workspace belongs to which tenant: from the settings, for a single workspace of one's own."""

from __future__ import annotations

import asyncio
from uuid import NAMESPACE_URL, UUID, uuid5

import aiohttp
import structlog

from bot.errors import ConfigurationError
from bot.hooks import OWN_ACCOUNT
from bot.settings import Settings
from workers.store import tenants
from workers.store.door import Database

log = structlog.get_logger()

OWN = "own workspace"
OWN_ID = uuid5(NAMESPACE_URL, "countersign:own workspace")


async def own_tenant(db: Database) -> UUID:
    """The tenant of the settings' own credentials; made by `flows push` or the first start."""
    there = await tenants.every(db)
    for tenant, name in there:
        if name == OWN:
            return tenant
    # A fixed id: two processes that make the very first start together make the same tenant.
    async with db.tenant(OWN_ID) as c:
        await tenants.begin(c, OWN_ID, OWN)
    return OWN_ID


async def adopt(db: Database, platform: str, workspace: str) -> UUID:
    """Notes a workspace as the settings' own: the Agents Playground invents its Teams tenant."""
    tenant = await own_tenant(db)
    async with db.tenant(tenant) as c:
        await tenants.install(c, tenant, platform, workspace, "", None)
    return tenant


def expected(settings: Settings) -> frozenset[str]:
    """The platforms whose one workspace the settings have credentials for."""
    found = {"slack"} if settings.slack_bot_token else set()
    return frozenset(found | ({"teams"} if settings.microsoft_app_tenant_id else set()))


class Installer:
    """Asks Slack which workspace the token is for, as soon as it answers, and notes it."""

    def __init__(self, db: Database, settings: Settings, session: aiohttp.ClientSession) -> None:
        self._db = db
        self._settings = settings
        self._session = session

    async def run(self) -> None:
        from workers.hooked import heard

        tenant = await own_tenant(self._db)
        for service in heard():
            await self._note(tenant, service, OWN_ACCOUNT, "")
        await self._note(tenant, "web", str(tenant), "")
        if self._settings.microsoft_app_tenant_id:
            await self._note(tenant, "teams", self._settings.microsoft_app_tenant_id, "")
        if self._settings.slack_bot_token:
            await self._slack(tenant)

    async def _slack(self, tenant: UUID) -> None:
        from slack_sdk.errors import SlackClientError
        from slack_sdk.web.async_client import AsyncWebClient

        token = self._settings.secret("slack_bot_token")
        web = AsyncWebClient(
            token, base_url=self._settings.slack_api_url, session=self._session, timeout=5, retry_handlers=[]
        )
        pause = 0.1
        while True:
            try:
                who = await web.auth_test()
            except (SlackClientError, aiohttp.ClientError, OSError, TimeoutError) as error:
                log.warning("slack.not_connected", problem=type(error).__name__)
                await asyncio.sleep(pause)
                pause = min(pause * 1.5, 30)
            else:
                await self._note(tenant, "slack", str(who["team_id"]), str(who["user_id"]))
                return

    async def _note(self, tenant: UUID, platform: str, workspace: str, bot_user: str) -> None:
        owner = await tenants.of_installation(self._db, platform, workspace)
        if owner is not None and owner != tenant:
            raise ConfigurationError(f"This {platform} workspace belongs to another tenant of this database.")
        async with self._db.tenant(tenant) as c:
            await tenants.install(c, tenant, platform, workspace, bot_user, None)
        log.info("installed", platform=platform, workspace=workspace)
