"""Each entry becomes a link soon after it was written, and nobody goes on from a forged head."""

from __future__ import annotations

import asyncio
from itertools import pairwise
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from bot.secrets import Signer, new_key
from tests.conftest import SECRET
from workers import audit_seal
from workers.audit_chain import Link, digest, genesis
from workers.audit_seal import Forged, Sealer, seal, signer
from workers.store import audit, audit_sealing
from workers.store.door import Database

KEYS = signer(SECRET)


async def noted(db: Database, tenant: UUID, *whats: str) -> None:
    for what in whats:
        async with db.tenant(tenant) as c:
            await audit.record(c, tenant, what, key=what)


async def chain(db: Database, tenant: UUID) -> list[Link]:
    async with db.tenant(tenant) as c:
        return await audit_sealing.links(c, tenant, (0, 0), 10_000)


async def head(db: Database, tenant: UUID) -> audit_sealing.Signed:
    async with db.tenant(tenant) as c:
        found = await audit_sealing.head(c, tenant)
    assert found is not None
    return found


async def test_entries_become_links_each_bound_to_the_one_before(db: Database, tenant: UUID) -> None:
    await noted(db, tenant, "one", "two", "three")
    assert await seal(db, tenant, KEYS) is not None
    links = await chain(db, tenant)
    assert [link.seq for link in links] == [1, 2, 3]
    assert [link.prev for link in links] == [genesis(tenant), links[0].hash, links[1].hash]
    assert [digest(tenant, link) for link in links] == [link.hash for link in links]


async def test_the_head_is_the_last_link_and_carries_our_signature(db: Database, tenant: UUID) -> None:
    await noted(db, tenant, "one", "two")
    await seal(db, tenant, KEYS)
    found = await head(db, tenant)
    assert (found.seq, found.hash) == (2, (await chain(db, tenant))[-1].hash)
    assert audit_seal.genuine(tenant, KEYS, found) is True
    assert audit_seal.genuine(UUID(int=7), KEYS, found) is False


async def test_sealing_goes_on_where_it_stopped_in_bites_of_any_size(db: Database, tenant: UUID) -> None:
    await noted(db, tenant, *"abcdefg")
    while await seal(db, tenant, KEYS, most=3):
        pass
    links = await chain(db, tenant)
    assert [link.seq for link in links] == [1, 2, 3, 4, 5, 6, 7]
    assert all(after.prev == before.hash for before, after in pairwise(links))


async def test_where_nothing_waits_nothing_is_sealed(db: Database, tenant: UUID) -> None:
    assert await seal(db, tenant, KEYS) is None
    await noted(db, tenant, "one")
    await seal(db, tenant, KEYS)
    before = await head(db, tenant)
    assert await seal(db, tenant, KEYS) is None
    assert await head(db, tenant) == before


async def test_what_commits_late_with_a_smaller_id_is_sealed_all_the_same(db: Database, tenant: UUID) -> None:
    async with db.tenant(tenant) as slow:
        await audit.record(slow, tenant, "slow")
        await noted(db, tenant, "quick")
        await seal(db, tenant, KEYS)
        assert len(await chain(db, tenant)) == 1
    await seal(db, tenant, KEYS)
    links = await chain(db, tenant)
    assert [link.seq for link in links] == [1, 2]
    assert links[0].id > links[1].id


@pytest.mark.twin
async def test_whoever_remembered_the_last_id_instead_would_skip_it(db: Database, tenant: UUID) -> None:
    """Sealing by a mark of how far one has come, as is often done."""
    async with db.tenant(tenant) as slow:
        await audit.record(slow, tenant, "slow")
        await noted(db, tenant, "quick")
        await seal(db, tenant, KEYS)
        mark = max(link.id for link in await chain(db, tenant))
    async with db.tenant(tenant) as c:
        found = await c.fetch("select id from audit where tenant_id = $1 and id > $2", tenant, mark)
    assert found == []


async def test_two_who_seal_one_tenant_at_once_make_one_chain(db: Database, tenant: UUID) -> None:
    await noted(db, tenant, *(f"n{number}" for number in range(20)))
    while any(await asyncio.gather(*(seal(db, tenant, KEYS, most=3) for _ in range(5)))):
        pass
    links = await chain(db, tenant)
    assert [link.seq for link in links] == list(range(1, 21))
    assert all(after.prev == before.hash for before, after in pairwise(links))


