"""countersign flows test: what is shipped holds its conversations; what fails is told so one sees why."""

from __future__ import annotations

import json
from pathlib import Path
from textwrap import dedent
from xml.etree import ElementTree

import jsonschema
import pytest
from typer.testing import CliRunner

from bot.cli import app
from bot.errors import ConfigurationError
from flows.yaml_source import read
from tests.workers.flowtest.flowfiles import FLOW, mistakes, played, whole, written
from workers.flows_test import play_all, report, run
from workers.flowtest import expectations, parse
from workers.flowtest.node import Node
from workers.push import CATALOG

ROOT = CATALOG.parent.parent
SCHEMA = jsonschema.Draft202012Validator(json.loads((ROOT / "flows" / "flow-test.schema.json").read_text()))
SHIPPED = sorted((CATALOG / "tests").glob("*.yaml"))

READS = """
- name: it reads when told to
  turns:
    - press: Read it
      expect: {said: "There are 0 things.", ends: done}
"""


def begun(turns: str, name: str = "one") -> str:
    """A conversation of the small flow that has begun, and goes on with these turns."""
    begin = "    - {say: /ask, expect: {card: 'Shall I read it?'}}\n"
    return f"- name: {name}\n  turns:\n{begin}" + "".join(
        f"    {line}\n" for line in dedent(turns).strip().splitlines()
    )


def expecting(expectation: str) -> str:
    return begun(f"- {{press: Read it, expect: {expectation}}}")


# ── what is shipped ──────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_every_shipped_flow_holds_its_conversations_and_they_take_every_step(path: Path) -> None:
    found = run([path])
    assert found.good, "\n".join(report(found))
    assert [each.coverage.missed_steps for each in found.flows if each.flow.id == path.stem] == [()]


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_every_shipped_test_file_is_as_the_schema_says(path: Path) -> None:
    SCHEMA.validate(read(str(path), path.read_bytes()).value)


def test_of_the_order_flow_every_way_is_taken() -> None:
    [order] = [each for each in run([CATALOG / "order.yaml"]).flows if each.flow.id == "order"]
    assert order.coverage.missed_edges == ()


def test_without_a_path_all_that_is_shipped_is_tested(capsys: pytest.CaptureFixture[str]) -> None:
    assert play_all([]) == 0
    assert "conversations passed, 100 % of 16 steps" in capsys.readouterr().out


# ── what passes, and what does not ───────────────────────────────────────────────────────


def test_a_conversation_that_goes_as_written_passes(tmp_path: Path) -> None:
    found = played(tmp_path, begun('- {press: Read it, expect: {said: "There are 0 things.", ends: done}}'))
    assert found.good
    assert [each.passed for each in found.flows] == [1]


FAILS = {
    "another text": ('said: "There are 2 things."', "- There are 2 things.\n        + There are 0 things."),
    "a part that is not there": ("said: {contains: pizza}", "expected to be said: containing “pizza”"),
    "a pattern that nothing fits": (r"said: {regex: 'are [1-9]'}", "matching “are [1-9]”"),
    "an order that is another": ('said: ["There are 0 things.", {contains: are}]', "containing “are”"),
    "an end that is another": ("ends: cancelled", "expected the run to be cancelled\n        it is done"),
    "a step that is another": ("at: sure", "expected the run to be at step 'sure'"),
    "a call that was not made": ("called: stripe.quote", "stripe.catalogue was called"),
    "a call that was made": ("not_called: stripe.catalogue", "stripe.catalogue not to be called"),
    "a text that was said": ("not_said: {contains: things}", "nothing to be said containing “things”"),
    "an approval that was not asked": ("asked: true", "none was asked"),
    "a card that is not open": ("card: {buttons: [Read it]}", "no card is open"),
    "a slot that is another": ("slots: {menu: {currency: eur}}", "menu.currency: expected 'eur', was 'usd'"),
    "a change that was none": ("changed: Nothing.", "- Nothing.\n        + Confirmed."),
    "a whisper that was none": ("whispered: {contains: x}", "expected to be whispered"),
}


