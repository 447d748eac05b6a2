"""An audit whose head is forged goes on, with an entry that says so; what was wrong stays told."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

import asyncpg
import orjson
import pytest

from bot.embedded import Servers
from bot.errors import ConfigurationError
from bot.platforms.base import Profile
from bot.secrets import Vault, new_key
from bot.settings import Settings
from bot.turn import Account
from tests.conftest import SECRET
from tests.workers.audit_attacks import (
    ATTACKS,
    KEYS,
    LINKS,
    There,
    deleted,
    edited,
    head_gone,
    note,
    sealed_pair,
    tail_cut,
    tail_cut_with_a_head_of_their_own,
)
from workers import audit_begun, audit_restart, audit_verify
from workers.audit_restart import Wanted, begun
from workers.audit_seal import Forged, seal, signer
from workers.audit_verify import told
from workers.store import audit, audit_sealing, people
from workers.store.door import Database

WHY = "We restored a backup on Sunday"
WANTED = Wanted("olga@example.com", WHY)


@pytest.fixture
async def sealed(db: Database, tenant: UUID, superuser: Any) -> There:
    found = await sealed_pair(db, tenant, superuser)
    for each in (found.tenant, found.other):
        async with db.tenant(each) as c:
            await people.remember(c, each, Account("slack", "T", "U1"), Profile("Olga", WANTED.by))
    return found


async def restarted(there: There) -> None:
    await begun(there.db, there.tenant, "Acme", KEYS, Vault(SECRET), WANTED)


async def gone_on(there: There) -> None:
    await note(there.db, there.tenant, "later", "latest")
    assert await seal(there.db, there.tenant, KEYS) is not None


@pytest.mark.parametrize("attack", ATTACKS)
async def test_whatever_was_done_to_it_it_goes_on_and_both_are_told(sealed: There, attack: str) -> None:
    await ATTACKS[attack][0](sealed, await sealed.links())
    before = await sealed.verdict()
    assert not before.sound
    await restarted(sealed)
    await gone_on(sealed)

    found = await sealed.verdict()
    assert found.sound, found.findings
    lines = "\n".join(told(found, "Acme"))
    assert f"whole since #{found.begun[-1].seq}" in lines
    assert f"because “{WHY}”" in lines
    first = before.findings[0]
    assert f"{first.kind} at #{first.seq}: {first.text}" in lines, "what was wrong is told ever after"


async def test_the_entry_names_the_old_head_its_fault_who_did_it_and_why(sealed: There) -> None:
    row = await tail_cut_with_a_head_of_their_own(sealed, await sealed.links())
    await restarted(sealed)

    link = (await sealed.links())[-1]
    entry = orjson.loads(link.entry)
    assert (entry["what"], entry["by"], entry["because"]) == ("audit.restarted", "operator", WHY)
    assert entry["old"] == f"5:{row.hash.hex()}"
    assert entry["faults"] == [
        "head at #5: the head does not carry our signature: it was made by somebody else"
    ]
    assert set(entry["who"]) == {"of", "sealed"}, "under their own key, so that it can be forgotten"
    assert WANTED.by not in link.entry.decode()


@pytest.mark.parametrize("later", [edited, deleted, tail_cut], ids=lambda each: each.__name__)
async def test_what_is_done_after_it_is_found_as_ever(sealed: There, later: Any) -> None:
    await tail_cut_with_a_head_of_their_own(sealed, await sealed.links())
    await restarted(sealed)
    await gone_on(sealed)
    row = await later(sealed, await sealed.links())

    found = await sealed.verdict()
    assert not found.sound
    assert any(each.seq == row.seq or f"id {row.id}" in each.text for each in found.findings)


async def test_what_is_done_to_rows_from_before_is_found_too(sealed: There) -> None:
    """The edit of one row was said; another edit was not, and does not hide behind it."""
    links = await sealed.links()
    await edited(sealed, links)
    await restarted(sealed)
    assert (await sealed.verdict()).sound
    await sealed.run("update audit set entry = entry || ' ' where tenant_id = $1 and id = $2", links[1].id)

    assert not (await sealed.verdict()).sound


async def test_it_can_be_done_again(sealed: There) -> None:
    await head_gone(sealed, await sealed.links())
    await restarted(sealed)
    await gone_on(sealed)
    await edited(sealed, await sealed.links())
    assert not (await sealed.verdict()).sound
    await restarted(sealed)

    found = await sealed.verdict()
    assert found.sound
    assert len(found.begun) == 2


async def test_of_a_whole_audit_nothing_is_begun_anew(sealed: There) -> None:
    with pytest.raises(ConfigurationError, match="nothing to begin anew"):
        await restarted(sealed)
    assert len(await sealed.links()) == LINKS


async def test_who_does_it_is_somebody_whom_the_bot_knows(sealed: There) -> None:
    await head_gone(sealed, await sealed.links())
    with pytest.raises(ConfigurationError, match="Nobody is known"):
        await begun(sealed.db, sealed.tenant, "Acme", KEYS, Vault(SECRET), Wanted("nobody@example.com", WHY))


async def test_of_two_who_do_it_at_once_one_does(sealed: There) -> None:
    await tail_cut_with_a_head_of_their_own(sealed, await sealed.links())
    done = await asyncio.gather(*(restarted(sealed) for _ in range(4)), return_exceptions=True)

    assert sum(each is None for each in done) == 1, done
    assert all(isinstance(each, ConfigurationError) for each in done if each is not None)
    assert (await sealed.verdict()).sound


# ── nobody else begins it anew ───────────────────────────────────────────────────────────


async def put_in_by_themselves(there: There, entry: bytes) -> None:
    """As whoever has the bot's role in the database, and no key, would do it."""
    async with there.db.tenant(there.tenant) as c:
        last = await audit_sealing.last(c, there.tenant)
        assert last is not None
        assert await audit_sealing.restart(c, entry, last.seq + 1, last.hash) is not None