async def test_while_another_is_at_it_one_leaves_it_to_him(db: Database, tenant: UUID) -> None:
    await noted(db, tenant, "one")
    async with db.tenant(tenant) as c:
        assert await audit_sealing.seal(c, 10) is not None
        assert await seal(db, tenant, KEYS) is None


async def test_one_pass_seals_every_tenant_and_what_is_much_in_turns(db: Database, idle: None) -> None:
    from workers.store import tenants

    few, many = [await tenants.create(db, name) for name in ("few", "many")]
    await noted(db, few, "one")
    await noted(db, many, *"abcdefghij")
    await Sealer(db, KEYS).sweep(most=4)
    assert [len(await chain(db, each)) for each in (few, many)] == [1, 10]


# ── what the bot's role may and may not ──────────────────────────────────────────────────


@pytest.mark.parametrize(
    "statement",
    [
        "update audit set seal_seq = 9",
        "update audit set entry = 'x'",
        "delete from audit",
        "update audit_heads set seal_seq = 0",
        "delete from audit_heads",
    ],
)
async def test_the_bot_itself_can_neither_seal_nor_unseal(db: Database, tenant: UUID, statement: str) -> None:
    await noted(db, tenant, "one")
    await seal(db, tenant, KEYS)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with db.tenant(tenant) as c:
            await c.execute(statement)


async def test_without_a_tenant_nothing_is_sealed_or_signed(db: Database, tenant: UUID) -> None:
    await noted(db, tenant, "one")
    assert await db.dispatch("select * from seal_audit(10)") == []
    [row] = await db.dispatch("select sign_audit(1, '', now(), '', '')")
    assert row[0] is False


async def test_a_signature_is_put_under_the_very_head_that_was_signed(db: Database, tenant: UUID) -> None:
    await noted(db, tenant, "one")
    await seal(db, tenant, KEYS)
    found = await head(db, tenant)
    async with db.tenant(tenant) as c:
        other = audit_sealing.Head(found.seq, b"another", found.at)
        assert await audit_sealing.sign(c, other, b"mac", "key") is False
    assert await head(db, tenant) == found


async def test_a_link_that_the_bot_hands_in_itself_is_not_gone_on_from(db: Database, tenant: UUID) -> None:
    """Whoever gets the bot's role to run their SQL may add entries; the chain passes them by."""
    await noted(db, tenant, "one")
    async with db.tenant(tenant) as c:
        await c.execute(
            "insert into audit (tenant_id, entry, seal_seq, prev, hash) values ($1, 'x', 2, 'p', 'h')", tenant
        )
        await c.execute("insert into audit (tenant_id, entry, seal_seq) values ($1, 'x', 2)", tenant)
    with pytest.raises(asyncpg.DataCorruptedError):  # links, and no head: somebody else made them
        await seal(db, tenant, KEYS)


# ── forged heads ─────────────────────────────────────────────────────────────────────────


async def cut(superuser: Any, tenant: UUID, left: int) -> None:
    """The tail is gone, and the head says that it never was."""
    await superuser.execute("delete from audit where tenant_id = $1 and seal_seq > $2", tenant, left)
    await superuser.execute(
        "update audit_heads h set seal_seq = a.seal_seq, hash = a.hash from audit a"
        " where h.tenant_id = $1 and a.tenant_id = $1 and a.seal_seq = $2",
        tenant,
        left,
    )


async def test_from_a_head_that_somebody_else_made_nobody_goes_on(
    db: Database, tenant: UUID, superuser: Any
) -> None:
    await noted(db, tenant, *"abcd")
    await seal(db, tenant, KEYS)
    await cut(superuser, tenant, 2)
    await noted(db, tenant, "later")
    with pytest.raises(Forged):
        await seal(db, tenant, KEYS)
    assert len(await chain(db, tenant)) == 2


