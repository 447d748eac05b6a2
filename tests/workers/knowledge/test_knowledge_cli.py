"""`countersign ingest` and `countersign knowledge`: what is printed, and the exit status."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot.embedded import Servers
from bot.errors import ConfigurationError
from bot.settings import Settings
from tests.conftest import SECRET
from tests.workers.knowledge.shelf import PAGES
from workers.knowledge import cli
from workers.store import tenants
from workers.store.door import Database

Said = Callable[[], str]


@pytest.fixture
def settings(servers: Servers, app_dsn: str, tmp_path: Path) -> Settings:
    return Settings(
        _env_file=None,  # type: ignore[call-arg]  # pydantic-settings' own
        database_url=SecretStr(servers.database_url),
        redis_url=SecretStr(servers.redis_url),
        secret_key=SecretStr(SECRET),
        state_dir=tmp_path / "state",
    )


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Said:
    return lambda: capsys.readouterr().out


@pytest.fixture
async def named(db: Database) -> str:
    return str(await tenants.create(db, "Reads by command"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in PAGES.items():
        (tmp_path / "pages" / name).parent.mkdir(exist_ok=True)
        (tmp_path / "pages" / name).write_text(text)
    (tmp_path / "pages" / "broken.pdf").write_bytes(b"%PDF-1.7 nothing")
    return tmp_path / "pages"


async def test_a_folder_is_read_in_listed_found_and_dropped(
    settings: Settings, named: str, folder: Path, said: Said
) -> None:
    def run() -> None:
        assert cli.ingest(settings, str(folder), "", [], [], "", named) == 0
        told = said()
        assert "4 read (4 pieces), 0 unchanged, 0 removed, 1 left out" in told
        assert "broken.pdf: it is broken" in told
        assert cli.ingest(settings, str(folder), "", [], [], "", named) == 0
        assert "0 read (0 pieces), 4 unchanged" in said()
        assert cli.listed(settings, named) == 0
        told = said()
        assert f"files:{folder.resolve()}  4 documents, 4 pieces, for everybody" in told
        assert "vectors of offline:words-1" in told
        assert cli.find(settings, "how long does a refund take?", "", named) == 0
        assert "Refunds" in said().splitlines()[0]
        assert cli.drop(settings, "files:nowhere", named) == 1
        assert "no source" in said()
        assert cli.drop(settings, f"files:{folder.resolve()}", named) == 0
        assert "4 documents are forgotten" in said()
        assert cli.listed(settings, named) == 0
        assert said().strip() == cli.NOTHING

    await asyncio.to_thread(run)


async def test_what_is_read_in_for_a_channel_is_found_as_if_asked_there(
    settings: Settings, named: str, folder: Path, said: Said
) -> None:
    def run() -> None:
        assert cli.ingest(settings, str(folder), "", ["slack:C1"], ["finance"], "", named) == 0
        said()
        assert cli.find(settings, "refund", "", named) == 0
        assert said().strip() == "Nothing was found."
        assert cli.find(settings, "refund", "slack:C1", named) == 0
        assert "Refunds" in said()
        cli.listed(settings, named)
        assert "for channel:slack:C1, group:finance" in said()

    await asyncio.to_thread(run)


@pytest.mark.parametrize(
    ("what", "path", "channels", "link", "why"),
    [
        ("pages", "", ["C1"], "", "no channel"),
        ("pages", "", [], "wiki.example", "--link"),
        ("confluence-export", "", [], "", "which zip"),
        ("notion", "", [], "", "NOTION_TOKEN"),
        ("github", "acme/shop", [], "", "GITHUB_TOKEN"),
    ],
)
async def test_what_is_missing_is_named_before_anything_is_read(
    settings: Settings, named: str, what: str, path: str, channels: list[str], link: str, why: str
) -> None:
    with pytest.raises(ConfigurationError, match=why):
        await asyncio.to_thread(cli.ingest, settings, what, path, channels, [], link, named)


async def test_a_folder_that_is_not_there_changes_nothing_and_is_no_success(
    settings: Settings, named: str, said: Said
) -> None:
    assert await asyncio.to_thread(cli.ingest, settings, "no/such/folder", "", [], [], "", named) == 1
    assert said() == "Nothing was changed: there is no such file or folder.\n"
