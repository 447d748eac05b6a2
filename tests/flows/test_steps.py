"""Each step type by itself, and what a message shows below its text."""

from __future__ import annotations

from typing import Any

import pytest

from bot.reply import Buttons, Facts, Heading, Lines, Paragraph, Tone
from flows.effects import AskApproval, Call, Change, Say
from flows.errors import TemplateError
from flows.events import Entered, Failed, Finished, Fired, Rejected
from flows.flow import Flow
from flows.show import parse_show
from tests.flows.builders import add, advance, flow_of, heard, of_kind, pressed, run_of, said

END = "- {id: done, type: end}\n"


def begun(text: str, **slots: Any) -> tuple[Flow, Any, tuple[Any, ...]]:
    flow = flow_of(text)
    run, effects = advance(flow, run_of(flow).with_slots(slots), Entered())
    return flow, run, effects


def test_a_message_is_said_and_the_run_goes_on() -> None:
    _, run, effects = begun('- {id: hi, type: message, text: "Hi {{ requester.name }}"}\n' + END)
    assert (said(effects), run.status) == (["Hi Ada"], "done")


@pytest.mark.parametrize(("unread", "words"), [("", ["Hi"]), ("order", [])])
def test_a_message_with_a_condition_is_said_only_where_it_holds(unread: str, words: list[str]) -> None:
    flow = flow_of('- {id: hi, type: message, text: Hi, when: "not run.unread"}\n' + END)
    assert said(advance(flow, run_of(flow, unread), Entered())[1]) == words


def test_a_message_can_take_the_place_of_a_card_that_was_shown_before() -> None:
    flow, run, card = begun("""
    - {id: sure, type: confirm, text: 'Sure?'}
    - {id: yes, type: message, text: Good., replaces: sure}
    - {id: done, type: end}
    """)
    _, effects = advance(flow, run, pressed(run, "yes"))
    assert [type(effect) for effect in effects] == [Change, Change]
    assert effects[1].id == card[0].id


def test_a_card_that_was_never_shown_is_said_instead_of_replaced() -> None:
    _, _, effects = begun("- {id: hi, type: message, text: Hi, replaces: nothing}\n" + END)
    assert [type(effect) for effect in effects] == [Say]


BRANCHES = """
- {id: first, type: branch, cases: [{if: "n", goto: how}], else: fill}
- {id: how, type: branch, cases: [{if: "n > 50", goto: large}, {if: "n > 5", goto: middle}], else: small}
- {id: large, type: message, text: large, next: done}
- {id: middle, type: message, text: middle, next: done}
- {id: small, type: message, text: small, next: done}
- {id: fill, type: input, gather: [n], next: how}
- {id: done, type: end}
"""


@pytest.mark.parametrize(("amount", "words"), [(1, "small"), (10, "middle"), (100, "large")])
def test_a_branch_goes_where_the_first_condition_that_holds_says(amount: int, words: str) -> None:
    _, _, effects = begun(BRANCHES, n=amount)
    assert said(effects) == [words]


@pytest.mark.parametrize("status", ["done", "cancelled", "failed"])
def test_an_end_has_a_status_and_may_say_a_last_word(status: str) -> None:
    _, run, effects = begun(f"- {{id: bye, type: end, status: {status}, text: Bye.}}")
    assert (run.status, said(effects)) == (status, ["Bye."])


def test_a_confirm_without_a_change_step_takes_no_corrections() -> None:
    flow, run, _ = begun("- {id: sure, type: confirm, text: 'Sure?'}\n" + END)
    after, effects = advance(flow, run, heard("value", add("Cola")))
    assert after.step == "sure"
    assert said(effects)[0].startswith("I did not understand that.")


@pytest.mark.parametrize(("choice", "status"), [("cancel", "cancelled"), ("yes", "done"), ("no", "waiting")])
def test_the_buttons_of_a_confirm_do_what_they_say(choice: str, status: str) -> None:
    flow, run, card = begun("- {id: sure, type: confirm, text: 'Sure?'}\n" + END)
    buttons = card[0].reply.blocks[-1].buttons
    assert [button.label for button in buttons] == ["Yes", "Change something", "Cancel"]
    assert advance(flow, run, pressed(run, choice))[0].status == status


TOOL = "- {id: do, type: tool, call: %s, save: found, with: {amount: 100, currency: usd}}\n" + END


@pytest.mark.parametrize(
    ("tool", "kind"),
    [("desk.look", Call), ("desk.write", AskApproval), ("desk.pay", AskApproval), ("desk.burn", AskApproval)],
)
def test_a_call_that_rests_on_nothing_heard_is_asked_about_unless_it_only_reads(tool: str, kind: Any) -> None:
    _, run, effects = begun(TOOL % tool)
    assert isinstance(effects[0], kind)
    assert run.waiting == "r1:do:1"


