"""What we say, within Slack's limits and beyond the reach of its markup."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.errors import PlatformError
from bot.platforms.slack import blocks, limits, render
from bot.reply import (
    Ask,
    Block,
    Button,
    Buttons,
    Divider,
    Facts,
    Field,
    Form,
    Heading,
    Lines,
    Option,
    Paragraph,
    Reply,
    Select,
    Style,
    Tone,
)
from bot.workbench.slack_blocks import problems, view_problems

HOSTILE = [
    "<!channel> <!here> <@U0ADA> <https://evil.example|the menu>",
    "&lt;!channel&gt; &amp;",
    "*Approved* by _everyone_ ~not~ `code` ```block``` > quote",
    ":white_check_mark: Approved by @grace",
    "{{ 7*7 }} {% for x in y %} ${x} <script>alert(1)</script>",
    "עברית العربية 🍕👩‍🍳🏴󠁧󠁢󠁥󠁮󠁧󠁿 \u202etxt.exe\u202c a\u200bb",
    "line one\nline two\r\nline three\u2028line four",
]


def drawn(reply: Reply) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = render.render(reply)["blocks"]
    return found


def objects(found: Any) -> Iterator[dict[str, Any]]:
    if isinstance(found, dict):
        yield found
        for value in found.values():
            yield from objects(value)
    elif isinstance(found, list):
        for item in found:
            yield from objects(item)


def words(found: Any) -> str:
    """Every word on the card, in order."""
    return "".join(
        item["text"]
        for item in objects(found)
        if item.get("type") in ("text", "plain_text") and "text" in item
    )


def letters(texts: Iterable[str]) -> str:
    """Without the white space, which a break may take."""
    return "".join("".join(texts).split())


def everything(text: str) -> Reply:
    return Reply(
        text,
        (
            Heading(text),
            Paragraph(text),
            Paragraph(text, Tone.SUBTLE),
            Paragraph(text, Tone.GOOD),
            Facts(((text, text), ("Amount", text))),
            Lines(((text, text), ("2 × cola", "$ 4.00"))),
            Select(text, "size", (Option(text, "l"), Option("Small", "s"))),
            Ask("reason", text),
            Divider(),
            Buttons((Button(text, "approve", "apr_1", Style.PRIMARY), Button("No", "reject", "apr_1"))),
        ),
        generated=True,
    )


def check(message: dict[str, Any]) -> None:
    """Every limit of Slack's that a message can break."""
    shown, ids = message["blocks"], [block["block_id"] for block in message["blocks"]]
    assert 0 < len(shown) <= 50
    assert len(set(ids)) == len(ids)
    assert message["text"]
    assert limits.width(message["text"]) <= 40_000
    assert blocks.characters(shown) <= 10_000
    assert problems(shown, "message") == []  # the workbench's own reading of Slack's limits
    for block in shown:
        assert limits.width(words(block)) <= 3_000 or block["type"] in ("section", "actions")
        check_block(block)


def check_block(block: dict[str, Any]) -> None:
    for item in objects(block):
        match item:
            case {"type": "plain_text", "text": text, "emoji": emoji}:
                assert text.strip()
                assert not emoji
            case {"type": "text", "text": text}:
                assert text
            case {"type": "mrkdwn"} | {"type": "markdown"} | {"type": "link"} | {"type": "broadcast"}:
                pytest.fail(f"markup on a card: {item}")
    match block:
        case {"type": "header", "text": {"text": text}}:
            assert limits.width(text) <= 150
        case {"type": "context", "elements": elements}:
            assert len(elements) <= 10
            assert all(limits.width(element["text"]) <= 2_000 for element in elements)
        case {"type": "section", "text": {"text": text}, "accessory": menu}:
            assert limits.width(text) <= 3_000
            check_menu(menu)
        case {"type": "actions", "elements": elements}:
            assert 0 < len(elements) <= 25
            assert len({element["action_id"] for element in elements}) == len(elements)
            assert all(limits.width(element["text"]["text"]) <= 75 for element in elements)


def check_menu(menu: dict[str, Any]) -> None:
    groups = [group["options"] for group in menu.get("option_groups", [])] or [menu["options"]]
    assert len(groups) <= 100
    for options in groups:
        assert 0 < len(options) <= 100
        assert all(limits.width(option["text"]["text"]) <= 75 for option in options)
        assert all(len(option["value"]) <= 150 for option in options)


@pytest.mark.parametrize("text", [*HOSTILE, "x" * 40_000, "🍕" * 20_000, "<&>" * 13_000, "né " * 13_000])
def test_whatever_the_words_are_every_limit_is_kept_and_nothing_is_markup(text: str) -> None:
    for part in render.parts(everything(text)):
        check(render.render(part))