@pytest.mark.parametrize("case", FAILS)
def test_what_is_not_as_expected_is_told_with_its_place_and_what_was_there_instead(
    tmp_path: Path, case: str
) -> None:
    expectation, told = FAILS[case]
    found = played(tmp_path, begun(f"- press: Read it\n  expect: {{{expectation}}}"))
    assert not found.good
    text = "\n".join(report(found))
    assert "ask.yaml:7: “one”, turn 2 (press “Read it”)" in text
    assert told in text
    assert "0 of 1 conversations passed" in text


STUCK = {
    "a button that is not there": (
        "- press: Write it",
        "there is no button “Write it” to press; there are: “Read it”",
    ),
    "an approval that nobody asked for": ("- approve: grace", "nothing waits for an approval"),
    "an expiry of nothing": ("- expire: true", "nothing waits for an approval"),
    "a result that nobody waits for": (
        "- tool: {stripe.charge: {fails: x}}",
        "nothing waits for stripe.charge",
    ),
}


@pytest.mark.parametrize("case", STUCK)
def test_what_cannot_be_done_fails_and_says_why(tmp_path: Path, case: str) -> None:
    turn, told = STUCK[case]
    text = "\n".join(report(played(tmp_path, begun(turn))))
    assert told in text


def test_a_tool_that_nothing_is_scripted_for_fails(tmp_path: Path) -> None:
    found = played(tmp_path, begun("- press: Read it"), head="")
    assert "stripe.catalogue() was called, and no answer is scripted for it" in "\n".join(report(found))


def test_steps_and_ways_that_no_conversation_took_are_named(tmp_path: Path) -> None:
    found = played(tmp_path, begun("- {press: Read it, expect: {ends: done}}"))
    assert report(found)[-3:] == [
        "ask: 1 of 1 conversations passed, 80 % of 5 steps",
        "    never entered: sorry",
        "    never taken: menu → sorry (on *), sorry → done",
    ]


