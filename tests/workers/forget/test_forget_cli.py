"""`countersign forget` and `countersign export person`: what they print and write, and their status."""

from __future__ import annotations

import asyncio
import stat
from pathlib import Path
from uuid import UUID, uuid4

import orjson
import pytest
import pytest_asyncio

from bot.embedded import Servers
from bot.errors import ConfigurationError
from bot.settings import Settings
from tests.conftest import SECRET
from workers.forget import cli
from workers.store.door import Database


@pytest.fixture
def settings(servers: Servers, app_dsn: str, tmp_path: Path) -> Settings:
    return Settings(
        _env_file=None,
        database_url=servers.database_url,
        redis_url=servers.redis_url,
        secret_key=SECRET,
        state_dir=tmp_path / "state",
    )


@pytest_asyncio.fixture
async def ada(db: Database, tenant: UUID) -> str:
    """Somebody of whom nothing is kept but who they are; answers with the address."""
    email = f"{uuid4().hex}@example.com"
    async with db.tenant(tenant) as c:
        person = await c.fetchval(
            "insert into people (tenant_id, name, email) values ($1, 'Cli Canary', $2) returning id",
            tenant,
            email,
        )
        await c.execute(
            "insert into accounts (tenant_id, platform, workspace, user_id, person_id, name)"
            " values ($1, 'slack', 'T1', $2, $3, 'Cli Canary')",
            tenant,
            "U" + email[:10].upper(),
            person,
        )
    return email


async def test_it_prints_the_receipt_and_the_same_one_again(
    settings: Settings, tenant: UUID, ada: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await asyncio.to_thread(cli.forget, settings, ada, str(tenant)) == 0
    first = capsys.readouterr().out
    assert "Forgotten. Receipt" in first
    assert "1 accounts" in first
    assert ada not in first
    assert await asyncio.to_thread(cli.forget, settings, ada, str(tenant)) == 0
    assert first.split("Receipt ")[1][:14] in capsys.readouterr().out
    assert await asyncio.to_thread(cli.listed, settings, str(tenant)) == 0
    assert "by operator" in capsys.readouterr().out


async def test_of_nobody_it_says_so(
    settings: Settings, tenant: UUID, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await asyncio.to_thread(cli.forget, settings, "nobody@example.com", str(tenant)) == 1
    assert cli.NOBODY in capsys.readouterr().err


async def test_the_token_is_the_tenants(
    settings: Settings, tenant: UUID, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await asyncio.to_thread(cli.token, settings, str(tenant)) == 0
    assert cli.desk(settings).tenant_of(capsys.readouterr().out.strip()) == tenant


async def test_a_blocked_account_is_heard_again_once(
    settings: Settings, tenant: UUID, ada: str, capsys: pytest.CaptureFixture[str]
) -> None:
    await asyncio.to_thread(lambda: cli.forget(settings, ada, str(tenant), block=True))
    account = "slack:T1:U" + ada[:10].upper()
    assert await asyncio.to_thread(cli.unblock, settings, account, str(tenant)) == 0
    assert await asyncio.to_thread(cli.unblock, settings, account, str(tenant)) == 1
    with pytest.raises(ConfigurationError, match="platform:workspace:user"):
        await asyncio.to_thread(cli.unblock, settings, "U1", str(tenant))


async def test_an_export_is_a_folder_for_its_owner_alone(
    settings: Settings, tenant: UUID, ada: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "ada"
    assert await asyncio.to_thread(cli.export_person, settings, ada, out, str(tenant)) == 0
    [row] = [orjson.loads(line) for line in (out / "people.jsonl").read_text().splitlines()]
    assert (row["email"], row["name"]) == (ada, "Cli Canary")
    assert stat.S_IMODE((out / "people.jsonl").stat().st_mode) == 0o600
    assert "people.jsonl" in capsys.readouterr().out
    with pytest.raises(ConfigurationError, match="not empty"):
        await asyncio.to_thread(cli.export_person, settings, ada, out, str(tenant))


async def test_whoever_came_back_out_of_a_backup_is_forgotten_anew_by_the_file_kept_beside_it(
    settings: Settings,
    db: Database,
    tenant: UUID,
    ada: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    await asyncio.to_thread(cli.forget, settings, ada, str(tenant))
    capsys.readouterr()
    assert await asyncio.to_thread(cli.marks, settings, str(tenant)) == 0
    file = tmp_path / "marks"
    file.write_text(capsys.readouterr().out)
    assert ada not in file.read_text()
    async with db.tenant(tenant) as c:  # as the backup has it
        await c.execute("delete from forgotten_marks")
        await c.execute(
            "insert into people (tenant_id, name, email, created_at)"
            " values ($1, 'Back Again', $2, now() - interval '9 days')",
            tenant,
            ada,
        )
    assert await asyncio.to_thread(cli.again, settings, file, str(tenant)) == 0
    assert "1 forgotten anew" in capsys.readouterr().out
    async with db.tenant(tenant) as c:
        assert await c.fetchval("select count(*) from people where name = 'Back Again'") == 0


async def test_a_file_of_something_else_is_refused(settings: Settings, tenant: UUID, tmp_path: Path) -> None:
    file = tmp_path / "marks"
    file.write_text("hello\n")
    with pytest.raises(ConfigurationError, match="--marks"):
        await asyncio.to_thread(cli.again, settings, file, str(tenant))
