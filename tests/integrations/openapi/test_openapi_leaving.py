"""What a described operation may carry out: it says so of itself, and a read takes no key along."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from integrations.errors import Refused
from integrations.openapi import tools
from integrations.openapi.leaving import can_carry

from .conftest import Kennel, Stand

Make = Callable[..., Kennel]
KEYS = (
    "sk-proj-abcdefghijklmnopqrstuvwxyz0123456789ABCD", "ghp_abcdefghijklmnopqrstuvwxyz0123456789",
    "xoxb-123456789012-123456789012-abcdefghijklmnopqrstuvwx", "AKIAIOSFODNN7EXAMPLE",
    "password=hunter2hunter2",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U",
)  # fmt: skip


@pytest.mark.parametrize(
    ("name", "carries"), [("dogs_list", True), ("dogs_create", True), ("dogs_get", True)]
)
def test_an_operation_that_takes_words_says_that_it_carries_data_out(
    kennel: Make, name: str, carries: bool
) -> None:
    assert kennel().tool(name).egress is carries


@pytest.mark.parametrize(
    ("schema", "carries"),
    [
        ({"type": "integer"}, False),
        ({"type": "boolean"}, False),
        ({"enum": ["a", "b"], "type": "string"}, False),
        ({"type": "string"}, True),
        ({}, True),
        (True, True),
        ({"type": ["integer", "string"]}, True),
        ({"$ref": "#/$defs/x"}, True),
        ({"type": "array", "items": {"type": "integer"}}, False),
        ({"type": "array"}, True),
        ({"type": "object", "properties": {}, "additionalProperties": False}, False),
        ({"type": "object", "properties": {}}, True),
        (
            {
                "type": "object",
                "properties": {"a": {"type": "integer"}, "b": {"type": "string"}},
                "additionalProperties": False,
            },
            True,
        ),
        (
            {
                "type": "object",
                "properties": {"a": {"type": "integer"}},
                "additionalProperties": False,
                "anyOf": [{}],
            },
            True,
        ),
    ],
)
def test_only_what_takes_no_words_carries_nothing(schema: object, carries: bool) -> None:
    assert can_carry(schema) is carries


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize(
    "call", [("dogs_list", lambda key: {"tag": ["x", key]}), ("dogs_get", lambda key: {"id": key})]
)
def test_a_read_with_a_key_in_its_address_is_refused_and_nothing_is_sent(
    kennel: Make, stand: Stand, key: str, call: tuple[str, Callable[[str], dict[str, object]]]
) -> None:
    name, given = call
    with pytest.raises(Refused) as refused:
        kennel().call(name, given(key))
    assert refused.value.code == "secret"
    assert key not in str(refused.value)
    assert stand.seen == []


def test_our_own_token_is_carried_to_no_address_either(kennel: Make, stand: Stand) -> None:
    with pytest.raises(Refused):
        kennel(TOKEN="plain-words-token").call("dogs_list", {"tag": ["a plain-words-token b"]})
    assert stand.seen == []


def test_ordinary_words_are_asked_for_as_ever(kennel: Make, stand: Stand) -> None:
    kennel().call("dogs_list", {"tag": ["red lamp", "PAY-1", "ada@example.com", "4242"]})
    assert len(stand.seen) == 1


@pytest.mark.twin
def test_twin_without_the_look_the_key_stands_in_the_address(
    kennel: Make, stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tools, "no_key_in_the_address", lambda *_: None)
    kennel().call("dogs_list", {"tag": [KEYS[1]]})
    assert KEYS[1] in stand.seen[0].target