@pytest.mark.parametrize("text", HOSTILE)
def test_no_mention_and_no_link_forms_in_the_fallback_text(text: str) -> None:
    fallback = render.render(Reply(text))["text"]
    assert "<" not in fallback
    assert ">" not in fallback
    assert "&" not in fallback.replace("&amp;", "").replace("&lt;", "").replace("&gt;", "")


@pytest.mark.twin
def test_twin_without_escaping_a_typed_channel_mention_would_ping_everyone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(render, "fallback", lambda text: text)
    assert "<!channel>" in render.render(Reply("<!channel>"))["text"]


@pytest.mark.parametrize("text", ["x" * 40_000, "🍕" * 20_000, "wörd " * 8_000, "a\n" * 20_000])
def test_forty_thousand_characters_are_split_and_none_is_lost(text: str) -> None:
    replies = render.parts(Reply(text))
    assert letters(reply.text for reply in replies) == letters([text])
    assert letters(words(drawn(reply)) for reply in replies) == letters([text])


@pytest.mark.parametrize(
    "block",
    [
        Paragraph("lorem ipsum " * 3_000),
        Facts(tuple((f"Label {n}", "value " * 60) for n in range(200))),
        Facts((("Arguments", "y" * 30_000),)),
        Facts((("L" * 5_000, "y" * 5_000),)),
        Lines(tuple((f"{n} × Margherita", f"$ {n}.00") for n in range(1_500))),
        Lines((("z" * 9_000, "$ 1.00"),)),
    ],
)
def test_a_block_of_any_length_is_shown_whole(block: Block) -> None:
    replies = render.parts(Reply("Short", (block,)))
    said = letters(words(drawn(reply)) for reply in replies)
    for reply in replies:
        check(render.render(reply))
    match block:
        case Paragraph(text):
            wanted = [text]
        case Facts(pairs) | Lines(pairs):
            wanted = [word for pair in pairs for word in pair]
        case _:
            wanted = []
    position = 0
    for word in wanted:
        sought = letters([word])
        position = said.index(sought, position) + len(sought)


def test_parts_of_a_part_are_the_part_itself() -> None:
    for part in render.parts(everything("long words " * 2_000)):
        assert render.parts(part) == (part,)


def test_what_fits_is_left_as_it_is() -> None:
    reply = everything("Two pizzas")
    assert render.parts(reply) == (reply,)


def test_buttons_stay_below_the_words_they_are_about() -> None:
    reply = Reply("word " * 3_000, (Paragraph("Sure?"), Buttons((Button("Yes", "yes"),))))
    *early, last = render.parts(reply)
    assert all(not part.blocks for part in early)
    assert any(isinstance(block, Buttons) for block in last.blocks)


def test_people_are_mentioned_in_the_first_part_only_and_every_part_says_who_wrote_it() -> None:
    replies = render.parts(Reply("word " * 3_000, mentions=("U0ADA",), generated=True))
    assert [reply.mentions for reply in replies] == [("U0ADA",), *[()] * (len(replies) - 1)]
    assert all("Written by AI" in words(drawn(reply)) for reply in replies)


def test_a_mention_is_a_user_element_and_only_real_ids_become_one() -> None:
    reply = Reply("Please decide", mentions=("U0ADA", "U0ADA", "<!channel>", "29:teams", "W0EVA"))
    users = [item["user_id"] for item in objects(drawn(reply)) if item.get("type") == "user"]
    assert users == ["U0ADA", "W0EVA"]


