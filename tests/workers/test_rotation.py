"""A new SECRET_KEY: everything sealed anew beside the work, whoever dies in between."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from bot.embedded import Servers
from bot.secrets import SecretUnreadable, Vault, new_key
from bot.settings import Settings
from tests.conftest import SECRET
from workers import installations, rotation
from workers.rotation import Count, rotate_all
from workers.services import Opened, Services
from workers.store import resealing, schema, tenants
from workers.store import services as store
from workers.store.door import Database

OLD, NEW = new_key(), new_key()
BOTH = f"{NEW},{OLD}"
MANY = 7


@pytest.fixture
async def mine(db: Database, tenant: UUID, monkeypatch: pytest.MonkeyPatch) -> UUID:
    """A tenant with sealed rows of the old key's; no other tenant of this database is gone through."""

    async def only(_db: Database) -> list[tuple[UUID, str]]:
        return [(tenant, "mine")]

    monkeypatch.setattr(tenants, "every", only)
    vault, kept = Vault(OLD), Services({}, OLD)
    async with db.tenant(tenant) as c:
        for number in range(MANY):
            workspace = f"{tenant}-{number}"
            sealed = vault.seal(json.dumps({"n": number}), installations.spot(tenant, workspace))
            await tenants.install(c, tenant, "slack", workspace, "", sealed)
        for service in ("stripe", "jira"):
            await store.hold(c, tenant, service)
            sealed = kept.sealed(tenant, service, Opened({"KEY": service}, "t" * 32))
            await store.put(c, tenant, service, sealed, other_account=False)
        await store.know(c, tenant, "github", "us", "Us", "github:x")  # nothing is sealed in this one
    return tenant


async def sealed_with(db: Database, tenant: UUID, key: str) -> int:
    """How many of the tenant's values this key sealed."""
    found = 0
    async with db.tenant(tenant) as c:
        for kind in resealing.SEALED:
            query = f"select {kind.column} from {kind.table} where {kind.column} is not null"
            found += sum(each[0].split(".")[1] == Vault(key).key_id for each in await c.fetch(query))
    return found


async def readable(db: Database, tenant: UUID, key: str) -> bool:
    async with db.tenant(tenant) as c:
        for service in ("stripe", "jira"):
            opened = Services({}, key).opened(tenant, await store.kept(c, tenant, service))
            assert opened == Opened({"KEY": service}, "t" * 32)
        for number in range(MANY):
            workspace = f"{tenant}-{number}"
            sealed = await tenants.credentials(c, tenant, "slack", workspace)
            assert sealed is not None
            plain = Vault(key).open(sealed, installations.spot(tenant, workspace))
            assert json.loads(plain) == {"n": number}
    return True


async def test_afterwards_the_new_key_alone_opens_everything(db: Database, mine: UUID) -> None:
    assert await rotate_all(db, Vault(BOTH), most=3) == Count(anew=MANY + 2)

    assert await readable(db, mine, NEW)
    with pytest.raises(SecretUnreadable):
        await readable(db, mine, OLD)


async def test_a_second_time_there_is_nothing_to_do(db: Database, mine: UUID) -> None:
    await rotate_all(db, Vault(BOTH))

    assert await rotate_all(db, Vault(BOTH)) == Count()


@pytest.mark.parametrize(("dies_at", "done"), [(1, 0), (2, 0), (4, 3), (7, 6), (8, MANY)])
async def test_killed_in_the_middle_everything_opens_and_the_next_one_goes_on(
    db: Database, app_dsn: str, superuser: Any, mine: UUID, monkeypatch: pytest.MonkeyPatch,
    dies_at: int, done: int,
) -> None:  # fmt: skip
    """The server ends its connection in the middle of a transaction, as it does when it is killed."""
    victim = await Database.open(app_dsn, size=1)
    there, go_on = asyncio.Event(), asyncio.Event()
    replace, left = resealing.replace, iter(range(dies_at - 1, -1, -1))

    async def dying(c: Any, *arguments: Any) -> bool:
        if next(left, None) == 0:
            there.set()
            await go_on.wait()
        return await replace(c, *arguments)

    with monkeypatch.context() as patched:
        patched.setattr(resealing, "replace", dying)
        task = asyncio.create_task(rotate_all(victim, Vault(BOTH), most=3))
        await there.wait()
        connection = victim._pool._holders[0]._con
        await superuser.fetchval("select pg_terminate_backend($1, 5000)", connection.get_server_pid())
        go_on.set()
        with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, OSError)):
            await task
    await victim.close()

    # Whole bites, and nothing of the one that was under way.
    assert await sealed_with(db, mine, NEW) == done
    assert await readable(db, mine, BOTH)
    assert await rotate_all(db, Vault(BOTH), most=3) == Count(anew=MANY + 2 - done)
    assert await readable(db, mine, NEW)


