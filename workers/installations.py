"""Slack's installations in Postgres: a tenant for each new workspace, its credentials sealed.

A workspace that strangers install from gets the shipped flows and policy, but nothing of the
operator's own accounts: every tool that uses one is denied there, until the operator pushes a
policy to that tenant himself (`countersign flows push --tenant`).
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid5

import asyncpg
import structlog

from bot.secrets import Spot, Vault
from bot.settings import Settings
from flows.flow import Flow
from workers.installs import own_tenant
from workers.push import POLICY, load_catalog, policy_of, put
from workers.store import audit, tenants
from workers.store.door import Connection, Database

if TYPE_CHECKING:
    from slack_sdk.oauth.installation_store import Installation

log = structlog.get_logger()

PLATFORM = "slack"
OURS = UUID("3f0c9f0a-5a2e-4c37-9d8c-52b2f6c3a9d1")  # the name space of tenants that a workspace began
MOST_NAME = 100

# What is kept of an installation. A person's own token is not: we ask for none.
KEPT = (
    "app_id",
    "enterprise_id",
    "team_id",
    "user_id",
    "bot_token",
    "bot_id",
    "bot_user_id",
    "bot_refresh_token",
    "bot_token_expires_at",
    "is_enterprise_install",
    "token_type",
)


@dataclass(frozen=True, slots=True)
class Shipped:
    """What a new tenant begins with."""

    flows: list[Flow]
    policy: Mapping[str, Any]


def shipped(path: Path = POLICY) -> Shipped:
    """The catalogue, and the policy without any account of ours. Raises `FlowError`."""
    from flows.yaml_source import read

    return Shipped(load_catalog(), without_our_accounts(read(str(path), path.read_bytes()).value))


def without_our_accounts(policy: Mapping[str, Any]) -> dict[str, Any]:
    """The same policy with a rule in front that denies every tool of a connected service."""
    from integrations import service_names

    rules = [
        {
            "name": f"no-account-{service}",
            "tool": f"{service}.*",
            "outcome": "deny",
            "because": f"This workspace has no {service} account of its own here.",
        }
        for service in service_names()
    ]
    return {**policy, "rules": [*rules, *policy["rules"]]}


class StoredInstallations:
    """Implements `bot.platforms.slack.installations.Installations`."""

    def __init__(self, db: Database, settings: Settings) -> None:
        self._db = db
        self._vault = Vault(settings.secret("secret_key"))
        self._own_team = settings.slack_team_id
        self._policy = policy_of(settings)

    async def async_save(self, installation: Installation) -> None:
        """An installation that is there is renewed where it is; a new workspace becomes a tenant."""
        workspace = _workspace(installation)
        tenant = await tenants.of_installation(self._db, PLATFORM, workspace)
        if tenant is None and workspace == self._own_team:
            tenant = await own_tenant(self._db)
        if tenant is not None:
            async with self._db.tenant(tenant) as c:
                await self._keep(c, tenant, workspace, installation)
        else:
            tenant = await self._begin(workspace, installation)
        log.info("slack.installed", workspace=workspace, tenant=str(tenant))

    async def async_find_installation(
        self,
        *,
        enterprise_id: str | None,
        team_id: str | None,
        user_id: str | None = None,
        is_enterprise_install: bool | None = False,
    ) -> Installation | None:
        """None where it is not installed, or speaks with SLACK_BOT_TOKEN."""
        workspace = (enterprise_id if is_enterprise_install else team_id) or ""
        tenant = await tenants.of_installation(self._db, PLATFORM, workspace) if workspace else None
        if tenant is None:
            return None
        async with self._db.tenant(tenant) as c:
            sealed = await tenants.credentials(c, tenant, PLATFORM, workspace)
        return _opened(self._vault.open(sealed, spot(tenant, workspace))) if sealed else None

    async def async_delete_all(self, *, enterprise_id: str | None, team_id: str | None) -> None:
        for workspace in (team_id, enterprise_id):
            tenant = await tenants.of_installation(self._db, PLATFORM, workspace) if workspace else None
            if tenant is not None and workspace:
                async with self._db.tenant(tenant) as c:
                    await tenants.uninstall(c, tenant, PLATFORM, workspace)
                    await audit.record(c, tenant, "workspace.removed", platform=PLATFORM, workspace=workspace)

    async def _begin(self, workspace: str, installation: Installation) -> UUID:
        """The tenant's id follows from the workspace's, so who comes back is who they were.

        All in one transaction: a tenant is never there without its flows, its policy and its token.
        """
        tenant = uuid5(OURS, f"{PLATFORM}:{workspace}")
        ready = await asyncio.to_thread(shipped, self._policy)
        try:
            async with self._db.tenant(tenant) as c:
                name = f"{installation.team_name or installation.enterprise_name or 'Slack'}"[:MOST_NAME]
                if await tenants.begin(c, tenant, f"{name} ({workspace})"):
                    await put(c, tenant, ready.flows, ready.policy)
                await self._keep(c, tenant, workspace, installation)
        except asyncpg.UniqueViolationError:
            tenant = await self._former(workspace)
            async with self._db.tenant(tenant) as c:
                await self._keep(c, tenant, workspace, installation)
        return tenant

    async def _former(self, workspace: str) -> UUID:
        """Whose it was before it was removed. Each tenant is asked by itself: it is rare."""
        for tenant, _ in await tenants.every(self._db):
            async with self._db.tenant(tenant) as c:
                if await tenants.had(c, tenant, PLATFORM, workspace):
                    return tenant
        raise LookupError("the workspace is installed and nobody's")

    async def _keep(self, c: Connection, tenant: UUID, workspace: str, installation: Installation) -> None:
        found = {name: getattr(installation, name) for name in KEPT}
        plain = json.dumps({name: value for name, value in found.items() if value is not None})
        sealed = self._vault.seal(plain, spot(tenant, workspace))
        await tenants.install(c, tenant, PLATFORM, workspace, installation.bot_user_id or "", sealed)
        await audit.record(c, tenant, "workspace.installed", platform=PLATFORM, workspace=workspace)


def spot(tenant: UUID, workspace: str) -> Spot:
    """Where a workspace's credentials belong: copied to another row they do not open."""
    return Spot(str(tenant), "installations", f"{PLATFORM}:{workspace}", "credentials")


def _workspace(installation: Installation) -> str:
    found = installation.enterprise_id if installation.is_enterprise_install else installation.team_id
    if not found:
        raise ValueError("Slack named no workspace in this installation")
    return str(found)


def _opened(plain: str) -> Installation:
    from slack_sdk.oauth.installation_store import Installation

    return Installation(**{name: value for name, value in json.loads(plain).items() if name in KEPT})
