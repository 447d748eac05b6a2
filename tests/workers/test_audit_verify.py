"""Whatever somebody with every right in the database does to the audit is found, and the row is named."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from itertools import pairwise
from typing import Any
from uuid import UUID

import pytest

from bot.errors import ConfigurationError
from bot.secrets import new_key
from tests.conftest import SECRET
from tests.workers.audit_attacks import (
    ATTACKS,
    KEYS,
    LINKS,
    There,
    edited,
    inserted,
    note,
    numbers_swapped,
    sealed_pair,
    tail_cut_with_a_head_of_their_own,
)
from workers import audit_chain, audit_verify
from workers.audit_chain import Link, Walk, digest
from workers.audit_seal import seal, signer
from workers.audit_verify import told, walked
from workers.store.door import Database


@pytest.fixture
async def sealed(db: Database, tenant: UUID, superuser: Any) -> There:
    return await sealed_pair(db, tenant, superuser)


async def test_a_chain_that_nobody_touched_is_whole(sealed: There) -> None:
    found = await sealed.verdict()
    assert (found.findings, found.links, found.sound) == ((), LINKS, True)


@pytest.mark.parametrize("attack", ATTACKS)
async def test_it_is_found_and_the_row_is_named(sealed: There, attack: str) -> None:
    change, kind = ATTACKS[attack]
    row = await change(sealed, await sealed.links())
    found = await sealed.verdict()
    mine = [each for each in found.findings if each.kind == kind]
    assert mine, found.findings
    assert any(each.seq == row.seq or f"id {row.id}" in each.text for each in mine), found.findings
    assert not found.sound


@pytest.mark.parametrize("attack", ATTACKS)
async def test_the_other_tenant_is_whole_as_before(sealed: There, attack: str) -> None:
    if attack == "two chains are swapped":
        await ATTACKS[attack][0](sealed, await sealed.links())
        found = await sealed.verdict(sealed.other)
        assert {each.kind for each in found.findings} == {"chains swapped", "head"}
    else:
        await ATTACKS[attack][0](sealed, await sealed.links())
        assert (await sealed.verdict(sealed.other)).sound


# ── twins: what a simpler look would miss ────────────────────────────────────────────────


def each_alone(tenant: UUID, links: Iterable[Link]) -> bool:
    """Whether each entry has the hash that is its own."""
    return all(digest(tenant, link) == link.hash for link in links)


def linked_only(tenant: UUID, links: Iterable[Link]) -> bool:
    """Whether each names the one before."""
    return all(after.prev == before.hash for before, after in pairwise(links))


def without_head(tenant: UUID, links: Iterable[Link]) -> bool:
    """Everything but the signed head."""
    walk = Walk(tenant)
    walk.take(links)
    walk.end()
    return not walk.count


def by_itself(tenant: UUID, links: Iterable[Link]) -> bool:
    """A chain whose hashes say nothing of its tenant: whose it is, nobody asks."""
    links = list(links)
    return linked_only(tenant, links) and [link.seq for link in links] == list(range(1, len(links) + 1))


MISSED: list[tuple[str, Callable[[UUID, Iterable[Link]], bool]]] = [
    ("an entry is edited", linked_only),
    ("the date of one is edited", linked_only),
    ("one is edited and its hash made anew", each_alone),
    ("one is edited and every hash after it made anew", without_head),
    ("one is deleted", each_alone),
    ("the first is deleted", linked_only),
    ("one is taken out to be sealed again at the end", each_alone),
    ("one is inserted", each_alone),
    ("one is inserted after the head", without_head),
    ("one is inserted with a part of a seal", without_head),
    ("two contents are swapped", linked_only),
    ("the tail is cut", without_head),
    ("all is cut", without_head),
    ("the tail is cut and the head with it", without_head),
    ("the head is deleted", without_head),
    ("two chains are swapped", by_itself),
    ("the clock went back", each_alone),
]


@pytest.mark.twin
@pytest.mark.parametrize(("attack", "naive"), MISSED, ids=[f"{a}: {n.__name__}" for a, n in MISSED])
async def test_a_simpler_look_would_find_nothing(
    sealed: There, attack: str, naive: Callable[[UUID, Iterable[Link]], bool]
) -> None:
    await ATTACKS[attack][0](sealed, await sealed.links())
    assert naive(sealed.tenant, await sealed.links())


@pytest.mark.twin
async def test_rows_whose_numbers_were_swapped_would_be_whole_to_one_who_reads_them_by_id(
    sealed: There,
) -> None:
    await numbers_swapped(sealed, await sealed.links())
    assert linked_only(sealed.tenant, sorted(await sealed.links(), key=lambda link: link.id))


@pytest.mark.twin
async def test_without_asking_for_the_signature_a_head_of_their_own_would_do(
    sealed: There, monkeypatch: pytest.MonkeyPatch
) -> None:
    await tail_cut_with_a_head_of_their_own(sealed, await sealed.links())
    monkeypatch.setattr(audit_verify, "genuine", lambda *_: True)
    assert (await sealed.verdict()).sound


# ── what was kept elsewhere ──────────────────────────────────────────────────────────────


async def everything_begun_anew(there: There) -> None:
    """Chain and head are gone, and what is written next begins another that is ours in every way."""
    await there.run("delete from audit where tenant_id = $1")
    await there.run("delete from audit_heads where tenant_id = $1")
    await note(there.db, there.tenant, *(f"m{number}" for number in range(LINKS + 1)))
    await seal(there.db, there.tenant, KEYS)


async def test_a_head_that_was_kept_shows_that_everything_was_begun_anew(sealed: There) -> None:
    last = (await sealed.links())[-1]
    kept = audit_verify.expected(f"{last.seq}:{last.hash.hex()}")
    assert (await sealed.verdict(kept=kept)).sound
    await everything_begun_anew(sealed)
    [found] = (await sealed.verdict(kept=kept)).findings
    assert (found.kind, found.seq) == ("edited", last.seq)


@pytest.mark.twin
async def test_without_one_it_cannot_be_seen(sealed: There) -> None:
    await everything_begun_anew(sealed)
    assert (await sealed.verdict()).sound


async def test_a_head_that_was_put_back_with_the_rows_is_seen_by_a_later_one(sealed: There) -> None:
    before = await sealed.superuser.fetchrow("select * from audit_heads where tenant_id = $1", sealed.tenant)
    await note(sealed.db, sealed.tenant, "later")
    await seal(sealed.db, sealed.tenant, KEYS)
    last = (await sealed.links())[-1]
    await sealed.run("delete from audit where tenant_id = $1 and seal_seq = $2", last.seq)
    await sealed.run(
        "update audit_heads set seal_seq = $2, hash = $3, at = $4, mac = $5 where tenant_id = $1",
        before["seal_seq"], before["hash"], before["at"], before["mac"],
    )  # fmt: skip
    kept = audit_verify.expected(f"{last.seq}:{last.hash.hex()}")
    [found] = (await sealed.verdict(kept=kept)).findings
    assert (found.kind, found.seq) == ("tail cut", last.seq)


@pytest.mark.parametrize(
    "text", ["", "1", "1:xyz", "x:" + "0" * 64, "1:" + "0" * 63, "1" * 30 + ":" + "0" * 64]
)
def test_what_is_no_head_is_refused_with_how_one_looks(text: str) -> None:
    with pytest.raises(ConfigurationError, match="NUMBER:HASH"):
        audit_verify.expected(text)


# ── keys, size, words ────────────────────────────────────────────────────────────────────


async def test_a_key_that_is_gone_is_told_from_a_forgery(sealed: There) -> None:
    found = await walked(sealed.db, sealed.tenant, signer(new_key()))
    assert [each.text for each in found.findings] == [
        "the head was signed with a key that is not in SECRET_KEY, so it cannot be checked"
    ]
    assert (await walked(sealed.db, sealed.tenant, signer(f"{new_key()},{SECRET}"))).sound


@pytest.mark.parametrize("page", [1, 2, 3, LINKS, LINKS + 1])
async def test_however_it_is_cut_into_pages_the_findings_are_the_same(
    sealed: There, monkeypatch: pytest.MonkeyPatch, page: int
) -> None:
    links = await sealed.links()
    await inserted(sealed, links)
    await edited(sealed, links[1:])
    whole = await sealed.verdict()
    monkeypatch.setattr(audit_verify, "PAGE", page)
    found = await sealed.verdict()
    if page > 1:  # with pages of one row, those who claim one number are never seen together
        assert found.findings == whole.findings
    assert not found.sound


async def test_of_many_findings_the_first_are_named_and_all_are_counted(sealed: There) -> None:
    await note(sealed.db, sealed.tenant, *(f"more{number}" for number in range(120)))
    await seal(sealed.db, sealed.tenant, KEYS)
    await sealed.run("update audit set entry = entry || ' ' where tenant_id = $1")
    found = await sealed.verdict()
    assert (len(found.findings), found.count) == (audit_chain.MOST_FINDINGS, LINKS + 120)
    assert told(found, "Us")[-1] == f"  and {LINKS + 120 - audit_chain.MOST_FINDINGS} more"


async def test_it_says_how_many_until_when_and_how_much_waits(sealed: There) -> None:
    await note(sealed.db, sealed.tenant, "waits")
    [line, head] = told(await sealed.verdict(), "Us")
    assert re.fullmatch(
        rf"✓ Us \({sealed.tenant}\): {LINKS} entries sealed until \d{{4}}-\d\d-\d\d \d\d:\d\d:\d\d UTC,"
        r" whole, 1 waits for up to \d+\.\d s", line,
    )  # fmt: skip
    assert re.fullmatch(rf"  head {LINKS}:[0-9a-f]{{64}}", head)


async def test_a_tenant_of_whom_nothing_is_told_is_whole(db: Database, tenant: UUID) -> None:
    found = await walked(db, tenant, KEYS)
    assert told(found, "Us") == [f"✓ Us ({tenant}): nothing is sealed, none wait"]


async def test_entries_that_wait_for_long_are_a_question(db: Database, tenant: UUID, superuser: Any) -> None:
    await superuser.execute(
        "insert into audit (tenant_id, at, entry) values ($1, now() - interval '1 hour', '{}')", tenant
    )
    [line] = told(await walked(db, tenant, KEYS), "Us")
    assert "(does an engine run?)" in line
