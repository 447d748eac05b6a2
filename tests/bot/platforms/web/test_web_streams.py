"""Messages that grow on the web: words at once to those who look, and one message whatever dies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from bot.errors import PlatformError
from bot.platforms.base import Profile
from bot.platforms.streaming import streams_of
from bot.platforms.web import connect
from bot.platforms.web.base import Row
from bot.platforms.web.streams import WebStreams
from bot.reply import Reply
from bot.turn import Place

PLACE = Place("web", "t", "mail:ada@example.com/main", private=True)


class FakeDesk:
    def __init__(self) -> None:
        self.rows: dict[str, tuple[str, Mapping[str, Any]]] = {}
        self.told: list[Mapping[str, Any]] = []
        self.changes = 0

    async def put(self, tenant: str, channel: str, id: str, kind: str, body: Mapping[str, Any]) -> int:
        self.rows.setdefault(id, (kind, body))
        return len(self.rows)

    async def change(self, tenant: str, channel: str, id: str, kind: str, body: Mapping[str, Any]) -> int:
        if id not in self.rows:
            raise PlatformError("The web", "has no such message any more", gone=True)
        self.rows[id] = (kind, body)
        self.changes += 1
        return self.changes

    async def show(self, tenant: str, channel: str, id: str, kind: str, body: Mapping[str, Any]) -> int:
        self.rows[id] = (kind, body)
        return 1

    async def there(self, tenant: str, channel: str, id: str) -> Row | None:
        found = self.rows.get(id)
        return Row(id, 1, 1, found[0], found[1]) if found else None

    async def profile(self, tenant: str, user: str) -> Profile | None:
        return None

    async def tell(self, tenant: str, channel: str, news: Mapping[str, Any]) -> None:
        self.told.append(news)


@pytest.fixture
def desk() -> FakeDesk:
    return FakeDesk()


@pytest.fixture
def clock() -> list[float]:
    return [0.0]


@pytest.fixture
def growing(desk: FakeDesk, clock: list[float]) -> WebStreams:
    return WebStreams(desk, lambda: clock[0])


def test_the_client_says_that_messages_can_grow(desk: FakeDesk) -> None:
    assert streams_of(connect(desk)) is not None


async def test_each_piece_goes_to_those_who_look_with_its_place_and_the_row_is_written_now_and_then(
    growing: WebStreams, desk: FakeDesk, clock: list[float]
) -> None:
    grown = await growing.begin(PLACE, None, "Once", marker="stream:r1")
    for words in (" upon", " a", " time"):
        clock[0] += 0.4
        grown = await growing.grow(grown, words)
    assert [each["delta"]["at"] for each in desk.told] == [4, 9, 11]
    assert "".join(each["delta"]["words"] for each in desk.told) == " upon a time"
    assert grown.words == "Once upon a time"
    assert desk.changes == 1


async def test_the_end_takes_its_place_and_so_it_does_a_second_time(
    growing: WebStreams, desk: FakeDesk
) -> None:
    grown = await growing.begin(PLACE, None, "Once", marker="stream:r1")
    for _ in range(2):
        sent = await growing.finish(grown, Reply("Once upon a time.", generated=True), marker="r1:4")
    assert sent.id == grown.id
    [(kind, body)] = desk.rows.values()
    assert (kind, body["text"], body["generated"]) == ("message", "Once upon a time.", True)


async def test_what_was_taken_away_is_gone(growing: WebStreams, desk: FakeDesk) -> None:
    grown = await growing.begin(PLACE, None, "Once", marker="stream:r1")
    desk.rows.clear()
    with pytest.raises(PlatformError) as refused:
        await growing.finish(grown, Reply("x"), marker="r1:4")
    assert refused.value.gone


async def test_whoever_takes_over_finds_what_was_begun_and_closes_it_with_what_was_shown(
    growing: WebStreams, desk: FakeDesk
) -> None:
    await growing.begin(PLACE, None, "Once upon", marker="stream:r1")
    other = WebStreams(desk)
    found = await other.find(PLACE, marker="stream:r1", since=0.0, known=())
    assert found is not None
    assert found.words == "Once upon"
    for _ in range(2):
        await other.close(found)
    [(kind, body)] = desk.rows.values()
    assert (kind, body["text"]) == ("message", "Once upon")


async def test_one_that_is_known_is_not_found_again_and_the_next_one_is(growing: WebStreams) -> None:
    first = await growing.begin(PLACE, None, "one", marker="stream:r1")
    second = await growing.begin(PLACE, None, "two", marker="stream:r1")
    assert first.id != second.id
    found = await growing.find(PLACE, marker="stream:r1", since=0.0, known=[first.id])
    assert found is not None
    assert found.id == second.id
    assert await growing.find(PLACE, marker="stream:r1", since=0.0, known=[first.id, second.id]) is None
    assert await growing.find(PLACE, marker="stream:r2", since=0.0, known=[]) is None


async def test_closing_what_is_finished_changes_nothing(growing: WebStreams, desk: FakeDesk) -> None:
    grown = await growing.begin(PLACE, None, "Once", marker="stream:r1")
    await growing.finish(grown, Reply("The end."), marker="r1:4")
    await growing.close(grown)
    [(_, body)] = desk.rows.values()
    assert body["text"] == "The end."


@pytest.mark.parametrize("size", [0, 1, 7_999, 8_000, 8_001, 20_000])
async def test_a_message_takes_so_much_and_the_rest_goes_into_the_next(
    growing: WebStreams, size: int
) -> None:
    words = "x" * size
    assert growing.room(None, words) == min(size, 8_000)
    grown = await growing.begin(PLACE, None, words[:8_000], marker="stream:r1")
    assert growing.room(grown, "y" * 10) == min(10, 8_000 - min(size, 8_000))
