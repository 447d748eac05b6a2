"""Whom a wish means, whoever comes back, and what is shown of a person."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from bot.secrets import Vault
from tests.conftest import SECRET
from tests.workers.forget.forgetter import SIGNER, forgotten
from tests.workers.forget.planted import ACCOUNT, CANARY, EMAIL, NAME, Planted
from workers.forget import export, receipt
from workers.store import forgetting, forgetting_who, tenants
from workers.store.schema import metadata

# -- whom a wish means


@pytest.mark.parametrize(
    "who", [EMAIL, EMAIL.upper(), ACCOUNT.user, f"slack:T1:{ACCOUNT.user}", f" {EMAIL} "]
)
async def test_a_person_is_found_by_address_and_by_account(planted: Planted, who: str) -> None:
    async with planted.db.tenant(planted.tenant) as c:
        assert await forgetting_who.found(c, planted.tenant, who) == [planted.person]


@pytest.mark.parametrize(
    "who", ["", " ", "nobody@example.com", "slack:T2:" + ACCOUNT.user, "%", "'; --", "::"]
)
async def test_what_means_nobody_finds_nobody(planted: Planted, who: str) -> None:
    async with planted.db.tenant(planted.tenant) as c:
        assert await forgetting_who.found(c, planted.tenant, who) == []


async def test_of_another_tenant_nobody_is_found(planted: Planted) -> None:
    other = await tenants.create(planted.db, "Another")
    async with planted.db.tenant(other) as c:
        assert await forgetting_who.found(c, other, EMAIL) == []


# -- after a backup was restored


async def test_whoever_comes_back_out_of_a_backup_is_known_to_have_been_forgotten(planted: Planted) -> None:
    await forgotten(planted)
    mark = receipt.mark(planted.tenant, EMAIL, SIGNER)
    async with planted.db.tenant(planted.tenant) as c:
        assert mark in [each for each, _, _ in await forgetting.marks(c, planted.tenant)]
        back = await c.fetchval(
            "insert into people (tenant_id, name, email, created_at)"
            " values ($1, $2, $3, now() - interval '1 day') returning id",
            planted.tenant, NAME, EMAIL,
        )  # fmt: skip
        assert await forgetting_who.older(c, planted.tenant, back, mark)
        new = await c.fetchval(
            "insert into people (tenant_id, name, created_at) values ($1, 'New', now() + interval '1 minute')"
            " returning id",
            planted.tenant,
        )
        assert not await forgetting_who.older(c, planted.tenant, new, mark)


# -- what is kept, shown


async def test_an_export_holds_every_personal_column_of_theirs_and_nothing_of_the_colleague(
    planted: Planted,
) -> None:
    found: dict[str, list[dict[str, Any]]] = {}
    async for table, row in export.rows(planted.db, planted.tenant, planted.person, Vault(SECRET), {}):
        found.setdefault(table, []).append(row)
    with_canary = {name.partition(".")[0] for name in await planted.holding(CANARY)} - {"directory"}
    assert with_canary - set(found) == set()
    whole = orjson.dumps(found).decode()
    assert str(planted.others["people"]["id"]) not in whole
    assert planted.others["people"]["email"] not in whole
    assert "sealed_key" not in whole
    for table, rows in found.items():
        if table in planted.rows and table not in ("tenants", "directory", "audit"):
            columns = {
                each.name
                for each in metadata.tables[table].columns
                if each.info["class"] in ("personal", "money")
            }
            assert columns <= set(rows[0]), table


async def test_after_being_forgotten_there_is_next_to_nothing_to_export(planted: Planted) -> None:
    await forgotten(planted)
    whole = [
        orjson.dumps(row)
        async for _, row in export.rows(planted.db, planted.tenant, planted.person, Vault(SECRET), {})
    ]
    assert not any(CANARY.encode() in each.lower() for each in whole)


async def test_who_their_manager_was_goes_with_them(planted: Planted) -> None:
    put = "insert into directory (tenant_id, term, members, asked_at) values ($1, $2, $3, now())"
    async with planted.db.tenant(planted.tenant) as c:
        for person in (planted.person, planted.others["people"]["id"]):
            await c.execute(put, planted.tenant, f"manager:{person}", '["boss@example.com"]')
    await forgotten(planted)
    left = await planted.fetch("select term from directory where term like 'manager:%'")
    assert [row["term"] for row in left] == [f"manager:{planted.others['people']['id']}"]