async def excuse(there: There) -> bytes:
    """What would explain the edit of a row, as somebody without our key writes it."""
    findings = (await there.verdict()).findings
    told_of = audit_begun.fields(None, findings, findings, len(findings))
    async with there.db.tenant(there.tenant) as c:
        entry = await audit.entry(c, there.tenant, audit_begun.WHAT, None, because="all is well", **told_of)
        last = await audit_sealing.last(c, there.tenant)
    assert last is not None
    return audit_begun.sealed(there.tenant, signer(new_key()), last.seq + 1, last.hash, entry)


async def test_from_a_restart_that_nobody_of_ours_made_nothing_goes_on(sealed: There) -> None:
    await edited(sealed, await sealed.links())
    await put_in_by_themselves(sealed, await excuse(sealed))
    await note(sealed.db, sealed.tenant, "later")

    with pytest.raises(Forged):
        await seal(sealed.db, sealed.tenant, KEYS)
    assert not (await sealed.verdict()).sound


async def test_an_excuse_that_got_into_the_chain_as_any_entry_does_excuses_nothing(sealed: There) -> None:
    """Whoever may add entries adds one, and we seal it: it is not signed by us, and explains nothing."""
    await edited(sealed, await sealed.links())
    async with sealed.db.tenant(sealed.tenant) as c:
        entry = await excuse(sealed)
        await c.execute("insert into audit (tenant_id, entry) values ($1, $2)", sealed.tenant, entry)
    await seal(sealed.db, sealed.tenant, KEYS)

    found = await sealed.verdict()
    assert not found.sound
    assert found.begun == ()


@pytest.mark.twin
async def test_without_the_signature_of_the_entry_it_would(
    sealed: There, monkeypatch: pytest.MonkeyPatch
) -> None:
    await edited(sealed, await sealed.links())
    async with sealed.db.tenant(sealed.tenant) as c:
        entry = await excuse(sealed)
        await c.execute("insert into audit (tenant_id, entry) values ($1, $2)", sealed.tenant, entry)
    await seal(sealed.db, sealed.tenant, KEYS)
    monkeypatch.setattr(type(KEYS), "signed", lambda *_: True)

    assert (await sealed.verdict()).sound


async def test_an_entry_of_ours_counts_at_its_own_place_only(sealed: There) -> None:
    """Copied behind a later edit, or into another tenant's chain, it is an entry like any other."""
    await edited(sealed, await sealed.links())
    await restarted(sealed)
    link = (await sealed.links())[-1]

    assert audit_begun.read(sealed.tenant, KEYS, link) is not None
    assert audit_begun.read(sealed.other, KEYS, link) is None
    moved = type(link)(link.id, link.at, link.entry, link.seq + 1, link.hash, link.hash)
    assert audit_begun.read(sealed.tenant, KEYS, moved) is None


@pytest.mark.parametrize(
    "entry",
    [b"", b"[]", b'"audit.restarted"', b'{"what":"audit.restarted"}', b'{"mac":7,"key":"x"}',
     b'{"mac":"zz","key":"x","what":"audit.restarted"}', b'{"mac":"00","key":7,"what":"audit.restarted"}'],
)  # fmt: skip
async def test_what_only_looks_like_one_is_none(sealed: There, entry: bytes) -> None:
    link = (await sealed.links())[0]
    odd = type(link)(link.id, link.at, entry, link.seq, link.prev, link.hash)
    assert audit_begun.read(sealed.tenant, KEYS, odd) is None


async def test_it_is_put_behind_what_is_there_and_nowhere_else(sealed: There) -> None:
    links = await sealed.links()
    async with sealed.db.tenant(sealed.tenant) as c:
        for seq, prev in ((3, links[1].hash), (LINKS + 1, b"x"), (LINKS + 2, links[-1].hash), (1, b"")):
            assert await audit_sealing.restart(c, b"{}", seq, prev) is None
    assert await sealed.db.dispatch("select * from restart_audit('{}', 1, '')") == []
    assert len(await sealed.links()) == LINKS


async def test_the_bots_role_alone_cannot_sign_it(sealed: There) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with sealed.db.tenant(sealed.tenant) as c:
            await c.execute("update audit_heads set mac = 'x'")


# ── as it is typed ───────────────────────────────────────────────────────────────────────


@pytest.fixture
def settings(servers: Servers, app_dsn: str, tmp_path: Any) -> Settings:
    return Settings(
        _env_file=None, database_url=servers.database_url, secret_key=SECRET, state_dir=tmp_path / "none"
    )


async def test_the_command_says_from_where_it_goes_on(
    sealed: There, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    await head_gone(sealed, await sealed.links())
    tenant = str(sealed.tenant)
    assert await asyncio.to_thread(audit_restart.restart, settings, tenant, WHY, WANTED.by) == 0
    assert f"goes on from #{LINKS + 1}, which says what was found before it." in capsys.readouterr().out
    assert await asyncio.to_thread(audit_verify.verify, settings, tenant) == 0


@pytest.mark.parametrize(
    ("reason", "by", "words"),
    [("", "olga@example.com", "--reason"), ("x" * 501, "olga@example.com", "--reason"),
     (WHY, "olga", "e-mail")],
)  # fmt: skip
def test_a_reason_and_a_person_are_asked_for(settings: Settings, reason: str, by: str, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        audit_restart.restart(settings, "x", reason, by)
