"""The head of each chain leaves the database within the hour, so that a tail that is rewritten shows."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from structlog.testing import capture_logs

from tests.workers.audit_attacks import KEYS, chain_of, note, sealed_pair
from workers import audit_seal, audit_verify
from workers.audit_chain import digest
from workers.audit_seal import Sealer
from workers.audit_verify import walked
from workers.store.door import Database


class Clock:
    """One can turn it on."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    found = Clock()
    monkeypatch.setattr(audit_seal, "time", found)
    return found


async def heads(sealer: Sealer, tenant: UUID) -> list[str]:
    with capture_logs() as told:
        await sealer.sweep()
    return [
        f"{each['seal_seq']}:{each['hash']}"
        for each in told
        if each["event"] == "audit.head" and each["tenant"] == str(tenant)
    ]


async def head_of(db: Database, tenant: UUID) -> str:
    last = (await chain_of(db, tenant))[-1]
    return f"{last.seq}:{last.hash.hex()}"


async def test_it_is_told_with_the_first_entry_and_then_once_an_hour(
    db: Database, tenant: UUID, clock: Clock
) -> None:
    sealer = Sealer(db, KEYS)
    await note(db, tenant, "one")
    assert await heads(sealer, tenant) == [await head_of(db, tenant)]
    await note(db, tenant, "two", "three")
    assert await heads(sealer, tenant) == []
    clock.now += audit_seal.TELL_HEAD + 1
    await note(db, tenant, "four")
    assert await heads(sealer, tenant) == [await head_of(db, tenant)]


async def test_what_was_sealed_last_is_told_though_nothing_comes_after_it(
    db: Database, tenant: UUID, clock: Clock
) -> None:
    sealer = Sealer(db, KEYS)
    await note(db, tenant, "one")
    await heads(sealer, tenant)
    await note(db, tenant, "the last for a long time")
    assert await heads(sealer, tenant) == []
    clock.now += audit_seal.TELL_HEAD + 1
    assert await heads(sealer, tenant) == [await head_of(db, tenant)]
    clock.now += audit_seal.TELL_HEAD + 1
    assert await heads(sealer, tenant) == [], "it was told"


async def test_a_tail_that_was_rewritten_with_its_signature_shows_against_it(
    db: Database, tenant: UUID, superuser: Any, clock: Clock
) -> None:
    """By somebody who has the database and the key: only what has left them both can tell."""
    there = await sealed_pair(db, tenant, superuser)
    await note(db, tenant, "n8")
    [kept] = await heads(Sealer(db, KEYS), tenant)
    links = await there.links()
    prev = links[2].hash
    for link in links[3:]:
        fresh = type(link)(link.id, link.at, link.entry.replace(b"n3", b"x3"), link.seq, prev, b"")
        await there.put(fresh)
        prev = digest(tenant, fresh)
    await superuser.execute(
        "update audit_heads set seal_seq = seal_seq, hash = $2 where tenant_id = $1", tenant, prev
    )
    async with db.tenant(tenant) as c:
        found = await audit_verify.audit_sealing.head(c, tenant)
        assert found is not None
        mac = KEYS.sign(audit_seal.signed(tenant, found))
        await audit_verify.audit_sealing.sign(c, found, mac, KEYS.key_id)

    assert (await walked(db, tenant, KEYS)).sound, "by itself it is whole"
    [finding] = (await walked(db, tenant, KEYS, audit_verify.expected(kept))).findings
    assert finding.kind == "edited"
