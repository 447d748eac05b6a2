"""Streams in Slack: within its limits, edited where refused, and drawn like any message in the end."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest

from bot.errors import PlatformError
from bot.platforms.base import Sent
from bot.platforms.slack import streams
from bot.platforms.slack.streams import EDIT, STREAM, SlackStreams
from bot.platforms.streaming import Grown, StreamOver
from bot.reply import Buttons, Reply
from bot.turn import Account, Place

PLACE = Place("slack", "T1", "C1", "1.0")
ADA = Account("slack", "T1", "U1")
LIMITED = PlatformError("Slack", "slow", retryable=True, retry_after=30.0, limited=True)
REFUSED = PlatformError("Slack", "refused the call (missing_recipient_user_id)")
UNKNOWN = PlatformError("Slack", "did not answer", retryable=True, unknown=True)


class Slack:
    """What was asked, and refusals by method."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, Mapping[str, Any]]] = []
        self.refusals: dict[str, PlatformError] = {}
        self.posted: list[Reply] = []
        self.updated: list[tuple[str, Reply]] = []
        self.there: list[Mapping[str, Any]] = []
        self.now = 1_000.0

    async def call(self, method: str, workspace: str, given: Mapping[str, Any], **more: Any) -> Any:
        self.asked.append((method, given))
        if method in self.refusals:
            raise self.refusals[method]
        return {"ok": True, "ts": "2.0"}

    async def post(self, place: Place, reply: Reply, *, marker: str) -> Sent:
        self.posted.append(reply)
        return Sent("3.0", place.thread)

    async def update(self, place: Place, message_id: str, reply: Reply, *, marker: str) -> None:
        self.updated.append((message_id, reply))

    async def find(self, place: Place, *, marker: str, since: float) -> Sent | None:
        return None

    async def ours(self, place: Place, *, since: float) -> AsyncIterator[Mapping[str, Any]]:
        for message in self.there:
            yield message

    def methods(self) -> list[str]:
        return [method for method, _ in self.asked]


@pytest.fixture
def slack() -> Slack:
    return Slack()


@pytest.fixture
def growing(slack: Slack) -> SlackStreams:
    return SlackStreams(slack.call, slack, clock=lambda: slack.now)


async def test_a_stream_names_for_whom_it_is(slack: Slack, growing: SlackStreams) -> None:
    grown = await growing.begin(PLACE, ADA, "Hello", marker="stream:k")
    assert (grown.kind, grown.id) == (STREAM, "2.0")
    [(method, given)] = slack.asked
    assert method == "chat.startStream"
    assert (given["recipient_user_id"], given["recipient_team_id"]) == ("U1", "T1")


@pytest.mark.parametrize("refusal", [LIMITED, REFUSED])
async def test_where_it_is_refused_a_message_is_edited_and_slack_is_left_alone_for_a_while(
    slack: Slack, growing: SlackStreams, refusal: PlatformError
) -> None:
    slack.refusals["chat.startStream"] = refusal
    first = await growing.begin(PLACE, ADA, "One", marker="stream:k")
    await growing.begin(PLACE, ADA, "Two", marker="stream:l")
    assert first.kind == EDIT
    assert slack.methods() == ["chat.startStream"]
    assert any(isinstance(block, Buttons) for block in slack.posted[0].blocks)
    await growing.grow(first, " more")
    assert slack.updated[0][1].text == "One more"
    del slack.refusals["chat.startStream"]
    slack.now += 700
    assert (await growing.begin(PLACE, ADA, "Three", marker="stream:m")).kind == STREAM


async def test_a_lost_answer_is_not_followed_by_a_second_message(slack: Slack, growing: SlackStreams) -> None:
    slack.refusals["chat.startStream"] = UNKNOWN
    with pytest.raises(PlatformError) as told:
        await growing.begin(PLACE, ADA, "One", marker="stream:k")
    assert told.value.unknown
    assert slack.posted == []


@pytest.mark.parametrize(("place", "account"), [(Place("slack", "T1", "C1"), ADA), (PLACE, None)])
async def test_outside_of_a_thread_or_for_nobody_known_it_is_edited(
    slack: Slack, growing: SlackStreams, place: Place, account: Account | None
) -> None:
    assert (await growing.begin(place, account, "One", marker="stream:k")).kind == EDIT
    assert slack.asked == []


async def test_of_a_minutes_starts_the_last_are_left_to_others(slack: Slack, growing: SlackStreams) -> None:
    kinds = [(await growing.begin(PLACE, ADA, "x", marker=f"stream:{n}")).kind for n in range(25)]
    assert kinds == [STREAM] * 18 + [EDIT] * 7
    slack.now += 61
    assert (await growing.begin(PLACE, ADA, "x", marker="stream:y")).kind == STREAM


async def test_more_than_slack_takes_of_a_workspace_waits(slack: Slack, growing: SlackStreams) -> None:
    grown = await growing.begin(PLACE, ADA, "x", marker="stream:k")
    for _ in range(streams.APPENDS[0]):
        grown = await growing.grow(grown, "y")
    with pytest.raises(PlatformError) as told:
        await growing.grow(grown, "z")
    assert told.value.limited
    assert 0 < (told.value.retry_after or 0) <= 60
    assert len(slack.asked) == 1 + streams.APPENDS[0]


async def test_what_is_stopped_already_takes_no_more(slack: Slack, growing: SlackStreams) -> None:
    grown = await growing.begin(PLACE, ADA, "x", marker="stream:k")
    slack.refusals["chat.appendStream"] = REFUSED
    with pytest.raises(StreamOver):
        await growing.grow(grown, "y")


async def test_its_last_form_is_a_message_like_any_other_even_where_it_was_stopped_before(
    slack: Slack, growing: SlackStreams
) -> None:
    slack.refusals["chat.stopStream"] = REFUSED
    sent = await growing.finish(Grown(PLACE, "2.0", STREAM), Reply("All of it"), marker="m")
    assert sent == Sent("2.0", "1.0")
    assert slack.updated == [("2.0", Reply("All of it"))]


@pytest.mark.parametrize(
    "text", ["word " * 4_000, "<" * 20_000, "é" * 20_000, "[a](b) " * 3_000, "😀" * 9_000]
)
def test_a_message_never_takes_more_than_slack_does(growing: SlackStreams, text: str) -> None:
    grown: Grown | None = None
    room = growing.room(grown, text)
    assert 0 < room < len(text)
    assert len(streams.inert(text[:room])) <= 12_000


async def test_one_that_was_never_noted_is_known_by_having_no_mark_and_by_being_ours_to_stop(
    slack: Slack, growing: SlackStreams
) -> None:
    slack.there = [
        {"ts": "1.5", "bot_id": "B1", "metadata": {"event_type": "countersign_message"}},
        {"ts": "1.6", "bot_id": "B1"},
        {"ts": "1.7", "bot_id": "B1"},
    ]
    found = await growing.find(PLACE, marker="stream:k", since=0.0, known={"1.6"})
    assert found is not None
    assert found.id == "1.7"
    slack.refusals["chat.stopStream"] = REFUSED  # another app's, which only that app could stop
    assert await growing.find(PLACE, marker="stream:k", since=0.0, known=set()) is None


async def test_a_workspace_that_knows_no_sessions_is_not_asked_again(
    slack: Slack, growing: SlackStreams
) -> None:
    slack.refusals["agents.sessions.setStatus"] = REFUSED
    await growing.announce(PLACE, ADA)
    await growing.announce(PLACE, ADA)
    assert slack.methods() == ["agents.sessions.setStatus"]