async def test_what_somebody_renews_meanwhile_is_left_to_them(
    db: Database, mine: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace = resealing.replace

    async def late(c: Any, tenant: UUID, kind: Any, row: str, sealed: str, fresh: str) -> bool:
        if (kind.table, row) == ("services", "jira"):
            renewed = Services({}, BOTH).sealed(tenant, "jira", Opened({"KEY": "renewed"}, "t" * 32))
            await c.execute("update services set sealed = $1 where service = 'jira'", renewed)
        return await replace(c, tenant, kind, row, sealed, fresh)

    monkeypatch.setattr(resealing, "replace", late)

    assert await rotate_all(db, Vault(BOTH)) == Count(anew=MANY + 1)
    async with db.tenant(mine) as c:
        opened = Services({}, NEW).opened(mine, await store.kept(c, mine, "jira"))
    assert opened.values == {"KEY": "renewed"}


@pytest.mark.twin
async def test_twin_without_that_look_what_was_renewed_is_lost(
    db: Database, mine: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def over(c: Any, tenant: UUID, kind: Any, row: str, _sealed: str, fresh: str) -> bool:
        if (kind.table, row) == ("services", "jira"):
            renewed = Services({}, BOTH).sealed(tenant, "jira", Opened({"KEY": "renewed"}, "t" * 32))
            await c.execute("update services set sealed = $1 where service = 'jira'", renewed)
        found = await c.fetchval(f"select {kind.column} from {kind.table} where {kind.row} = $1", row)
        return await resealing_replace(c, tenant, kind, row, found, fresh)

    resealing_replace = resealing.replace
    monkeypatch.setattr(resealing, "replace", over)
    await rotate_all(db, Vault(BOTH))
    async with db.tenant(mine) as c:
        opened = Services({}, NEW).opened(mine, await store.kept(c, mine, "jira"))

    assert opened.values == {"KEY": "jira"}


async def test_what_no_key_opens_is_counted_and_stops_nothing(db: Database, mine: UUID) -> None:
    async with db.tenant(mine) as c:
        lost = Services({}, new_key()).sealed(mine, "jira", Opened({}, "t" * 32))
        await c.execute("update services set sealed = $1 where service = 'jira'", lost)

    assert await rotate_all(db, Vault(BOTH), most=1) == Count(anew=MANY + 1, lost=1)


async def test_nothing_but_its_count_is_in_the_audit(db: Database, mine: UUID) -> None:
    await rotate_all(db, Vault(BOTH))
    async with db.tenant(mine) as c:
        entries = b"".join(each["entry"] for each in await c.fetch("select entry from audit"))

    assert b"secrets.rotated" in entries
    assert b"v1." not in entries


def test_every_column_that_opens_something_is_sealed_anew() -> None:
    """Two lists that have to agree: the class of the columns, and what the rotation goes through."""
    secret = {
        (table.name, column.name)
        for table in schema.metadata.sorted_tables
        for column in table.columns
        if column.info["class"] == "secret"
    }

    assert {(kind.table, kind.column) for kind in resealing.SEALED} == secret


@pytest.fixture
def settings(servers: Servers, app_dsn: str, tmp_path: Path) -> Callable[[str], Settings]:
    """The role's password follows the newest key, which the tests do not change."""

    def with_key(key: str) -> Settings:
        return Settings(
            _env_file=None, database_url=servers.database_url, secret_key=key, state_dir=tmp_path / "none"
        )

    return with_key


async def test_the_command_says_what_it_did(
    settings: Callable[[str], Settings], mine: UUID, capsys: pytest.CaptureFixture[str]
) -> None:
    status = await asyncio.to_thread(rotation.rotate, settings(f"{SECRET},{OLD}"))

    assert status == 0
    assert f"{MANY + 2} sealed anew" in capsys.readouterr().out


async def test_the_command_says_what_is_lost(
    settings: Callable[[str], Settings], mine: UUID, capsys: pytest.CaptureFixture[str]
) -> None:
    status = await asyncio.to_thread(rotation.rotate, settings(SECRET))

    assert status == 1
    assert "cannot be opened with any key" in capsys.readouterr().out
