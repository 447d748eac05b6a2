"""The published JSON Schema says what the loader does."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from flows.errors import FlowError
from flows.loader import load
from flows.show import _SHAPES
from flows.steps import STEPS
from flows.steps.base import OURS, Fields
from flows.yaml_source import read
from tests.flows.builders import CATALOG, ROOT, TOOLS
from tests.flows.test_loader import BROKEN

SCHEMA = json.loads((ROOT / "flows" / "flow.schema.json").read_text())
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
KINDS = SCHEMA["$defs"]

# What only the whole file, or what stands inside a text, can tell.
BEYOND_A_SCHEMA = {
    "a step id twice", "arithmetic in a text", "a loop in a text", "a filter that is not there",
    "a brace that is not closed", "a condition that is none", "a call in a condition",
    "a slot that nobody fills", "true with a small letter", "a target that is not there",
    "a target of an error", "the last step leads nowhere", "a step never reached",
    "a circle without a wait", "no such tool", "arguments nested without end", "an argument with a call",
}  # fmt: skip


def taken(kind: str) -> tuple[set[str], set[str]]:
    """The fields that a step's parser asks for, and those it misses."""
    fields = Fields("f", "s", {}, {}, "next")
    STEPS[kind].parse(fields)
    return fields.seen, {mistake.field for mistake in fields.mistakes}


def test_it_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_it_knows_every_step_type_and_no_other() -> None:
    assert SCHEMA["$defs"]["step"]["properties"]["type"]["enum"] == list(STEPS)
    assert [each["$ref"].rpartition("/")[2] for each in KINDS["step"]["oneOf"]] == list(STEPS)


@pytest.mark.parametrize("kind", STEPS)
def test_a_step_type_has_the_same_fields_in_both(kind: str) -> None:
    seen, required = taken(kind)
    assert set(KINDS[kind]["properties"]) == seen | {"id", "type"}
    assert set(KINDS[kind]["required"]) == required - {""} | {"id", "type"}
    assert KINDS[kind]["properties"]["type"] == {"const": kind}


def test_it_knows_every_element_of_a_message_and_every_name_that_is_ours() -> None:
    shapes = [tuple(each["required"]) for each in KINDS["element"]["oneOf"]]
    assert shapes == list(_SHAPES)
    assert all(name in KINDS["slot"]["pattern"] for name in OURS)


@pytest.mark.parametrize("path", sorted(CATALOG.glob("*.yaml")), ids=lambda path: path.name)
def test_the_shipped_flows_fit(path: Path) -> None:
    VALIDATOR.validate(read(path.name, path.read_bytes()).value)


@pytest.mark.parametrize("name", BROKEN)
def test_what_the_loader_refuses_for_its_shape_the_schema_refuses_too(name: str) -> None:
    value: Any = read("a.yaml", BROKEN[name][0].encode()).value
    with pytest.raises(FlowError):
        load(read("a.yaml", BROKEN[name][0].encode()), TOOLS)
    assert VALIDATOR.is_valid(value) == (name in BEYOND_A_SCHEMA)
