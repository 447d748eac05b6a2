"""What we say in Teams: everything is shown, nothing is read as markup."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from bot.platforms.teams import cards as cards_module
from bot.platforms.teams import elements as elements_module
from bot.platforms.teams import inert as inert_module
from bot.platforms.teams.answers import RECEIVED, answer_press
from bot.platforms.teams.cards import card, form_card
from bot.platforms.teams.inbound import to_turn
from bot.platforms.teams.inert import is_plain
from bot.platforms.teams.render import render, render_form
from bot.reply import (
    Ask,
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
from bot.turn import Pressed, Submitted, Turn
from tests.bot.platforms.teams.stand import activity

HOSTILE = [
    "**Approved** by [Grace](https://evil.example)",
    "# Approved",
    "- one\n- two",
    "1. one",
    "_a_ *b* `c` ~~d~~",
    "<b>bold</b> <script>alert(1)</script>",
    "<at>Grace Okafor</at> please",
    "&lt;at&gt;Grace&lt;/at&gt; &amp;",
    "<!channel> <@U1>",
    "{{ 7*7 }} ${7*7} {{DATE(2020-01-01T00:00:00Z)}}",
    "https://evil.example www.evil.example a@b.example",
    "emoji 👩‍👩‍👧‍👦 🇩🇪 שלום عربى",
    "back\\slash \\* not escaped",
]


def walk(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
        for value in node.values():
            yield from walk(value)
    elif isinstance(node, list):
        for value in node:
            yield from walk(value)


def of_type(node: Any, kind: str) -> list[dict[str, Any]]:
    return [found for found in walk(node) if found.get("type") == kind]


def content(reply: Reply, **how: Any) -> dict[str, Any]:
    return card(reply, **how)


def everything(text: str) -> Reply:
    return Reply(
        text,
        (
            Heading(text),
            *(Paragraph(text, tone) for tone in Tone),
            Facts(((text, text),)),
            Lines(((text, text),)),
            Divider(),
            Buttons((Button(text, "approve", text), Button(text, "open", url="https://pay.example/"))),
            Select(text, "size", (Option(text, text),)),
            Ask("reason", text, multiline=True),
        ),
    )


def test_words_alone_are_a_plain_text_message() -> None:
    assert render(Reply("Two colas. Right?"), marker="m-1") == {
        "type": "message",
        "text": "Two colas. Right?",
        "textFormat": "plain",
        "channelData": {"countersign": "m-1"},
    }


@pytest.mark.parametrize("text", [text for text in HOSTILE if "<" in text or "&" in text])
def test_words_that_could_be_read_as_html_go_on_a_card(text: str) -> None:
    sent = render(Reply(text))

    assert "text" not in sent
    assert of_type(sent, "TextRun")


def test_a_card_travels_without_text_and_with_a_summary() -> None:
    sent = render(Reply("Approve 50.00 usd?", (Heading("Approve?"),)))

    assert "text" not in sent
    assert sent["summary"] == "Approve 50.00 usd?"
    drawn = sent["attachments"][0]["content"]
    assert (drawn["version"], drawn["msteams"]["width"]) == ("1.5", "full")
    assert drawn["fallbackText"]


@pytest.mark.parametrize("text", HOSTILE)
def test_foreign_text_is_never_where_markdown_is_read(text: str) -> None:
    drawn = content(everything(text))

    for block in of_type(drawn, "TextBlock"):
        assert is_plain(block["text"])
    assert not of_type(drawn, "FactSet")


@pytest.mark.parametrize("text", [text for text in HOSTILE if "<at" not in text and "DATE(" not in text])
def test_foreign_text_is_shown_as_it_is(text: str) -> None:
    shown = "\n".join(run["text"] for run in of_type(content(Reply("x", (Paragraph(text),))), "TextRun"))

    assert shown == text


def test_a_typed_mention_forms_none_even_beside_a_real_one() -> None:
    drawn = content(
        Reply("x", (Paragraph("<at>Grace Okafor</at>"),), mentions=("g",)), names={"g": "Grace Okafor"}
    )

    assert [run["text"] for run in of_type(drawn, "TextRun")] == ["‹at>Grace Okafor‹/at>"]
    assert drawn["msteams"]["entities"] == [
        {"type": "mention", "text": "<at>Grace Okafor</at>", "mentioned": {"id": "g", "name": "Grace Okafor"}}
    ]
    assert drawn["body"][0]["text"] == "<at>Grace Okafor</at>"


@pytest.mark.twin
def test_without_making_text_inert_a_typed_mention_would_ping(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(elements_module, "inert", lambda text: text)
    drawn = content(
        Reply("x", (Paragraph("<at>Grace Okafor</at>"),), mentions=("g",)), names={"g": "Grace Okafor"}
    )

    assert of_type(drawn, "TextRun")[0]["text"] == drawn["msteams"]["entities"][0]["text"]


@pytest.mark.twin
def test_without_asking_whether_it_is_plain_a_heading_would_link(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(elements_module, "is_plain", lambda _: True)
    drawn = content(Reply("x", (Heading("[Approved](https://evil.example)"),)))

    assert of_type(drawn, "TextBlock")[0]["text"] == "[Approved](https://evil.example)"


@pytest.mark.twin
def test_without_cleaning_a_name_could_close_its_tag(monkeypatch: pytest.MonkeyPatch) -> None:
    evil = "</at> [x](https://evil.example)"
    safe = content(Reply("x", mentions=("g",)), names={"g": evil})
    assert "](" not in of_type(safe, "TextBlock")[0]["text"]

    monkeypatch.setattr(
        cards_module,
        "_mention",
        lambda user, name: {"text": f"<at>{name}</at>", "mentioned": {"id": user, "name": name}},
    )
    assert "](" in of_type(content(Reply("x", mentions=("g",)), names={"g": evil}), "TextBlock")[0]["text"]


def test_a_name_that_is_not_known_still_mentions() -> None:
    assert content(Reply("x", mentions=("g",)))["msteams"]["entities"][0]["mentioned"]["id"] == "g"


def test_a_time_macro_is_not_carried_out() -> None:
    drawn = content(Reply("x", (Paragraph("{{DATE(2020-01-01T00:00:00Z,SHORT)}} {{ 7*7 }}"),)))

    assert of_type(drawn, "TextRun")[0]["text"] == "{ {DATE(2020-01-01T00:00:00Z,SHORT)}} {{ 7*7 }}"


def test_line_breaks_are_kept_and_empty_lines_are_gaps() -> None:
    body = content(Reply("x", (Paragraph("one\ntwo\n\nthree"),)))["body"]

    assert [element["inlines"][0]["text"] for element in body] == ["one", "two", "three"]
    assert [element.get("spacing") for element in body] == [None, "None", "Medium"]


def test_a_thousand_lines_share_an_element() -> None:
    text = "\n".join("line" for _ in range(1000))

    assert of_type(content(Reply("x", (Paragraph(text),))), "TextRun")[0]["text"] == text


def test_facts_and_lines_are_rows_with_whole_values() -> None:
    value = "pm_" + "x" * 5_000
    drawn = content(Reply("x", (Facts((("Card", value),)), Lines((("2 × Margherita", "19.00 usd"),)))))

    texts = [run["text"] for run in of_type(drawn, "TextRun")]
    assert texts == ["Card", value, "2 × Margherita", "19.00 usd"]
    assert len(of_type(drawn, "ColumnSet")) == 2


def test_a_button_can_be_pressed_by_new_and_old_clients() -> None:
    reply = Reply("x", (Buttons((Button("Approve", "approve", "ap-1", Style.PRIMARY),)),))

    assert of_type(content(reply), "Action.Execute") == [
        {
            "type": "Action.Execute",
            "verb": "approve",
            "title": "Approve",
            "data": {"action": "approve", "value": "ap-1"},
            "style": "positive",
            "fallback": {
                "type": "Action.Submit",
                "title": "Approve",
                "data": {"action": "approve", "value": "ap-1"},
                "style": "positive",
            },
        }
    ]


def press(drawn: Any, kind: str, inputs: dict[str, str], which: int = 0) -> Turn:
    """What Teams would send for one button of a card: its data with what was typed or chosen."""
    button = of_type(drawn, kind)[which]
    data = button["data"] | inputs
    if kind == "Action.Submit":
        sent = activity("message", value=data, replyToId="1766")
    else:
        action = {"type": kind, "verb": button["verb"], "data": data}
        sent = activity("invoke", name="adaptiveCard/action", value={"action": action}, replyToId="1766")
    found = to_turn(sent)
    assert isinstance(found, Turn)
    return found


@pytest.mark.parametrize("kind", ["Action.Execute", "Action.Submit"])
def test_what_is_rendered_comes_back_as_it_was_meant(kind: str) -> None:
    reply = Reply(
        "x", (Ask("value", "Reason"), Ask("note", "Note"), Buttons((Button("No", "reject", "ap-1"),)))
    )
    drawn = content(reply)
    typed = {field["id"]: f"for {field['label']}" for field in of_type(drawn, "Input.Text")}
    act = press(drawn, kind, typed).act

    assert isinstance(act, Pressed)
    assert (act.action, act.value) == ("reject", "ap-1")
    assert act.answers == {"value": "for Reason", "note": "for Note"}


@pytest.mark.parametrize("kind", ["Action.Execute", "Action.Submit"])
def test_a_select_comes_back_with_the_chosen_value(kind: str) -> None:
    sizes = Select("Size", "size", (Option("Small", "s"), Option("Large", "l")))
    colors = Select("Colour", "color", (Option("Red", "r"),))
    drawn = content(Reply("x", (sizes, colors)))
    first, second = (field["id"] for field in of_type(drawn, "Input.ChoiceSet"))

    act = press(drawn, kind, {first: "l", second: "r"}, which=1).act

    assert isinstance(act, Pressed)
    assert (act.action, act.value, act.answers) == ("color", "r", {})


def test_a_single_select_is_required_and_cancel_works_without_it() -> None:
    drawn = content(
        Reply("x", (Select("Size", "size", (Option("S", "s"),)), Buttons((Button("Cancel", "cancel"),))))
    )

    assert of_type(drawn, "Input.ChoiceSet")[0]["isRequired"]
    cancel = next(a for a in of_type(drawn, "Action.Execute") if a["verb"] == "cancel")
    assert cancel["associatedInputs"] == "none"


@pytest.mark.parametrize("kind", ["Action.Execute", "Action.Submit"])
def test_a_form_comes_back_submitted(kind: str) -> None:
    form = Form(
        "reject",
        "ap-1",
        "Why not?",
        (Field("reason", "Reason", multiline=True), Field("size", "Size", options=(Option("S", "s"),))),
        intro="They will read it.",
    )
    act = press(form_card(form), kind, {"reason": "too dear", "size": "s"}).act

    assert act == Submitted("reject", "ap-1", {"reason": "too dear", "size": "s"})


def test_a_form_says_what_it_requires_and_how_much_it_takes() -> None:
    drawn = form_card(Form("f", "", "T", (Field("a", "A", max_length=50), Field("b", "B", optional=True))))
    first, second = of_type(drawn, "Input.Text")

    assert first["isRequired"]
    assert first["maxLength"] == 50
    assert "isRequired" not in second
    assert render_form(Form("f", "", "T", ()))["summary"] == "T"


def test_more_buttons_than_a_row_takes_fill_several() -> None:
    drawn = content(Reply("x", (Buttons(tuple(Button(str(n), "pick", str(n)) for n in range(14))),)))

    assert [len(row["actions"]) for row in of_type(drawn, "ActionSet")] == [6, 6, 2]


@pytest.mark.parametrize(
    ("url", "sandbox", "opens"),
    [
        ("https://checkout.stripe.com/c/pay/cs_1#frag", False, True),
        ("http://127.0.0.1:3000/standin/stripe/pay?x=1", True, True),
        ("http://127.0.0.1:3000/standin/stripe/pay", False, False),
        ("http://evil.example/", True, False),
        ("javascript:alert(1)", True, False),
        ("https://user@evil.example/", True, False),
        ("https://evil.example\\@good.example/", True, False),
        ("msteams://x", True, False),
        ("https://", True, False),
        ("https://[::1", True, False),
    ],
)
def test_a_link_opens_only_where_it_is_safe_and_is_shown_otherwise(
    url: str, sandbox: bool, opens: bool
) -> None:
    drawn = content(Reply("x", (Buttons((Button("Pay", "pay", url=url),)),)), sandbox=sandbox)

    assert bool(of_type(drawn, "Action.OpenUrl")) == opens
    assert any(url in run["text"] for run in of_type(drawn, "TextRun")) != opens


@pytest.mark.twin
def test_without_the_link_check_a_button_would_run_script(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cards_module, "may_be_opened", lambda *_, **__: True)
    drawn = content(Reply("x", (Buttons((Button("Pay", "pay", url="javascript:alert(1)"),)),)))

    assert of_type(drawn, "Action.OpenUrl")[0]["url"] == "javascript:alert(1)"


@pytest.mark.twin
def test_without_escaping_the_fallback_text_would_format(monkeypatch: pytest.MonkeyPatch) -> None:
    link = "[Approved](https://evil.example)"
    assert content(Reply(link))["fallbackText"] != link
    monkeypatch.setattr(cards_module, "escaped", lambda text: text)
    assert content(Reply(link))["fallbackText"] == link


def test_a_divider_is_a_line_above_what_follows() -> None:
    body = content(Reply("x", (Paragraph("a"), Divider(), Paragraph("b"))))["body"]

    assert [element.get("separator", False) for element in body] == [False, True]


def test_only_what_a_model_wrote_carries_the_label() -> None:
    label = render(Reply("x", generated=True))["entities"]

    assert label[0]["additionalType"] == ["AIGeneratedContent"]
    assert "entities" not in render(Reply("x"))


def test_input_ids_are_unique_on_a_card() -> None:
    selects = tuple(Select("S", "same", (Option("a", "a"),)) for _ in range(3))
    ids = [field["id"] for field in of_type(content(Reply("x", selects)), "Input.ChoiceSet")]

    assert len(set(ids)) == 3


def test_a_button_with_too_large_a_value_is_a_mistake_of_ours() -> None:
    with pytest.raises(ValueError, match="2000"):
        content(Reply("x", (Buttons((Button("A", "a", "v" * 2001),)),)))


def test_a_press_is_answered_with_a_card_a_sentence_or_a_promise() -> None:
    drawn = answer_press(Reply("done", (Paragraph("Approved by Grace"),))).body
    assert drawn["statusCode"] == 200
    assert drawn["type"] == "application/vnd.microsoft.card.adaptive"
    assert drawn["value"]["type"] == "AdaptiveCard"

    said = answer_press(Reply("Omar was faster.")).body
    assert said == {
        "statusCode": 200,
        "type": "application/vnd.microsoft.activity.message",
        "value": "Omar was faster.",
    }

    assert answer_press(None).body["value"] == RECEIVED


def test_an_answer_too_large_for_a_card_is_said_in_short() -> None:
    answer = answer_press(Reply("Approved.", (Paragraph("x" * 40_000),)))

    assert answer.body["value"] == "Approved."


def test_a_plain_text_stays_plain_where_it_looks_like_a_clock() -> None:
    assert inert_module.inert("{{ 7*7 }}") == "{{ 7*7 }}"
