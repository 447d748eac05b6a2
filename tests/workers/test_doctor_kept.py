"""What countersign doctor says of every service that somebody connected."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from bot.embedded import Servers
from bot.settings import Settings
from integrations.base import Identity, Integration
from integrations.errors import NotReached, Refused
from tests.conftest import SECRET
from workers.doctor import kept
from workers.doctor.finding import Finding, Level
from workers.services import Opened, Services
from workers.store import services, tenants
from workers.store.door import Database

SERVICE = Integration("jira", (), dict, ("JIRA_URL", "JIRA_API_TOKEN"))
CONNECTED = {"jira_url": "https://acme.example", "jira_api_token": "token-hunter2"}


def told(findings: list[Finding], level: Level) -> list[str]:
    return [f"{each.what}: {each.told} → {each.fix}" for each in findings if each.level is level]


@pytest.fixture
def answering(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Jira alone, which says this of us, or fails like this."""

    def with_answer(answer: Any) -> None:
        def whoami(_client: Any) -> Identity:
            if isinstance(answer, Exception):
                raise answer
            found: Identity = answer
            return found

        monkeypatch.setattr(kept, "integrations", lambda: (replace(SERVICE, whoami=whoami),))

    return with_answer


def alone(**given: Any) -> Settings:
    return Settings(_env_file=None, **given)


async def test_what_is_not_connected_is_not_spoken_of(answering: Any) -> None:
    answering(AssertionError("asked"))

    assert await kept.connected(alone()) == []


async def test_a_service_that_knows_us_is_good(answering: Any) -> None:
    answering(Identity("1", "Countersign Bot"))
    found = await kept.connected(alone(**CONNECTED, jira_webhook_secret="s" * 20))

    assert [each.level for each in found] == [Level.GOOD, Level.GOOD]
    assert found[0].told == "knows us as Countersign Bot"


async def test_each_missing_right_is_named(answering: Any) -> None:
    answering(Identity("1", "Bot", ("may not assign tickets", "may not add comments")))
    found = told(await kept.connected(alone(**CONNECTED)), Level.BAD)

    assert [each.partition(" →")[0] for each in found] == [
        "Jira: may not assign tickets",
        "Jira: may not add comments",
    ]


async def test_a_webhook_secret_that_is_not_set_is_noted_with_what_to_do(answering: Any) -> None:
    answering(Identity("1", "Bot"))
    [note] = told(await kept.connected(alone(**CONNECTED)), Level.NOTE)

    assert "JIRA_WEBHOOK_SECRET is not set" in note
    assert "countersign services show jira" in note


async def test_half_a_service_is_bad_and_the_other_half_is_named(answering: Any) -> None:
    answering(AssertionError("asked"))
    [found] = told(await kept.connected(alone(jira_url="https://acme.example")), Level.BAD)

    assert "JIRA_API_TOKEN is not set" in found


@pytest.mark.parametrize(
    ("error", "fix"),
    [
        (Refused("Jira", "did not accept our token"), "check JIRA_URL and JIRA_API_TOKEN"),
        (NotReached("Jira", "could not be reached"), "look at the network between"),
    ],
)
async def test_a_refusal_is_said_with_what_to_do(answering: Any, error: Exception, fix: str) -> None:
    answering(error)
    [found] = told(await kept.connected(alone(**CONNECTED)), Level.BAD)

    assert found.endswith(fix)
    assert "hunter2" not in found


# ── what is kept for tenants ─────────────────────────────────────────────────────────────


@pytest.fixture
def with_database(servers: Servers, app_dsn: str, tmp_path: Path) -> Settings:
    return alone(
        database_url=servers.database_url, secret_key=SECRET, state_dir=tmp_path / "none", **CONNECTED
    )


@pytest.fixture
async def theirs(db: Database, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[UUID, str]]:
    """One other tenant, alone in this database."""
    name = f"Acme {uuid4()}"
    tenant = await tenants.create(db, name)

    async def only(_db: Database) -> list[tuple[UUID, str]]:
        return [(tenant, name)]

    monkeypatch.setattr(tenants, "every", only)
    yield tenant, name
    async with db.tenant(tenant) as c:
        await c.execute("delete from services")


async def keep(db: Database, tenant: UUID, key: str = SECRET, **values: str) -> None:
    async with db.tenant(tenant) as c:
        await services.hold(c, tenant, "jira")
        sealed = Services({}, key).sealed(tenant, "jira", Opened(values, "t" * 32))
        await services.put(c, tenant, "jira", sealed, other_account=True)


async def test_a_tenants_own_service_is_looked_at_by_the_tenants_name(
    db: Database, with_database: Settings, theirs: tuple[UUID, str], answering: Any
) -> None:
    answering(Identity("1", "Bot"))
    await keep(db, theirs[0], JIRA_URL="https://theirs.example", JIRA_API_TOKEN="t")
    found = told(await kept.connected(with_database), Level.GOOD)

    assert f"Jira ({theirs[1]}): knows us as Bot → " in found
    assert "Jira: knows us as Bot → " in found


async def test_a_tenants_half_is_not_completed_with_ours(
    db: Database, with_database: Settings, theirs: tuple[UUID, str], answering: Any
) -> None:
    answering(Identity("1", "Bot"))
    await keep(db, theirs[0], JIRA_URL="https://theirs.example")
    [found] = told(await kept.connected(with_database), Level.BAD)

    assert found.startswith(f"Jira ({theirs[1]}): is not connected: JIRA_API_TOKEN is not set")


async def test_what_cannot_be_opened_is_said_with_what_to_do(
    db: Database, with_database: Settings, theirs: tuple[UUID, str], answering: Any
) -> None:
    answering(Identity("1", "Bot"))
    await keep(db, theirs[0], key="another-key-that-is-gone-by-now-0123456789", JIRA_URL="https://x.example")
    [found] = told(await kept.connected(with_database), Level.BAD)

    assert theirs[1] in found
    assert "not in SECRET_KEY any more" in found


async def test_a_database_that_is_away_is_not_our_business_here(answering: Any, tmp_path: Path) -> None:
    answering(Identity("1", "Bot"))
    away = alone(database_url=f"postgresql://u:p@/x?host={tmp_path}", secret_key=SECRET, **CONNECTED)

    assert "Jira: knows us as Bot → " in told(await kept.connected(away), Level.GOOD)
