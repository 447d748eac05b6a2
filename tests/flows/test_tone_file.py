"""`tones` in a flow file: the same in other words, or a mistake that names what differs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from bot.reply import Reply
from bot.turn import PersonId
from flows.effects import Say
from flows.engine import advance, start
from flows.errors import FlowError
from flows.events import Entered
from flows.flow import Flow
from flows.loader import load_stored
from flows.policy import Policy
from flows.replay import decided
from flows.run import Requester
from flows.scene import Known
from flows.tone import Register, Spoken, in_tone, register_of
from flows.tone_file import differs

ADA = Requester(PersonId("ada"), "Ada", "ada@example.com", "UTC")
KNOWN = Known(Policy(version="p", rules=()), {})
GREET = {
    "plain": "Hello {{ requester.name }}, run {{ run.id }} has 3 parts.",
    "terse": "{{ requester.name }}: {{ run.id }}, 3 parts.",
    "playful": "Hi there {{ requester.name }}! Look, {{ run.id }} has 3 parts. 🎉",
}


def flow(*steps: Mapping[str, Any]) -> Flow:
    ends = () if any(step["type"] == "end" for step in steps) else (END,)
    return load_stored({"id": "demo", "description": "A demo", "steps": [*steps, *ends]}, ())


END = {"id": "over", "type": "end"}


def told(definition: Flow, register: Register = "plain") -> list[Reply]:
    _, effects = advance(definition, start(definition, "r1", ADA, ""), Entered(), KNOWN)
    return [in_tone(each.reply, register) for each in effects if isinstance(each, Say)]


def problems(*steps: Mapping[str, Any]) -> str:
    with pytest.raises(FlowError) as caught:
        flow(*steps)
    return str(caught.value)


def test_a_text_in_three_ways_is_said_as_somebody_likes_it() -> None:
    demo = flow({"id": "hi", "type": "message", "text": {"tones": GREET}})

    assert [told(demo, register)[0].text for register in ("terse", "plain", "playful")] == [
        "Ada: r1, 3 parts.",
        "Hello Ada, run r1 has 3 parts.",
        "Hi there Ada! Look, r1 has 3 parts. 🎉",
    ]


@pytest.mark.parametrize("left", ["terse", "playful"])
def test_a_way_that_is_left_out_is_the_plain_one(left: str) -> None:
    tones = {way: text for way, text in GREET.items() if way != left}
    demo = flow({"id": "hi", "type": "message", "text": {"tones": tones}})

    assert told(demo, left)[0].text == told(demo)[0].text  # type: ignore[arg-type]  # one of the three


@pytest.mark.parametrize("tone", range(1, 11))
def test_what_is_decided_and_its_digest_are_the_same_as_without_tones(tone: int) -> None:
    """Only the flow's version differs; replaying a run never learns how it was said."""
    toned = flow({"id": "hi", "type": "message", "text": {"tones": GREET}})
    plain = flow({"id": "hi", "type": "message", "text": GREET["plain"]})
    found = []
    for each in (toned, plain):
        run = replace(start(each, "r1", ADA, ""), flow_version="v")
        after, effects = advance(each, run, Entered(), KNOWN)
        [in_tone(one.reply, register_of(tone)) for one in effects if isinstance(one, Say)]
        found.append((after, effects, decided(run, after, effects)))
    assert found[0] == found[1]


def test_tones_stand_within_variants_and_variants_within_a_step() -> None:
    within = {"variants": {"a": {"tones": GREET}, "b": "Good day {{ requester.name }}."}}
    whole = {"a": {"text": {"tones": GREET}}, "b": {"text": "Good day."}}

    for step in (
        {"id": "hi", "type": "message", "text": within},
        {"id": "hi", "type": "message", "variants": whole},
    ):
        demo = flow(step)
        [ways] = demo.ways.values()
        assert isinstance(ways[("a",)].text.render({"requester": {"name": "A"}, "run": {"id": "1"}}), Spoken)  # type: ignore[attr-defined]  # a message
        assert not isinstance(ways[("b",)].text.render({"requester": {"name": "A"}}), Spoken)  # type: ignore[attr-defined]  # a message


@pytest.mark.parametrize(
    "step",
    [
        {"type": "message", "text": "x", "show": [{"heading": {"tones": GREET}}]},
        {"type": "message", "text": "x", "show": [{"paragraph": {"tones": GREET}, "tone": "good"}]},
        {"type": "message", "text": "x", "show": [{"note": {"tones": GREET}}]},
        {"type": "confirm", "text": {"tones": GREET}, "confirmed": {"tones": GREET}},
        {"type": "input", "gather": ["items"], "ask": {"tones": GREET}},
        {"type": "input", "gather": [{"slot": "x", "type": "text", "ask": {"tones": GREET}}]},
        {"type": "end", "text": {"tones": GREET}},
        {"type": "wait", "for": "1 day", "text": {"tones": GREET}},
    ],
)
def test_words_that_a_step_says_may_have_tones(step: dict[str, Any]) -> None:
    assert flow({"id": "one", **step}).steps


