"""Files in Slack's events: what is kept of each, whatever shape it comes in."""

from __future__ import annotations

from typing import Any

import pytest

from bot.platforms.slack.files import LONGEST_TRANSCRIPT, attached, is_writing_down, one
from bot.platforms.slack.inbound import to_turn
from bot.turn import Attached, Said, Turn

FILE: dict[str, Any] = {
    "id": "F0RDTHERE",
    "name": "list.pdf",
    "title": "list.pdf",
    "mimetype": "application/pdf",
    "mode": "hosted",
    "size": 4_321,
    "is_external": False,
    "url_private": "https://files.slack.com/files-pri/T1-F0RDTHERE/list.pdf",
    "url_private_download": "https://files.slack.com/files-pri/T1-F0RDTHERE/download/list.pdf",
}
KEPT = Attached(
    "F0RDTHERE",
    "list.pdf",
    "application/pdf",
    4_321,
    "https://files.slack.com/files-pri/T1-F0RDTHERE/download/list.pdf",
)


def event(**more: Any) -> dict[str, Any]:
    inner = {"type": "message", "channel_type": "im", "channel": "D1", "user": "U1", "ts": "1.2", "text": ""}
    return {"type": "event_callback", "event_id": "E1", "team_id": "T1", "event": inner | more}


def test_a_message_with_a_file_and_no_word_is_heard() -> None:
    turn = to_turn(event(subtype="file_share", files=[FILE]))
    assert isinstance(turn, Turn)
    assert turn.act == Said("", mentioned=True, files=(KEPT,))


def test_a_mention_tells_the_ids_of_its_files_only() -> None:
    turn = to_turn(
        event(
            type="app_mention",
            channel="C1",
            channel_type="channel",
            text="<@UBOT> order this",
            files=[{"id": "F1"}],
        )
    )
    assert isinstance(turn, Turn)
    assert isinstance(turn.act, Said)
    assert turn.act.files == (Attached("F1", "a file"),)


def test_both_events_of_one_mention_with_a_file_are_one_turn() -> None:
    said = {"text": "<@UBOT> order this", "channel": "C1", "channel_type": "channel"}
    mention = to_turn(event(type="app_mention", files=[{"id": "F0RDTHERE"}], **said))
    authorized = {"authorizations": [{"user_id": "UBOT", "is_bot": True}]}
    message = to_turn(event(subtype="file_share", files=[FILE], **said) | authorized)
    assert isinstance(mention, Turn)
    assert isinstance(message, Turn)
    assert mention.id == message.id


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"url_private_download": None}, FILE["url_private"]),
        ({"url_private_download": None, "url_private": None}, ""),
        ({"url_private_download": 7, "url_private": ["x"]}, ""),
    ],
)
def test_where_it_is_kept_is_read_from_what_there_is(changed: dict[str, Any], expected: str) -> None:
    found = one(FILE | changed)
    assert found is not None
    assert found.url == expected


@pytest.mark.parametrize("size", [-1, "12", None, 3.5, True, []])
def test_a_size_that_is_none_is_not_believed(size: Any) -> None:
    found = one(FILE | {"size": size})
    assert found is not None
    assert found.size == 0


@pytest.mark.parametrize("mode", ["tombstone", "hidden_by_limit"])
def test_what_is_gone_is_no_file(mode: str) -> None:
    assert one(FILE | {"mode": mode}) is None


def test_a_file_of_another_service_is_elsewhere() -> None:
    for mark in ({"is_external": True}, {"mode": "external"}):
        found = one(FILE | mark)
        assert found is not None
        assert found.elsewhere


@pytest.mark.parametrize("files", [None, "x", 7, {}, [None, 1, "x", [], {}], [{"id": ""}], [{"id": 7}]])
def test_strange_files_take_nothing_from_the_words(files: Any) -> None:
    turn = to_turn(event(text="hello", files=files))
    assert isinstance(turn, Turn)
    assert turn.act == Said("hello", mentioned=True)


def test_of_hundreds_of_files_twenty_are_noted() -> None:
    assert len(attached({"files": [FILE | {"id": f"F{at}"} for at in range(300)]})) == 20


def test_what_slack_heard_in_a_clip_is_kept_with_where_the_rest_is() -> None:
    heard = {"status": "complete", "preview": {"content": "two colas please", "has_more": True}}
    found = one(
        FILE | {"mimetype": "audio/mp4", "transcription": heard, "vtt": "https://files.slack.com/a.vtt"}
    )
    assert found is not None
    assert (found.transcript, found.transcript_url) == ("two colas please", "https://files.slack.com/a.vtt")


@pytest.mark.parametrize(
    "heard",
    [None, "x", {"status": "failed"}, {"status": "complete"}, {"status": "complete", "preview": "x"},
     {"status": "complete", "preview": {"content": 7}},
     {"status": "processing", "preview": {"content": "x"}}],
)  # fmt: skip
def test_a_transcript_that_is_none_is_none(heard: Any) -> None:
    found = one(FILE | {"transcription": heard})
    assert found is not None
    assert found.transcript == ""


def test_what_is_still_being_written_down_is_known() -> None:
    assert is_writing_down({"transcription": {"status": "processing"}})
    assert not any(
        is_writing_down(each)
        for each in ({}, {"transcription": None}, {"transcription": {"status": "complete"}})
    )


def test_long_fields_are_cut_and_never_refused() -> None:
    heard = {"status": "complete", "preview": {"content": "x" * 10**6}}
    found = one(FILE | {"name": "n" * 10_000, "transcription": heard})
    assert found is not None
    assert (len(found.name), len(found.transcript)) == (200, LONGEST_TRANSCRIPT)


def test_a_name_of_half_letters_and_nothings_is_a_name() -> None:
    found = one(FILE | {"name": "a\x00b\ud800"})
    assert found is not None
    assert found.name == "ab?"