def test_too_little_coverage_is_a_failure(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = written(tmp_path, begun("- {press: Read it, expect: {ends: done}}"))
    assert play_all([path], 80) == 0
    assert play_all([path], 81) == 1
    assert "80 % of its steps; 81 % are wanted" in capsys.readouterr().out


def test_a_flow_without_conversations_is_covered_by_nothing(tmp_path: Path) -> None:
    written(tmp_path, begun("- {press: Read it, expect: {ends: done}}"))
    (tmp_path / "flows" / "other.yaml").write_text(FLOW.replace("id: ask", "id: other"))
    lines = report(run([tmp_path / "flows"]))
    assert "other: 0 of 0 conversations passed, 0 % of 5 steps" in lines


def test_a_flow_that_is_not_shipped_is_tested_by_its_own_path(tmp_path: Path) -> None:
    written(tmp_path, begun("- {press: Read it, expect: {ends: done}}"))
    assert run([tmp_path / "flows" / "ask.yaml"]).good


def test_where_nothing_is_written_it_is_said_where_it_would_stand(tmp_path: Path) -> None:
    (tmp_path / "ask.yaml").write_text(FLOW)
    with pytest.raises(ConfigurationError, match="No conversation is written yet"):
        run([tmp_path / "ask.yaml"])
    with pytest.raises(ConfigurationError, match="is not there"):
        run([tmp_path / "none.yaml"])


def test_junit_tells_each_conversation_and_why_it_failed(tmp_path: Path) -> None:
    both = begun("- {press: Read it, expect: {ends: done}}") + begun(
        "- {press: Read it, expect: {at: sure}}", "two"
    )
    xml = tmp_path / "out.xml"
    assert play_all([written(tmp_path, both)], xml=xml) == 1
    top = ElementTree.fromstring(xml.read_bytes())
    assert (top.get("tests"), top.get("failures")) == ("2", "1")
    [failure] = top.iter("failure")
    assert "turn 2" in (failure.text or "")


# ── a test that could never fail is a mistake ────────────────────────────────────────────

NEVER = {
    "an unknown key": (begun("- {press: Read it, expects: {ends: done}}"), "Right would be: expect"),
    "an unknown expectation": (expecting("{sayd: x}"), "Right would be: said"),
    "an empty expectation": (expecting("{}"), "could never fail"),
    "an empty text": (expecting('{said: ""}'), "can never match"),
    "an empty part": (expecting('{said: {contains: " "}}'), "can never match"),
    "a pattern that is none": (expecting("{said: {regex: '('}}"), "no regular expression"),
    "a pattern that fits nothing said": (expecting("{said: {regex: 'x*'}}"), "could never fail"),
    "a tool that is not there": (expecting("{not_called: stripe.chrge}"), "stripe.charge"),
    "an argument that is not there": (
        expecting("{called: {tool: stripe.charge, with: {amuont: 1}}}"),
        "Right would be: amount",
    ),
    "a slot that nothing fills": (expecting("{slots: {menue: 1}}"), "Right would be: menu"),
    "a step that is not there": (expecting("{at: shure}"), "Right would be: sure"),
    "an end that is none": (expecting("{ends: finished}"), "is no end"),
    "nothing expected": ("- {name: one, turns: [{say: /ask}]}\n", "expects nothing"),
    "no turns": ("- {name: one, turns: []}\n", "with one at least"),
    "no conversations": ("[]\n", "with one at least"),
    "two of one name": (READS + READS, "two conversations are called"),
    "two acts": (begun("- {press: Read it, say: x}"), "a turn is one act"),
    "no act": (begun("- {expect: {ends: done}}"), "does nothing"),
    "nobody we know": (begun("- {approve: grce}"), "Right would be: grace"),
    "no time": (begun("- {wait: a while}"), "is no length of time"),
    "an expiry that is false": (begun("- {expire: false}"), "expire: true"),
    "an intent that is none": (begun("- {say: x, understood: {intent: yess}}"), "Right would be: yes"),
    "a change without its item": (
        begun("- {say: x, understood: {changes: [{op: add}]}}"), "does not say 'item'",
    ),
    "a result that is none": (
        begun("- {tool: {stripe.catalogue: {result: {currency: usd}}}}"), "products: Field required",
    ),
    "two answers in one": (begun("- {tool: {stripe.charge: {fails: x, later: true}}}"), "it is one of"),
}  # fmt: skip


@pytest.mark.parametrize("case", NEVER)
def test_what_could_never_fail_or_never_match_is_a_mistake_with_its_line(tmp_path: Path, case: str) -> None:
    text, told = NEVER[case]
    [first, *_] = mistakes(tmp_path, text)
    assert "ask.yaml:" in first
    assert told in first
    assert not played(tmp_path, text).good


@pytest.mark.parametrize(
    "case",
    ["an unknown key", "an empty expectation", "an empty text", "no turns", "no conversations", "no time"],
)
def test_the_schema_for_editors_refuses_it_too(tmp_path: Path, case: str) -> None:
    source = read("t", whole(NEVER[case][0]).encode())
    assert not SCHEMA.is_valid(source.value)


def test_the_schema_knows_every_key_that_is_read_and_no_other() -> None:
    schema = SCHEMA.schema
    assert set(schema["properties"]) == set(parse.HEAD)
    assert set(schema["$defs"]["conversation"]["properties"]) == set(parse.CONVERSATION)
    assert set(schema["$defs"]["turn"]["properties"]) == set(parse.TURN)
    assert set(schema["$defs"]["expect"]["properties"]) == set(expectations.FIELDS)


@pytest.mark.twin
def test_twin_without_looking_at_keys_a_misspelt_expectation_would_pass(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = begun("- {press: Read it, expct: {said: pizza}}")
    assert not played(tmp_path, text).good
    monkeypatch.setattr(Node, "fields", lambda self, known: isinstance(self.value, dict))
    assert played(tmp_path, text).good


@pytest.mark.twin
def test_twin_without_refusing_the_empty_a_conversation_that_expects_nothing_would_pass(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "- {name: one, turns: [{say: /ask}]}\n"
    assert not played(tmp_path, text).good
    monkeypatch.setattr(Node, "wrong", lambda self, problem, right="": None)
    assert played(tmp_path, text).good


def test_whoever_asked_cannot_approve_it_in_a_test_either(tmp_path: Path) -> None:
    order = (CATALOG / "tests" / "order.yaml").read_text().replace("- approve: grace", "- approve: ada")
    (tmp_path / "catalog" / "tests").mkdir(parents=True)
    (tmp_path / "catalog" / "order.yaml").write_text((CATALOG / "order.yaml").read_text())
    (tmp_path / "catalog" / "tests" / "order.yaml").write_text(order)
    [failure] = run([tmp_path / "catalog"]).results[0].failures
    assert "Ada asked for this, and may not decide it" in str(failure)


# ── the virtual clock ────────────────────────────────────────────────────────────────────

WAITS = """
id: ask
description: "Wait for a while"
steps:
  - {id: sleep, type: wait, for: "2 days"}
  - {id: told, type: message, text: "Good morning.", next: done}
  - {id: done, type: end}
"""


def test_days_pass_at_once_and_what_is_due_happens_at_its_time(tmp_path: Path) -> None:
    conversation = """
    - name: two days
      turns:
        - {say: /ask, expect: {at: sleep}}
        - {wait: 47 hours, expect: {at: sleep, not_said: {contains: Good}}}
        - {wait: 2 hours, expect: {said: Good morning., ends: done}}
    """
    found = played(tmp_path, conversation, flow=WAITS)
    assert found.good, "\n".join(report(found))


def test_what_was_cancelled_does_not_wake_it(tmp_path: Path) -> None:
    conversation = """
    - name: cancelled
      turns:
        - {say: /ask}
        - {say: cancel, expect: {ends: cancelled}}
        - {wait: 3 days, expect: {not_said: {contains: Good}, ends: cancelled}}
    """
    found = played(tmp_path, conversation, flow=WAITS)
    assert found.good, "\n".join(report(found))


# ── from one flow to another, and questions to approvers ─────────────────────────────────

OTHER = """
id: weather
description: "Tell the weather"
examples: ["what is the weather like"]
steps:
  - {id: told, type: message, text: "It is sunny.", next: done}
  - {id: done, type: end}
"""
APPROVES = """
id: ask
description: "Ask somebody before going on"
steps:
  - id: decide
    type: approve
    question: "May {{ requester.name }} go home?"
    approvers: [grace@example.com]
    if_approved: yes_
    if_rejected: no_
    if_expired: no_
  - {id: yes_, type: message, text: "Off you go.", next: done}
  - {id: no_, type: message, text: "Please stay.", next: done}
  - {id: done, type: end}
"""


def test_another_flow_in_between_is_played_and_comes_back(tmp_path: Path) -> None:
    path = written(tmp_path, begun("""
        - say: what is the weather like
          expect: {said: [It is sunny., {contains: Shall I read it}], at: sure, card: {buttons: [Read it]}}
        - {press: Read it, expect: {ends: done}}
    """))  # fmt: skip
    (tmp_path / "flows" / "weather.yaml").write_text(OTHER)
    found = run([path])
    assert found.good, "\n".join(report(found))


APPROVAL = """
- name: decided
  turns:
    - {say: /ask, expect: {asked: flow.approve, at: decide}}
    - ACT
"""


@pytest.mark.parametrize(
    ("act", "good"),
    [
        ("{approve: grace, expect: {said: Off you go., ends: done}}", True),
        ("{reject: {by: grace, reason: no}, expect: {said: Please stay.}}", True),
        ("{wait: 2 days, expect: {said: Please stay.}}", True),
        ("{approve: omar, expect: {ends: done}}", False),
    ],
)
def test_a_question_is_decided_by_whom_the_step_names(tmp_path: Path, act: str, good: bool) -> None:
    found = played(tmp_path, APPROVAL.replace("ACT", act), flow=APPROVES)
    lines = "\n".join(report(found))
    assert found.good == good, lines
    assert good or "Omar is not among those who may decide it: grace@example.com" in lines


# ── the program ──────────────────────────────────────────────────────────────────────────


def test_the_program_ends_with_what_the_test_found(tmp_path: Path) -> None:
    path = str(written(tmp_path, begun("- {press: Read it, expect: {ends: done}}")))
    xml = str(tmp_path / "out.xml")
    fine = CliRunner().invoke(app, ["flows", "test", path, "--junit", xml])
    assert (fine.exit_code, Path(xml).exists()) == (0, True)
    assert "1 of 1 conversations passed" in fine.output
    assert CliRunner().invoke(app, ["flows", "test", path, "--coverage", "90"]).exit_code == 1


def test_the_same_conversation_is_played_alike_every_time() -> None:
    first, second = (report(run([CATALOG / "order.yaml"])) for _ in range(2))
    assert first == second
