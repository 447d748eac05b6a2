from __future__ import annotations

import hashlib
import re
import unicodedata
from dataclasses import asdict, fields, replace
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows import approval
from flows.approval import Sealed, canonical, code, digest

SEALED = Sealed(
    tenant="t1",
    requester="ada",
    tool="stripe.charge",
    arguments={
        "amount": 4000,
        "currency": "usd",
        "lines": [{"name": "Café", "quantity": 2}],
        "description": "Order r1",
    },
    account="stripe:abc",
    flow_version="f1",
    step="charge",
    policy_version="p1",
    approval="a1",
    expires_at="2026-11-21T22:00:00+00:00",
    terms='{"escalate":[],"stages":[{"any_of":["finance"],"name":"","quorum":2}]}',
    card="0f" * 32,
)


@pytest.mark.parametrize("field", [each.name for each in fields(Sealed) if each.name != "arguments"])
def test_every_field_changes_the_digest(field: str) -> None:
    for other in (getattr(SEALED, field) + "x", ""):
        changed: Any = {field: other}
        assert digest(replace(SEALED, **changed)) != digest(SEALED)


@pytest.mark.twin
@pytest.mark.parametrize("field", [each.name for each in fields(Sealed)])
def test_a_digest_that_leaves_a_field_out_would_let_it_be_exchanged(
    field: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = asdict
    monkeypatch.setattr(
        approval, "asdict", lambda sealed: {k: v for k, v in real(sealed).items() if k != field}
    )
    other: Any = {"amount": 1} if field == "arguments" else "something else"
    assert digest(replace(SEALED, **{field: other})) == digest(SEALED)


def test_what_was_asked_before_cards_were_sealed_keeps_its_digest() -> None:
    before = {name: value for name, value in asdict(SEALED).items() if name != "card"}
    assert digest(replace(SEALED, card="")) == hashlib.sha256(canonical(before)).digest()


def test_no_text_moves_from_one_field_to_the_next_unnoticed() -> None:
    assert digest(replace(SEALED, tenant="t", requester="1ada")) != digest(SEALED)


def test_every_byte_of_the_arguments_changes_the_digest() -> None:
    text = SEALED.arguments["description"]
    for at in range(len(text)):
        for bit in range(7):
            changed = text[:at] + chr(ord(text[at]) ^ (1 << bit)) + text[at + 1 :]
            assert digest(replace(SEALED, arguments={**SEALED.arguments, "description": changed})) != digest(
                SEALED
            )


@pytest.mark.parametrize(
    "arguments",
    [
        {**SEALED.arguments, "amount": 4001},
        {**SEALED.arguments, "amount": "4000"},
        {**SEALED.arguments, "amount": -4000},
        {**SEALED.arguments, "amount": True},
        {**SEALED.arguments, "currency": "USD"},
        {**SEALED.arguments, "currency": "usd "},
        {**SEALED.arguments, "lines": []},
        {**SEALED.arguments, "lines": SEALED.arguments["lines"] * 2},
        {**SEALED.arguments, "lines": [{"name": unicodedata.normalize("NFD", "Café"), "quantity": 2}]},
        {**SEALED.arguments, "more": None},
        {key: value for key, value in SEALED.arguments.items() if key != "description"},
        {},
    ],
)
def test_any_other_arguments_have_another_digest(arguments: dict[str, Any]) -> None:
    assert digest(replace(SEALED, arguments=arguments)) != digest(SEALED)


def test_the_order_of_keys_makes_no_difference() -> None:
    turned = dict(reversed(list(SEALED.arguments.items())))
    turned["lines"] = [dict(reversed(line.items())) for line in SEALED.arguments["lines"]]
    assert list(turned) != list(SEALED.arguments)
    assert digest(replace(SEALED, arguments=turned)) == digest(SEALED)


@pytest.mark.parametrize(
    "value",
    [
        40.0,
        float("nan"),
        float("inf"),
        {"a": [1.5]},
        {1: "a"},
        b"x",
        {"x"},
        object(),
        "\ud800",
        MappingProxyType({}),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_has_more_than_one_spelling_or_none_is_refused(value: Any) -> None:
    with pytest.raises(ValueError, match=r"."):
        canonical({"a": value})


def test_forty_and_forty_point_nought_are_never_the_same() -> None:
    assert canonical({"amount": 40}) == b'{"amount":40}'
    with pytest.raises(ValueError, match="float"):
        canonical({"amount": 40.0})


def test_what_is_nested_without_end_is_refused() -> None:
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(ValueError, match="nested too deeply"):
        canonical(deep)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(values, values)
def test_two_values_have_the_same_bytes_only_if_they_are_the_same(one: Any, other: Any) -> None:
    assert (canonical(one) == canonical(other)) == (_typed(one) == _typed(other))


def _typed(value: Any) -> Any:
    """With true and 1 told apart, which Python does not."""
    match value:
        case bool():
            return ("bool", value)
        case list():
            return [_typed(each) for each in value]
        case dict():
            return {key: _typed(inner) for key, inner in value.items()}
    return value


def test_the_code_is_six_letters_and_digits_that_never_change() -> None:
    assert code(digest(SEALED)) == code(digest(replace(SEALED)))
    assert code(bytes(32)) == "AAAAAA"
    codes = {code(digest(replace(SEALED, approval=str(n)))) for n in range(500)}
    assert all(re.fullmatch("[A-Z2-7]{6}", each) for each in codes)
    assert len(codes) == 500