@pytest.mark.parametrize(
    "step",
    [
        {"type": "message", "text": "x", "show": [{"facts": {"Total": {"tones": GREET}}}]},
        {"type": "message", "text": "x", "show": [{"link": {"tones": GREET}, "url": "https://a.example"}]},
        {"type": "message", "text": "x", "when": {"tones": GREET}},
        {"type": "confirm", "text": "x", "button": {"tones": GREET}},
        {"type": "confirm", "text": "x", "show": [{"paragraph": {"tones": GREET}}]},
        {"type": "approve", "question": {"tones": GREET}},
        {"type": "handoff", "message": {"tones": GREET}},
        {"type": "think", "instructions": {"tones": GREET}, "material": []},
    ],
)
def test_what_approvers_helpers_models_and_amounts_get_is_one_text(step: dict[str, Any]) -> None:
    assert "alike to everybody" in problems({"id": "one", **step})


@pytest.mark.parametrize(
    ("terse", "named"),
    [
        ("{{ requester.name }}: 3 parts.", "{{run.id}}"),
        ("{{ requester.name }}: {{ run.id }}, 4 parts.", "plain: 3"),
        ("{{ requester.name }}: {{ run.id }}, three parts.", "3"),
        ("{{ requester.email }}: {{ run.id }}, 3 parts.", "requester"),
        ("{{ requester.name }}: {{ run.id }}, 3 parts, ask Grace.", "Grace"),
        ("{{ requester.name }}: {{ run.id }}, 3 parts at https://x.example/a", "https://x.example/a"),
        ("{{ requester.name }}: {{ run.id }}, 3 parts “gratis”", "gratis"),
        ("{{ requester.name }}: {{ run.id }}, 3 parts VIP", "VIP"),
        ("{% if run.id %}{{ requester.name }}: {{ run.id }}{% endif %}, 3 parts", "{%"),
    ],
)
def test_a_way_that_says_something_else_is_refused_and_it_is_named(terse: str, named: str) -> None:
    text = {"tones": {**GREET, "terse": terse}}
    found = problems({"id": "hi", "type": "message", "text": text})

    assert "says in terse other than in plain" in found
    assert named in found


@pytest.mark.parametrize(
    "tones",
    [{"plain": "a"}, {"terse": "a", "playful": "b"}, {"plain": "a", "loud": "b"}, {"plain": "a", "terse": 1},
     {"plain": "a", "terse": " "}, "a", ["a"], None],
)  # fmt: skip
def test_a_shape_that_is_none_is_named_with_what_would_be_right(tones: object) -> None:
    found = problems({"id": "hi", "type": "message", "text": {"tones": tones}})
    assert 'text: {tones: {plain: "…", terse: "…", playful: "…"}}' in found


def test_a_failure_is_told_in_its_own_words() -> None:
    tones = {"plain": "{{ error.sentence }} Sorry.", "playful": "Oops! {{ error.sentence }}"}
    assert "told alike to everybody" in problems({"id": "hi", "type": "message", "text": {"tones": tones}})


def test_where_parts_hang_on_a_condition_they_stand_in_the_same_order() -> None:
    one = "{% if a %}x {{ b }}{% endif %} {{ c }}"
    assert not differs(one, "{% if a %}yes, {{ b }}{% endif %} and {{ c }}")
    assert differs(one, "{% if a %}x {{ b }} {{ c }}{% endif %}")


def test_a_name_at_the_beginning_of_a_sentence_is_the_same_name_within_one() -> None:
    assert not differs("Ask Grace.", "Grace knows!")
    assert differs("Ask Grace.", "Omar knows!") == "Grace"


def test_a_text_that_cannot_be_put_otherwise_is_said_plainly(monkeypatch: pytest.MonkeyPatch) -> None:
    from flows import templates
    from flows.errors import TemplateError

    demo = flow({"id": "hi", "type": "message", "text": {"tones": GREET}})

    def broken(self: templates.Text, slots: Mapping[str, Any]) -> str:
        if "🎉" in self.source:
            raise TemplateError("no")
        return templates._compiled(self.source).render(dict(slots)).strip()

    monkeypatch.setattr(templates.Text, "render", broken)
    assert told(demo, "playful")[0].text == "Hello Ada, run r1 has 3 parts."


@pytest.mark.twin
def test_twin_without_the_comparison_a_playful_way_would_tell_another_number(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from flows import tone_file

    monkeypatch.setattr(tone_file, "differs", lambda plain, other: "")
    tones = {"plain": "That is 3 parts.", "playful": "That is 300 parts!"}
    demo = flow({"id": "hi", "type": "message", "text": {"tones": tones}})

    assert "300" in told(demo, "playful")[0].text
