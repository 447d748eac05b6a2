"""Words of a model leave for nowhere unseen, whatever the rules, a grant or experience say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from flows import engine, policy_scene
from flows.effects import AskApproval, Call, Effect, Say
from flows.egress import written_by_a_model
from flows.engine import advance
from flows.events import Entered, Finished
from flows.policy_facts import Facts, Granted
from flows.scene import Known

from .builders import KNOWN, POLICY, TOOLS, Card, flow_of, run_of

WROTE = "The secret of Ada is in the drawer of the desk."
# Whether it was understood right is another question.
SURE = replace(POLICY, rules=tuple(each for each in POLICY.rules if each.name != "unsure"))
OUT = Card("out.send", "write", egress=True)
LOOK = Card("out.look", "read", egress=True)
FLOW = """
- {id: write, type: think, instructions: "Sum up.", material: ["a"], save: written}
- {id: send, type: tool, call: out.send, with: {text: "%s"}}
- {id: done, type: end}
"""


def known(**more: Any) -> Known:
    # The loader of the tests knows these names; what they are is said here.
    return replace(KNOWN, policy=SURE, tools={**TOOLS, "desk.write": replace(OUT, name="desk.write"),
                                 "desk.look": replace(LOOK, name="desk.look")}, **more)  # fmt: skip


def effects(
    template: str,
    call: str = "desk.write",
    *,
    result: Mapping[str, Any] | None = None,
    at: Known | None = None,
) -> tuple[Effect, ...]:
    flow = flow_of(FLOW.replace("out.send", call) % template)
    run, begun = advance(flow, run_of(flow), Entered(), at or known())
    asked = next(each for each in begun if isinstance(each, Call))
    said = {"text": WROTE, "generated": True, "label": "x", "sources": []} if result is None else result
    _, found = advance(flow, run, Finished(asked.key, said), at or known())
    return found


@pytest.mark.parametrize(
    "template",
    [
        "{{ written.text }}",
        "Said: {{ written.text }}!",
        "{{ written.text | upper }}",
        "{{ written.text | lower }}",
        "a {{ written.text ~ '' }} b",
    ],
)
@pytest.mark.parametrize("call", ["desk.write", "desk.look"])
def test_what_a_model_wrote_is_asked_about_before_it_leaves(template: str, call: str) -> None:
    found = effects(template, call)
    (asked,) = [each for each in found if isinstance(each, AskApproval)]
    assert asked.verdict.rule == "egress"
    assert "A model wrote" in asked.verdict.because
    assert not any(isinstance(each, Call) for each in found)


def test_what_no_model_wrote_is_for_the_rules_to_decide() -> None:
    assert any(isinstance(each, Call) for each in effects("All is well."))
    extract = {"text": WROTE, "generated": False, "label": "x", "sources": []}
    assert any(isinstance(each, Call) for each in effects("{{ written.text }}", result=extract))


def test_a_tool_that_carries_nothing_out_is_not_asked_about() -> None:
    inside = replace(KNOWN, policy=SURE, tools=TOOLS)
    assert any(isinstance(each, Call) for each in effects("{{ written.text }}", at=inside))


def test_a_standing_grant_does_not_cover_it() -> None:
    keys = {f"r1:send:{number}": Granted("g1", "Grace said so.") for number in range(4)}
    found = effects("{{ written.text }}", at=known(facts=Facts(granted=keys)))
    assert any(isinstance(each, AskApproval) for each in found)


def test_a_flow_inside_that_is_given_the_words_alone_is_asked_about_too() -> None:
    run = run_of(flow_of(FLOW.replace("out.send", "desk.write") % "x"))
    whole = replace(
        run,
        slots={"written": {"generated": True, "text": WROTE}, "inner.": {"note": WROTE}},
        step="inner.send",
    )
    scene = policy_scene_of(whole)
    assert scene.run.slots == {"note": WROTE}
    call = Call("r1:send:1", "desk.write", {"text": WROTE}, "send")
    assert policy_scene.ruled(scene, replace(OUT, name="desk.write"), call, ()).verdict.rule == "egress"


def policy_scene_of(run: Any) -> Any:
    from flows.scene import scene

    return scene(run, known())


def test_short_words_count_where_they_are_the_whole() -> None:
    slots = {"a": {"generated": True, "text": "PAY-1"}}
    assert written_by_a_model({"issue": "pay-1"}, slots)
    assert not written_by_a_model({"issue": "see PAY-1 there"}, slots)


def test_lists_keys_and_depth_hide_nothing() -> None:
    slots = {"a": {"generated": True, "statements": [{"text": WROTE, "links": []}]}}
    assert written_by_a_model({"x": [{"y": ["z", {"w": f"- {WROTE}"}]}]}, slots)
    assert written_by_a_model({WROTE: "x"}, slots)
    assert written_by_a_model({"x": "one line\nThe SECRET of  Ada is in the drawer of the desk.\n"}, slots)


def test_what_was_asked_and_how_sources_are_called_is_no_models() -> None:
    slots = {
        "a": {
            "generated": True,
            "question": "How long is it?",
            "sources": [{"name": "Handbook of Acme"}],
            "text": WROTE,
        }
    }
    assert not written_by_a_model({"x": "How long is it?", "y": "Handbook of Acme"}, slots)


def test_too_much_to_be_compared_counts_as_written() -> None:
    slots = {"a": {"generated": True, "rows": [f"row number {each}" for each in range(5_000)]}}
    assert written_by_a_model({"x": "nothing of it"}, slots)


@pytest.mark.twin
def test_twin_without_the_gate_it_leaves_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(policy_scene, "carries_out", lambda *_: False)
    assert any(isinstance(each, Call) for each in effects("{{ written.text }}"))


# ── and in what is said ──────────────────────────────────────────────────────────────────

SAYING = """
- {id: write, type: think, instructions: "Sum up.", material: ["a"], save: written}
- {id: note, type: message, text: "Thinking is over."}
- {id: ask, type: confirm, text: "Send this? {{ written.text }}", yes: done}
- {id: done, type: end}
"""


def said(generated: bool) -> list[Say]:
    flow = flow_of(SAYING)
    run, begun = advance(flow, run_of(flow), Entered(), known())
    asked = next(each for each in begun if isinstance(each, Call))
    result = {"text": WROTE, "generated": generated, "label": "x", "sources": []}
    _, found = advance(flow, run, Finished(asked.key, result), known())
    return [each for each in found if isinstance(each, Say)]


def test_whichever_step_says_a_models_words_marks_them_and_no_other() -> None:
    assert [each.reply.generated for each in said(True)] == [False, True]
    assert [each.reply.generated for each in said(False)] == [False, False]


@pytest.mark.twin
def test_twin_without_the_mark_a_question_says_them_as_our_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "marked", lambda effects, _slots: effects)
    assert [each.reply.generated for each in said(True)] == [False, False]
