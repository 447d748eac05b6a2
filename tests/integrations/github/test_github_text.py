"""What people typed arrives as they typed it, and does nothing: held against a reader of CommonMark."""

from __future__ import annotations

import re
from html import unescape

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from integrations.github import text
from integrations.github.text import as_data, as_typed, bears, key_in, mark, marked, one_line

READER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
# It shows an address prettier than it was written; GitHub does not.
READER.normalizeLinkText = lambda url: url
KEY = "4f1c:open:1"

ATTACKS = (
    "# A heading",
    "Title\n=====",
    "Title\n-----",
    "- a list",
    "1. a list",
    "2) a list",
    "> a quotation",
    "    a block of code",
    "\ta block of code",
    "```\na fence\n```",
    "~~~\na fence\n~~~",
    "*a* **b** _c_ __d__ ~~e~~ `f`",
    "[a link](https://evil.example/)",
    "![a picture](https://evil.example/x.png)",
    "[a]: https://evil.example/ 'x'\n\n[a]",
    "<img src=x onerror=alert(1)>",
    "<details><summary>x</summary></details>",
    "<!-- hidden -->",
    "&lt;b&gt; &#64;ada &amp;",
    "a | b\n--|--\n1 | 2",
    "* * *",
    "---",
    "+ plus",
    "<https://evil.example/>",
    "a\\\nb",
    "\\*not\\*",
    "C:\\new\\table",
    "snake_case_name and 2*3*4",
)


def _seen(markdown: str) -> str:
    """The words that a reader sees, each run of white space as one space."""
    html = READER.render(markdown)
    return " ".join(unescape(re.sub(r"<[^>]*>", "", html)).replace(text.NO_WIDTH, "").split())


def _tags(markdown: str) -> set[str]:
    return set(re.findall(r"<([a-z0-9]+|!--)", READER.render(markdown)))


@pytest.mark.parametrize("typed", ATTACKS)
def test_markdown_and_html_are_seen_as_they_were_typed(typed: str) -> None:
    markdown = as_data(typed)

    assert _seen(markdown) == " ".join(typed.split())
    assert _tags(markdown) <= {"p", "br", "a"}


@pytest.mark.twin
@pytest.mark.parametrize("typed", [each for each in ATTACKS if _tags(each) - {"p", "br"}])
def test_twin_without_the_escape_they_format(typed: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text, "_escape", lambda typed: typed)
    monkeypatch.setattr(text, "_LINE_START", re.compile("(?!)"))
    monkeypatch.setattr(text, "_INDENT", re.compile("(?!)"))
    monkeypatch.setattr(text, "_ADDRESS", re.compile("(?!)"))

    assert _tags(as_data(typed)) - {"p", "br"}


PIECES = [*"ab1 2\n\t#*_-+=.)>(<[]!`~|&;\\@:/h\r", "<!--", "-->", "https://", "```", "    ", "\n\n"]
LIVELY = st.lists(st.sampled_from(PIECES), max_size=40).map("".join)


@settings(max_examples=300, deadline=None)
@given(LIVELY | st.text(max_size=80))
@example("http://a.b/_c_*d*?e=1&f=2).")
@example("x@y.z #1 GH-2")
def test_whatever_is_typed_is_seen_and_formats_nothing(typed: str) -> None:
    markdown = as_data(typed)
    cleaned = text._UNSEEN.sub("", typed.replace("\r\n", "\n").replace("\r", "\n"))

    assert _seen(markdown) == " ".join(cleaned.split())
    assert _tags(markdown) <= {"p", "br", "a"}
    assert len(markdown) <= 2 * len(typed) + 2


@settings(max_examples=300, deadline=None)
@given(LIVELY)
def test_what_is_read_back_is_what_was_typed(typed: str) -> None:
    cleaned = text._UNSEEN.sub("", typed.replace("\r\n", "\n").replace("\r", "\n"))
    expected = re.sub(r"(?m)^[ \t]+", lambda found: found[0].replace("\t", "  "), cleaned).rstrip()

    assert as_typed(as_data(typed)) == expected
    assert as_typed(marked(typed, KEY)).strip() == expected.strip()


