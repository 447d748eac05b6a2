"""Whatever arrives: a payload of no known shape is malformed or ignored, and nothing worse."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.errors import Malformed
from bot.platforms.slack.inbound import to_turn
from bot.turn import Said, Shortcut, Turn

Shape = Callable[[str], dict[str, Any]]

words = st.text(max_size=12) | st.sampled_from(
    [
        "event_callback",
        "message",
        "app_mention",
        "block_actions",
        "view_submission",
        "im",
        "T1",
        "U1",
        "x\x00",
    ]
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | words,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(words, inner, max_size=4),
    max_leaves=12,
)
SHAPES = [
    "app_mention", "thread_reply", "command", "pressed", "pressed_in_thread", "submitted", "shortcut",
    "home_opened", "uninstalled", "bot_token_revoked", "url_verification", "shared_channel",
]  # fmt: skip


def spoil(value: Any, draw: Callable[[Any], Any]) -> Any:
    """The payload with something else, somewhere."""
    if isinstance(value, dict) and value and draw(st.integers(0, 4)):
        name = draw(st.sampled_from(sorted(value)))
        return value | {name: spoil(value[name], draw)}
    if isinstance(value, list) and value and draw(st.integers(0, 4)):
        return [spoil(value[0], draw), *value[1:]]
    return draw(json_values)


@settings(max_examples=200, deadline=None)
@given(payload=st.dictionaries(words, json_values, max_size=6))
def test_no_payload_of_any_shape_does_more_than_be_malformed(payload: dict[str, Any]) -> None:
    _survives(payload)


@settings(max_examples=500, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_spoilt_payload_does_more_than_be_malformed(shape: Shape, data: st.DataObject) -> None:
    payload = shape(data.draw(st.sampled_from(SHAPES)))
    spoilt = spoil(payload, data.draw)
    if isinstance(spoilt, dict):
        _survives(spoilt)


def _survives(payload: dict[str, Any]) -> None:
    try:
        found = to_turn(payload)
    except Malformed:
        return
    if isinstance(found, Turn):
        assert found.id.isprintable()
        assert found.place.workspace
        if isinstance(found.act, Said | Shortcut):
            assert "\x00" not in found.act.text
