"""What begins by the clock: once for each time, whatever dies; and when it is paused."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.errors import PlatformError
from bot.platforms.base import Profile
from bot.turn import Account, Place, Said
from flows.yaml_source import read
from tests.workers.desk import Desk, flow_of, open_desk
from workers import schedules
from workers import schedules_cli as cli
from workers.push import POLICY
from workers.schedules import Book
from workers.store import schedules as store
from workers.store.door import Database
from workers.store.inbox import add_event

FLOW = flow_of(
    '  - {id: say, type: message, text: "Summary for {{ requester.name }}: {{ run.unread }}"}\n'
    "  - {id: done, type: end}\n",
    "summarize",
)
MONDAY = "every Monday at 9:00"


@pytest.fixture
async def desk(db: Database, idle: None) -> Desk:
    policy = read("policy", await asyncio.to_thread(POLICY.read_bytes)).value
    desk = await open_desk(db, FLOW, policy)
    await desk.meet("ada")
    return desk


async def begun(desk: Desk, place: Place) -> str:
    """A run of ada's in this place, which is over; its id."""
    await desk.act("ada", place, Said("/summarize now", mentioned=True))
    rows = await desk.fetch("select id from runs order by started_at desc, id desc limit 1")
    return str(rows[0]["id"])


async def add(desk: Desk, place: Place, id: str = "s1", request: str = "PAY", hours: float = 1) -> Book:
    book = Book(desk.db, desk.tenant, await begun(desk, place), lambda work: work)
    await book._add(id, "summarize", request, MONDAY, datetime.now(UTC) + timedelta(hours=hours))
    return book


async def one(desk: Desk, id: str = "s1") -> store.Scheduled:
    async with desk.db.tenant(desk.tenant) as c:
        found = await store.by_id(c, desk.tenant, id)
    assert found is not None
    return found


async def test_it_begins_in_the_place_where_it_was_asked_as_whoever_asked(desk: Desk) -> None:
    await add(desk, desk.at("C1", "17.1"))
    await desk.hasten()

    root = desk.one("/summarize PAY: every Monday at 9:00, as Ada asked.")
    assert desk.slack.posts[root].place == desk.at("C1")
    told = desk.slack.posts[desk.one("Summary for Ada: /summarize PAY")]
    assert told.place == desk.at("C1", root), "in the thread that the first message began"


async def test_on_teams_a_chat_goes_on_and_a_channel_gets_a_thread(desk: Desk) -> None:
    await desk.meet("ada", "teams")
    chat = desk.at("19:meeting@unq.gbl.spaces", platform="teams")
    await desk.act("ada", chat, Said("/summarize now", mentioned=True))
    rows = await desk.fetch("select id from runs order by started_at desc limit 1")
    book = Book(desk.db, desk.tenant, rows[0]["id"], lambda work: work)
    await book._add("s1", "summarize", "PAY", MONDAY, datetime.now(UTC) + timedelta(hours=1))
    await desk.hasten()

    assert desk.teams.posts[desk.one("Summary for Ada: /summarize PAY")].place == chat
    assert not schedules.opens_thread(chat)
    assert schedules.opens_thread(Place("teams", "t", "19:abc@thread.tacv2"))


async def test_each_time_begins_one_run_and_names_the_next_time(desk: Desk) -> None:
    await add(desk, desk.at("C1", "17.1"))
    for expected in (1, 2, 3):
        await desk.hasten()
        found = await one(desk)
        assert found.occurrence == expected
        assert (found.next_at.weekday(), found.next_at.hour) == (0, 9)

    assert len(desk.find("Summary for Ada: /summarize PAY")) == 3
    assert len(await desk.fetch("select 1 from timers where state = 'set' and id like 'schedule:%'")) == 1


async def test_what_was_missed_while_nothing_ran_is_made_up_for_once(desk: Desk) -> None:
    await add(desk, desk.at("C1", "17.1"), hours=-24 * 30)
    await desk.fetch("update conversations set ready_at = now()")
    await desk.work()

    assert len(desk.find("Summary for Ada: /summarize PAY")) == 1
    assert (await one(desk)).next_at > datetime.now(UTC)


