"""Workspaces installed by OAuth, for tests: ids that no other test has, and a small Slack to ask."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import pytest
from slack_sdk.oauth.installation_store import Installation

from bot.settings import Settings
from tests.bot.platforms.slack.conftest import StandIn
from tests.conftest import SECRET
from workers.installations import StoredInstallations
from workers.store import tenants
from workers.store.door import Database


def a_team() -> str:
    """Another one for each test: the database is shared."""
    return f"T{uuid4().hex[:10].upper()}"


def installation(team: str, token: str = "xoxb-theirs", **more: Any) -> Installation:
    return Installation(
        user_id="U0ADA", team_id=team, team_name="Acme", bot_token=token, bot_user_id="U0BOT", **more
    )


@pytest.fixture
def settings(stand_in: StandIn) -> Settings:
    return Settings(
        _env_file=None,
        slack_api_url=f"{stand_in.url}/api/",
        slack_client_id="1.2",
        slack_client_secret="client-secret",
        secret_key=SECRET,
    )


@pytest.fixture
def stored(db: Database, settings: Settings) -> StoredInstallations:
    return StoredInstallations(db, settings)


async def of(db: Database, team: str) -> UUID:
    found = await tenants.of_installation(db, "slack", team)
    assert found is not None
    return found
