"""countersign grants and approvals: the program proposes and lists, and grants nothing by itself."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from typer.testing import CliRunner

from bot.cli import app
from bot.settings import Settings
from tests.workers.approvers.granted import Desk, asked, desk, policy
from workers import grants_cli
from workers.store.door import Database

WORDS = "tool=stripe.refund requester=ada@example.com each=20.00 currency=usd calls=3 days=7"


@pytest.fixture
async def there(db: Database, tenant: Any, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """The program works on this tenant, in the loop of the test."""
    found = await desk(db, tenant, policy())

    async def whose(*_: Any) -> Any:
        return tenant

    class Known:
        def __init__(self, **_: Any) -> None: ...

        async def world(self, *_: Any) -> Any:
            return found.world()

    monkeypatch.setattr("workers.ops.whose", whose)
    monkeypatch.setattr(grants_cli, "Library", Known)
    monkeypatch.setattr(grants_cli, "rules", lambda _: found.rules)
    return found


async def ran(there: Desk, monkeypatch: pytest.MonkeyPatch, command: Callable[..., int], *given: Any) -> int:
    work: list[Callable[[Database], Awaitable[int]]] = []

    def kept(_settings: Settings, wanted: Callable[[Database], Awaitable[int]]) -> int:
        work.append(wanted)
        return 0

    monkeypatch.setattr("workers.ops.with_database", kept)
    status = command(Settings(_env_file=None), *given)
    return await work[0](there.db) if work else status


async def test_what_the_program_adds_waits_for_the_approvers(
    there: Desk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await ran(there, monkeypatch, grants_cli.add, WORDS) == 0
    assert "Nothing runs alone before they agree" in capsys.readouterr().out
    assert (await there.newest()).state == "proposed"
    assert asked(await there.called())
    async with there.db.tenant(there.tenant) as c:
        posted = await c.fetchval("select count(*) from outbox where id like 'grant:%'")
        assert posted == 1

    assert await ran(there, monkeypatch, grants_cli.list_grants) == 0
    assert "waits for the approvers" in capsys.readouterr().out


async def test_the_program_revokes_at_once_and_only_once(
    there: Desk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    grant = await there.granted()
    assert await ran(there, monkeypatch, grants_cli.revoke, grant.id, "a test") == 0
    assert asked(await there.called())
    assert await ran(there, monkeypatch, grants_cli.revoke, grant.id, "") == 1
    assert "no open grant" in capsys.readouterr().err


async def test_what_cannot_be_granted_is_said(
    there: Desk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await ran(there, monkeypatch, grants_cli.add, "let ada do it") == 1
    assert await ran(there, monkeypatch, grants_cli.add, "tool=stripe.charge each=1.00 currency=usd") == 1
    assert "lets nobody grant stripe.charge" in capsys.readouterr().err


async def test_lists_and_figures_of_nothing_say_so(
    there: Desk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await ran(there, monkeypatch, grants_cli.waiting) == 0
    assert await ran(there, monkeypatch, grants_cli.stats, 7) == 0
    said = capsys.readouterr().out
    assert "Nothing waits for a decision." in said
    assert "Nothing was decided in 7 days." in said


def test_the_program_has_these_commands() -> None:
    for words in (["grants", "add"], ["grants", "list"], ["grants", "revoke"], ["approvals", "stats"]):
        assert CliRunner().invoke(app, [*words, "--help"]).exit_code == 0
