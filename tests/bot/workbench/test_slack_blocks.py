"""What real Slack refuses in blocks, the stand-in refuses; what it takes, the stand-in takes."""

from __future__ import annotations

from typing import Any

import pytest

from bot.workbench.slack_blocks import HOME, MESSAGE, MODAL, problems, view_problems
from bot.workbench.slack_world import with_block_ids


def plain(text: str) -> dict[str, str]:
    return {"type": "plain_text", "text": text}


def button(**more: Any) -> dict[str, Any]:
    return {"type": "button", "action_id": "a", "text": plain("Go"), "value": "1"} | more


def actions(*elements: dict[str, Any]) -> dict[str, Any]:
    return {"type": "actions", "elements": list(elements)}


def select(count: int, **more: Any) -> dict[str, Any]:
    options = [{"text": plain(f"o{n}"), "value": str(n)} for n in range(count)]
    return {"type": "static_select", "action_id": "s", "options": options} | more


def rich(*leaves: dict[str, Any]) -> dict[str, Any]:
    section = {"type": "rich_text_section", "elements": list(leaves)}
    return {"type": "rich_text", "elements": [section]}


INPUT = {
    "type": "input",
    "block_id": "i",
    "label": plain("Why?"),
    "element": {"type": "plain_text_input", "action_id": "i"},
}


@pytest.mark.parametrize(
    "block",
    [
        {"type": "section", "text": {"type": "mrkdwn", "text": "x" * 3000}},
        {"type": "section", "fields": [plain("x")] * 10, "accessory": button()},
        {"type": "header", "text": plain("x" * 150)},
        {"type": "context", "elements": [plain("x"), {"type": "image", "image_url": "u", "alt_text": "a"}]},
        {"type": "divider"},
        {"type": "markdown", "text": "x" * 12_000},
        actions(*[button(action_id=f"a{n}") for n in range(25)]),
        actions(button(style="danger", url="https://example.com"), select(100)),
        rich({"type": "text", "text": "<!channel>"}, {"type": "user", "user_id": "U1"}),
        {"type": "context_actions", "elements": [{"type": "feedback_buttons", "action_id": "f"}]},
        {"type": "table", "rows": []},
        INPUT,
    ],
)
def test_a_good_block_is_taken(block: dict[str, Any]) -> None:
    assert problems([block], MESSAGE) == []


@pytest.mark.parametrize(
    ("block", "where"),
    [
        ({"type": "section"}, "/blocks/0"),
        ({"type": "section", "text": plain("x" * 3001)}, "/blocks/0/text/text"),
        ({"type": "section", "text": plain("")}, "/blocks/0/text/text"),
        ({"type": "section", "text": {"type": "html", "text": "x"}}, "/blocks/0/text/type"),
        ({"type": "section", "fields": [plain("x")] * 11}, "/blocks/0/fields"),
        ({"type": "section", "fields": [plain("x" * 2001)]}, "/blocks/0/fields/0/text"),
        ({"type": "header", "text": plain("x" * 151)}, "/blocks/0/text/text"),
        ({"type": "header", "text": {"type": "mrkdwn", "text": "x"}}, "/blocks/0/text/type"),
        ({"type": "context", "elements": [plain("x")] * 11}, "/blocks/0/elements"),
        ({"type": "markdown", "text": "x" * 12_001}, "/blocks/0/text"),
        (actions(), "/blocks/0/elements"),
        (actions(*[button()] * 26), "/blocks/0/elements"),
        (actions(button(text=plain("x" * 76))), "/blocks/0/elements/0/text/text"),
        (actions(button(value="x" * 2001)), "/blocks/0/elements/0/value"),
        (actions(button(url="x" * 3001)), "/blocks/0/elements/0/url"),
        (actions(button(action_id="x" * 256)), "/blocks/0/elements/0/action_id"),
        (actions(button(style="rainbow")), "/blocks/0/elements/0/style"),
        (actions(button(confirm={"title": plain("x" * 101)})), "/blocks/0/elements/0/confirm/title"),
        (actions(select(101)), "/blocks/0/elements/0/options"),
        (actions(select(0)), "/blocks/0/elements/0/options"),
        (actions(select(1, options=[{"text": plain("x" * 76), "value": "1"}])), "/options/0/text/text"),
        (actions(select(1, options=[{"text": plain("x"), "value": "1" * 151}])), "/options/0/value"),
        (actions({"type": "plain_text_input", "action_id": "x"}), "/blocks/0/elements/0/type"),
        (actions({"type": "lever"}), "/blocks/0/elements/0/type"),
        (rich({"type": "text", "text": ""}), "/blocks/0/elements/0/elements/0/text"),
        (rich({"type": "script", "text": "x"}), "/blocks/0/elements/0/elements/0/type"),
        ({"type": "image", "image_url": "u"}, "/blocks/0/alt_text"),
        ({"type": "poem"}, "/blocks/0/type"),
        ("text", "/blocks/0"),
        ({"type": "divider", "block_id": "x" * 256}, "/blocks/0/block_id"),
        ({**INPUT, "element": button()}, "/blocks/0/element/type"),
    ],
)
def test_a_bad_block_is_refused_at_the_right_place(block: Any, where: str) -> None:
    found = problems([block], MESSAGE)

    assert found
    assert where in found[0]


def test_a_message_holds_fifty_blocks_and_a_form_a_hundred() -> None:
    many = [{"type": "divider"}] * 51

    assert problems(many, MESSAGE)
    assert not problems(many, MODAL)
    assert problems([{"type": "divider"}] * 101, HOME)
    assert problems({"type": "divider"}, MESSAGE)


def test_block_ids_are_unique_and_given_where_missing() -> None:
    assert problems([{"type": "divider", "block_id": "x"}] * 2, MESSAGE)
    named = with_block_ids([{"type": "divider"}, actions({"type": "button", "text": plain("Go")})])
    assert named[0]["block_id"]
    assert named[1]["elements"][0]["action_id"]


@pytest.mark.parametrize(
    "view",
    [
        {"type": "modal", "title": plain("x" * 25), "blocks": []},
        {"type": "modal", "blocks": []},
        {"type": "modal", "title": plain("x"), "blocks": [INPUT]},
        {"type": "modal", "title": plain("x"), "blocks": [], "private_metadata": "x" * 3001},
        {"type": "modal", "title": plain("x"), "blocks": [], "submit": plain("x" * 25)},
        {"type": "modal", "title": plain("x"), "blocks": [{"type": "table"}]},
        {"type": "window", "blocks": []},
        "modal",
    ],
)
def test_a_bad_view_is_refused(view: Any) -> None:
    assert view_problems(view)


def test_a_good_view_is_taken() -> None:
    view = {"type": "modal", "title": plain("Reject"), "submit": plain("Send"), "blocks": [INPUT]}

    assert view_problems(view) == []
    assert view_problems({"type": "home", "blocks": []}) == []
