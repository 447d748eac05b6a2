"""OpenAPI's schemas as JSON Schema, and arguments held against them before anything is sent."""

from __future__ import annotations

import time
from typing import Any

import pytest

from integrations.openapi import checking, formats
from integrations.openapi.checking import Checker, size_problem
from integrations.openapi.document import load
from integrations.openapi.exact import exact
from integrations.openapi.schema import Converter
from integrations.openapi.source import DocumentError

from .conftest import KENNEL


def _fits(schema: Any, value: Any, version: str = "3.0.3", **schemas: Any) -> bool:
    import json

    raw = {"openapi": version, "paths": {}, "components": {"schemas": schemas}}
    converter = Converter(load(json.dumps(raw).encode()))
    made = converter.convert(schema)
    return not Checker({"$defs": converter.definitions, "allOf": [made]}).problems(value)


DOG = {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}}


@pytest.mark.parametrize(
    ("schema", "good", "bad"),
    [
        ({"type": "string", "nullable": True}, ["a", None], [1]),
        ({"type": "string", "enum": ["a"], "nullable": True}, ["a", None], ["b"]),
        ({"nullable": True, "allOf": [{"$ref": "#/components/schemas/Dog"}]}, [None, {"name": "x"}], [{}]),
        ({"type": "object", "nullable": True, "oneOf": [DOG]}, [None, {"name": "x"}], [{}, 1]),
        ({"type": "integer", "minimum": 1, "exclusiveMinimum": True}, [2], [1, 0]),
        ({"type": "integer", "minimum": 1, "exclusiveMinimum": False}, [1], [0]),
        ({"type": "integer", "maximum": 9, "exclusiveMaximum": True}, [8], [9]),
        ({"type": "integer", "exclusiveMinimum": True}, [0], ["0"]),
        ({"$ref": "#/components/schemas/Dog", "type": "string"}, [{"name": "x"}], ["x", {}]),
        ({"type": "integer", "format": "int32"}, [2**31 - 1], [2**31, True]),
        ({"type": "boolean"}, [True], [1, "true"]),
        ({"type": "array", "items": {"type": "integer"}, "minItems": 1}, [[1]], [[], ["1"]]),
    ],
)  # fmt: skip
def test_what_3_0_means_is_what_is_checked(schema: Any, good: list[Any], bad: list[Any]) -> None:
    assert [value for value in good if not _fits(schema, value, Dog=DOG)] == []
    assert [value for value in bad if _fits(schema, value, Dog=DOG)] == []


def test_in_3_1_null_is_a_type_and_what_stands_beside_a_reference_counts() -> None:
    assert _fits({"type": ["string", "null"]}, None, "3.1.0")
    assert not _fits({"type": "string", "nullable": True}, None, "3.1.0")
    beside = {"$ref": "#/components/schemas/Dog", "maxProperties": 1}
    assert not _fits(beside, {"name": "x", "age": 1}, "3.1.0", Dog=DOG)