@pytest.mark.twin
async def test_whoever_went_on_from_it_would_sign_the_cut(
    db: Database, tenant: UUID, superuser: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    await noted(db, tenant, *"abcd")
    await seal(db, tenant, KEYS)
    await cut(superuser, tenant, 2)
    await noted(db, tenant, "later")
    monkeypatch.setattr(audit_seal, "genuine", lambda *_: True)
    await seal(db, tenant, KEYS)
    monkeypatch.undo()
    assert audit_seal.genuine(tenant, KEYS, await head(db, tenant)) is True
    assert [link.seq for link in await chain(db, tenant)] == [1, 2, 3]


async def test_a_head_that_is_gone_is_not_begun_anew(db: Database, tenant: UUID, superuser: Any) -> None:
    await noted(db, tenant, "one")
    await seal(db, tenant, KEYS)
    await superuser.execute("delete from audit_heads where tenant_id = $1", tenant)
    await noted(db, tenant, "two")
    with pytest.raises(asyncpg.DataCorruptedError):
        await seal(db, tenant, KEYS)


async def test_a_broken_chain_holds_up_no_other_tenant(
    db: Database, tenant: UUID, superuser: Any, idle: None
) -> None:
    from workers.store import tenants

    other = await tenants.create(db, "Other")
    await noted(db, tenant, "one")
    await seal(db, tenant, KEYS)
    await superuser.execute("update audit_heads set mac = 'x' where tenant_id = $1", tenant)
    await noted(db, tenant, "two")
    await noted(db, other, "one")
    await Sealer(db, KEYS).sweep()
    assert len(await chain(db, other)) == 1
    assert len(await chain(db, tenant)) == 1


# ── keys ─────────────────────────────────────────────────────────────────────────────────


async def test_with_a_new_key_in_front_sealing_goes_on_and_is_signed_by_it(
    db: Database, tenant: UUID
) -> None:
    await noted(db, tenant, "one")
    await seal(db, tenant, KEYS)
    new = new_key()
    both = signer(f"{new},{SECRET}")
    await noted(db, tenant, "two")
    await seal(db, tenant, both)
    assert audit_seal.genuine(tenant, signer(new), await head(db, tenant)) is True
    assert audit_seal.genuine(tenant, KEYS, await head(db, tenant)) is None


async def test_rotating_signs_the_heads_of_those_who_say_nothing_new(db: Database, tenant: UUID) -> None:
    await noted(db, tenant, "one")
    await seal(db, tenant, KEYS)
    new = new_key()
    both = signer(f"{new},{SECRET}")
    assert await audit_seal.sign_anew(db, tenant, both) is True
    assert await audit_seal.sign_anew(db, tenant, both) is False
    assert audit_seal.genuine(tenant, signer(new), await head(db, tenant)) is True
    await noted(db, tenant, "two")
    assert await seal(db, tenant, signer(new)) is not None


async def test_rotating_makes_no_forged_head_genuine(db: Database, tenant: UUID, superuser: Any) -> None:
    await noted(db, tenant, *"abcd")
    await seal(db, tenant, KEYS)
    await cut(superuser, tenant, 2)
    both = signer(f"{new_key()},{SECRET}")
    assert await audit_seal.sign_anew(db, tenant, both) is None
    assert await audit_seal.sign_anew(db, tenant, signer(new_key())) is None
    assert audit_seal.genuine(tenant, both, await head(db, tenant)) is False


@pytest.mark.twin
async def test_whoever_signed_without_looking_would_make_the_cut_genuine(
    db: Database, tenant: UUID, superuser: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    await noted(db, tenant, *"abcd")
    await seal(db, tenant, KEYS)
    await cut(superuser, tenant, 2)
    both = signer(f"{new_key()},{SECRET}")
    monkeypatch.setattr(audit_seal, "genuine", lambda *_: True)
    await audit_seal.sign_anew(db, tenant, both)
    monkeypatch.undo()
    assert audit_seal.genuine(tenant, both, await head(db, tenant)) is True


async def test_a_tenant_without_a_chain_has_no_head_to_sign(db: Database, tenant: UUID) -> None:
    assert await audit_seal.sign_anew(db, tenant, signer(new_key())) is False


def test_a_key_for_one_purpose_signs_nothing_for_another() -> None:
    one, other = signer(SECRET), Signer(SECRET, "something else")
    assert one.signed(b"data", one.key_id, one.sign(b"data")) is True
    assert other.signed(b"data", one.key_id, one.sign(b"data")) is False
    assert "Signer(1 keys)" in repr(one)
    with pytest.raises(TypeError):
        one.__reduce__()


async def test_the_database_never_sees_the_key(db: Database, superuser: Any) -> None:
    source = await superuser.fetch("select prosrc from pg_proc where proname in ('seal_audit', 'sign_audit')")
    assert len(source) == 2
    assert not any("hmac" in row[0] for row in source)
