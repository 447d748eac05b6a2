"""A person takes a matter over and gives it back: what the step decides, and what is passed on meanwhile."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bot.reply import Buttons
from bot.turn import PersonId
from flows import relay
from flows.effects import Call, HandOver, Relay, Say, TakeBack, Whisper
from flows.errors import FlowError
from flows.events import (
    Chose,
    Entered,
    Event,
    Failed,
    Finished,
    Lapsed,
    Nobody,
    Offered,
    Passed,
    Resolved,
    Spoke,
    Taken,
)
from flows.flow import Flow
from flows.relay import solves
from flows.run import Run, from_json, to_json
from tests.flows.builders import ADA, OMAR, advance, flow_of, heard, of_kind, pressed, run_of, said

GRACE = PersonId("grace")
KEY = "r1:person:1"
FLOW = """
- {id: person, type: handoff, message: "The printer burns", wait_minutes: 5, if_nobody: alone, save: helper,
   resolved: thanks}
- {id: thanks, type: message, text: "Thanks to {{ helper.name }}."}
- {id: done, type: end}
- {id: alone, type: message, text: "{{ error.sentence }}"}
- {id: stopped, type: end, status: failed}
"""
DETOUR = FLOW.replace("save: helper", "save: helper, if_taken: note") + (
    "- {id: note, type: tool, call: desk.look, save: noted, on_error: {'*': person}, next: person}\n"
)


def begun(flow: Flow) -> tuple[Run, tuple[Any, ...]]:
    return advance(flow, run_of(flow), Entered())


def after(flow: Flow, *events: Event) -> tuple[Run, tuple[Any, ...]]:
    """The run behind these events, and what the last of them brought about."""
    run, effects = begun(flow)
    for event in events:
        run, effects = advance(flow, run, event)
    return run, effects


OFFERED = Offered(KEY, ("grace@example.com",), ("Grace",))
TAKEN = Taken(KEY, GRACE, "Grace", "grace@example.com")


def spoke(by: PersonId, text: str, key: str = KEY) -> Spoke:
    return Spoke(key, by, str(by).title(), text)


@pytest.fixture(scope="module")
def flow() -> Flow:
    return flow_of(FLOW)


@pytest.fixture(scope="module")
def detour() -> Flow:
    return flow_of(DETOUR)


# ── who is asked ─────────────────────────────────────────────────────────────────────────


def test_on_coming_to_the_step_the_next_in_line_is_asked_and_nobody_was_before(flow: Flow) -> None:
    run, effects = begun(flow)

    [wanted] = of_kind(effects, HandOver)
    assert (wanted.key, wanted.to, wanted.asked, wanted.wait) == (KEY, "support", (), 300)
    assert wanted.card.text == "Ada asks for a person: The printer burns"
    assert run.handoff == KEY
    assert run.helper == ""


def test_whom_a_flow_names_goes_before_the_policy() -> None:
    flow = flow_of(FLOW.replace("wait_minutes", 'to: "grace@example.com", wait_minutes'))

    assert of_kind(begun(flow)[1], HandOver)[0].to == "grace@example.com"


def test_the_requester_is_told_who_was_asked_and_for_how_long(flow: Flow) -> None:
    _, effects = after(flow, OFFERED)

    assert said(effects) == [
        "I have asked Grace to take this over. If nobody does within 5 minutes, I go on to the next."
    ]


@pytest.mark.parametrize("event", [Lapsed(KEY), Passed(KEY, "Grace")])
def test_when_nobody_takes_it_the_next_is_asked_under_another_key(flow: Flow, event: Event) -> None:
    run, effects = after(flow, OFFERED, event)

    [wanted] = of_kind(effects, HandOver)
    assert wanted.key == "r1:person:2"
    assert wanted.asked == ("grace@example.com",)
    assert run.handoff == "r1:person:2"


def test_when_the_line_is_exhausted_the_flow_says_why(flow: Flow) -> None:
    run, effects = after(flow, OFFERED, Lapsed(KEY), Nobody("r1:person:2", "Nobody is free."))

    assert said(effects)[-1] == "Nobody is free."
    assert run.status == "failed"
    assert run.slots["helper"] == {"taken": False, "name": "", "email": ""}
    assert run.handoff == ""


@pytest.mark.parametrize(
    "event",
    [
        replace(TAKEN, key="r1:person:9"),
        Offered("r9:person:1", (), ()),
        Lapsed("r1:person:2"),
        Resolved(KEY, "Grace"),
        Nobody("x", "y"),
    ],
)
def test_what_belongs_to_another_asking_changes_nothing(flow: Flow, event: Event) -> None:
    run, _ = after(flow, OFFERED)

    assert advance(flow, run, event) == (run, ())


def test_it_can_be_taken_once(flow: Flow) -> None:
    run, _ = after(flow, OFFERED, TAKEN)

    assert advance(flow, run, replace(TAKEN, by=OMAR, name="Omar")) == (run, ())
    assert advance(flow, run, Lapsed(KEY)) == (run, ())


def test_cancelling_before_takes_it_back(flow: Flow) -> None:
    run, _ = after(flow, OFFERED)

    run, effects = advance(flow, run, heard("cancel"))

    assert run.status == "cancelled"
    assert of_kind(effects, TakeBack) == [TakeBack(KEY, "Ada does not need it any more.")]
    assert run.handoff == ""


def test_starting_over_takes_it_back_before_somebody_is_asked_anew(flow: Flow) -> None:
    run, _ = after(flow, OFFERED)

    run, effects = advance(flow, run, heard("restart"))

    kinds = [type(each) for each in effects if isinstance(each, TakeBack | HandOver)]
    assert kinds == [TakeBack, HandOver]
    assert run.handoff == "r1:person:2"


# ── while a person has it ────────────────────────────────────────────────────────────────


def test_taken_the_requester_is_told_by_whom_and_can_get_out(flow: Flow) -> None:
    run, effects = after(flow, OFFERED, TAKEN)

    [card] = of_kind(effects, Say)
    assert card.reply.text.startswith("Grace has taken this over.")
    labels = [b.label for block in card.reply.blocks if isinstance(block, Buttons) for b in block.buttons]
    assert labels == ["It is solved", "Ask somebody else"]
    assert run.helper == GRACE
    assert run.slots["helper"] == {"taken": True, "name": "Grace", "email": "grace@example.com"}


def test_what_the_requester_says_goes_to_the_helper_and_nothing_is_answered(flow: Flow) -> None:
    run, _ = after(flow, OFFERED, TAKEN)

    for words in ("it is blue", "cancel", "what can you do?", "/order two colas", "yes"):
        after_it, effects = advance(flow, run, spoke(ADA, words))
        [passed] = effects
        assert isinstance(passed, Relay)
        assert passed.key == KEY
        assert passed.reply.text == f"Ada, who asked, writes: {words}"
        assert (after_it.step, after_it.status) == ("person", "waiting")


def test_what_the_helper_says_is_said_with_their_name(flow: Flow) -> None:
    run, _ = after(flow, OFFERED, TAKEN)

    _, effects = advance(flow, run, spoke(GRACE, "on my way"))

    assert said(effects) == ["Grace, who has this matter, writes: on my way"]


def test_each_thing_said_has_an_id_of_its_own_in_order(flow: Flow) -> None:
    run, _ = after(flow, OFFERED, TAKEN)
    ids = []
    for number in range(5):
        run, effects = advance(flow, run, spoke(ADA if number % 2 else GRACE, f"words {number}"))
        ids += [effect.id for effect in effects]

    numbers = [int(id.rpartition(":")[2]) for id in ids]
    assert numbers == sorted(set(numbers))


def test_what_was_said_before_somebody_had_it_reaches_them_first(flow: Flow) -> None:
    run, effects = after(flow, OFFERED, heard(text="it is blue"), heard(text="and hot"), TAKEN)

    assert [each.reply.text for each in of_kind(effects, Relay)] == [
        "Ada, who asked, writes: it is blue",
        "Ada, who asked, writes: and hot",
    ]
    assert run.helper == GRACE


def test_what_is_kept_for_them_is_bounded_and_that_is_said(flow: Flow) -> None:
    run, _ = after(flow, OFFERED, *(heard(text="x" * 9000) for _ in range(10)))

    _, effects = advance(flow, run, heard(text="one more"))

    assert said(effects)[0].startswith("I have kept a lot")
    assert len(str(to_json(run))) < 30_000


def test_a_late_word_of_the_helper_is_not_swallowed(flow: Flow) -> None:
    run, _ = after(flow, OFFERED, TAKEN, Resolved(KEY, "Grace"))
    assert run.over

    _, effects = advance(flow, run, spoke(GRACE, "one more thing"))

    assert said(effects) == ["Grace, who has this matter, writes: one more thing"]


# ── back again ───────────────────────────────────────────────────────────────────────────


def test_resolved_by_the_helper_the_flow_goes_on(flow: Flow) -> None:
    run, effects = after(flow, OFFERED, TAKEN, Resolved(KEY, "Grace"))

    assert said(effects)[-2:] == ["Grace says that this is resolved. I am back.", "Thanks to Grace."]
    assert run.status == "done"
    assert of_kind(effects, TakeBack) == []


@pytest.mark.parametrize(
    "words",
    [
        "that solved it", "Thanks, that solved it!", "solved", "it works now", "It's fixed",
        "ok thank you this is resolved", "that fixed it for me", "everything is sorted",
    ],
)  # fmt: skip
def test_saying_that_it_is_solved_is_asked_back(flow: Flow, words: str) -> None:
    run, _ = after(flow, OFFERED, TAKEN)
    run, effects = advance(flow, run, spoke(ADA, words))

    assert solves(words)
    assert [type(each) for each in effects] == [Relay, Say]
    assert effects[1].reply.text == "Is it solved, then?"
    assert run.helper == GRACE


def test_a_yes_to_that_question_brings_it_back_and_tells_the_helper(flow: Flow) -> None:
    run, _ = after(flow, OFFERED, TAKEN, spoke(ADA, "solved"))

    run, effects = advance(flow, run, pressed(run, relay.SOLVED, KEY))

    assert of_kind(effects, TakeBack) == [TakeBack(KEY, "Ada says that it is solved.", "resolved")]
    assert said(effects)[-1] == "Thanks to Grace."
    assert run.status == "done"


def test_not_yet_leaves_it_where_it_is(flow: Flow) -> None:
    run, _ = after(flow, OFFERED, TAKEN, spoke(ADA, "solved"))

    run, effects = advance(flow, run, pressed(run, relay.OPEN, KEY))

    assert said(effects) == ["Not solved yet."]
    assert run.helper == GRACE


def test_somebody_else_is_asked_when_the_requester_wants_that(flow: Flow) -> None:
    run, _ = after(flow, OFFERED, TAKEN)

    run, effects = advance(flow, run, pressed(run, relay.OTHER, KEY))

    assert of_kind(effects, TakeBack)[0].state == "passed"
    assert of_kind(effects, HandOver)[0].asked == ("grace@example.com",)
    assert (run.handoff, run.helper) == ("r1:person:2", "")


@pytest.mark.parametrize("choice", relay.CHOICES)
def test_only_the_requester_may_press_those(flow: Flow, choice: str) -> None:
    run, _ = after(flow, OFFERED, TAKEN)

    then, effects = advance(flow, run, pressed(run, choice, KEY, OMAR))

    assert then == run
    assert effects == (Whisper(OMAR, effects[0].reply),)


@pytest.mark.twin
def test_without_that_look_a_bystander_ends_it(flow: Flow, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay, "refused", lambda run, event: ())
    run, _ = after(flow, OFFERED, TAKEN)

    then, _ = advance(flow, run, pressed(run, relay.SOLVED, KEY, OMAR))

    assert then.status == "done"


@pytest.mark.parametrize("choice", relay.CHOICES)
def test_a_card_of_an_earlier_helper_changes_nothing(flow: Flow, choice: str) -> None:
    run, _ = after(flow, OFFERED, TAKEN, Passed(KEY, "Grace"))

    then, effects = advance(flow, run, Chose(ADA, "Ada", choice, KEY, "person:1"))

    assert then == run
    assert said(effects) == [relay.LATE]


# ── while the flow is elsewhere ──────────────────────────────────────────────────────────


def test_the_flow_may_do_something_while_a_person_has_it(detour: Flow) -> None:
    run, effects = after(detour, OFFERED, TAKEN)
    assert run.step == "note"
    [call] = of_kind(effects, Call)

    run, effects = advance(detour, run, spoke(ADA, "hello?"))
    assert of_kind(effects, Relay)
    run, effects = advance(detour, run, Finished(call.key, {}))

    assert (run.step, run.helper, effects) == ("person", GRACE, ())


@pytest.mark.parametrize("how", ["resolved", "solved"])
def test_the_end_is_not_missed_while_the_flow_is_elsewhere(detour: Flow, how: str) -> None:
    run, effects = after(detour, OFFERED, TAKEN)
    [call] = of_kind(effects, Call)
    ended: Event = Resolved(KEY, "Grace") if how == "resolved" else pressed(run, relay.SOLVED, KEY)

    run, _ = advance(detour, run, ended)
    assert (run.step, run.handoff) == ("note", "")
    run, effects = advance(detour, run, Finished(call.key, {}))

    assert said(effects)[-1] == "Thanks to Grace."
    assert run.status == "done"


@pytest.mark.parametrize("how", ["passed", "another"])
def test_passed_on_while_the_flow_is_elsewhere_the_next_is_asked_afterwards(detour: Flow, how: str) -> None:
    run, effects = after(detour, OFFERED, TAKEN)
    [call] = of_kind(effects, Call)
    left: Event = Passed(KEY, "Grace") if how == "passed" else pressed(run, relay.OTHER, KEY)

    run, _ = advance(detour, run, left)
    assert run.step == "note"
    run, effects = advance(detour, run, Failed(call.key, "unavailable", "The desk did not answer."))

    assert of_kind(effects, HandOver)[0].asked == ("grace@example.com",)
    assert run.helper == ""


# ── stored and read ──────────────────────────────────────────────────────────────────────


def test_it_survives_storage(flow: Flow) -> None:
    run, _ = after(flow, OFFERED, TAKEN)

    assert from_json(run.id, run.flow, run.flow_version, "waiting", to_json(run)) == run


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (("if_nobody: alone, ", ""), "is missing"),
        (("wait_minutes: 5", "wait_minutes: 0"), "a whole number, 1 to 1440"),
        (("save: helper", "save: conversation"), "a name that the engine uses itself"),
        (("if_nobody: alone", "if_nobody: nowhere"), "does not exist"),
    ],
)
def test_a_mistake_in_it_is_named(change: tuple[str, str], problem: str) -> None:
    with pytest.raises(FlowError, match=problem):
        flow_of(FLOW.replace(*change))