def test_a_result_is_kept_and_the_run_goes_on() -> None:
    flow, run, _ = begun(TOOL % "desk.look")
    run, _ = advance(flow, run, Finished("r1:do:1", {"a": 1}))
    assert (run.status, run.slots["found"]) == ("done", {"a": 1})


@pytest.mark.parametrize(
    ("event", "words"),
    [
        (Failed("r1:do:1", "gone", "It is gone."), "It is gone."),
        (Rejected("a1", "r1:do:1", "Grace", ""), "Grace rejected it. Nothing was done."),
    ],
)
def test_a_failure_without_a_step_for_it_is_said_and_ends_the_run(event: Any, words: str) -> None:
    flow, run, _ = begun(TOOL % "desk.burn")
    run, effects = advance(flow, run, event)
    assert (run.status, said(effects)) == ("failed", [words])


def test_each_call_of_a_chain_is_judged_for_itself() -> None:
    """Reading first and burning last: what was allowed before allows nothing after."""
    flow, run, effects = begun("""
    - {id: look, type: tool, call: desk.look}
    - {id: burn, type: tool, call: desk.burn}
    - {id: done, type: end}
    """)
    assert of_kind(effects, Call)
    run, effects = advance(flow, run, Finished("r1:look:1", {}))
    assert [effect.call.tool for effect in of_kind(effects, AskApproval)] == ["desk.burn"]
    assert not of_kind(effects, Call)


def test_a_timer_that_nothing_waits_for_changes_nothing() -> None:
    flow, run, _ = begun("- {id: sure, type: confirm, text: 'Sure?'}\n" + END)
    assert advance(flow, run, Fired("t")) == (run, ())


VALUES = {
    "name": "Ada",
    "none": None,
    "rows": [{"what": "Cola", "much": 300}],
    "url": "https://pay.example/1",
}


@pytest.mark.parametrize(
    ("raw", "block"),
    [
        ({"heading": "For {{ name }}"}, Heading("For Ada")),
        ({"paragraph": "{{ name }}", "tone": "good"}, Paragraph("Ada", Tone.GOOD)),
        ({"note": "small"}, Paragraph("small", Tone.SUBTLE)),
        ({"facts": {"Who": "{{ name }}", "Nobody": "{{ none }}"}}, Facts((("Who", "Ada"),))),
        (
            {"lines": "rows", "label": "{{ item.what }}", "value": "{{ item.much | money('usd') }}"},
            Lines((("Cola", "$3.00"),)),
        ),
    ],
)
def test_an_element_is_drawn_with_its_values(raw: Any, block: Any) -> None:
    assert parse_show([raw]).blocks(VALUES) == (block,)


@pytest.mark.parametrize(
    "raw",
    [
        {"heading": "{{ none }}"},
        {"facts": {"Nobody": "{{ none }}"}},
        {"lines": "nothing", "label": "a", "value": "b"},
        {"lines": "name", "label": "a", "value": "b"},
    ],
)
def test_an_element_without_anything_in_it_is_left_out(raw: Any) -> None:
    assert parse_show([raw]).blocks(VALUES) == ()


LINK = parse_show([{"link": "Pay", "url": "{{ url }}"}])


@pytest.mark.parametrize("url", ["https://pay.example/1", "http://127.0.0.1:3000/pay", "http://localhost/x"])
def test_a_link_is_a_button_that_opens_it(url: str) -> None:
    (block,) = LINK.blocks({"url": url})
    assert isinstance(block, Buttons)
    assert block.buttons[0].url == url


@pytest.mark.parametrize(
    "url",
    ["", "javascript:alert(1)", "http://pay.example/1", "http://127.0.0.1.evil.example/", "http://localhost@evil.example",
     "https://", "https:// x", "data:text/html,x", " https:/x", "HTTPS", "//evil.example", "file:///etc/passwd"],
)  # fmt: skip
def test_a_link_that_leads_anywhere_else_is_not_drawn(url: str) -> None:
    assert LINK.blocks({"url": url}) == ()


@pytest.mark.twin
def test_without_the_check_a_link_would_run_a_script(monkeypatch: pytest.MonkeyPatch) -> None:
    import re

    monkeypatch.setattr("flows.show._WEB", re.compile(""))
    (block,) = LINK.blocks({"url": "javascript:alert(1)"})
    assert isinstance(block, Buttons)
    assert block.buttons[0].url == "javascript:alert(1)"


def test_a_list_of_elements_that_is_none_is_refused() -> None:
    for raw in ({"heading": "x"}, "x", [7], [{"heading": 7}], [{"paragraph": "x", "tone": ["x"]}]):
        with pytest.raises(TemplateError):
            parse_show(raw)
