"""Messages with files in the database: read by one worker at a time, heard once, forgotten in time."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest

from bot.turn import Account, Attached, Place, Said, Turn, TurnId
from workers.files.hands import meant, task_of
from workers.store import files, inbox
from workers.store.door import Database, Lost
from workers.store.files import Coming, Read

PLACE = Place("slack", "T1", "C1", "1.2")
TURN = Turn(
    TurnId("msg:T1:C1:1.2"),
    PLACE,
    Account("slack", "T1", "U1"),
    Said(
        "order this",
        mentioned=True,
        files=(Attached("F1", "list.pdf", "application/pdf", 9, "https://files.slack.com/x"),),
    ),
)
PERSON = UUID(int=7)
WORDS = Read("list.pdf", "pdf", "2 colas", "as it stands")


async def expected(db: Database, tenant: UUID, key: str = "f1") -> None:
    async with db.tenant(tenant) as c:
        await files.expect(c, tenant, Coming(key, PLACE.conversation, PERSON, TURN))


async def test_one_worker_reads_it_and_the_other_finds_it_taken(db: Database, tenant: UUID) -> None:
    await expected(db, tenant)
    async with db.tenant(tenant) as c:
        first = await files.claim(c, tenant, "f1", 30)
        assert first is not None
        assert (first.turn, first.person, first.attempts) == (TURN, PERSON, 1)
        assert await files.claim(c, tenant, "f1", 30) is None
        assert await files.claim(c, tenant, "another", 30) is None


async def test_what_a_worker_died_over_is_claimed_by_the_next(db: Database, tenant: UUID) -> None:
    await expected(db, tenant)
    async with db.tenant(tenant) as c:
        dead = await files.claim(c, tenant, "f1", 0)
    async with db.tenant(tenant) as c:
        second = await files.claim(c, tenant, "f1", 30)
        assert second is not None
        assert second.attempts == 2
        await files.finish(c, second, [WORDS])
    assert dead is not None
    with pytest.raises(Lost):
        async with db.tenant(tenant) as c:
            await files.finish(c, dead, [Read("list.pdf", "pdf", "other words")])
    async with db.tenant(tenant) as c:
        assert await files.of_key(c, tenant, "f1") == (WORDS,)


@pytest.mark.twin
async def test_twin_without_the_count_of_tries_the_dead_one_writes_too(
    db: Database, tenant: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def settle(*_: object, **__: object) -> bool:
        return True

    await expected(db, tenant)
    async with db.tenant(tenant) as c:
        dead = await files.claim(c, tenant, "f1", 0)
    async with db.tenant(tenant) as c:
        assert await files.claim(c, tenant, "f1", 30)
    monkeypatch.setattr(files, "settle", settle)
    assert dead is not None
    async with db.tenant(tenant) as c:
        await files.finish(c, dead, [Read("list.pdf", "pdf", "other words")])
        assert (await files.of_key(c, tenant, "f1"))[0].words == "other words"


async def test_finishing_tells_the_conversation_once(db: Database, tenant: UUID) -> None:
    await expected(db, tenant)
    async with db.tenant(tenant) as c:
        taken = await files.claim(c, tenant, "f1", 30)
        assert taken is not None
        await files.finish(c, taken, [WORDS])
        events = await c.fetch("select dedupe, conversation from inbox where tenant_id = $1", tenant)
        assert [(row["dedupe"], row["conversation"]) for row in events] == [("files:f1", PLACE.conversation)]
        assert await files.waiting(c, tenant, "f1") is None
        assert await files.claim(c, tenant, "f1", 30) is None


async def test_a_lease_that_is_renewed_is_kept(db: Database, tenant: UUID) -> None:
    await expected(db, tenant)
    async with db.tenant(tenant) as c:
        taken = await files.claim(c, tenant, "f1", 0)
        assert taken is not None
    async with db.tenant(tenant) as c:
        await files.renew(c, taken, 30)
        assert await files.claim(c, tenant, "f1", 30) is None


async def test_addresses_are_forgotten_as_soon_as_the_words_were_heard(db: Database, tenant: UUID) -> None:
    await expected(db, tenant)
    async with db.tenant(tenant) as c:
        assert await files.turn_of(c, tenant, "f1") is None
        assert await files.settle(c, tenant, "f1")
        assert await files.turn_of(c, tenant, "f1") == TURN
        await files.heard(c, tenant, "f1")
        assert await files.turn_of(c, tenant, "f1") is None
        assert "files.slack.com" not in str(
            await c.fetch("select * from file_turns where tenant_id = $1", tenant)
        )


async def read(db: Database, tenant: UUID, key: str, *found: Read) -> None:
    await expected(db, tenant, key)
    async with db.tenant(tenant) as c:
        taken = await files.claim(c, tenant, key, 30)
        assert taken is not None
        await files.finish(c, taken, found)


async def test_it_means_the_last_file_of_which_something_was_read_in_this_thread(
    db: Database, tenant: UUID
) -> None:
    await read(db, tenant, "f1", WORDS)
    await read(db, tenant, "f2", Read("scan.pdf", "pdf", "the lease"), Read("b.zip", "archive", problem="x"))
    await read(db, tenant, "f3", Read("c.zip", "archive", problem="it is an archive"))
    async with db.tenant(tenant) as c:
        await c.execute(
            "update files set read_at = now() - interval '1 minute' where tenant_id = $1 and key = 'f1'",
            tenant,
        )
        assert [each.name for each in await files.latest(c, tenant, PLACE.conversation)] == ["scan.pdf"]
        assert await files.latest(c, tenant, "slack:T1:C2:9.9") == ()
        await c.execute("update files set read_at = now() - interval '3 days' where tenant_id = $1", tenant)
        assert await files.latest(c, tenant, PLACE.conversation) == ()


async def test_another_tenant_finds_none_of_it(db: Database, tenant: UUID) -> None:
    await read(db, tenant, "f1", WORDS)
    stranger = uuid4()
    async with db.tenant(stranger) as c:
        assert await files.latest(c, tenant, PLACE.conversation) == ()
        assert await files.of_key(c, tenant, "f1") == ()
        assert await files.claim(c, tenant, "f1", 30) is None


async def test_the_files_that_began_a_run_are_found_by_the_run(db: Database, tenant: UUID) -> None:
    await read(db, tenant, "f1", WORDS)
    async with db.tenant(tenant) as c:
        await inbox.add_turn(c, tenant, PLACE.conversation, "files:f1:said", TURN)
        await inbox.add_turn(c, tenant, PLACE.conversation, "something else", TURN)
        rows = await c.fetch("select id, dedupe from inbox where tenant_id = $1", tenant)
        ids = {row["dedupe"]: f"r{row['id']}" for row in rows}
        assert await files.of_run(c, tenant, ids["files:f1:said"]) == (WORDS,)
        assert await files.of_run(c, tenant, ids["something else"]) == ()
        assert await files.of_run(c, tenant, "r0") == ()
        assert await files.of_run(c, tenant, "odd") == ()


async def test_what_is_old_goes_with_messages_of_the_same_age(db: Database, tenant: UUID) -> None:
    await read(db, tenant, "f1", WORDS)
    await read(db, tenant, "f2", WORDS)
    async with db.tenant(tenant) as c:
        for table, at in (("files", "read_at"), ("file_turns", "created_at")):
            await c.execute(
                f"update {table} set {at} = now() - interval '31 days' where tenant_id = $1 and key = 'f1'",
                tenant,
            )
        assert await files.drop_old(c, tenant, 30 * 86_400.0, 100) == 2
        assert await files.of_key(c, tenant, "f1") == ()
        assert await files.of_key(c, tenant, "f2") == (WORDS,)


def test_a_task_names_tenant_and_message_and_nothing_else() -> None:
    tenant = uuid4()
    assert meant(task_of(tenant, "f12")) == (tenant, "f12")


@pytest.mark.parametrize(
    "task",
    ["", "files", "files:", "files:x:f1", f"files:{UUID(int=1)}", f"files:{UUID(int=1)}:", "r1:charge:1"],
)
def test_what_is_no_task_of_ours_is_none(task: str) -> None:
    assert meant(task) is None