@pytest.mark.twin
def test_twin_without_the_id_check_anything_would_be_sent_as_a_mention(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import re

    monkeypatch.setattr(render, "USER_ID", re.compile(".*"))
    assert "<!channel>" in str(drawn(Reply("x", mentions=("<!channel>",))))


def test_fixed_words_carry_no_note_of_ai() -> None:
    assert "Written by AI" not in words(drawn(Reply("Your order")))


def test_good_and_bad_news_begin_with_a_sign() -> None:
    said = words(drawn(Reply("x", (Paragraph("Paid", Tone.GOOD), Paragraph("Declined", Tone.BAD)))))
    assert said == "✓ Paid✗ Declined"


def test_block_ids_differ_from_one_drawing_to_the_next() -> None:
    reply = Reply("x", (Paragraph("a"), Paragraph("b")))
    first, second = ({block["block_id"] for block in drawn(reply)} for _ in range(2))
    assert len(first | second) == 4


def test_equal_buttons_in_a_row_get_distinct_names() -> None:
    row = Buttons(tuple(Button(size, "choose", size) for size in ("s", "m", "l")))
    names = [button["action_id"] for button in drawn(Reply("x", (row,)))[0]["elements"]]
    assert names == ["choose", "choose#2", "choose#3"]


def test_sixty_buttons_take_three_rows() -> None:
    row = Buttons(tuple(Button(f"B{n}", f"b{n}") for n in range(60)))
    assert [len(block["elements"]) for block in drawn(Reply("x", (row,)))] == [25, 25, 10]


def test_a_link_button_carries_its_address_and_no_value() -> None:
    row = Buttons((Button("Pay", "pay", "secret", url="https://pay.example/1"),))
    button = drawn(Reply("x", (row,)))[0]["elements"][0]
    assert (button["url"], button["action_id"]) == ("https://pay.example/1", "open:pay")
    assert "value" not in button


def test_a_label_too_long_for_its_button_is_said_in_full_above_it() -> None:
    label = "Approve the very long order of " + "many pizzas " * 20
    above, row = drawn(Reply("x", (Buttons((Button(label, "approve"),)),)))
    assert words(above).strip() == label.strip()
    assert row["elements"][0]["text"]["text"].endswith("…")


def test_options_too_long_for_their_menu_are_listed_in_full_and_numbered() -> None:
    options = tuple(Option("Pizza " * 30 + str(n), f"p{n}") for n in range(3))
    listed, section = drawn(Reply("x", (Select("Which?", "which", options),)))
    assert all(option.label in words(listed) for option in options)
    labels = [option["text"]["text"] for option in section["accessory"]["options"]]
    assert [label[:2] for label in labels] == ["1.", "2.", "3."]


def test_two_hundred_and_fifty_options_are_grouped() -> None:
    options = tuple(Option(f"O{n}", f"o{n}") for n in range(250))
    menu = drawn(Reply("x", (Select("Which?", "which", options),)))[0]["accessory"]
    assert [len(group["options"]) for group in menu["option_groups"]] == [100, 100, 50]


@pytest.mark.parametrize(
    "block",
    [
        Buttons((Button("x", "a", "v" * 2_001),)),
        Buttons((Button("x", "a", url="javascript:alert(1)"),)),
        Buttons((Button("x", "a#1"),)),
        Buttons((Button("x", "open:a"),)),
        Buttons((Button("x", "a" * 300),)),
        Select("x", "a", (Option("x", "v" * 151),)),
        Select("x", "a", (Option("x", ""),)),
    ],
)
def test_what_cannot_be_carried_is_an_error_not_a_cut(block: Block) -> None:
    with pytest.raises(PlatformError):
        render.render(Reply("x", (block,)))


def test_more_than_one_message_is_refused_by_render() -> None:
    with pytest.raises(PlatformError):
        render.render(Reply("x" * 40_000))


def test_a_form_is_a_modal_whose_fields_answer_by_name() -> None:
    view = render.modal(
        Form(
            "reject",
            "apr_1",
            "Why do you reject this very long order?",
            (
                Field("reason", "Reason", multiline=True, placeholder="p" * 200, max_length=9_000),
                Field("kind", "Kind", optional=True, options=(Option("Money", "money"),)),
            ),
            intro="<!channel> " * 500,
        )
    )
    assert view_problems(view) == []
    assert (view["callback_id"], view["private_metadata"]) == ("reject", "apr_1")
    assert len(view["title"]["text"]) <= 24
    assert "Why do you reject this very long order?" in words(view["blocks"])
    reason, kind = [block for block in view["blocks"] if block["type"] == "input"]
    assert (reason["block_id"], reason["element"]["action_id"]) == ("reason", "reason")
    assert reason["element"]["max_length"] == 3_000
    assert len(reason["element"]["placeholder"]["text"]) <= 150
    assert kind["optional"]
    assert kind["element"]["type"] == "static_select"
    for block in view["blocks"]:
        check_block(block)


def test_the_home_page_says_how_much_it_could_not_show() -> None:
    view = render.home(Reply("Home", tuple(Paragraph(f"Run {n}") for n in range(150))))
    assert view["type"] == "home"
    assert view_problems(view) == []
    assert len(view["blocks"]) <= 100
    assert "52 more do not fit here." in words(view["blocks"])


def test_an_answer_to_a_form_is_a_modal_without_a_submit_button() -> None:
    view = render.answer_view(Reply("Rejected"))
    assert view_problems(view) == []
    assert (view["type"], view["close"]["text"]) == ("modal", "Close")
    assert "submit" not in view


@settings(max_examples=200, deadline=None)
@given(st.text(st.characters(exclude_categories=[]), max_size=200))
def test_any_text_at_all_is_drawn_within_the_limits_and_can_be_sent(text: str) -> None:
    for part in render.parts(everything(text)):
        message = render.render(part)
        check(message)
        json.dumps(message, ensure_ascii=False).encode("utf-8")
