"""Playing a run again: the same on its own version; on another, every decision that comes out otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from flows import replay as replaying
from flows.compare import Changed, changes, counted
from flows.engine import advance
from flows.events import Approved, Entered, Event, Failed, Finished, Rejected
from flows.flow import Flow
from flows.replay import Recorded, decided, differing, replay, transplant
from flows.run import Run
from flows.scene import Known
from tests.flows.builders import KNOWN, flow_of, heard, pressed, run_of
from tests.flows.orders import FLOW, MENU, confirming

BASE = """
- {id: sure, type: confirm, text: "Shall I write it?", button: "Write", yes: write}
- {id: write, type: tool, call: desk.write, with: {text: hello}, save: note, on_error: {"*": sorry}}
- {id: told, type: message, text: "It is written.", next: done}
- {id: sorry, type: message, text: "{{ error.sentence }}", next: done}
- {id: done, type: end}
"""


class Tape:
    """A run that is lived through and recorded."""

    def __init__(self, flow: Flow, known: Known = KNOWN) -> None:
        self.flow, self.known = flow, known
        self.began = self.run = run_of(flow)
        self.recorded: list[Recorded] = []

    def take(self, *events: Event) -> Tape:
        for event in events:
            before = self.run
            self.run, effects = advance(self.flow, before, event, self.known)
            what = decided(before, self.run, effects)
            turn = len(self.recorded)
            self.recorded.append(Recorded(turn, event, self.known, before.step, what.digest))
        return self

    def press(self, choice: str) -> Tape:
        return self.take(pressed(self.run, choice))

    def approve(self) -> Tape:
        return self.take(Approved("a", self.run.waiting, "Grace"))

    def finish(self) -> Tape:
        return self.take(Finished(self.run.waiting, {}))


def approved() -> Tape:
    """The base, held (it rests on nothing that was heard), approved and written."""
    return Tape(flow_of(BASE)).take(Entered()).press("yes").approve().finish()


def changed(tape: Tape, draft: Flow) -> list[Changed]:
    pairs = transplant(tape.flow, draft, tape.began, tape.recorded)
    return changes("r1", [one for one, _ in pairs], [other for _, other in pairs])


def kinds(found: Sequence[Changed]) -> list[tuple[str, str]]:
    return [(each.kind, each.step) for each in found]


def test_on_its_own_version_everything_is_decided_as_it_was() -> None:
    tape = approved()
    assert tape.run.status == "done"
    assert differing(replay(tape.flow, tape.began, tape.recorded)) == []


def test_nothing_changes_between_a_version_and_itself() -> None:
    assert changed(approved(), flow_of(BASE)) == []


def test_where_the_code_decides_otherwise_it_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    tape = approved()
    real = replaying.advance

    def other(flow: Flow, run: Run, event: Event, known: Known) -> object:
        after, effects = real(flow, run, event, known)
        return (after, effects[:-1]) if isinstance(event, Finished) else (after, effects)

    monkeypatch.setattr(replaying, "advance", other)
    [found] = differing(replay(tape.flow, tape.began, tape.recorded))
    assert isinstance(found.recorded.event, Finished)


@pytest.mark.twin
def test_twin_a_digest_of_the_words_alone_would_miss_another_argument() -> None:
    tape = approved()
    call = next(each for each in replay(tape.flow, tape.began, tape.recorded) if each.effects)
    run = tape.run
    more = (*call.effects, *call.effects)
    assert replaying.digest(run, run, call.effects) != replaying.digest(run, run, more)
    assert replaying.digest(run, run, ()) != replaying.digest(run, replace(run, slots={"x": 1}), ())


def test_another_wording_is_told_before_and_after() -> None:
    [found] = changed(approved(), flow_of(BASE.replace("It is written.", "I wrote it.")))
    assert (found.kind, found.step, found.turn) == ("said", "write", 4)
    assert found.before == ("said: It is written.",)
    assert found.after == ("said: I wrote it.",)


def test_another_button_is_a_change_of_what_is_said() -> None:
    [found, *_] = changed(approved(), flow_of(BASE.replace('button: "Write"', 'button: "Go"')))
    assert found.before == ("[Write]",)
    assert found.after == ("[Go]",)


def test_another_argument_is_told() -> None:
    found = changed(approved(), flow_of(BASE.replace("text: hello", "text: bye")))
    assert [each.kind for each in found] == ["arguments"]
    assert '{"text":"bye"}' in found[0].after[0]


def test_an_approval_that_is_no_longer_asked_is_the_first_thing_told() -> None:
    found = changed(approved(), flow_of(BASE.replace("call: desk.write", "call: desk.look")))
    assert [each.kind for each in found][:2] == ["approval", "called"]
    assert found[0].after == ()
    assert counted(found)[("approval", "sure")] == [found[0]]


def test_an_approval_that_the_recording_does_not_have_ends_it_there() -> None:
    tape = (
        Tape(flow_of(BASE.replace("call: desk.write", "call: desk.look")))
        .take(Entered())
        .press("yes")
        .finish()
    )
    found = changed(
        tape, flow_of(BASE.replace("call: desk.write", "call: desk.look").replace("desk.look", "desk.write"))
    )
    assert kinds(found)[-1] == ("stops", "write")
    assert "approval" in found[-1].after[0]


def test_another_tool_ends_it_where_its_answer_would_be() -> None:
    look = BASE.replace("call: desk.write", "call: desk.look")
    tape = Tape(flow_of(look)).take(Entered()).press("yes").finish()
    found = changed(tape, flow_of(look.replace("call: desk.look", "call: stripe.catalogue")))
    assert kinds(found) == [("called", "sure"), ("stops", "write")]
    assert "stripe.catalogue is called where the recording has an answer of desk.look" in found[-1].after[0]


def test_a_step_by_another_name_is_pressed_and_answered_all_the_same() -> None:
    tape = approved()
    renamed = (
        BASE.replace("id: sure", "id: ask_first")
        .replace("id: write", "id: writing")
        .replace("yes: write", "yes: writing")
    )
    found = changed(tape, flow_of(renamed))
    assert {each.kind for each in found} == {"goes to"}
    assert len(transplant(tape.flow, flow_of(renamed), tape.began, tape.recorded)) == 4


def test_a_question_more_ends_it_where_nobody_answered_it() -> None:
    more = (
        BASE.replace("yes: write", "yes: really")
        + '- {id: really, type: confirm, text: "Really?", yes: write}\n'
    )
    found = changed(
        approved(), flow_of(more.replace("- {id: done, type: end}\n", "") + "- {id: done, type: end}\n")
    )
    assert ("goes to", "sure") in kinds(found)


def test_a_failure_goes_the_way_that_the_other_version_has_for_it() -> None:
    tape = Tape(flow_of(BASE)).take(Entered()).press("yes").approve()
    tape.take(Failed(tape.run.waiting, "busy", "They are busy."))
    found = changed(tape, flow_of(BASE.replace('"{{ error.sentence }}"', '"Sorry. {{ error.sentence }}"')))
    assert [(each.before, each.after) for each in found] == [
        (("said: They are busy.",), ("said: Sorry. They are busy.",))
    ]


def test_a_rejection_is_skipped_where_nothing_was_asked() -> None:
    tape = Tape(flow_of(BASE)).take(Entered()).press("yes")
    tape.take(Rejected("a", tape.run.waiting, "Grace", "no"))
    found = changed(tape, flow_of(BASE.replace("call: desk.write", "call: desk.look")))
    assert "stops" not in {each.kind for each in found}


def test_a_whole_order_is_the_same_again() -> None:
    tape = Tape(FLOW).take(Entered())
    tape.take(Finished(tape.run.waiting, MENU))
    assert confirming().step == "confirm"
    tape.take(heard("cancel"))
    assert differing(replay(FLOW, tape.began, tape.recorded)) == []
    assert changed(tape, FLOW) == []