async def test_killed_before_it_was_said_it_is_said_once_by_the_next(desk: Desk) -> None:
    await add(desk, desk.at("C1", "17.1"))
    await desk.fetch("update timers set fire_at = now() where state = 'set'")
    await desk.fetch("update conversations set ready_at = now()")
    await desk.work(turns=1)
    await desk.fetch("update conversations set lease_until = '-infinity', ready_at = now()")
    await desk.work()

    assert len(desk.find("as Ada asked")) == 1
    assert len(desk.find("Summary for Ada: /summarize PAY")) == 1
    assert (await one(desk)).occurrence == 1


async def test_of_several_who_begin_the_same_time_one_does(desk: Desk) -> None:
    await add(desk, desk.at("C1", "17.1"))
    next_at = datetime.now(UTC) + timedelta(days=7)

    async def begin() -> bool:
        async with desk.db.tenant(desk.tenant) as c:
            return await store.begun(c, desk.tenant, "s1", 0, next_at)

    assert sorted(await asyncio.gather(*(begin() for _ in range(8)))) == [False] * 7 + [True]


@pytest.mark.twin
async def test_twin_without_the_number_of_the_occurrence_each_would_begin_it(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def anyway(c: Any, tenant: Any, id: str, occurrence: int, next_at: datetime) -> bool:
        return True

    monkeypatch.setattr(store, "begun", anyway)
    await add(desk, desk.at("C1", "17.1"))
    for number in (0, 1):
        async with desk.db.tenant(desk.tenant) as c:
            await add_event(
                c, desk.tenant, desk.at("C1").conversation, f"copy {number}", store.event("s1", 0)
            )
        await desk.work()

    assert len(desk.find("as Ada asked")) == 1, "one message, since its id is the occurrence's"
    assert (
        len(await desk.fetch("select 1 from audit where convert_from(entry, 'utf8') like '%schedule.begun%'"))
        == 2
    )


async def test_who_left_is_told_of_once_and_nothing_begins_any_more(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def gone(account: Account, place: Place) -> Profile:
        raise PlatformError("Slack", "says that this person's account is switched off", gone=True)

    await add(desk, desk.at("C1", "17.1"))
    monkeypatch.setattr(desk.slack, "profile", gone)
    await desk.hasten()
    await desk.hasten()

    told = desk.slack.posts[
        desk.one("I paused “/summarize PAY, every Monday at 9:00”: Ada is not here any more.")
    ]
    assert told.place == desk.at("C1")
    found = await one(desk)
    assert (found.state, found.reason, found.occurrence) == ("paused", "Ada is not here any more", 0)
    assert desk.find("Summary for Ada: /summarize PAY") == []


@pytest.mark.twin
async def test_twin_without_asking_who_is_there_it_would_go_on_in_the_name_of_somebody_who_left(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def gone(account: Account, place: Place) -> Profile:
        raise PlatformError("Slack", "says that this person's account is switched off", gone=True)

    async def nobody_asks(*_: Any) -> str:
        return ""

    await add(desk, desk.at("C1", "17.1"))
    monkeypatch.setattr(schedules, "_cannot", nobody_asks)
    monkeypatch.setattr(desk.slack, "profile", gone)
    await desk.hasten()

    assert desk.find("as Ada asked") != []


async def test_while_the_platform_does_not_answer_it_waits_and_is_not_paused(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def down(account: Account, place: Place) -> Profile:
        raise PlatformError("Slack", "does not answer", retryable=True)

    await add(desk, desk.at("C1", "17.1"))
    with monkeypatch.context() as m:
        m.setattr(desk.slack, "profile", down)
        with pytest.raises(PlatformError):
            await desk.hasten()
    assert ((await one(desk)).state, (await one(desk)).occurrence) == ("on", 0)
    await desk.fetch("update conversations set lease_until = '-infinity', ready_at = now()")
    await desk.work()

    assert (await one(desk)).occurrence == 1


async def test_a_flow_that_is_gone_pauses_what_began_it(desk: Desk) -> None:
    await add(desk, desk.at("C1", "17.1"))
    await desk.fetch("update schedules set flow = 'gone'")
    await desk.hasten()

    assert desk.one("there is no /gone here any more")


async def test_a_run_knows_by_which_schedule_it_was_begun_and_can_pause_it(desk: Desk) -> None:
    book = await add(desk, desk.at("C1", "17.1"))
    assert not await book._began_this()
    assert not await book._pause_this("no token")
    await desk.hasten()
    rows = await desk.fetch("select id from runs order by started_at desc, id desc limit 1")
    theirs = Book(desk.db, desk.tenant, rows[0]["id"], lambda work: work)

    assert await theirs._began_this()
    assert await theirs._pause_this("no token")
    assert not await theirs._pause_this("no token"), "told once"
    assert (await one(desk)).state == "paused"
    await desk.hasten()
    assert (await one(desk)).occurrence == 1


async def test_the_same_asked_again_takes_the_place_of_the_one_before(desk: Desk) -> None:
    await add(desk, desk.at("C1", "17.1"))
    await add(desk, desk.at("C1", "18.1"), "s2")
    await add(desk, desk.at("C1", "19.1"), "s3", request="SHOP")

    assert [(await one(desk, id)).state for id in ("s1", "s2", "s3")] == ["stopped", "on", "on"]
    await desk.hasten()
    assert len(desk.find("Summary for Ada: /summarize PAY")) == 1


async def test_a_second_try_of_the_call_keeps_one(desk: Desk) -> None:
    book = await add(desk, desk.at("C1", "17.1"))
    await book._add("s1", "summarize", "PAY", MONDAY, datetime.now(UTC))

    assert len(await book._mine("summarize")) == 1
    assert len(await desk.fetch("select 1 from timers where state = 'set'")) == 1


async def test_what_is_stopped_stays_silent_and_only_its_own_person_can(desk: Desk) -> None:
    book = await add(desk, desk.at("C1", "17.1"))
    await desk.meet("omar")
    await desk.act("omar", desk.at("C2", "17.2"), Said("/summarize now", mentioned=True))
    rows = await desk.fetch("select id from runs order by started_at desc, id desc limit 1")
    theirs = Book(desk.db, desk.tenant, rows[0]["id"], lambda work: work)

    assert await theirs._mine("summarize") == []
    assert await theirs._stop(["s1"]) == 0
    assert await book._stop(["s1"]) == 1
    await desk.hasten()
    assert desk.find("Summary for Ada: /summarize PAY") == []


async def test_the_next_time_is_where_the_person_is_by_now(desk: Desk) -> None:
    await add(desk, desk.at("C1", "17.1"))
    await desk.fetch("update people set time_zone = 'Asia/Tokyo'")
    await desk.hasten()

    assert (await one(desk)).next_at.hour == 0


async def test_another_tenant_sees_none_of_it(desk: Desk, db: Database) -> None:
    await add(desk, desk.at("C1", "17.1"))
    other = await open_desk(db, FLOW, read("policy", await asyncio.to_thread(POLICY.read_bytes)).value)

    assert await other.fetch("select 1 from schedules") == []
    async with db.tenant(other.tenant) as c:
        assert await store.stop(c, other.tenant, ["s1"]) == []


# ── countersign schedules ────────────────────────────────────────────────────────────────


async def test_they_are_listed_with_whose_and_when_and_stopped_by_id(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    id = f"s-{desk.mark}"
    await add(desk, desk.at("C1", "17.1"), id)
    capsys.readouterr()
    assert await cli.list_all(desk.db, str(desk.tenant)) == 0
    listed = capsys.readouterr().out
    assert f"{id}  /summarize PAY, every Monday at 9:00, for Ada in slack C1; next " in listed
    assert listed.rstrip().endswith("UTC; 0 so far")

    assert await cli.stop_one(desk.db, id) == 0
    assert await cli.list_all(desk.db, str(desk.tenant)) == 0
    assert capsys.readouterr().out == f"{id} is stopped.\nNothing is scheduled.\n"


async def test_an_id_that_there_is_not_is_said(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    assert await cli.stop_one(desk.db, "s404") == 1
    assert capsys.readouterr().out == f"{cli.UNKNOWN}\n"