def test_what_only_the_service_fills_in_is_not_asked_for() -> None:
    dog = KENNEL["components"]["schemas"]["Dog"]

    assert _fits({"$ref": "#/components/schemas/Dog"}, {"name": "Rex"}, Dog=dog)
    assert _fits({"$ref": "#/components/schemas/Dog"}, {"name": "Rex", "parent": {"name": "Lassie"}}, Dog=dog)
    assert not _fits({"$ref": "#/components/schemas/Dog"}, {"name": "Rex", "parent": {}}, Dog=dog)


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "strin"},
        {"required": "name"},
        {"minimum": "1"},
        {"maxLength": -1},
        {"properties": []},
        {"allOf": {}},
        {"items": 3},
        {"$ref": "#/components/schemas/Cat"},
        "string",
        {"pattern": "(?=a)b"},
        {"patternProperties": {"(a)\\1": {}}},
    ],
)
def test_a_schema_that_is_none_is_refused_when_the_tool_is_built_and_not_in_a_call(schema: Any) -> None:
    with pytest.raises(DocumentError):
        _fits(schema, {})


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("date", ["2026-01-31"], ["2026-02-30", "31.1.2026", "2026-01-31T"]),
        (
            "date-time",
            ["2026-01-31T09:00:00Z", "2026-01-31t09:00:00.123456789+02:00"],
            ["2026-01-31 09", "x"],
        ),
        ("email", ["ada@example.com"], ["ada", "a b@c", "@x"]),
        ("uuid", ["6f3b1f36-9f3b-4a54-9b50-1a2b3c4d5e6f"], ["6f3b1f369f3b4a549b501a2b3c4d5e6f", "x"]),
        ("ipv4", ["192.0.2.1"], ["192.0.2", "::1"]),
        ("ipv6", ["2001:db8::1"], ["192.0.2.1"]),
        ("uri", ["https://example.com/a?b"], ["example.com", "https://a b"]),
        ("hostname", ["example.com"], ["-x.com", "a_b"]),
        ("byte", ["AAAA"], ["A", "****"]),
        ("int64", [2**63 - 1], [2**63]),
        ("something-else", ["whatever"], []),
    ],
)
def test_formats_are_held_to(name: str, good: list[Any], bad: list[Any]) -> None:
    checker = Checker({"format": name})

    assert [value for value in good if checker.problems(value)] == []
    assert [value for value in bad if not checker.problems(value)] == []


SLOW, LONG = "^(a|a)*$", "a" * 28 + "!"


def test_a_pattern_takes_linear_time_whatever_it_is() -> None:
    began = time.monotonic()

    assert Checker({"pattern": SLOW}).problems("a" * 20_000 + "!")
    assert Checker({"patternProperties": {SLOW: False}, "additionalProperties": False}).problems({LONG: 1})
    assert time.monotonic() - began < 1


@pytest.mark.twin
def test_twin_with_pythons_own_patterns_a_short_text_takes_long(monkeypatch: pytest.MonkeyPatch) -> None:
    import re

    monkeypatch.setattr(checking, "pattern", lambda source: re.compile(source).search)
    began = time.process_time()
    Checker({"pattern": SLOW}).problems("a" * 18 + "!")
    short = time.process_time() - began
    began = time.process_time()
    Checker({"pattern": SLOW}).problems("a" * 21 + "!")

    assert time.process_time() - began > 3 * short  # each letter doubles it


def test_a_pattern_with_a_code_of_javascript_is_understood() -> None:
    assert formats.pattern(r"^[\u00e4-\u00fc]+$")("äöü")
    assert not formats.pattern(r"^[\u00e4-\u00fc]+$")("aou")


def test_a_schema_that_leads_back_to_itself_ends_with_a_word() -> None:
    for schema in (
        {"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/a"}}},
        {"$ref": "#/$defs/a", "$defs": {"a": {"anyOf": [{"$ref": "#/$defs/a"}, {"$ref": "#/$defs/a"}]}}},
        _doubling(40),
    ):
        began = time.monotonic()
        assert "leads back" in Checker(schema).problems(1)[0]
        assert time.monotonic() - began < 10


@pytest.mark.twin
def test_twin_without_the_count_of_steps_every_level_doubles_the_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(checking, "MOST_STEPS", 1 << 60)

    def seconds(levels: int) -> float:
        began = time.process_time()
        Checker(_doubling(levels)).problems(1)
        return time.process_time() - began

    seconds(2)
    assert seconds(11) > 4 * seconds(7)


def _doubling(levels: int) -> dict[str, Any]:
    defs: dict[str, Any] = {"a0": {"type": "string"}}
    for level in range(1, levels):
        ref = {"$ref": f"#/$defs/a{level - 1}"}
        defs[f"a{level}"] = {"anyOf": [ref, ref]}
    return {"$ref": f"#/$defs/a{levels - 1}", "$defs": defs}


