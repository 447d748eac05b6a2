"""Every kind of mistake in a flow file: its file, line, step and field, and what would be right."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from flows.errors import FlowError, Mistake
from flows.flow import Flow
from flows.loader import load, load_file, load_stored, version_of
from flows.yaml_source import read
from tests.flows.builders import CATALOG, TOOLS, order_flow


def loaded(text: str) -> Flow:
    return load(read("demo.yaml", text.encode()), TOOLS)


def mistakes(text: str) -> tuple[Mistake, ...]:
    with pytest.raises(FlowError) as caught:
        loaded(text)
    return caught.value.mistakes


HEAD = "id: demo\ndescription: A demo\nsteps:\n"
END = "  - {id: end_, type: end}\n"


def steps(*lines: str) -> str:
    return HEAD + "".join(f"  - {line}\n" for line in lines) + END


# text, line, step, field, part of the problem, part of what would be right
BROKEN = {
    "no mapping": ("- a\n", 1, "", "", "must be a mapping", ""),
    "empty": ("", 1, "", "", "must be a mapping", ""),
    "no id": (
        "description: x\nsteps: [{id: a, type: end}]\n",
        1, "", "id", "must be a short name", "id: order",
    ),
    "id with a blank": (
        HEAD.replace("demo", "my demo", 1) + END,
        1, "", "id", "must be a short name", "id: order",
    ),
    "no description": (
        "id: demo\nsteps: [{id: a, type: end}]\n",
        1, "", "description", "must say", 'description: "',
    ),
    "examples no list": (
        "id: demo\ndescription: x\nexamples: order\nsteps: [{id: a, type: end}]\n",
        3, "", "examples", "list of sentences", "examples: [",
    ),
    "unknown field of the flow": (
        "id: demo\ndescription: x\nstep: 1\nsteps: [{id: a, type: end}]\n",
        3, "", "step", "not a field of a flow", "steps",
    ),
    "no steps": ("id: demo\ndescription: x\n", 1, "", "steps", "must be a list of 1 to 200", "steps: ["),
    "steps no list": (
        "id: demo\ndescription: x\nsteps: {a: b}\n",
        3, "", "steps", "must be a list", "steps: [",
    ),
    "no steps in the list": (
        "id: demo\ndescription: x\nsteps: []\n",
        3, "", "steps", "must be a list", "steps: [",
    ),
    "a step that is a word": (steps("greet"), 4, "", "id", "step number 1 has no id", "id: greet"),
    "a step without id": (steps("{type: end}"), 4, "", "id", "has no id", "id: greet"),
    "a step id with a colon": (
        steps('{id: "a:b", type: message, text: x}'),
        4, "a:b", "id", "must be a short name", "id: greet",
    ),
    "a step id with a bar": (
        steps('{id: "a|b", type: message, text: x}'),
        4, "a|b", "id", "must be a short name", "id: greet",
    ),
    "a step id twice": (
        steps("{id: a, type: message, text: x}", "{id: a, type: message, text: y}"),
        5, "a", "id", "id of an earlier step", "id: a_2",
    ),
    "no type": (steps("{id: a}"), 4, "a", "type", "has no type", "message"),
    "a type misspelt": (
        steps("{id: a, type: mesage, text: x}"),
        4, "a", "type", "no step type 'mesage'", "message",
    ),
    "a type that is a list": (
        steps("{id: a, type: [message], text: x}"),
        4, "a", "type", "no step type", "message",
    ),
    "a field misspelt": (
        steps("{id: a, type: message, txt: x}"),
        4, "a", "txt", "not a field of this step", "text",
    ),
    "a text missing": (steps("{id: a, type: message}"), 4, "a", "text", "is missing", 'text: "…"'),
    "a text that is a number": (
        steps("{id: a, type: message, text: 7}"),
        4, "a", "text", "must be a text, not a number", 'text: "…"',
    ),
    "a text that is a list": (
        steps("{id: a, type: message, text: [x]}"),
        4, "a", "text", "not a list", 'text: "…"',
    ),
    "arithmetic in a text": (
        steps('{id: a, type: message, text: "{{ 7*7 }}"}'),
        4, "a", "text", "arithmetic is not allowed", "",
    ),
    "a loop in a text": (
        steps('{id: a, type: message, text: "{% for x in y %}{% endfor %}"}'),
        4, "a", "text", "a loop is not allowed", "",
    ),
    "a filter that is not there": (
        steps("{id: a, type: message, text: \"{{ run.id | shout }}\"}"),
        4, "a", "text", "shout", "",
    ),
    "a brace that is not closed": (
        steps('{id: a, type: message, text: "{{ run.id "}'),
        4, "a", "text", "unexpected", "",
    ),
    "a condition that is none": (
        steps('{id: a, type: message, text: x, when: "a ="}'),
        4, "a", "when", "is no condition", "",
    ),
    "a call in a condition": (
        steps('{id: a, type: message, text: x, when: "len(run)"}'),
        4, "a", "when", "a call is not allowed", "",
    ),
    "a slot that nobody fills": (
        steps('{id: a, type: message, text: "{{ itmes }}"}', "{id: b, type: input, gather: [items]}"),
        4, "a", "", "reads 'itmes', which no step fills", "items",
    ),
    "true with a small letter": (
        steps('{id: a, type: message, text: x, when: "run.unread == true"}'),
        4, "a", "", "reads 'true'", "True",
    ),
    "a target that is not there": (
        steps("{id: a, type: message, text: x, next: b}", "{id: bb, type: message, text: x}"),
        4, "a", "next", "leads to 'b', which does not exist", "bb",
    ),
    "a target of an error": (
        steps('{id: a, type: tool, call: desk.look, on_error: {"*": nowhere}}'),
        4, "a", "on *", "leads to 'nowhere'", "end_",
    ),
    "the last step leads nowhere": (
        HEAD + "  - {id: a, type: message, text: x}\n",
        4, "a", "next", "leads nowhere", "type end after it",
    ),
    "a step never reached": (
        steps("{id: a, type: message, text: x, next: end_}", "{id: b, type: message, text: x}"),
        5, "b", "", "is never reached", "a step that leads to it",
    ),
    "a circle without a wait": (
        steps(
            '{id: a, type: branch, cases: [{if: "run.id", goto: b}]}',
            "{id: b, type: message, text: x, next: a}",
        ),
        4, "a", "", "in a circle", "an input, confirm or tool",
    ),
    "no such tool": (
        steps("{id: a, type: tool, call: stripe.chrage}"),
        4, "a", "call", "there is no tool 'stripe.chrage'", "stripe.charge",
    ),
    "no tool": (steps("{id: a, type: tool}"), 4, "a", "call", "is missing", 'call: "…"'),
    "on_error no mapping": (
        steps("{id: a, type: tool, call: desk.look, on_error: sorry}"),
        4, "a", "on_error", "must be a mapping", "on_error: {",
    ),
    "on_error names no step": (
        steps("{id: a, type: tool, call: desk.look, on_error: {declined: 7}}"),
        4, "a", "on_error", "must name a step", "declined: some_step",
    ),
    "rests_on no list": (
        steps("{id: a, type: tool, call: desk.look, rests_on: items}"),
        4, "a", "rests_on", "must be a list", "[items]",
    ),
    "a result kept under our own name": (
        steps("{id: a, type: tool, call: desk.look, save: requester}"),
        4, "a", "save", "the engine uses itself", "another name",
    ),
    "gather missing": (steps("{id: a, type: input}"), 4, "a", "gather", "is missing", "gather: [items]"),
    "gather empty": (
        steps("{id: a, type: input, gather: []}"),
        4, "a", "gather", "names no slot", "gather: [items]",
    ),
    "gather two": (
        steps("{id: a, type: input, gather: [a, b]}"),
        4, "a", "gather", "more than one slot", "gather: [a]",
    ),
    "gather no name": (
        steps('{id: a, type: input, gather: ["a b"]}'),
        4, "a", "gather", "no name for a slot", "letters, digits",
    ),
    "refill in words": (
        steps('{id: a, type: input, gather: [a], refill: "yes"}'),
        4, "a", "refill", "must be true or false", "refill: true",
    ),
    "a button without words": (
        steps('{id: a, type: confirm, text: x, button: " "}'),
        4, "a", "button", "must have 1 to 75", 'button: "Yes"',
    ),
    "a button with too many": (
        steps(f"{{id: a, type: confirm, text: x, button: {'x' * 76}}}"),
        4, "a", "button", "must have 1 to 75", 'button: "Yes"',
    ),
    "cases missing": (
        steps("{id: a, type: branch}"),
        4, "a", "cases", "must be a list of conditions", "cases: [",
    ),
    "a case without goto": (
        steps('{id: a, type: branch, cases: [{if: "run.id"}]}'),
        4, "a", "cases", "without `if` and `goto`", "cases: [",
    ),
    "a status that is none": (
        steps("{id: a, type: end, status: finished}"),
        4, "a", "status", "is 'finished'", "done or cancelled or failed",
    ),
    "an element that is none": (
        steps("{id: a, type: message, text: x, show: [{table: x}]}"),
        4, "a", "show", "an element is one of", "facts",
    ),
    "an element with a word too many": (
        steps("{id: a, type: message, text: x, show: [{heading: x, size: 3}]}"),
        4, "a", "show", "an element is one of", "facts",
    ),
    "a tone that is none": (
        steps("{id: a, type: message, text: x, show: [{paragraph: x, tone: loud}]}"),
        4, "a", "show", "there is no tone 'loud'", "facts",
    ),
    "facts of lists": (
        steps("{id: a, type: message, text: x, show: [{facts: {a: [b]}}]}"),
        4, "a", "show", "facts are labels", "facts",
    ),
    "arguments nested without end": (
        steps(f"{{id: a, type: tool, call: desk.look, with: {'{a: ' * 10}b{'}' * 10}}}"),
        4, "a", "with", "nested too deeply", "",
    ),
    "an argument with a call": (
        steps('{id: a, type: tool, call: desk.look, with: {a: "{{ open(1) }}"}}'),
        4, "a", "with", "a call is not allowed", "",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_a_mistake_is_named_with_its_place_and_what_would_be_right(name: str) -> None:
    text, line, step, field, problem, right = BROKEN[name]
    found = mistakes(text)
    fitting = [
        each for each in found if problem in each.problem and each.field == field and each.step == step
    ]
    assert fitting, found
    assert (fitting[0].file, fitting[0].line) == ("demo.yaml", line)
    assert right in fitting[0].right


def test_a_mistake_reads_as_one_line() -> None:
    found = mistakes(steps("{id: a, type: mesage, text: x}"))
    assert [str(each) for each in found] == [
        "demo.yaml:4: step 'a' field 'type': there is no step type 'mesage'. Right would be: message."
    ]


def test_all_mistakes_of_a_file_are_told_at_once() -> None:
    found = mistakes(steps("{id: a, type: mesage}", "{id: b, type: message}", "{id: c, type: tool}"))
    assert [(each.line, each.step) for each in found] == [(4, "a"), (5, "b"), (6, "c")]


def test_the_line_is_the_field_s_own_in_a_file_of_many_lines() -> None:
    text = HEAD + "  - id: a\n    type: message\n    text: x\n    wen: run.id\n" + END
    assert mistakes(text)[0].line == 7


@pytest.mark.parametrize("path", sorted(CATALOG.glob("*.yaml")), ids=lambda path: path.name)
def test_the_shipped_flows_have_no_mistake(path: Path) -> None:
    from integrations import tools

    flow = load_file(path, tools())
    assert flow.id == path.stem
    assert flow.examples or flow.id == "file"  # which begins by a file, and not by words


def test_a_flow_from_the_database_is_the_flow_from_the_file() -> None:
    flow = order_flow()
    stored = load_stored(json.loads(json.dumps(flow.source)), TOOLS)
    assert stored == flow


def test_the_version_is_the_content_s_and_nothing_else_s() -> None:
    text = steps("{id: a, type: message, text: hello}")
    same = "# a comment\n" + text.replace("  - {id: a", "\n  -   {id: a")
    assert loaded(text).version == loaded(same).version
    assert loaded(text).version != loaded(text.replace("hello", "hallo")).version
    assert version_of({"a": 1, "b": 2}) == version_of({"b": 2, "a": 1})


def test_a_wait_in_a_circle_makes_it_a_loop_that_is_allowed() -> None:
    text = steps(
        '{id: a, type: branch, cases: [{if: "items", goto: end_}], else: b}',
        "{id: b, type: input, gather: [items], next: a}",
    )
    assert loaded(text).start == "a"
