"""An export can be verified by anybody, with a short program and nothing of ours."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import orjson
import pytest

from bot.errors import ConfigurationError
from bot.secrets import Vault, new_key
from tests.conftest import SECRET
from tests.workers.audit_attacks import KEYS, LINKS, There, note, sealed_pair
from workers import audit_export, audit_forget
from workers.audit_export import SCRIPT, lines, moment, opened
from workers.audit_seal import seal
from workers.audit_verify import walked
from workers.store import audit, audit_sealing, person_keys
from workers.store.audit import Personal
from workers.store.door import Database

VAULT = Vault(SECRET)


@pytest.fixture
async def sealed(db: Database, tenant: UUID, superuser: Any) -> There:
    return await sealed_pair(db, tenant, superuser)


async def exported(there: There, capfdbinary: Any, **options: Any) -> list[bytes]:
    """What one tenant's export writes, line by line."""
    since, until = options.get("since"), options.get("until")
    capfdbinary.readouterr()
    await audit_export._one(there.db, there.tenant, since, until, options.get("vault"))
    sys.stdout.flush()
    found: bytes = capfdbinary.readouterr().out
    return found.splitlines(keepends=True)


def verified(folder: Path, written: list[bytes], *head: str) -> subprocess.CompletedProcess[str]:
    """With Python alone: no package of ours or of anybody's."""
    (folder / "verify.py").write_text(SCRIPT)
    (folder / "audit.jsonl").write_bytes(b"".join(written))
    program = [sys.executable, "-I", "-S", "verify.py", "audit.jsonl", *head]
    return subprocess.run(program, cwd=folder, capture_output=True, text=True, timeout=30, check=False)


async def test_the_program_finds_an_untouched_export_whole(
    sealed: There, tmp_path: Path, capfdbinary: Any
) -> None:
    written = await exported(sealed, capfdbinary)
    assert len(written) == LINKS
    last = orjson.loads(written[-1])
    done = verified(tmp_path, written, f"{LINKS}:{last['hash']}")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"{LINKS} entries, whole: {sealed.tenant} to #{LINKS}\n"


def changed(line: bytes, **fields: Any) -> bytes:
    return bytes(orjson.dumps({**orjson.loads(line), **fields})) + b"\n"


FORGERIES = {
    "an entry": lambda w: [*w[:3], changed(w[3], entry='{"what":"nothing"}'), *w[4:]],
    "a date": lambda w: [*w[:3], changed(w[3], at="2020-01-01T00:00:00.000000Z"), *w[4:]],
    "an id": lambda w: [*w[:3], changed(w[3], id=1), *w[4:]],
    "a line left out": lambda w: [*w[:3], *w[4:]],
    "two lines exchanged": lambda w: [*w[:3], w[4], w[3], *w[5:]],
    "a line twice": lambda w: [*w[:3], w[3], w[3], *w[4:]],
    "another's name on all": lambda w: [changed(line, tenant=str(UUID(int=5))) for line in w],
    "the last left out": lambda w: w[:-1],
}


@pytest.mark.parametrize("forgery", FORGERIES)
async def test_the_program_finds_what_was_changed(
    sealed: There, tmp_path: Path, capfdbinary: Any, forgery: str
) -> None:
    written = await exported(sealed, capfdbinary)
    head = f"{LINKS}:{orjson.loads(written[-1])['hash']}"
    assert verified(tmp_path, FORGERIES[forgery](written), head).returncode == 1


@pytest.mark.twin
async def test_without_the_last_hash_from_elsewhere_a_cut_tail_is_whole(
    sealed: There, tmp_path: Path, capfdbinary: Any
) -> None:
    written = await exported(sealed, capfdbinary)
    assert verified(tmp_path, written[:-1]).returncode == 0


async def test_a_span_of_it_is_whole_by_itself(sealed: There, tmp_path: Path, capfdbinary: Any) -> None:
    links = await sealed.links()
    written = await exported(sealed, capfdbinary, since=links[2].at, until=links[6].at)
    assert [orjson.loads(line)["seq"] for line in written] == [3, 4, 5, 6]
    assert verified(tmp_path, written).returncode == 0


async def test_pages_do_not_show(sealed: There, capfdbinary: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = await exported(sealed, capfdbinary)
    for page in (1, 3, LINKS, LINKS + 1):
        monkeypatch.setattr(audit_export, "PAGE", page)
        assert await exported(sealed, capfdbinary) == whole


async def test_where_nothing_is_sealed_nothing_is_written(
    db: Database, tenant: UUID, superuser: Any, capfdbinary: Any
) -> None:
    await note(db, tenant, "waits")
    assert await exported(There(db, tenant, tenant, superuser), capfdbinary) == []


def test_the_program_is_short_enough_to_be_read() -> None:
    assert SCRIPT.count("\n") <= 25
    assert "countersign" not in SCRIPT.replace("countersign audit 1", "")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("2026-11-01", "2026-11-01T00:00:00+00:00"),
        ("2026-11-01T08:30", "2026-11-01T08:30:00+00:00"),
        ("2026-11-01T08:30+02:00", "2026-11-01T08:30:00+02:00"),
    ],
)
def test_a_moment_without_a_zone_is_utc(text: str, found: str) -> None:
    read = moment(text, "--since")
    assert read is not None
    assert read.isoformat() == found


