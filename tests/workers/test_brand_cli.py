"""`countersign brand` and `countersign export tuning` as they are typed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from bot.embedded import Servers
from bot.errors import ConfigurationError
from bot.settings import Settings
from tests.conftest import SECRET
from workers import brand_cli, tuning_cli
from workers.store import preferences
from workers.store.door import Database
from workers.store.preferences import Brand


@pytest.fixture
def settings(servers: Servers, app_dsn: str, tmp_path: Path) -> Settings:
    return Settings(
        _env_file=None, database_url=servers.database_url, secret_key=SECRET, state_dir=tmp_path / "none"
    )


async def status(work: Callable[..., int], *arguments: Any) -> int:
    return await asyncio.to_thread(work, *arguments)


async def test_a_brand_is_set_shown_and_dropped_and_each_change_is_in_the_audit(
    db: Database, tenant: UUID, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    whose = str(tenant)
    assert await status(brand_cli.put, settings, whose, "Lemon Desk", "Warm, brief") == 0
    assert "the bot calls itself Lemon Desk. Its voice: “Warm, brief”." in capsys.readouterr().out
    assert await status(brand_cli.show, settings, whose) == 0
    assert "Lemon Desk" in capsys.readouterr().out
    async with db.tenant(tenant) as c:
        assert await preferences.brand(c, tenant) == Brand("Lemon Desk", "Warm, brief")
    assert await status(brand_cli.drop, settings, whose) == 0
    assert await status(brand_cli.drop, settings, whose) == 0
    assert "It was so before." in capsys.readouterr().out
    async with db.tenant(tenant) as c:
        assert await preferences.brand(c, tenant) == Brand()
        entries = await c.fetch("select entry from audit where tenant_id = $1 order by id", tenant)
    found = [bytes(row["entry"]).decode() for row in entries]
    assert [("brand.set" in each, "brand.dropped" in each) for each in found] == [
        (True, False),
        (False, True),
    ]


async def test_a_name_that_passes_for_another_changes_nothing(
    db: Database, tenant: UUID, settings: Settings
) -> None:
    with pytest.raises(ConfigurationError, match="may not say"):
        await status(brand_cli.put, settings, str(tenant), "Approved by Slack", "")
    async with db.tenant(tenant) as c:
        assert await preferences.brand(c, tenant) == Brand()


async def test_an_export_says_what_it_wrote_and_is_in_the_audit(
    db: Database, tenant: UUID, settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "tuning.jsonl"
    assert await status(tuning_cli.export, settings, str(tenant), out) == 0
    assert "0 conversations, 0 left out" in capsys.readouterr().out
    assert out.read_bytes() == b""
    with pytest.raises(ConfigurationError, match="there already"):
        await status(tuning_cli.export, settings, str(tenant), out)
    with pytest.raises(ConfigurationError, match="no folder"):
        await status(tuning_cli.export, settings, str(tenant), tmp_path / "no" / "where")
    async with db.tenant(tenant) as c:
        entries = await c.fetch("select entry from audit where tenant_id = $1", tenant)
    assert ["tuning.exported" in bytes(row["entry"]).decode() for row in entries] == [True]