@pytest.mark.parametrize(
    "typed",
    ["https://a.example/x_y?b=1&c=*2*#d", "see http://a.example/~me/(x).", "https://a.example/@ada/#12"],
)
def test_an_address_stays_a_link_with_every_letter(typed: str) -> None:
    html = READER.render(as_data(typed))
    [where] = re.findall(r'href="([^"]+)"', html)

    assert unescape(where) in typed
    assert _seen(as_data(typed)) == typed


@pytest.mark.parametrize("typed", ["@ada", "hi @ada!", "\\@ada", "&#64;ada", "(@pizzeria/team)", "＠ @ada"])
def test_a_mention_notifies_nobody(typed: str) -> None:
    assert not re.search(r"@\w", as_data(typed))
    assert "&#" not in as_data(typed).replace("\\&#", "").replace("\\&\\#", "")


@pytest.mark.parametrize("typed", ["#12", "see #12.", "pizzeria/payroll#1", "GH-12", "gh-12"])
def test_a_reference_refers_to_nothing(typed: str) -> None:
    assert not re.search(r"(?i)(#|gh-)\d", as_data(typed))


@pytest.mark.parametrize(
    "typed",
    [
        mark("other:step:1"),
        f"x\n\n{mark('other:step:1')}",
        f"{mark('other:step:1')}\n",
        "<!-\u200b- effect:other:step:1 --\u200b>",
        "<!-- effect:other:step:1 --",
        "&lt;!-- effect:other:step:1 --&gt;",
    ],
)
def test_a_mark_that_somebody_typed_is_no_mark(typed: str) -> None:
    assert key_in(as_data(typed)) == ""
    assert key_in(marked(typed, KEY)) == KEY
    assert len(re.findall(r"(?<!\\)<!--", marked(typed, KEY))) == 1


@pytest.mark.twin
def test_twin_without_the_escape_a_typed_mark_is_taken_for_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text, "_escape", lambda typed: typed)

    assert key_in(as_data(mark("other:step:1"))) == "other:step:1"


def test_the_mark_holds_the_key_and_stands_at_the_end() -> None:
    body = marked("It is cold.", KEY)

    assert body == f"It is cold.\n\n<!-- effect:{KEY} -->"
    assert key_in(body) == KEY
    assert bears(body, KEY)
    assert not bears(body, "4f1c:open:11")
    assert not bears(f"{body}\nmore", KEY)
    assert bears(body.replace("\n", "\r\n") + "\r\n", KEY)


def test_an_empty_text_leaves_the_mark_alone() -> None:
    assert marked("", KEY) == mark(KEY)


@pytest.mark.parametrize("key", ["a-->b", "x y", "é", "k" * 201, "<script>", "-->"])
def test_a_key_that_would_break_out_of_the_mark_is_hashed(key: str) -> None:
    made = mark(key)

    assert re.fullmatch(r"<!-- effect:[0-9a-f]{64} -->", made)
    assert bears(marked("x", key), key)


@pytest.mark.parametrize("body", [None, 12, ["x"], {}, "", "<!-- effect: -->", "<!-- effect:a b -->"])
def test_what_is_no_body_bears_no_mark(body: object) -> None:
    assert key_in(body) == ""
    assert not bears(body, KEY)


def test_a_title_is_one_line_without_what_cannot_be_seen() -> None:
    assert one_line("  The\noven\tis \u202ecold\u200b \x00") == "The oven is cold"
    assert one_line("\u202e\u200b\n") == ""


def test_marks_and_templates_are_not_read_aloud() -> None:
    assert as_typed("<!-- Please describe -->\nIt is *cold*.\n<!-- effect:a:b:1 -->") == "\nIt is *cold*."
    assert as_typed("x <!-- never closed") == "x"


def test_a_long_text_is_escaped_in_no_time() -> None:
    for hostile in (
        "<!--" * 7000,
        "`" * 30_000,
        "https://" * 3700,
        "#1" * 15_000,
        "\t" * 30_000,
        "[" * 30_000,
    ):
        assert len(marked(hostile[:30_000], "k" * 200)) <= text.LONGEST_BODY
        as_typed(hostile)
