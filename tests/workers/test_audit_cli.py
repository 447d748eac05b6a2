"""`countersign audit verify` and `export` as they are typed, and how far behind the sealing is under load."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
import pytest
from typer.testing import CliRunner

from bot.cli import app
from bot.embedded import Servers
from bot.errors import ConfigurationError
from bot.settings import Settings
from tests.conftest import SECRET
from tests.workers.audit_attacks import KEYS, LINKS, There, edited, note, sealed_pair
from workers import audit_export, audit_seal, audit_verify
from workers.audit_seal import Sealer
from workers.store import audit_sealing, tenants
from workers.store.door import Database


@pytest.fixture
def settings(servers: Servers, app_dsn: str, tmp_path: Path) -> Settings:
    return Settings(
        _env_file=None, database_url=servers.database_url, secret_key=SECRET, state_dir=tmp_path / "none"
    )


@pytest.fixture
async def sealed(db: Database, tenant: UUID, superuser: Any) -> There:
    return await sealed_pair(db, tenant, superuser)


async def status(work: Callable[..., int], *arguments: Any) -> int:
    return await asyncio.to_thread(work, *arguments)


async def test_a_whole_chain_ends_with_0_and_shows_its_head(
    sealed: There, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await status(audit_verify.verify, settings, str(sealed.tenant)) == 0
    first, head = capsys.readouterr().out.splitlines()
    assert first.startswith(f"✓ Tenant of a test ({sealed.tenant}): {LINKS} entries sealed until ")
    kept = head.removeprefix("  head ")
    assert await status(audit_verify.verify, settings, str(sealed.tenant), kept) == 0


async def test_a_changed_entry_ends_with_1_and_is_named(
    sealed: There, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    row = await edited(sealed, await sealed.links())
    assert await status(audit_verify.verify, settings, str(sealed.tenant)) == 1
    out = capsys.readouterr().out
    assert f"  edited at #{row.seq}: id {row.id}: it is not what was sealed" in out
    assert "NOT whole" in out


async def test_every_tenant_is_gone_through_where_none_is_named(
    sealed: There,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    async def two(_: Database) -> list[tuple[UUID, str]]:
        return [(sealed.tenant, "One"), (sealed.other, "Two")]

    monkeypatch.setattr(tenants, "every", two)
    await edited(sealed, await sealed.links())
    assert await status(audit_verify.verify, settings) == 1
    out = capsys.readouterr().out
    assert "✗ One" in out
    assert "✓ Two" in out
    with pytest.raises(ConfigurationError, match="name it with --tenant"):
        await status(audit_verify.verify, settings, "", f"1:{'0' * 64}")


async def test_an_unknown_tenant_is_said_to_be_unknown(settings: Settings, app_dsn: str) -> None:
    with pytest.raises(ConfigurationError, match="no tenant of the name or id 'nobody'"):
        await status(audit_verify.verify, settings, "nobody")


async def test_an_export_is_lines_of_json_without_anything_else(
    sealed: There, settings: Settings, capfdbinary: Any
) -> None:
    capfdbinary.readouterr()
    assert await status(audit_export.export, settings, str(sealed.tenant)) == 0
    lines = [orjson.loads(line) for line in capfdbinary.readouterr().out.splitlines()]
    assert [line["seq"] for line in lines] == list(range(1, LINKS + 1))
    assert set(lines[0]) == {"tenant", "seq", "id", "at", "entry", "prev", "hash"}


async def test_a_span_that_is_none_is_refused_before_anything_is_written(settings: Settings) -> None:
    with pytest.raises(ConfigurationError, match="--since is a day or a time"):
        await status(audit_export.export, settings, "", "last week")


def test_the_program_that_verifies_is_printed_without_a_database() -> None:
    done = CliRunner().invoke(app, ["audit", "export", "--script"])
    assert (done.exit_code, done.output) == (0, audit_export.SCRIPT)


@pytest.mark.parametrize("command", [["audit", "--help"], ["audit", "verify", "--help"], ["dead", "--help"]])
def test_each_command_explains_itself(command: list[str]) -> None:
    assert CliRunner().invoke(app, command).exit_code == 0


# ── how far behind ───────────────────────────────────────────────────────────────────────


async def _unsealed(db: Database, those: list[UUID]) -> tuple[int, float]:
    count, oldest = 0, 0.0
    for each in those:
        async with db.tenant(each) as c:
            found = await audit_sealing.unsealed(c, each)
        count, oldest = count + found.count, max(oldest, found.seconds)
    return count, oldest


async def test_under_load_no_entry_waits_for_two_seconds(db: Database) -> None:
    those = [await tenants.create(db, f"Busy {n}") for n in range(4)]
    sealer = Sealer(db, KEYS)
    await sealer.sweep()
    sealing = asyncio.create_task(sealer.run())
    oldest, end = 0.0, time.monotonic() + 1.5
    while time.monotonic() < end:
        await asyncio.gather(*(note(db, each, "a", "b", "c") for each in those))
        oldest = max(oldest, (await _unsealed(db, those))[1])
    async with asyncio.timeout(10):
        while (await _unsealed(db, those))[0]:
            await asyncio.sleep(0.02)
    sealing.cancel()
    await asyncio.gather(sealing, return_exceptions=True)
    assert oldest < 2.0
    for each in those:
        assert (await audit_verify.walked(db, each, KEYS)).sound


async def test_a_sealer_that_meets_a_bug_tries_again(
    db: Database, tenant: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = asyncio.Event()
    real, calls = audit_sealing.waiting, []

    async def fails_once(*arguments: Any) -> list[UUID]:
        calls.append(1)
        if len(calls) == 1:
            raise RuntimeError
        tried.set()
        return await real(*arguments)

    monkeypatch.setattr(audit_sealing, "waiting", fails_once)
    monkeypatch.setattr(audit_seal, "EVERY", 0.0)
    sealing = asyncio.create_task(Sealer(db, KEYS).run())
    async with asyncio.timeout(10):
        await tried.wait()
    sealing.cancel()
    await asyncio.gather(sealing, return_exceptions=True)


async def test_an_engine_that_dies_between_sealing_and_signing_has_sealed_nothing(
    db: Database, tenant: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def dies(*_: Any) -> bool:
        raise ConnectionResetError

    await note(db, tenant, "one")
    with monkeypatch.context() as patched:
        patched.setattr(audit_sealing, "sign", dies)
        with pytest.raises(ConnectionResetError):
            await audit_seal.seal(db, tenant, KEYS)
    assert (await _unsealed(db, [tenant]))[0] == 1
    assert await audit_seal.seal(db, tenant, KEYS) is not None
    assert (await audit_verify.walked(db, tenant, KEYS)).sound
