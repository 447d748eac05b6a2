"""What people type is data: in a question, in a ticket, in a comment, and on the way back."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.errors import Refused
from integrations.jira import jql, words
from integrations.jira.jql import NotAQuestion, containing, question, quote
from integrations.jira.sandbox import question as reader
from integrations.jira.words import adf, clean, one_line, plain, wiki

BREAKING_OUT = [
    'oven" OR project = "OPS',
    'oven\\" OR project = "OPS',
    'oven\\\\" OR project = OPS OR text ~ "',
    "oven') OR project = OPS OR ('1' = '1",
    "oven\n) OR project = OPS",
    "oven ORDER BY key",
    "oven AND NOT project = SHOP",
    "\\",
    '"',
    "caption?",
    "a+b-c&&d||e!(f){g}[h]^i~j*k:l/m",
]


@pytest.mark.parametrize("typed", BREAKING_OUT)
def test_typed_words_stay_inside_their_quotes(sandbox: Any, typed: str) -> None:
    sandbox.act("create", project="OPS", text=f"oven {typed[:60]}".replace("\n", " "))
    found = sandbox.do("SEARCH", {"text": typed}).result["tickets"]

    assert all(each["key"].startswith("SHOP-") for each in found)


@pytest.mark.twin
def test_twin_with_quotes_left_as_typed_another_project_is_read(
    sandbox: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jql, "containing", lambda text: f'"{text}"')
    found = sandbox.do("SEARCH", {"text": 'zebra" OR project = "OPS'}).result["tickets"]

    assert {each["key"] for each in found} == {"OPS-1", "OPS-2"}


@given(st.text(max_size=60))
def test_whatever_is_typed_is_one_string_of_the_question(typed: str) -> None:
    for value in (quote(typed), containing(typed)):
        [(kind, _)] = reader._tokens(value)
        assert kind == "string"


@given(st.text(max_size=40))
def test_a_quoted_value_is_read_back_as_it_was_typed(typed: str) -> None:
    [(_, text)] = reader._tokens(quote(typed))

    assert text == re.sub(r"[\x00-\x1f\x7f\u2028\u2029]+", " ", typed)


@pytest.mark.parametrize(
    ("condition", "problem"),
    [
        ("status = Done) OR (project = OPS", "bracket is closed"),
        ("status = Done OR (project = OPS", "not closed"),
        ('status = "Done', "quote is not closed"),
        ("status = 'Done", "quote is not closed"),
        ("status = Done ORDER BY rank()", "order names"),
        ("status = Done ORDER BY key OR project = OPS", "order names"),
        ("status = Done -- and the rest", "comment"),
        ('a = "\\" ) OR project = OPS', "quote is not closed"),
    ],
)
def test_a_condition_that_would_reach_outside_its_brackets_is_refused(condition: str, problem: str) -> None:
    with pytest.raises(NotAQuestion, match=problem):
        question("SHOP", jql=condition)


def test_a_refused_condition_is_told_and_asked_nobody(sandbox: Any) -> None:
    with pytest.raises(Refused, match="was not asked") as refused:
        sandbox.do("SEARCH", {"jql": "status = Done) OR (project = OPS"})
    assert refused.value.code == "not_a_question"
    assert sandbox.calls() == []


@pytest.mark.twin
def test_twin_without_the_check_of_brackets_another_project_is_read(
    sandbox: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jql, "_whole", lambda _: None)
    found = sandbox.do("SEARCH", {"jql": "status = Nope) OR (project = OPS"}).result["tickets"]

    assert {each["key"] for each in found} == {"OPS-1", "OPS-2"}


def test_every_question_is_bounded_by_one_project_and_in_an_order() -> None:
    assert question("SHOP") == 'project = "SHOP" ORDER BY updated DESC'
    whole = question(
        "SHOP",
        text="oven (hot)",
        labels=['a"b'],
        statuses=["To Do", "Done"],
        updated_days=7,
        open_only=True,
        jql="priority = High OR assignee = currentUser() ORDER BY created asc, key",
    )

    assert whole == (
        'project = "SHOP" AND text ~ "oven \\\\(hot\\\\)" AND labels = "a\\"b"'
        ' AND status in ("To Do", "Done")'
        ' AND statusCategory != Done AND updated >= "-7d"'
        " AND (priority = High OR assignee = currentUser()) ORDER BY created asc, key"
    )


# ── into a ticket ────────────────────────────────────────────────────────────────────────

HOSTILE = [
    "[~grace] look at this",
    "[~accountid:712020:grace]",
    "[click|https://evil.example]",
    "!https://evil.example/x.png!",
    "{html}<script>alert(1)</script>{html}",
    "{panel:title=x}y{panel}",
    "*bold* _it_ -gone- +new+ ^up^ ~down~ ??who??",
    "|| a || b ||\n| 1 | 2 |",
    "h1. Big\nbq. Quoted\n# one\n* two\n- three",
    "{{mono}} \\ back \\\\ slash",
    "@grace #1 <!-- effect: x -->",
    "(/) (x) (!)",
    "&lt;b&gt; &#123;html&#125;",
    "----",
]


@pytest.mark.parametrize("typed", HOSTILE)
@pytest.mark.parametrize("version", [3, 2])
def test_hostile_text_arrives_as_the_same_letters(sandbox: Any, typed: str, version: int) -> None:
    sandbox.do("COMMENT", {"issue": "SHOP-1", "text": typed}, version=version)
    said = sandbox.issues()["SHOP-1"]["comments"][-1]["body"]

    assert plain(said) == typed


@pytest.mark.parametrize("typed", HOSTILE)
def test_nothing_that_is_typed_becomes_more_than_text_in_a_document(typed: str) -> None:
    kinds = set(re.findall(r'"type": "(\w+)"', json.dumps(adf(typed))))

    assert kinds <= {"doc", "paragraph", "text", "hardBreak"}
    assert '"marks"' not in json.dumps(adf(typed))


MARKUP = re.compile(r"(?<!\\)[{}\[\]*_!|+^~?#@]|(?<!\\)-|\\\\|^\s*(h[1-6]|bq)\.", re.MULTILINE)


@pytest.mark.parametrize("typed", HOSTILE)
def test_no_letter_of_wiki_markup_is_left_unescaped(typed: str) -> None:
    assert MARKUP.search(re.sub(r"&(amp|#92);", "", wiki(typed))) is None


@pytest.mark.twin
def test_twin_without_escaping_a_person_is_called_and_a_page_is_embedded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(words, "_WIKI", re.compile(r"(?!)"))

    assert "[~grace]" in wiki("[~grace] {html}<b>{html}")
    assert "{html}" in wiki("[~grace] {html}<b>{html}")


@given(st.text(max_size=80))
def test_any_text_comes_back_from_wiki_markup_as_it_was(typed: str) -> None:
    text = clean(typed).replace("\u200b", "")

    assert plain(wiki(text)) == text


@given(st.text(max_size=80))
def test_any_text_comes_back_from_a_document_with_its_words(typed: str) -> None:
    assert plain(adf(typed)).split() == clean(typed).split()


@given(st.text(max_size=80))
def test_no_document_has_an_empty_text_in_it(typed: str) -> None:
    assert '"text": ""' not in json.dumps(adf(typed), ensure_ascii=False).replace('\\"', "'")


def test_a_title_has_one_line() -> None:
    assert one_line("  The oven\r\n\tsticks\x00 again ") == "The oven sticks again"


def test_a_title_of_several_lines_is_sent_as_one_and_shown_as_one(sandbox: Any) -> None:
    from integrations.jira.tools import CREATE

    asked = {"title": "The oven\nsticks"}
    assert CREATE.describe is not None
    assert ("Title", "The oven sticks") in CREATE.describe(asked)
    assert sandbox.do("CREATE", asked).result["title"] == "The oven sticks"


def test_a_text_that_grows_too_long_by_escaping_is_refused_before_it_is_sent(sandbox: Any) -> None:
    with pytest.raises(Refused, match="takes no text as long") as refused:
        sandbox.do("COMMENT", {"issue": "SHOP-1", "text": "*" * 20_000}, version=2)
    assert refused.value.code == "too_large"
    assert sandbox.calls() == []


# ── back from a ticket ───────────────────────────────────────────────────────────────────


def test_a_document_with_lists_cards_and_people_is_read_as_text() -> None:
    def text(words: str) -> dict[str, Any]:
        return {"type": "text", "text": words}

    item = {"type": "listItem", "content": [{"type": "paragraph", "content": [text("first")]}]}
    found = {
        "type": "doc",
        "content": [
            {"type": "heading", "content": [text("Head")]},
            {"type": "bulletList", "content": [item, item]},
            {
                "type": "paragraph",
                "content": [{"type": "mention", "attrs": {"text": "@Ada"}}, text(" sees ")],
            },
            {
                "type": "paragraph",
                "content": [{"type": "inlineCard", "attrs": {"url": "https://x.example/"}}],
            },
            {"type": "unknown", "content": [text("kept")]},
        ],
    }
    assert plain(found) == "Head\n\nfirst\nfirst\n\n@Ada sees \n\nhttps://x.example/\n\nkept"


@pytest.mark.parametrize(
    "strange", [None, 7, [], {}, {"type": 3, "content": 5}, {"content": [{"content": [None]}]}]
)
def test_a_text_of_no_known_form_is_nothing_and_no_error(strange: Any) -> None:
    assert plain(strange) == ""


def test_a_document_without_end_is_read_down_to_a_depth() -> None:
    node: dict[str, Any] = {"type": "text", "text": "deep"}
    for _ in range(500):
        node = {"type": "paragraph", "content": [node]}

    assert plain(node) == ""


@pytest.mark.parametrize(
    "key", ["", "SHOP", "SHOP-1/comment", "../x", "SHOP-1?expand=x", "SHOP 1", "SHOP-1\n", "-1", "%2e"]
)
def test_a_crooked_key_reaches_no_other_address(sandbox: Any, key: str) -> None:
    from pydantic import ValidationError

    with pytest.raises(ValidationError):
        sandbox.do("COMMENT", {"issue": key, "text": "x"})
    assert sandbox.calls() == []


@pytest.mark.parametrize(
    "arguments",
    [
        {"title": ""},
        {"title": " "},
        {"title": "x" * 256},
        {"title": "x", "description": "x" * 30_001},
        {"title": "x", "labels": ["two words"]},
        {"title": "x", "labels": ["x"] * 21},
        {"title": "x", "assignee": "a b"},
        {"title": "x", "project": "A B"},
        {"title": "x", "priority": 'High"'},
        {"title": "x", "surprise": 1},
        {"title": 7},
    ],
)
def test_arguments_are_closed_typed_and_bounded(arguments: Any) -> None:
    from pydantic import ValidationError

    from integrations.jira.models import CreateIssueArguments

    with pytest.raises(ValidationError):
        CreateIssueArguments.model_validate(arguments)
