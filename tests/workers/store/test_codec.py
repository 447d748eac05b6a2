"""What is stored as JSON comes back as it was; and what a person filled in stays what it is."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.reply import (
    Ask,
    Button,
    Buttons,
    Divider,
    Facts,
    Field,
    Form,
    Heading,
    Lines,
    Option,
    Paragraph,
    Reply,
    Select,
)
from bot.turn import (
    Account,
    Immediate,
    Installed,
    MessageRef,
    OpenedHome,
    Place,
    Pressed,
    Said,
    Shortcut,
    Submitted,
    Turn,
    Uninstalled,
)
from flows import events, understanding
from workers.store import codec

WORDS = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=12)
SOME = settings(max_examples=60, deadline=None)

# What JSON can hold, with keys that look like ours.
KEYS = st.one_of(WORDS, st.sampled_from(["_", "text", "place", "reply.Reply"]))
TAGS = st.sampled_from(["reply.Button", "turn.Turn", "events.Approved", "no.Such", ""])
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(2**53), 2**53), WORDS, TAGS),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(KEYS, inner, max_size=3)),
    max_leaves=8,
)

st.register_type_strategy(str, WORDS)
places = st.builds(Place)
refs = st.builds(MessageRef)
answers = st.dictionaries(KEYS, WORDS, max_size=3)
acts = st.one_of(
    st.builds(Said),
    st.builds(Pressed, message=st.none() | refs, answers=answers),
    st.builds(Submitted, answers=answers),
    st.builds(Shortcut, message=refs),
    st.builds(OpenedHome),
    st.just(Installed()),
    st.just(Uninstalled()),
)
turns = st.builds(Turn, place=places, account=st.builds(Account), act=acts)

pairs = st.lists(st.tuples(WORDS, WORDS), max_size=3).map(tuple)
options = st.lists(st.builds(Option), max_size=3).map(tuple)
blocks = st.one_of(
    st.builds(Heading),
    st.builds(Paragraph),
    st.builds(Facts, pairs=pairs),
    st.builds(Lines, rows=pairs),
    st.builds(Buttons, buttons=st.lists(st.builds(Button), max_size=3).map(tuple)),
    st.builds(Select, options=options),
    st.builds(Ask),
    st.just(Divider()),
)
replies = st.builds(
    Reply, blocks=st.lists(blocks, max_size=4).map(tuple), mentions=st.lists(WORDS, max_size=2).map(tuple)
)
forms = st.builds(
    Form,
    fields=st.lists(st.builds(Field, options=options, max_length=st.integers(0, 9)), max_size=3).map(tuple),
)
results = st.dictionaries(KEYS, JSON, max_size=3)
meanings = st.builds(
    understanding.Meaning,
    confidence=st.floats(0, 1),
    route_confidence=st.floats(0, 1),
    changes=st.lists(
        st.builds(
            understanding.Change,
            quantity=st.integers(-5, 500),
            options=st.lists(WORDS, max_size=2).map(tuple),
            remove_options=st.lists(WORDS, max_size=2).map(tuple),
            candidates=st.lists(WORDS, max_size=2).map(tuple),
            confidence=st.floats(0, 1),
        ),
        max_size=2,
    ).map(tuple),
    values=st.lists(st.builds(understanding.Value, confidence=st.floats(0, 1)), max_size=2).map(tuple),
)
happened = st.one_of(
    st.just(events.Entered()),
    st.builds(events.Heard, meaning=meanings),
    st.builds(events.Chose),
    st.builds(events.Approved),
    st.builds(events.Rejected),
    st.builds(events.Expired),
    st.builds(events.Finished, result=results),
    st.builds(events.Began, result=results),
    st.builds(events.Failed),
    st.builds(events.Fired),
)


@SOME
@given(turns)
def test_a_turn_comes_back_as_it_was(turn: Turn) -> None:
    assert codec.loads(codec.dumps(turn)) == turn


@SOME
@given(st.one_of(replies, forms))
def test_what_we_say_comes_back_as_it_was(said: Reply | Form) -> None:
    assert codec.loads(codec.dumps(said)) == said


@SOME
@given(happened)
def test_what_happened_comes_back_as_it_was(event: Any) -> None:
    assert codec.loads(codec.dumps(event)) == event


@SOME
@given(turns)
def test_a_turn_can_be_stored_by_hash_after_it_came_back(turn: Turn) -> None:
    """Frozen all the way down: tuples, not lists."""
    assert hash(codec.loads(codec.dumps(turn.place))) == hash(turn.place)


FORGED = {"_": "events.Approved", "approval": "a", "key": "k", "name": "n"}


@pytest.mark.parametrize(
    "holder",
    [
        Submitted("form", "value", {"_": "reply.Reply", "text": "hello"}),
        Pressed("a", "v", answers={"_": "turn.Installed"}),
        events.Finished("key", FORGED),
        events.Finished("key", {"inner": FORGED, "many": [FORGED, {"_": "no.Such"}]}),
        events.Began("key", {"_": 7}),
    ],
)
def test_what_a_person_or_a_service_filled_in_never_becomes_one_of_our_classes(holder: Any) -> None:
    found = codec.loads(codec.dumps(holder))
    assert found == holder
    inside = found.answers if hasattr(found, "answers") else found.result
    assert type(inside) is dict


@pytest.mark.twin
def test_a_reader_that_looked_everywhere_would_take_a_result_for_a_decision(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stored = codec.dumps(events.Finished("key", FORGED))
    monkeypatch.setattr(codec, "_field", lambda value, hint: codec.from_json(value))
    assert codec.loads(stored).result == events.Approved("a", "k", "n")


@pytest.mark.parametrize(
    "text", ['{"_": "os.system"}', '{"_": "__builtins__"}', '{"_": "reply.Block"}', '{"_": []}']
)
def test_a_name_that_is_none_of_our_classes_is_refused(text: str) -> None:
    with pytest.raises((KeyError, TypeError)):
        codec.loads(text)


def test_a_field_that_a_newer_release_added_is_left_out_by_an_older_one() -> None:
    """Deploys overlap: both read what either wrote."""
    stored = orjson.loads(codec.dumps(Said("two colas")))
    assert codec.from_json({**stored, "from_tomorrow": 1}) == Said("two colas")
    del stored["mentioned"]
    assert codec.from_json(stored) == Said("two colas")


def test_every_class_that_can_be_stored_has_a_name_of_its_own() -> None:
    assert len(codec._CLASSES) == len(codec._TAGS)
    assert Immediate in codec._TAGS


@pytest.mark.parametrize(
    "value", [Said("two \u0000 colas"), events.Finished("k", {"a": [1, 2.5, {"_": "x"}]})]
)
def test_its_text_is_that_of_its_values_byte_for_byte(value: Any) -> None:
    assert codec.dumps(value) == orjson.dumps(codec.to_json(value)).decode()
