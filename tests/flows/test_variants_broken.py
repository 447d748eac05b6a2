"""What is wrong with variants is named once, by step and field; the schema refuses what has another shape."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest

from flows import arms, variants
from flows.engine import start
from flows.errors import FlowError, Mistake
from flows.events import Entered
from flows.yaml_source import read
from tests.flows.builders import KNOWN, REQUESTER
from tests.flows.test_arms import TOOL
from tests.flows.test_schema import VALIDATOR
from tests.flows.test_variants import ASK, WAYS, loaded, one


def mistakes(text: str) -> tuple[Mistake, ...]:
    with pytest.raises(FlowError) as caught:
        loaded(text)
    return caught.value.mistakes


MANY = ", ".join(f"v{n}: x" for n in range(11))
BROKEN = {
    "one arm only": ("{id: a, type: message, text: {variants: {a: x}}}", "text", "2 to 10 variants"),
    "no arm": ("{id: a, type: message, text: {variants: {}}}", "text", "2 to 10 variants"),
    "more than ten arms": (f"{{id: a, type: message, text: {{variants: {{{MANY}}}}}}}", "text", "2 to 10"),
    "a number for a text": ("{id: a, type: message, text: {variants: {a: x, b: 2}}}", "text", "be a text"),
    "a list of arms for a text": ("{id: a, type: message, text: {variants: [x, y]}}", "text", "be a text"),
    "a name with a blank": (
        '{id: a, type: message, text: {variants: {"a b": x, b: y}}}', "text", "no name for a variant",
    ),
    "weights of somebody else": (
        "{id: a, type: message, text: {variants: {a: x, b: y}, weights: {a: 1, c: 1}}}", "text", "weights",
    ),
    "weights for some": (
        "{id: a, type: message, text: {variants: {a: x, b: y}, weights: {a: 1}}}", "text", "weights",
    ),
    "a weight of nothing": (
        "{id: a, type: message, text: {variants: {a: x, b: y}, weights: {a: 1, b: 0}}}", "text", "weights",
    ),
    "a weight beyond all measure": (
        "{id: a, type: message, text: {variants: {a: x, b: y}, weights: {a: 1, b: 1001}}}", "text", "weights",
    ),
    "a weight that is true": (
        "{id: a, type: message, text: {variants: {a: x, b: y}, weights: {a: 1, b: true}}}", "text", "weights",
    ),
    "a control that is no arm": (
        "{id: a, type: message, text: {variants: {a: x, b: y}, control: c}}", "text", "none of the variants",
    ),
    "another field beside them": (
        "{id: a, type: message, text: {variants: {a: x, b: y}, tone: good}}", "text", "side by side",
    ),
    "a target": (
        "{id: a, type: message, text: x, next: {variants: {a: end_, b: end_}}}", "next", "no text",
    ),
    "a tool": (
        "{id: a, type: tool, call: {variants: {a: desk.look, b: desk.write}}}", "call", "no text stands here",
    ),
    "a condition": (
        '{id: a, type: message, text: x, when: {variants: {a: "run.id", b: "run"}}}', "when", "no text",
    ),
    "what is kept of an option": (
        "{id: a, type: choice, text: x, save: s, options: [{label: R, value: {variants: {a: x, b: y}}}]}",
        "options", "options.0.value: has variants, but no text",
    ),
    "the facts that approvers see": (
        "{id: a, type: approve, question: x, facts: {Total: {variants: {a: x, b: y}}}, if_approved: end_,"
        " if_rejected: end_}", "facts", "no text",
    ),
    "the tone of a paragraph": (
        "{id: a, type: message, text: x, show: [{paragraph: x, tone: {variants: {a: good, b: bad}}}]}",
        "show", "show.0.tone: has variants, but no text stands here",
    ),
    "the list of lines": (
        '{id: a, type: message, text: x, show: [{lines: {variants: {a: "x", b: "y"}}, label: x, value: y}]}',
        "show", "no text stands here",
    ),
    "a step and a text in it": (
        "{id: a, type: message, text: {variants: {a: x, b: y}}, variants: {a: {when: run.id}, b: {}}}",
        "text", "the whole step and of a text in it",
    ),
    "another type within a step": (
        "{id: a, type: message, variants: {a: {text: x}, b: {type: end}}}", "variants", "without id, type",
    ),
    "another id within a step": (
        "{id: a, type: message, variants: {a: {text: x}, b: {id: c, text: y}}}", "variants", "without",
    ),
    "variants within variants": (
        "{id: a, type: message, variants: {a: {text: x}, b: {variants: {c: {}}}}}", "variants", "without",
    ),
    "a text for a step": ("{id: a, type: message, variants: {a: x, b: {text: y}}}", "variants", "fields of"),
    "a field that one way does not know": (
        "{id: a, type: message, variants: {a: {text: x}, b: {text: y, ask: z}}}", "ask", "not a field",
    ),
    "a text that one way does not have": (
        "{id: a, type: message, variants: {a: {text: x}, b: {}}}", "text", "is missing",
    ),
    "a fault in the words of one": (
        '{id: a, type: message, text: {variants: {a: x, b: "{{ y"}}}', "text", "",
    ),
    "a slot that only one reads and nobody fills": (
        '{id: a, type: message, text: {variants: {a: x, b: "{{ nothing }}"}}}', "", "reads 'nothing'",
    ),
    "a step that only one leads to and that is not there": (
        "{id: a, type: message, text: x, variants: {a: {}, b: {next: nowhere}}}", "next", "does not exist",
    ),
    "a tool that only one calls and that is not there": (
        "{id: a, type: tool, variants: {a: {call: desk.look}, b: {call: desk.lock}}}", "call", "no tool",
    ),
    "the name of a way as a target": (
        '{id: a, type: message, text: x, variants: {a: {}, b: {next: "a b"}}}', "next", "does not exist",
    ),
    "a button that is empty for some": (
        '{id: a, type: confirm, text: x, button: {variants: {a: x, b: ""}}}', "button", "1 to 75 characters",
    ),
}  # fmt: skip

# What only the whole flow, or what stands inside a text, can tell.
BEYOND_A_SCHEMA = {
    "weights of somebody else", "a control that is no arm", "a step and a text in it",
    "a field that one way does not know", "a text that one way does not have", "a fault in the words of one",
    "a slot that only one reads and nobody fills", "a step that only one leads to and that is not there",
    "a tool that only one calls and that is not there", "the name of a way as a target",
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_a_mistake_is_named_once_with_its_step_and_field(name: str) -> None:
    step, field, problem = BROKEN[name]
    found = mistakes(one(step))
    assert [(each.line, each.step, each.field) for each in found] == [(4, "a", field)], found
    assert problem in found[0].problem


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_refused_for_its_shape_the_schema_refuses_too(name: str) -> None:
    value = read("a.yaml", one(BROKEN[name][0]).encode()).value
    assert VALIDATOR.is_valid(value) == (name in BEYOND_A_SCHEMA)


@pytest.mark.parametrize("text", [ASK, WAYS, TOOL])
def test_what_is_right_fits_the_schema(text: str) -> None:
    jsonschema.Draft202012Validator.check_schema(VALIDATOR.schema)
    VALIDATOR.validate(read("a.yaml", text.encode()).value)


def test_more_combinations_than_anybody_could_tell_apart_are_refused() -> None:
    parts = ", ".join("{note: {variants: {a: x, b: y}}}" for _ in range(7))
    [found] = mistakes(one(f"{{id: a, type: message, text: x, show: [{parts}]}}"))
    assert "more than 64 combinations" in found.problem


def test_a_step_that_runs_another_flow_has_no_variants() -> None:
    found = mistakes(one("{id: a, type: subflow, variants: {a: {flow: b}, b: {flow: c}}}"))
    assert "has variants, but runs another flow" in found[0].problem


def many(count: int) -> str:
    one = "  - {id: s%d, type: message, text: {variants: {a: x, b: y, c: z}}}\n"
    body = "".join(one % number for number in range(count))
    return f"id: demo\ndescription: A demo\nsteps:\n{body}  - {{id: end_, type: end}}\n"


def test_a_flow_with_more_variants_than_can_be_decided_side_by_side_is_refused() -> None:
    assert len(loaded(many(25)).experiments) == 25
    found = mistakes(many(199))
    assert found[0].step == "s25"
    assert "more than 50 variants in one flow" in found[0].problem


@pytest.mark.twin
def test_twin_without_the_limit_one_sentence_would_be_decided_four_hundred_times(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(variants, "MOST_BESIDE", 10_000)
    flow, decided = loaded(many(199)), []

    def decide(*given: Any) -> Any:
        decided.append(given)
        return given[1], ()

    arms.advanced(decide, flow, start(flow, "r1", REQUESTER, ""), Entered(), KNOWN)
    assert len(decided) == 1 + 199 * 2


def test_a_step_that_only_one_way_leads_to_is_reached() -> None:
    assert loaded(WAYS).steps["thanks"]


def test_a_circle_that_only_one_way_makes_is_found() -> None:
    text = one("{id: a, type: message, text: x, variants: {a: {}, b: {next: a}}}")
    assert any("circle" in each.problem for each in mistakes(text))


@pytest.mark.parametrize("goal", ["nowhere", "[x]", "7"])
def test_a_goal_that_is_no_step_is_refused(goal: str) -> None:
    [found] = mistakes(f"goal: {goal}\n" + one("{id: a, type: message, text: x}"))
    assert (found.field, found.line) == ("goal", 1)


def test_the_names_of_a_place_say_where_it_is() -> None:
    found = variants.find("demo", "a", {"text": {"variants": {"a": "x", "b": "y"}}})[0]
    assert [each.name for each in found] == ["demo.a.text"]
