"""countersign web: tokens and secrets are shown once, listed without what opens anything, and ended."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import pytest
from typer.testing import CliRunner

from bot.cli import app
from bot.errors import Unverified
from bot.secrets import Vault
from bot.settings import Settings
from tests.conftest import SECRET
from workers import web_cli
from workers.store.door import Database
from workers.web_keys import StoredKeys

Run = Callable[..., Awaitable[int]]


@pytest.fixture
def ran(db: Database, tenant: UUID, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The program works on this tenant, in the loop of the test."""
    work: list[Callable[[Database], Awaitable[int]]] = []

    async def whose(*_: Any) -> UUID:
        return tenant

    def kept(_settings: Settings, wanted: Callable[[Database], Awaitable[int]]) -> int:
        work.append(wanted)
        return 0

    async def run(command: Callable[..., int], *given: Any) -> int:
        work.clear()
        status = command(Settings(_env_file=None, secret_key=SECRET), *given)
        return await work[0](db) if work else status

    monkeypatch.setattr("workers.ops.whose", whose)
    monkeypatch.setattr("workers.ops.with_database", kept)
    monkeypatch.setattr("workers.beside.completed", lambda settings: settings)
    return run


async def test_a_token_is_shown_once_counts_and_is_ended_by_its_name(
    ran: Run, db: Database, tenant: UUID, capsys: pytest.CaptureFixture[str]
) -> None:
    keys = StoredKeys(db, Vault(SECRET))
    assert await ran(web_cli.token, " Ada@Example.com ", 30, "Ada Reyes") == 0
    text = capsys.readouterr().out.strip()
    assert (await keys.who(text)).user == "mail:ada@example.com"

    assert await ran(web_cli.listed) == 0
    listed = capsys.readouterr().out
    assert "ada@example.com" in listed
    assert text.rpartition("_")[2] not in listed
    assert await ran(web_cli.revoke, listed.split()[0]) == 0
    with pytest.raises(Unverified):
        await keys.who(text)
    assert await ran(web_cli.revoke, listed.split()[0]) == 1
    capsys.readouterr()
    await ran(web_cli.listed)
    assert "revoked" in capsys.readouterr().out


async def test_a_secret_is_shown_once_with_all_that_a_session_needs(
    ran: Run, capsys: pytest.CaptureFixture[str], tenant: UUID
) -> None:
    assert await ran(web_cli.secret) == 0
    shown = dict(line.split() for line in capsys.readouterr().out.splitlines())
    assert shown["tenant"] == str(tenant)
    assert shown["secret"].startswith("cws_")
    await ran(web_cli.listed)
    listed = capsys.readouterr().out
    assert shown["kid"] in listed
    assert shown["secret"] not in listed
    assert await ran(web_cli.revoke, shown["kid"]) == 0


async def test_what_was_made_and_ended_stands_in_the_audit_and_opens_nothing(
    ran: Run, db: Database, tenant: UUID, capsys: pytest.CaptureFixture[str]
) -> None:
    await ran(web_cli.token, "ada@example.com", 30, "")
    text = capsys.readouterr().out.strip()
    await ran(web_cli.secret)
    secret = capsys.readouterr().out.split()[-1]
    async with db.tenant(tenant) as c:
        rows = [dict(row) for row in await c.fetch("select * from audit where tenant_id = $1", tenant)]
    assert len(rows) == 2
    told = str(rows)
    assert text.rpartition("_")[2] not in told
    assert secret not in told


ODD = [("nobody", ""), ("", ""), ("a@b", ""), ("ada@example.com", "x" * 81), ("ada@example.com", "a\nb")]


@pytest.mark.parametrize(("email", "name"), ODD)
async def test_what_is_no_address_or_no_name_is_refused(ran: Run, email: str, name: str) -> None:
    assert await ran(web_cli.token, email, 30, name) == 1


async def test_where_nobody_may_write_yet_it_says_how_to_begin(
    ran: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    await ran(web_cli.listed)
    assert "countersign web token" in capsys.readouterr().out


def test_the_schema_is_printed_as_json() -> None:
    result = CliRunner().invoke(app, ["web", "schema"])
    assert result.exit_code == 0
    assert "from_client" in json.loads(result.output)["$defs"]


@pytest.mark.parametrize("days", ["0", "366", "-1"])
def test_a_token_lasts_a_year_at_most(days: str) -> None:
    assert CliRunner().invoke(app, ["web", "token", "--as", "a@example.com", "--days", days]).exit_code == 2
