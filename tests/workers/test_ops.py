"""`countersign dead` and `pause`: what is found, what is told, and what follows."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from bot.errors import ConfigurationError
from tests.workers.store.conftest import There
from workers import ops
from workers.store import effects
from workers.store.schema import metadata

Run = Callable[[Awaitable[int]], Awaitable[str]]


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Run:
    """What it printed, and its exit status where that is not 0."""

    async def run(work: Awaitable[int]) -> str:
        capsys.readouterr()
        status = await work
        return capsys.readouterr().out + (f"[{status}]" if status else "")

    return run


async def broken(there: There, state: str = "unknown") -> str:
    """An effect of which nobody knows how it ended; its key."""
    query = "update effects set state = $1, settled = null, attempts = 8, error = 'No answer.' returning key"
    return str(await there.value(query, state))


async def listed(there: There, said: Run) -> str:
    return await said(ops._list(there.db, str(there.tenant)))


async def test_what_is_dead_is_listed_with_what_for_whom_and_why(there: There, said: Run) -> None:
    key = await broken(there)
    await there.fetch("update inbox set state = 2, error = 'KeyError', done_at = now() - interval '3 hours'")
    await there.fetch("update outbox set state = 'failed', error = 'tried too often', sent_at = now()")
    text = await listed(there, said)
    person, id = await there.value("select name from people"), await there.value("select id from inbox")
    assert f"effect:{key}" in text
    assert f"for {person}: No answer." in text
    assert f"inbox:{id}  3 h  dead" in text
    assert "tried too often" in text


async def test_where_nothing_is_dead_that_is_said(there: There, said: Run) -> None:
    assert await listed(there, said) == "Nothing is dead.\n"


@pytest.mark.parametrize("kind", ["effect", "inbox", "outbox"])
async def test_one_is_shown_without_what_people_wrote_or_who_they_are(
    there: There, said: Run, kind: str
) -> None:
    table = {"effect": "effects"}.get(kind, kind)
    key = {"effects": "key"}.get(table, "id")
    reference = f"{kind}:{await there.value(f'select {key}::text from {table}')}"
    text = await said(ops._show(there.db, reference))
    assert "state " in text
    personal = [c.name for c in metadata.tables[table].columns if c.info["class"] != "none"]
    shown = {line.split()[0]: line.split(maxsplit=1)[1] for line in text.splitlines()}
    assert {shown[name] for name in personal if name in shown} == {"(kept back)"}


async def test_an_effect_is_tried_again_with_its_key_and_as_a_second_try(there: There, said: Run) -> None:
    key = await broken(there)
    assert "the same key" in await said(ops._retry(there.db, f"effect:{key}"))
    await there.fetch("update effects set lease_until = '-infinity'")
    async with there.db.tenant(there.tenant) as c:
        claimed = await effects.claim(c, there.tenant, key, 30)
    assert claimed is not None
    assert (claimed.key, claimed.attempts) == (key, 2)
    assert await listed(there, said) == "Nothing is dead.\n"


async def test_a_definite_failure_is_not_tried_again_under_its_old_approval(there: There) -> None:
    key = await broken(there, "failed")
    with pytest.raises(ConfigurationError, match="can ask for it again"):
        await ops._retry(there.db, f"effect:{key}")


@pytest.mark.parametrize("state", ["done", "running", "withdrawn", "held"])
async def test_what_is_not_dead_cannot_be_tried_again_or_dropped(there: There, said: Run, state: str) -> None:
    key = await broken(there, state)
    assert ops.UNKNOWN in await said(ops._retry(there.db, f"effect:{key}"))
    assert ops.UNKNOWN in await said(ops._drop(there.db, f"effect:{key}", "because"))
    assert await there.value("select state from effects") == state


async def test_an_event_is_dealt_with_again_at_once(there: There, said: Run) -> None:
    id = await there.value("update inbox set state = 2, attempts = 9 returning id")
    await said(ops._retry(there.db, f"inbox:{id}"))
    assert tuple((await there.fetch("select state, attempts from inbox"))[0]) == (0, 0)
    assert await there.value("select ready_at <= now() from conversations")


async def test_a_message_is_queued_again(there: There, said: Run) -> None:
    id = await there.value("update outbox set state = 'failed', attempts = 14 returning id")
    await said(ops._retry(there.db, f"outbox:{id}"))
    assert tuple((await there.fetch("select state, attempts from outbox"))[0]) == ("queued", 0)
    assert await there.value("select ready_at <= now() from conversations")


async def test_one_is_dropped_with_a_reason_that_the_audit_keeps(there: There, said: Run) -> None:
    key = await broken(there)
    await said(ops._drop(there.db, f"effect:{key}", "looked it up by hand, token=xoxb-1111111111-abcdefghij"))
    assert await listed(there, said) == "Nothing is dead.\n"
    assert await there.value("select settled from effects") == "dropped"
    entry = (await there.value("select entry from audit order by id desc limit 1")).decode()
    assert '"dead.dropped"' in entry
    assert "looked it up by hand" in entry
    assert "xoxb" not in entry


@pytest.mark.parametrize("reason", ["", "   ", "x" * 501])
async def test_without_a_short_reason_nothing_is_dropped(there: There, reason: str) -> None:
    key = await broken(there)
    with pytest.raises(ConfigurationError, match="--reason"):
        await ops._drop(there.db, f"effect:{key}", reason)


@pytest.mark.parametrize(
    "reference", ["", "effect:", "inbox:x", "inbox:1; drop table inbox", "run:1", "x" * 99]
)
async def test_what_is_no_reference_is_said_so(there: There, reference: str) -> None:
    with pytest.raises(ConfigurationError, match="A reference is"):
        await ops._retry(there.db, reference)


async def test_a_reference_of_nothing_changes_nothing(there: There, said: Run) -> None:
    assert "[1]" in await said(ops._show(there.db, "inbox:999999999999"))


# -- the kill switch


async def claim(there: There, key: str) -> Any:
    await there.fetch("update effects set lease_until = '-infinity', not_before = now()")
    async with there.db.tenant(there.tenant) as c:
        return await effects.claim(c, there.tenant, key, 30)


async def test_a_paused_tenant_begins_nothing_and_its_effects_are_not_even_looked_for(
    there: There, said: Run
) -> None:
    key = await broken(there, "queued")
    await there.fetch("update effects set lease_until = '-infinity', not_before = now(), published_at = null")
    assert "is paused" in await said(ops._pause(there.db, str(there.tenant), True))
    assert await effects.due(there.db, 100, 0.0) == []
    assert await claim(there, key) is None
    assert "paused already" in await said(ops._pause(there.db, str(there.tenant), True))

    await said(ops._pause(there.db, str(there.tenant), False))
    assert await effects.due(there.db, 100, 0.0) == [key]
    assert await claim(there, key) is not None
    noted = [row[0].decode() for row in await there.fetch("select entry from audit order by id desc limit 2")]
    assert ["tenant.resumed" in noted[0], "tenant.paused" in noted[1]] == [True, True]


async def test_a_tenant_that_is_not_there_is_said_so(there: There) -> None:
    with pytest.raises(ConfigurationError, match="no tenant"):
        await ops._pause(there.db, "nobody", True)
