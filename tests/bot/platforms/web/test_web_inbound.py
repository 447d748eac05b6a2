"""From an envelope to a Turn, whatever shape it has; and whose conversation it is."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import Malformed
from bot.platforms.base import STOP
from bot.platforms.web import frames, inbound
from bot.platforms.web.base import Who
from bot.platforms.web.limits import CONVERSATION
from bot.turn import Ignored, OpenedHome, Pressed, Said, Submitted, Turn
from tests.bot.platforms.web.web_stand import ADA, GRACE, T1, T2

WHO = Who(T1, ADA, "token:a", 2e9)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)


def turn_of(frame: dict[str, Any], who: Who = WHO) -> Turn:
    found = inbound.to_turn(frames.envelope(who, frames.act(frame, "fresh")))
    assert isinstance(found, Turn)
    return found


def test_words_are_said_to_the_bot_in_private() -> None:
    turn = turn_of({"text": "/order two colas", "conversation": "lunch", "id": "7"})
    assert turn.act == Said("/order two colas", mentioned=True)
    assert (turn.place.channel, turn.place.private, turn.place.thread) == (f"{ADA}/lunch", True, None)
    assert not turn.wants_answer


def test_a_press_carries_its_answers_and_waits_for_one() -> None:
    turn = turn_of({"action": "a", "value": "v", "message": "m", "answers": {"reason": "x"}})
    assert turn.act == Pressed(
        "a", "v", message=inbound.MessageRef(f"{ADA}/main", "m"), answers={"reason": "x"}
    )
    assert turn.wants_answer


def test_a_press_with_nothing_typed_may_open_a_form() -> None:
    assert [bool(turn_of({"action": "a", "answers": found}).act.trigger) for found in ({}, {"x": "y"})] == [  # type: ignore[union-attr]  # both are presses
        True, False]  # fmt: skip


def test_a_form_stop_and_the_own_page() -> None:
    assert turn_of({"form": "f", "value": "v", "answers": {"x": "1"}}).act == Submitted("f", "v", {"x": "1"})
    assert turn_of({"type": "stop"}).act == Pressed(STOP, "")
    assert turn_of({"type": "home"}).act == OpenedHome()


def test_the_payload_that_is_stored_holds_no_token() -> None:
    frame = {"text": "x", "token": "csw_secret", "Authorization": "Bearer csw_secret"}
    assert "csw_secret" not in str(frames.envelope(WHO, frames.act(frame, "fresh")))


def test_the_ids_of_two_people_are_never_the_same() -> None:
    others = [Who(T1, GRACE, "", 0), Who(T2, ADA, "", 0), Who(T1, f"{ADA}:1", "", 0), Who(T1, "id:1:", "", 0)]
    ids = {turn_of({"text": "x", "id": id}, who).id for who in [WHO, *others] for id in ("1", "2")}
    assert len(ids) == 10


@given(st.text(max_size=70), st.sampled_from([ADA, GRACE, "id:x:", "id:a_b:0123"]))
def test_no_name_of_a_conversation_leads_to_another_persons(name: str, user: str) -> None:
    try:
        turn = turn_of({"text": "x", "conversation": name}, Who(T1, user, "", 0))
    except Malformed:
        assert not CONVERSATION.fullmatch(name)
        return
    assert inbound.owner(turn.place.channel) == user
    assert turn.place.channel != inbound.home(user)


@given(JSON)
def test_no_payload_of_any_shape_does_more_than_be_ignored(payload: Any) -> None:
    found = inbound.to_turn(payload if isinstance(payload, dict) else {"web": 1, "act": payload})
    assert isinstance(found, Ignored)


FIELDS = ("type", "text", "action", "value", "message", "answers", "form", "conversation", "id", "after")


@given(st.fixed_dictionaries({}, optional=dict.fromkeys(FIELDS, JSON)))
def test_no_frame_of_any_shape_does_more_than_be_malformed(frame: dict[str, Any]) -> None:
    try:
        act = frames.act(frame, "fresh")
    except Malformed:
        return
    assert isinstance(inbound.to_turn(frames.envelope(WHO, act)), Turn)


@given(st.text(max_size=200) | st.binary(max_size=200))
def test_no_text_of_any_shape_does_more_than_be_malformed(raw: str | bytes) -> None:
    try:
        assert isinstance(frames.parse(raw), dict)
    except Malformed:
        return


@pytest.mark.parametrize("field", ["tenant", "user", "conversation", "id", "act", "web"])
@pytest.mark.parametrize("value", [None, 7, "", [], {}, "a/b", "~home", "x" * 300])
def test_a_stored_payload_with_an_odd_field_is_ignored_or_still_its_owners(field: str, value: Any) -> None:
    payload = frames.envelope(WHO, frames.act({"text": "x"}, "fresh")) | {field: value}
    found = inbound.to_turn(payload)
    if isinstance(found, Turn):
        assert field == "user"
        assert inbound.owner(found.place.channel) == value


@pytest.mark.parametrize("text", ["a\x00b", "\ud800", "a\u202eb"])
def test_words_that_no_database_takes_are_made_ones_that_it_does(text: str) -> None:
    act = frames.act({"text": "x" + text}, "fresh")
    assert "\x00" not in act.what["say"]
    act.what["say"].encode()
