"""notion.query, notion.search, notion.read_page: by the real SDK against the sandbox."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from integrations.errors import Refused
from integrations.notion import read
from integrations.notion.models import Filter, QueryArguments
from integrations.notion.plain import property_text
from integrations.notion.tools import NOTION


def _titles(done: Any) -> list[str]:
    return [page["title"] for page in done.result["pages"]]


def test_the_pages_of_our_database_are_listed_last_edited_first(sandbox: Any) -> None:
    done = sandbox.run("query")

    assert len(done.result["pages"]) == 12
    assert _titles(done)[0] == "Retro of sprint 47"
    assert done.result["label"] == "12 pages"
    assert done.result["more"] is False
    first = done.result["pages"][0]
    assert first["properties"]["Status"] == "Draft"
    assert first["properties"]["Tags"] == "retro"
    assert first["url"].startswith(sandbox.base)


@pytest.mark.parametrize(
    ("filters", "count"),
    [
        ([("Status", "equals", "Draft")], 3),
        ([("Status", "not_equals", "Draft")], 9),
        ([("Area", "equals", "Ovens")], 2),
        ([("Tags", "contains", "runbook")], 2),
        ([("Tags", "equals", "runbook")], 2),
        ([("Name", "starts_with", "Retro")], 2),
        ([("Name", "contains", "oven")], 2),
        ([("Urgent", "equals", "no")], 12),
        ([("Due", "empty", "")], 12),
        ([("Due", "before", "2027-01-01")], 0),
        ([("Estimate", "more_than", "3")], 0),
        ([("Estimate", "empty", "")], 12),
        ([("Area", "equals", "App"), ("Status", "equals", "Done")], 1),
    ],
)
def test_simple_filters_are_asked_by_the_propertys_type(
    sandbox: Any, filters: list[tuple[str, str, str]], count: int
) -> None:
    given = [{"property": name, "op": op, "value": value} for name, op, value in filters]

    assert len(sandbox.run("query", filters=given).result["pages"]) == count


@pytest.mark.parametrize(
    ("name", "op", "value", "says"),
    [
        ("Sattus", "equals", "Draft", "no property “Sattus”"),
        ("Status", "contains", "Dr", "cannot compare “Status” by “contains”"),
        ("Urgent", "empty", "", "cannot compare"),
        ("Estimate", "equals", "many", "a number"),
        ("Urgent", "equals", "perhaps", "yes or no"),
        ("Due", "before", "Monday", "a date like"),
        ("Owner", "contains", "Ada", "an id"),
        ("Area", "equals", "Ovens,App", "no option has a comma"),
        ("Status", "equals", "", "not empty"),
    ],
)
def test_a_filter_that_cannot_be_asked_is_named(
    sandbox: Any, name: str, op: str, value: str, says: str
) -> None:
    with pytest.raises(Refused, match=says):
        sandbox.run("query", filters=[{"property": name, "op": op, "value": value}])
    assert sandbox.calls("POST") == []


@pytest.mark.parametrize(
    "value", ['" or 1=1', '{"or": []}', "Draft'}]}", "\\", "a" * 300, "{{ x }}", "<b>", "\u202e"]
)
def test_what_people_type_into_a_filter_is_compared_and_nothing_else(sandbox: Any, value: str) -> None:
    done = sandbox.run("query", filters=[{"property": "Name", "op": "equals", "value": value}])

    assert done.result["pages"] == []
    assert sandbox.sent[-1].url.path.endswith("/query")


def test_a_name_of_a_property_can_not_become_another_key_of_the_filter(sandbox: Any) -> None:
    for name in ("or", "timestamp", "__proto__", "title"):
        with pytest.raises(Refused):
            sandbox.run("query", filters=[{"property": name, "op": "equals", "value": "x"}])


def test_only_what_was_edited_since_is_asked_for(sandbox: Any) -> None:
    from datetime import UTC, datetime, timedelta

    since = (datetime.now(UTC) - timedelta(days=4)).strftime("%Y-%m-%dT%H:%M:%SZ")

    assert len(sandbox.run("query", edited_after=since).result["pages"]) == 3
    draft = [{"property": "Status", "op": "equals", "value": "Draft"}]
    assert len(sandbox.run("query", edited_after=since, filters=draft).result["pages"]) == 2


def test_all_pages_of_a_long_list_are_read_and_counted_honestly(sandbox: Any, make_attempt: Any) -> None:
    sandbox.act("write_many", count=230)
    said: list[str] = []
    given = make_attempt()
    telling = type(given)(given.key, given.number, given.began, said.append)

    done = NOTION.tools[2].perform(sandbox.service(), {"limit": 500}, telling)

    assert len(done.result["pages"]) == 242
    assert len({page["id"] for page in done.result["pages"]}) == 242
    assert len(sandbox.calls("POST")) == 3
    assert said == ["100 Notion pages so far", "200 Notion pages so far"]


def test_a_limit_says_that_there_are_more(sandbox: Any) -> None:
    done = sandbox.run("query", limit=5)

    assert (len(done.result["pages"]), done.result["more"]) == (5, True)
    assert done.result["label"] == "5 pages, and there are more"
    assert sandbox.run("query", limit=12).result["more"] is False


def test_summaries_get_plain_pages_one_after_the_other(sandbox: Any) -> None:
    service = sandbox.service()

    pages = list(service.pages(service.source(), most=7))

    assert len(pages) == 7
    assert set(pages[0]) == {"id", "title", "url", "edited", "properties"}


def test_what_is_in_the_trash_is_not_listed(sandbox: Any) -> None:
    sandbox.act("trash", page="Retro of sprint 47")

    assert "Retro of sprint 47" not in _titles(sandbox.run("query"))


# ── search ───────────────────────────────────────────────────────────────────────────────


def test_pages_are_found_by_words_of_their_title(sandbox: Any) -> None:
    assert _titles(sandbox.run("search", words="oven")) == [
        "Oven telemetry: what the numbers mean",
        "Runbook: an oven is offline",
    ]
    assert len(sandbox.run("search").result["pages"]) == 12
    assert sandbox.run("search", words="nothing like this").result["pages"] == []


def test_search_lags_behind_what_was_written(sandbox: Any) -> None:
    sandbox.run("create_page", title="Brand new")

    assert _titles(sandbox.run("search", words="brand new")) == []
    sandbox.clock.turn(6)
    assert _titles(sandbox.run("search", words="brand new")) == ["Brand new"]


# ── read_page ────────────────────────────────────────────────────────────────────────────


def test_a_page_is_read_as_markdown(sandbox: Any) -> None:
    page = sandbox.pages("Roadmap")[0]["id"]

    done = sandbox.run("read_page", page=page)

    assert done.result["text"].startswith("# December\n- Gift cards\n")
    assert done.result["page"]["title"] == "Roadmap for the winter"
    assert done.result["cut"] is False
    assert done.external_id == page


def test_what_we_write_reads_back_as_it_was(sandbox: Any) -> None:
    text = "# Title\n- one\n- [x] two\n> three\n---\n```\ncode\n```\nplain"

    page = sandbox.run("create_page", title="Both ways", text=text).external_id

    assert sandbox.run("read_page", page=page).result["text"] == text


def test_a_page_too_long_to_read_is_cut_and_says_so(sandbox: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    page = sandbox.run("create_page", title="Long", text="- a\n" * 150).external_id
    monkeypatch.setattr(read, "MOST_BLOCKS", 120)

    done = sandbox.run("read_page", page=page)

    assert done.result["cut"] is True


def test_a_page_in_the_trash_is_read_and_said_so(sandbox: Any) -> None:
    page = sandbox.pages("Roadmap")[0]["id"]
    sandbox.act("trash", page=page)

    assert sandbox.run("read_page", page=page).result["in_trash"] is True


@pytest.mark.parametrize("page", ["", "roadmap", "../users", "a" * 32 + "/x"])
def test_an_argument_that_is_no_page_is_refused_before_anything_is_sent(sandbox: Any, page: str) -> None:
    with pytest.raises(ValidationError):
        sandbox.run("read_page", page=page)
    assert sandbox.sent == []


PAGE = "0b0c9d6e-1f43-4c1b-9a57-2f8e6f0f1c11"


# ── arguments and cards ──────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        (0, {"title": ""}),
        (0, {"title": "   "}),
        (0, {"title": "two\nlines"}),
        (0, {"title": "x" * 301}),
        (0, {"title": "x", "text": "y" * 100_001}),
        (0, {"title": "x", "text": "- a\n" * 1501}),
        (0, {"title": "x", "childern": []}),
        (0, {"title": 7}),
        (1, {"page": PAGE, "text": ""}),
        (1, {"page": PAGE, "text": "\n\n"}),
        (1, {"page": PAGE, "text": "- a\n" * 100}),
        (2, {"limit": 0}),
        (2, {"limit": 501}),
        (2, {"edited_after": "yesterday"}),
        (2, {"filters": [{"property": "a", "op": "like", "value": "b"}]}),
        (2, {"filters": [{"property": "a", "op": "equals", "value": "b"}] * 11}),
        (3, {"words": "x" * 201}),
        (4, {"page": "no page"}),
    ],
)
def test_arguments_beyond_their_bounds_are_refused(tool: int, arguments: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        NOTION.tools[tool].arguments.model_validate(arguments)


def test_all_that_is_sent_stands_on_the_card() -> None:
    text = "# All\n" + "of it " * 3000
    create, append = NOTION.tools[0], NOTION.tools[1]
    assert create.describe is not None
    assert append.describe is not None

    assert create.describe({"title": "T", "text": text, "database": PAGE}) == (
        ("Title", "T"),
        ("In database", PAGE),
        ("Text", text),
    )
    assert dict(append.describe({"page": PAGE, "text": text}))["Text"] == text


def test_a_read_says_what_is_asked() -> None:
    query = NOTION.tools[2]
    asked = QueryArguments(filters=[Filter(property="Status", op="not_equals", value="Done")], limit=7)
    assert query.describe is not None

    assert ("Status", "not equals Done") in query.describe(asked)
    assert ("At most", "7 pages") in query.describe(asked)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"type": "rich_text", "rich_text": [{"plain_text": "a"}, {"plain_text": "b"}]}, "ab"),
        ({"type": "number", "number": 3.5}, "3.5"),
        ({"type": "number", "number": None}, ""),
        ({"type": "checkbox", "checkbox": True}, "yes"),
        ({"type": "date", "date": {"start": "2026-01-01", "end": "2026-01-03"}}, "2026-01-01 to 2026-01-03"),
        ({"type": "people", "people": [{"id": "1", "name": "Ada"}, {"id": "2"}]}, "Ada, 2"),
        ({"type": "relation", "relation": [{"id": "1"}], "has_more": True}, "1, …"),
        ({"type": "unique_id", "unique_id": {"prefix": "PZ", "number": 7}}, "PZ-7"),
        ({"type": "formula", "formula": {"type": "string", "string": "x"}}, "x"),
        ({"type": "formula", "formula": {"type": "boolean", "boolean": False}}, "no"),
        ({"type": "select", "select": None}, ""),
        ({"type": "url", "url": "https://x.example"}, "https://x.example"),
        ({"type": "button", "button": {}}, ""),
        ({"type": "rich_text", "rich_text": "broken"}, ""),
        ("broken", ""),
    ],
)
def test_a_property_reads_as_words(value: Any, text: str) -> None:
    assert property_text(value) == text
