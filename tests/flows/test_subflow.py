"""A flow inside a flow: its own slots, in and out by name, pinned with the flow around it."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows.errors import FlowError
from flows.flow import Flow, mermaid
from flows.loader import load_file, load_stored
from flows.run import from_json, to_json
from tests.flows.builders import TOOLS
from tests.flows.chat import Chat

RATING = """
id: rating
description: Asks for a rating
takes: [what]
steps:
  - id: ask
    type: input
    gather: [{slot: stars, type: integer, min: 1, max: 5}]
    ask: "Stars for {{ what }}?"
  - {id: low, type: branch, cases: [{if: "stars < 2", goto: bad}], else: done}
  - {id: bad, type: end, status: failed, text: "Oh."}
  - {id: done, type: end, text: "Thanks for {{ stars }}."}
"""
OUTER = """
id: outer
description: Outer
steps:
  - {id: title, type: input, gather: [{slot: title, type: text}], ask: "Title?"}
  - id: rate
    type: subflow
    flow: rating
    with: {what: "{{ title }}"}
    save: {score: stars}
    on_error: {failed: sorry}
  - {id: sure, type: confirm, text: "{{ title }}: {{ score }}"}
  - {id: done, type: end}
  - {id: sorry, type: message, text: "Sorry: {{ error.code }}", next: done}
"""


def folder(tmp_path: Path, **files: str) -> Path:
    for name, text in {"rating": RATING, "outer": OUTER, **files}.items():
        (tmp_path / f"{name}.yaml").write_text(text)
    return tmp_path / "outer.yaml"


@pytest.fixture
def outer(tmp_path: Path) -> Flow:
    return load_file(folder(tmp_path), TOOLS)


def mistakes(path: Path) -> str:
    with pytest.raises(FlowError) as caught:
        load_file(path, TOOLS)
    return str(caught.value)


def test_slots_go_in_and_come_out_by_name_and_nothing_else_does(outer: Flow) -> None:
    chat = Chat(outer)
    assert chat.say("The lamp") == ["Stars for The lamp?"]
    assert chat.say("4")[:1] == ["Thanks for 4."]
    assert chat.run.step == "sure"
    assert chat.run.slots["score"] == 4
    assert not {"stars", "what"} & set(chat.run.slots)


def test_its_slots_do_not_meet_those_of_the_same_name_around_it(tmp_path: Path) -> None:
    text = OUTER.replace("slot: title", "slot: stars").replace("{{ title }}", "{{ stars }}")
    chat = Chat(load_file(folder(tmp_path, outer=text), TOOLS))
    chat.say("many")
    chat.say("3")
    assert (chat.run.slots["stars"], chat.run.slots["score"]) == ("many", 3)


def test_what_fails_in_it_is_an_error_of_the_step(outer: Flow) -> None:
    chat = Chat(outer)
    chat.say("The lamp")
    assert chat.say("1") == ["Oh.", "Sorry: failed"]


def test_cancel_inside_cancels_all_of_it(outer: Flow) -> None:
    chat = Chat(outer)
    chat.say("The lamp")
    assert chat.say("cancel") == ["Cancelled. Nothing was done."]
    assert chat.run.status == "cancelled"


def test_a_correction_before_it_runs_it_anew(outer: Flow) -> None:
    chat = Chat(outer)
    chat.say("The lamp")
    chat.say("4")
    assert chat.say("actually the title is The chair")[-1] == "Stars for The chair?"
    assert chat.say("2")[-1].startswith("The chair: 2")


def test_a_run_in_it_is_stored_and_read_back_as_it_was(outer: Flow) -> None:
    chat = Chat(outer)
    chat.say("The lamp")
    run = chat.run
    assert from_json(run.id, run.flow, run.flow_version, run.status, to_json(run)) == run
    assert run.key(run.step) == "r1:rate.ask:1"


def test_what_is_stored_holds_all_of_it_and_a_change_inside_is_another_version(tmp_path: Path) -> None:
    path = folder(tmp_path)
    first = load_file(path, TOOLS)
    assert list(load_stored(first.source, TOOLS).steps) == list(first.steps)
    assert load_stored(first.source, TOOLS).version == first.version
    (tmp_path / "rating.yaml").write_text(RATING.replace("Thanks", "Many thanks"))
    assert load_file(path, TOOLS).version != first.version


def test_it_is_drawn_with_its_steps(outer: Flow) -> None:
    assert "rate__ask" in mermaid(outer)


def test_flows_within_flows_keep_their_slots_apart(tmp_path: Path) -> None:
    middle = OUTER.replace("id: outer", "id: middle", 1)
    top = """
id: outer
description: Top
steps:
  - {id: mid, type: subflow, flow: middle, save: [score]}
  - {id: told, type: message, text: "In all: {{ score }}"}
  - {id: done, type: end}
"""
    chat = Chat(load_file(folder(tmp_path, middle=middle, outer=top), TOOLS))
    chat.say("Deep")
    chat.say("5")
    assert chat.run.step == "mid.sure"
    assert chat.say("yes")[-1] == "In all: 5"
    assert chat.run.slots["mid."] is None


def test_one_that_runs_itself_is_refused_and_the_way_is_named(tmp_path: Path) -> None:
    again = RATING.replace("{id: low,", "{id: loop, type: subflow, flow: outer}\n  - {id: low,")
    assert "would run itself without end (outer → rating → outer)" in mistakes(folder(tmp_path, rating=again))


def test_more_than_five_deep_is_refused(tmp_path: Path) -> None:
    step = (
        "id: {0}\ndescription: d\nsteps:\n  - {{id: s, type: subflow, flow: {1}}}\n  - {{id: e, type: end}}\n"
    )
    files = {f"f{at}": step.format(f"f{at}", f"f{at + 1}") for at in range(7)}
    (tmp_path / "f7.yaml").write_text("id: f7\ndescription: d\nsteps:\n  - {id: e, type: end}\n")
    assert "more than 5 flows deep" in mistakes(folder(tmp_path, **files, outer=step.format("outer", "f0")))


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        (
            "flow: rating",
            "flow: ratings",
            "field 'flow': there is no flow 'ratings'. Right would be: a file ratings",
        ),
        ("flow: rating", "flow: ../rating", "there is no flow '../rating'"),
        (
            "with: {what:",
            "with: {whom:",
            "field 'with': 'rating' has no slot 'whom'. Right would be: stars, what",
        ),
        ("save: {score: stars}", "save: {score: star}", "'rating' fills no slot 'star'"),
        ("save: {score: stars}", "save: 7", "must name slots"),
        ('with: {what: "{{ title }}"}', "with: 7", "must name slots of the other flow"),
        ("on_error: {failed: sorry}", "on_error: {failed: nowhere}", "leads to 'nowhere'"),
    ],
)
def test_a_mistake_names_step_and_field_and_what_would_be_right(
    tmp_path: Path, old: str, new: str, problem: str
) -> None:
    assert problem in mistakes(folder(tmp_path, outer=OUTER.replace(old, new)))


def test_a_mistake_inside_is_named_with_both_files(tmp_path: Path) -> None:
    said = mistakes(folder(tmp_path, rating=RATING.replace("else: done", "else: gone")))
    assert "outer.yaml → rating: step 'low'" in said
    assert "'gone'" in said
