"""A Reply as JSON: every word of it, as plain text, in bounded pieces, as the schema says."""

from __future__ import annotations

import json
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.platforms.web import frames, render
from bot.platforms.web.base import Row
from bot.platforms.web.limits import MESSAGE_BYTES
from bot.platforms.web.manifest import manifest
from bot.reply import (
    Ask,
    Button,
    Buttons,
    Cited,
    Facts,
    Field,
    Form,
    Heading,
    Lines,
    Link,
    Option,
    Paragraph,
    Reply,
    Select,
    Statement,
)
from tests.test_architecture import EVERY_BLOCK

HOSTILE = [
    "<img src=x onerror=alert(1)>",
    "[a](javascript:alert(1))",
    "a\u202eb",
    "x\u200by",
    "</script><script>",
]


def fields_of(schema: Any, instance: Any, root: Any, at: str = "") -> list[str]:
    """Where an instance is not as the schema says: so much of JSON Schema as ours uses."""
    if "$ref" in schema:
        return fields_of(root["$defs"][schema["$ref"].rpartition("/")[2]], instance, root, at)
    if "oneOf" in schema:
        tries = [fields_of(each, instance, root, at) for each in schema["oneOf"]]
        return [] if [] in tries else [f"{at}: {min(tries, key=len)}"]
    if "const" in schema:
        return [] if instance == schema["const"] else [f"{at}: {instance!r} is not {schema['const']!r}"]
    if "enum" in schema:
        return [] if instance in schema["enum"] else [f"{at}: {instance!r}"]
    kinds = {"string": str, "integer": int, "boolean": bool, "array": list, "object": dict}
    if not isinstance(instance, kinds[schema["type"]]):
        return [f"{at}: no {schema['type']}"]
    if schema["type"] == "array":
        return [
            found
            for n, each in enumerate(instance)
            for found in fields_of(schema["items"], each, root, f"{at}/{n}")
        ]
    if schema["type"] == "object" and "properties" in schema:
        found = [f"{at}: {name} is missing" for name in schema["required"] if name not in instance]
        found += [f"{at}: {name} is not told" for name in instance if name not in schema["properties"]]
        for name, value in instance.items():
            found += fields_of(schema["properties"].get(name, {"enum": [value]}), value, root, f"{at}/{name}")
        return found
    return []


def check(name: str, instance: Any) -> None:
    schema = manifest()
    plain = json.loads(orjson.dumps(instance))
    assert fields_of(schema["$defs"][name], plain, schema) == []


@pytest.mark.parametrize("block", EVERY_BLOCK, ids=lambda block: type(block).__name__)
def test_every_block_is_as_the_schema_says(block: Any) -> None:
    check("block", render.draw(block))


def test_the_schema_would_notice_a_field_it_does_not_tell() -> None:
    with pytest.raises(AssertionError):
        check("block", {"type": "heading", "text": "x", "onclick": "y"})
    with pytest.raises(AssertionError):
        check("block", {"type": "heading"})


FORM = Form(
    "reject",
    "r1",
    "Why?",
    (
        Field("reason", "Reason", True, value="so", error="too short"),
        Field("day", "Day", kind="date"),
        Field("who", "Who", options=(Option("A", "a"),)),
    ),
    back="back",
)


@pytest.mark.parametrize("kind", ["message", "growing", "whisper", "said", "form", "home"])
@pytest.mark.parametrize("seen", [-1, 0, 5])
def test_everything_that_is_sent_is_as_the_schema_says(kind: str, seen: int) -> None:
    body = render.render(Reply("in short", EVERY_BLOCK))
    body = {"text": "said"} if kind == "said" else render.render_form(FORM) if kind == "form" else body
    check("from_bot", frames.shown(Row("m1", 7, 3, kind, body), "main", seen))


@pytest.mark.parametrize("reply", [None, FORM, Reply("Counted."), Reply("in short", EVERY_BLOCK)])
def test_every_answer_is_as_the_schema_says(reply: Any) -> None:
    check("from_bot", {"type": "answer", "to": "p1", **render.answer(reply)})


@pytest.mark.parametrize(
    "frame",
    [
        {"type": "say", "text": "x", "id": "1", "conversation": "main"},
        {"type": "press", "action": "a", "value": "v", "message": "m", "answers": {"x": "y"}},
        {"type": "submit", "form": "f", "value": "v", "answers": {"x": "y"}},
        {"type": "stop"},
        {"type": "home"},
    ],
)
def test_what_the_schema_lets_a_client_say_is_understood(frame: dict[str, Any]) -> None:
    check("from_client", frame)
    frames.act(frame, "fresh")