@pytest.mark.parametrize("text", ["yesterday", "2026-13-01", "1", "2026-11-01; drop table audit"])
def test_what_is_no_moment_is_refused_by_name(text: str) -> None:
    with pytest.raises(ConfigurationError, match="--until is a day or a time"):
        moment(text, "--until")


# ── what is personal ─────────────────────────────────────────────────────────────────────

REASON = "Grace Hopper thinks it is too much"


async def decided(db: Database, tenant: UUID, person: UUID) -> None:
    async with db.tenant(tenant) as c:
        await audit.record(
            c, tenant, "approval.decided", vault=VAULT, by=str(person), reason=Personal(person, REASON)
        )
    await seal(db, tenant, KEYS)


async def read(db: Database, tenant: UUID) -> list[dict[str, Any]]:
    """Each line, with what could be opened."""
    async with db.tenant(tenant) as c:
        links = await audit_sealing.links(c, tenant, (0, 0), 100)
        keys = await audit_export._keys(c, tenant, links, VAULT)
    return [orjson.loads(line) for line in lines(tenant, links, keys)]


async def test_a_reason_is_kept_sealed_and_can_be_opened_while_its_person_is_known(
    db: Database, tenant: UUID
) -> None:
    person = uuid4()
    await decided(db, tenant, person)
    [line] = await read(db, tenant)
    assert REASON not in line["entry"]
    assert line["personal"] == {"reason": REASON}


async def test_forgotten_it_opens_for_nobody_and_the_chain_is_whole_as_before(
    db: Database, tenant: UUID
) -> None:
    person, other = uuid4(), uuid4()
    await decided(db, tenant, person)
    await decided(db, tenant, other)
    async with db.tenant(tenant) as c:
        assert await audit_forget.forget_person(c, tenant, person)
    await seal(db, tenant, KEYS)
    first, second, gone = await read(db, tenant)
    assert first["personal"] == {"reason": None}
    assert second["personal"] == {"reason": REASON}
    assert orjson.loads(gone["entry"]) == {
        "what": "person.forgotten",
        "person": str(person),
        "by": "operator",
    }
    assert (await walked(db, tenant, KEYS)).sound


@pytest.mark.twin
async def test_whoever_kept_the_key_could_read_it_still(db: Database, tenant: UUID) -> None:
    person = uuid4()
    await decided(db, tenant, person)
    async with db.tenant(tenant) as c:
        key = await person_keys.known(c, tenant, person, VAULT)
        assert key is not None
        await audit_forget.forget_person(c, tenant, person)
        [link] = await audit_sealing.links(c, tenant, (0, 0), 100)
    assert opened(tenant, link.entry, {person: key}) == {"reason": REASON}


async def test_whoever_has_nothing_there_is_not_noted_as_forgotten(db: Database, tenant: UUID) -> None:
    async with db.tenant(tenant) as c:
        assert not await audit_forget.forget_person(c, tenant, uuid4())
        assert await c.fetchval("select count(*) from audit") == 0


async def test_a_value_of_one_person_does_not_open_as_anothers_or_under_another_name(
    db: Database, tenant: UUID
) -> None:
    person, other = uuid4(), uuid4()
    await decided(db, tenant, person)
    async with db.tenant(tenant) as c:
        [link] = await audit_sealing.links(c, tenant, (0, 0), 100)
        key = await person_keys.of(c, tenant, person, VAULT)
    renamed = link.entry.replace(b'"reason"', b'"name"')
    claimed = link.entry.replace(str(person).encode(), str(other).encode())
    assert opened(tenant, renamed, {person: key}) == {"name": None}
    assert opened(tenant, claimed, {other: key}) == {"reason": None}
    assert opened(uuid4(), link.entry, {person: key}) == {"reason": None}


@pytest.mark.parametrize(
    "entry",
    [b"", b"[]", b"{", b'{"a":1}', b'{"a":{"of":"x","sealed":"y"}}', b'{"a":{"of":1,"sealed":2}}', b"\xff"],
)
def test_whatever_an_entry_holds_reading_it_does_no_harm(entry: bytes) -> None:
    assert opened(uuid4(), entry, {}) == {}


async def test_two_who_need_a_persons_key_at_once_get_the_same(db: Database, tenant: UUID) -> None:
    import asyncio

    person = uuid4()

    async def one() -> str:
        async with db.tenant(tenant) as c:
            return (await person_keys.of(c, tenant, person, VAULT)).key_id

    assert len(set(await asyncio.gather(*(one() for _ in range(6))))) == 1


async def test_a_key_that_rests_on_a_secret_that_is_gone_opens_nothing_and_stops_nothing(
    db: Database, tenant: UUID
) -> None:
    await decided(db, tenant, uuid4())
    async with db.tenant(tenant) as c:
        links = await audit_sealing.links(c, tenant, (0, 0), 100)
        assert await audit_export._keys(c, tenant, links, Vault(new_key())) == {}