def test_nothing_is_fetched_for_a_reference_even_if_one_came_this_far(other: Any) -> None:
    checker = Checker({"$ref": f"{other.base}/schema.json"})

    with pytest.raises(Exception, match="nresolvable"):
        checker.problems(1)
    assert other.seen == []


@pytest.mark.twin
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_twin_without_a_registry_of_its_own_the_reference_is_fetched(other: Any) -> None:
    import jsonschema

    other.usual = (200, {"Content-Type": "application/json"}, b"{}")
    list(jsonschema.Draft202012Validator({"$ref": f"{other.base}/schema.json"}).iter_errors(1))

    assert [seen.target for seen in other.seen] == ["/schema.json"]


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ({"a": "x" * checking.LARGEST}, "larger"),
        ([0] * (checking.MOST_VALUES + 1), "more than"),
        ({"a": float("nan")}, "as a text"),
        ({"a": 1.5}, "as a text"),
        ({"a": "\ud800"}, "half a character"),
        ({1: 2}, "key"),
        ({"a": object()}, "JSON does not know"),
        ({"a": 1}, ""),
    ],
    ids=lambda value: str(value)[:20],
)
def test_arguments_are_json_of_a_bearable_size(value: Any, problem: str) -> None:
    assert problem in size_problem(value)
    assert bool(problem) == bool(size_problem(value))


def test_arguments_nested_without_end_are_refused() -> None:
    deep: Any = 1
    for _ in range(5000):
        deep = [deep]

    assert "nested" in size_problem(deep)


def test_a_problem_names_the_place_and_the_rule_and_never_the_value() -> None:
    schema = {
        "type": "object",
        "required": ["id"],
        "properties": {"to": {"type": "array", "items": {"format": "email"}}, "n": {"type": "integer"}},
        "additionalProperties": False,
    }
    problems = " ".join(
        Checker(schema).problems({"to": ["ok@example.com", "secret"], "n": "secret", "zz": 1})
    )

    assert "to[1]: does not have the format email" in problems
    assert "n: must be integer" in problems
    assert "id is missing" in problems
    assert "zz is not known" in problems
    assert "secret" not in problems


PRICE = {"type": "number", "minimum": 0.5, "exclusiveMaximum": 100}


@pytest.mark.parametrize(
    ("schema", "given", "sent"),
    [
        (PRICE, "19.99", 19.99),
        (PRICE, 20, 20),
        ({"type": ["number", "null"]}, "0.1", 0.1),
        ({"anyOf": [{"type": "number"}, {"type": "null"}]}, "-3", -3.0),
        ({"oneOf": [{"type": "number"}, {"type": "string"}]}, "19.99", "19.99"),
        ({"type": "string"}, "19.99", "19.99"),
        ({"type": "array", "items": PRICE}, ["1.5", 2], [1.5, 2]),
        ({"properties": {"p": {"$ref": "#/$defs/p"}}, "$defs": {"p": PRICE}}, {"p": "1.25"}, {"p": 1.25}),
        ({"additionalProperties": PRICE}, {"a": "1.5"}, {"a": 1.5}),
        ({}, "1.5", "1.5"),
    ],
)
def test_a_decimal_is_given_as_a_text_and_sent_as_a_number(schema: Any, given: Any, sent: Any) -> None:
    assert Checker(schema).problems(given) == ()
    found = exact(schema, given)
    assert (found, type(found)) == (sent, type(sent))


@pytest.mark.parametrize("given", ["0.4", "100", "1e2", "abc", "1.", "", "12345678901234567", "٣", "NaN"])
def test_a_text_that_is_no_decimal_or_out_of_bounds_is_refused(given: str) -> None:
    assert Checker(PRICE).problems(given)


def test_looking_for_decimals_ends_in_a_schema_that_leads_back_to_itself() -> None:
    schema = {
        "$ref": "#/$defs/a",
        "$defs": {"a": {"anyOf": [{"$ref": "#/$defs/a"}, {"items": {"$ref": "#/$defs/a"}}]}},
    }

    assert exact(schema, [["1.5"]]) == [["1.5"]]