def test_a_message_that_one_has_is_an_update_and_one_that_is_new_a_message() -> None:
    row = Row("m1", 9, 5, "message", render.render(Reply("x")))
    assert [frames.shown(row, "main", seen)["type"] for seen in (-1, 4, 5, 8)] == [
        "message", "message", "update", "update"]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_stays_text_and_nothing_in_it_is_hidden(text: str) -> None:
    drawn = render.render(Reply(text, (Heading(text), Paragraph(text), Facts(((text, text),)))))
    told = str(drawn)
    assert "\u202e" not in told
    assert "\u200b" not in told
    assert set(drawn) == {"text", "blocks", "generated"}


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "http://example.com/",
        "//evil.example",
        "https://",
        "https://a b",
        "https://x\n.example",
        "vbscript:x",
        "file:///x",
        "https://[::bad",
        " https://example.com",
        "JAVASCRIPT:alert(1)",
    ],
)
def test_a_link_leads_nowhere_but_to_https(url: str) -> None:
    blocks = (Buttons((Button("open", "open", url=url),)), Cited((Statement("x", (Link("y", url),)),)))
    drawn = [render.draw(block) for block in blocks]
    assert drawn[0]["buttons"][0]["url"] == ""
    assert drawn[1]["rows"][0]["links"][0]["url"] == ""


@pytest.mark.parametrize(
    "url", ["https://example.com/1?a=b#c", "http://localhost:3000/pay", "http://127.0.0.1/x"]
)
def test_good_links_are_left_as_they_are(url: str) -> None:
    assert render.address(url) == url


@pytest.mark.twin
def test_twin_without_the_look_at_addresses_a_button_would_run_a_script(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(render, "address", lambda url: url)
    drawn = render.draw(Buttons((Button("open", "open", url="javascript:alert(1)"),)))
    assert drawn["buttons"][0]["url"] == "javascript:alert(1)"


def test_a_button_that_carries_more_than_comes_back_is_a_mistake_of_ours() -> None:
    with pytest.raises(ValueError, match="more than comes back"):
        render.draw(Buttons((Button("x", "a", "v" * 2_001),)))


def size(reply: Reply) -> int:
    return len(orjson.dumps(render.render(reply)))


@pytest.mark.parametrize(
    "text", ["word " * 8_000, "x" * 40_000, "line\n" * 8_000, "é" * 40_000, "😀" * 40_000]
)
def test_forty_thousand_characters_are_split_and_none_is_lost_on_the_web(text: str) -> None:
    parts = render.parts(Reply(text))
    assert "".join(part.text for part in parts) == text
    assert all(size(part) <= MESSAGE_BYTES for part in parts)


def words_of(parts: tuple[Reply, ...]) -> str:
    return "".join(str(render.render(part)["blocks"]) for part in parts)


@pytest.mark.parametrize(
    "block",
    [
        Paragraph("word " * 30_000),
        Heading("x" * 100_000),
        Facts(tuple((f"label {n}", "value " * 500) for n in range(60))),
        Facts((("label", "v" * 150_000),)),
        Lines(tuple((f"line {n}", "$ 1") for n in range(5_000))),
        Cited(tuple(Statement(f"s{n} " * 400, (Link("l", "https://example.com/"),)) for n in range(60))),
        Buttons(tuple(Button(f"b{n}", "a", "v" * 1_500) for n in range(100))),
        Select("pick", "a", tuple(Option(f"o{n} " * 50, f"{n}") for n in range(900))),
    ],
    ids=lambda block: type(block).__name__,
)
def test_a_block_that_is_too_large_becomes_several_that_fit(block: Any) -> None:
    parts = render.parts(Reply("in short", (block,)))
    assert len(parts) > 1
    assert all(size(part) <= MESSAGE_BYTES for part in parts)


def test_what_is_typed_stays_with_the_button_that_sends_it() -> None:
    filler = tuple(Paragraph("word " * 1_500) for _ in range(12))
    controls = (Ask("reason", "Why?"), Buttons((Button("Reject", "reject"),)))
    parts = render.parts(Reply("in short", filler + controls))
    together = [part for part in parts if any(isinstance(block, Ask) for block in part.blocks)]
    assert len(parts) > 1
    assert len(together) == 1
    assert together[0].blocks[-2:] == controls
    assert [part.text for part in parts] == [
        f"in short ({at}/{len(parts)})" for at in range(1, len(parts) + 1)
    ]


@settings(max_examples=30)
@given(st.lists(st.integers(1, 30_000), min_size=1, max_size=12))
def test_however_long_the_paragraphs_all_of_their_words_are_sent_in_order(lengths: list[int]) -> None:
    blocks = tuple(Paragraph(f"{at}:" + "ab " * (length // 3)) for at, length in enumerate(lengths))
    parts = render.parts(Reply("in short", blocks))
    said = "".join(block.text for part in parts for block in part.blocks if isinstance(block, Paragraph))
    assert said == "".join(block.text for block in blocks)
    assert all(size(part) <= MESSAGE_BYTES for part in parts)
