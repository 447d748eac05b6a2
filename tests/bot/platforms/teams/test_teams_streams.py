"""Streams in Teams: each call holds what came before, and the last message is the whole answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from bot.errors import PlatformError
from bot.platforms.streaming import Grown, StreamOver, StreamStopped
from bot.platforms.teams import streams
from bot.platforms.teams.connector import refusal
from bot.platforms.teams.render import render
from bot.platforms.teams.streams import TeamsStreams, grown_words
from bot.reply import Paragraph, Reply
from bot.turn import Account, Place

PLACE = Place("teams", "T1", "a:1", private=True)
OVER = StreamOver("Teams", "takes nothing more into this message")
HOSTILE = "a <at>Bot</at> & <b>bold</b>  e\u0301 \u202e x 😀 &amp; é"


class Teams:
    def __init__(self) -> None:
        self.put_: list[tuple[Mapping[str, Any], str]] = []
        self.refusals: list[PlatformError | None] = []

    async def drawn(self, place: Place, reply: Reply, marker: str) -> dict[str, Any]:
        return render(reply, marker=marker)

    async def put(self, place: Place, activity: dict[str, Any], message_id: str = "") -> str:
        self.put_.append((activity, message_id))
        if self.refusals and (refused := self.refusals.pop(0)):
            raise refused
        return message_id or "s1"

    async def working(self, place: Place, account: Account) -> None: ...


@pytest.fixture
def teams() -> Teams:
    return Teams()


def info(activity: Mapping[str, Any]) -> Mapping[str, Any]:
    [found] = [each for each in activity["entities"] if each["type"] == "streaminfo"]
    return found


async def test_each_call_has_the_next_number_and_all_that_came_before(teams: Teams) -> None:
    growing = TeamsStreams(teams)
    grown = await growing.announce(PLACE, None)
    assert grown is not None
    for words in ("One", " two", " three"):
        grown = await growing.grow(grown, words)
    said = [(activity["text"], info(activity)["streamSequence"]) for activity, _ in teams.put_]
    assert said == [("Thinking…", 1), ("One", 2), ("One two", 3), ("One two three", 4)]
    assert [info(activity).get("streamId") for activity, _ in teams.put_] == [None, "s1", "s1", "s1"]


@pytest.mark.parametrize("end", range(len(HOSTILE)))
def test_what_is_shown_is_always_the_beginning_of_what_will_be(end: int) -> None:
    assert grown_words(HOSTILE).startswith(grown_words(HOSTILE[:end]))
    assert not set("<>&") & set(grown_words(HOSTILE))


async def test_the_last_message_of_the_stream_is_the_answer_with_its_label(teams: Teams) -> None:
    growing = TeamsStreams(teams)
    await growing.finish(Grown(PLACE, "s1", "stream", "One"), Reply("One two", generated=True), marker="m")
    [(activity, message_id)] = teams.put_
    assert (activity["type"], activity["text"], message_id) == ("message", "One two", "")
    assert info(activity) == {"type": "streaminfo", "streamType": "final", "streamId": "s1"}
    assert activity["channelData"]["feedbackLoop"] == {"type": "default"}
    assert activity["channelData"]["countersign"] == "m"
    assert "streamSequence" not in activity["channelData"]


@pytest.mark.parametrize("reply", [Reply("Something else"), Reply("One", (Paragraph("One two"),))])
async def test_what_does_not_go_on_from_what_was_shown_replaces_it(teams: Teams, reply: Reply) -> None:
    await TeamsStreams(teams).finish(Grown(PLACE, "s1", "stream", "One"), reply, marker="m")
    [(closing, first), (activity, second)] = teams.put_
    assert (closing["text"], first, second) == ("One", "", "s1")
    assert "entities" not in activity


async def test_what_is_over_already_is_replaced_and_not_said_twice(teams: Teams) -> None:
    teams.refusals = [OVER]
    sent = await TeamsStreams(teams).finish(Grown(PLACE, "s1", "stream", "One"), Reply("One two"), marker="m")
    assert sent.id == "s1"
    assert [message_id for _, message_id in teams.put_] == ["", "s1"]


async def test_a_lost_answer_is_told_so_that_it_is_tried_again(teams: Teams) -> None:
    teams.refusals = [PlatformError("Teams", "did not answer", retryable=True, unknown=True)]
    with pytest.raises(PlatformError):
        await TeamsStreams(teams).finish(Grown(PLACE, "s1", "stream", "One"), Reply("One two"), marker="m")


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ("Content stream was canceled by user", StreamStopped),
        ("Content stream was already completed", StreamOver),
        ("Content stream finished due to exceeded streaming time.", StreamOver),
    ],
)
def test_what_teams_refuses_is_told_apart(message: str, kind: type[PlatformError]) -> None:
    body = f'{{"error":{{"code":"ContentStreamNotAllowed","message":"{message}"}}}}'.encode()
    assert type(refusal(403, {}, body, repeatable=False)) is kind


def test_only_a_personal_chat_has_streams(teams: Teams) -> None:
    growing = TeamsStreams(teams)
    assert growing.where(PLACE)
    assert not growing.where(Place("teams", "T1", "19:x@thread.tacv2", "1"))


@pytest.mark.twin
def test_without_look_alikes_what_a_model_writes_would_be_read_as_html(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(streams, "LOOK_ALIKES", {})
    assert "<at>" in grown_words("<at>Bot</at>")
