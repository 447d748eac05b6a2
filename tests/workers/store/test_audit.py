"""What is written into the audit: exact bytes, bounded, and nothing personal in clear."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import orjson
import pytest

from bot.secrets import Vault
from flows.approval import canonical
from tests.conftest import SECRET
from workers.store import audit, person_keys
from workers.store.audit import Personal
from workers.store.door import Database

VAULT = Vault(SECRET)
PERSON = uuid4()


async def written(db: Database, tenant: UUID) -> list[dict[str, Any]]:
    async with db.tenant(tenant) as c:
        rows = await c.fetch("select entry from audit where tenant_id = $1 order by id", tenant)
    return [orjson.loads(row["entry"]) for row in rows]


async def test_several_entries_are_written_at_once_in_their_order(db: Database, tenant: UUID) -> None:
    async with db.tenant(tenant) as c:
        await audit.record_all(c, tenant, [(f"n{n}", {"n": n}) for n in range(5)], None)
    assert await written(db, tenant) == [{"what": f"n{n}", "n": n} for n in range(5)]


async def test_nothing_to_note_is_nothing_written(db: Database, tenant: UUID) -> None:
    async with db.tenant(tenant) as c:
        await audit.record_all(c, tenant, [], VAULT)
    assert await written(db, tenant) == []


async def test_what_is_not_known_is_left_out(db: Database, tenant: UUID) -> None:
    async with db.tenant(tenant) as c:
        await audit.record(c, tenant, "effect.done", key="k", external=None)
    assert await written(db, tenant) == [{"what": "effect.done", "key": "k"}]


async def test_a_personal_value_is_never_in_clear(db: Database, tenant: UUID) -> None:
    async with db.tenant(tenant) as c:
        await audit.record(c, tenant, "asked", vault=VAULT, name=Personal(PERSON, "Ada Lovelace"))
        key = await person_keys.known(c, tenant, PERSON, VAULT)
    [entry] = await written(db, tenant)
    assert "Ada" not in str(entry)
    assert entry["name"]["of"] == str(PERSON)
    assert key is not None
    assert key.open(entry["name"]["sealed"], audit.spot(tenant, PERSON, "name")) == "Ada Lovelace"


@pytest.mark.twin
async def test_a_value_that_is_not_marked_would_be_in_clear(db: Database, tenant: UUID) -> None:
    async with db.tenant(tenant) as c:
        await audit.record(c, tenant, "asked", vault=VAULT, name="Ada Lovelace")
    assert "Ada" in str(await written(db, tenant))


async def test_without_a_key_to_seal_with_only_whose_it_was_is_kept(db: Database, tenant: UUID) -> None:
    async with db.tenant(tenant) as c:
        await audit.record(c, tenant, "asked", name=Personal(PERSON, "Ada Lovelace"))
    assert await written(db, tenant) == [{"what": "asked", "name": {"of": str(PERSON)}}]


def test_neither_a_log_nor_a_trace_shows_what_is_personal() -> None:
    assert "Ada" not in repr(Personal(PERSON, "Ada Lovelace"))


def test_what_was_to_be_sealed_and_was_not_has_no_bytes() -> None:
    with pytest.raises(ValueError, match="no canonical form"):
        canonical({"name": Personal(PERSON, "Ada Lovelace")})


async def test_a_long_reason_is_cut_and_says_so(db: Database, tenant: UUID) -> None:
    async with db.tenant(tenant) as c:
        await audit.record(c, tenant, "decided", vault=VAULT, reason=Personal(PERSON, "x" * 50_000))
        key = await person_keys.of(c, tenant, PERSON, VAULT)
    [entry] = await written(db, tenant)
    found = key.open(entry["reason"]["sealed"], audit.spot(tenant, PERSON, "reason"))
    assert found == "x" * (audit.LONGEST - 1) + "…"


async def test_half_a_letter_is_written_as_well_as_can_be(db: Database, tenant: UUID) -> None:
    async with db.tenant(tenant) as c:
        await audit.record(c, tenant, "decided", vault=VAULT, reason=Personal(PERSON, "a\ud800b"))
        key = await person_keys.of(c, tenant, PERSON, VAULT)
    [entry] = await written(db, tenant)
    assert key.open(entry["reason"]["sealed"], audit.spot(tenant, PERSON, "reason")) == "a?b"


async def test_an_entry_without_end_is_refused(db: Database, tenant: UUID) -> None:
    with pytest.raises(ValueError, match="at most 65536 bytes: huge"):
        async with db.tenant(tenant) as c:
            await audit.record(c, tenant, "huge", key="x" * audit.MOST_BYTES)


async def test_each_person_has_one_key_and_each_value_another_nonce(db: Database, tenant: UUID) -> None:
    other = uuid4()
    async with db.tenant(tenant) as c:
        for person in (PERSON, PERSON, other):
            await audit.record(c, tenant, "asked", vault=VAULT, name=Personal(person, "Ada"))
    sealed = [entry["name"]["sealed"] for entry in await written(db, tenant)]
    keys = [value.split(".")[1] for value in sealed]
    assert keys[0] == keys[1] != keys[2]
    assert len(set(sealed)) == 3


async def test_a_key_of_a_transaction_that_failed_is_nobodys(db: Database, tenant: UUID) -> None:
    async def fails() -> None:
        async with db.tenant(tenant) as c:
            await audit.record(c, tenant, "asked", vault=VAULT, name=Personal(PERSON, "Ada"))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fails()
    async with db.tenant(tenant) as c:
        assert await person_keys.known(c, tenant, PERSON, VAULT) is None


async def test_a_key_belongs_to_its_tenant(db: Database, tenant: UUID) -> None:
    other = uuid4()
    async with db.tenant(tenant) as c:
        await person_keys.of(c, tenant, PERSON, VAULT)
    async with db.tenant(other) as c:
        assert await person_keys.known(c, tenant, PERSON, VAULT) is None
        assert await person_keys.known(c, other, PERSON, VAULT) is None
