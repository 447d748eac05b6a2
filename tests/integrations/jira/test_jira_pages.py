"""Pages of a search, and what strange answers come to: pure, without a server."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.errors import NotReached
from integrations.jira import pages, webhook
from integrations.jira.errors import Unreadable
from integrations.jira.marks import mark_of, moment, ticket_carries
from integrations.jira.pages import Page, every, read, request, ticket
from integrations.jira.words import plain


def _of(count: int, size: int = 10) -> Any:
    """A search that finds so many."""

    def ask(_jql: str, _fields: Sequence[str], cursor: str, wanted: int) -> Page:
        begin = int(cursor or 0)
        end = min(begin + min(wanted, size), count)
        return Page(tuple({"id": str(n)} for n in range(begin, end)), str(end) if end < count else "")

    return ask


@pytest.mark.parametrize("count", [0, 1, 9, 10, 11, 25])
@pytest.mark.parametrize("limit", [1, 10, 11, 100])
def test_each_ticket_comes_once_and_no_more_than_the_limit(count: int, limit: int) -> None:
    told: list[int] = []
    found = [each["id"] for each in every(_of(count), "x", (), limit, told.append)]

    assert found == [str(n) for n in range(min(count, limit))]
    assert told[-1] == len(found)


def test_only_as_many_pages_are_asked_for_as_are_read() -> None:
    asked: list[str] = []

    def ask(jql: str, fields: Sequence[str], cursor: str, size: int) -> Page:
        asked.append(cursor)
        return _of(1000)(jql, fields, cursor, size)

    found = every(ask, "x", (), 1000)
    for _ in range(15):
        next(found)
    assert asked == ["", "10"]


def test_a_page_that_leads_back_to_itself_ends_it() -> None:
    with pytest.raises(NotReached, match="same page"):
        list(every(lambda *_: Page(({"id": "1"},), "again"), "x", (), 50))


def test_a_server_that_gives_more_than_was_asked_for_is_cut_at_the_limit() -> None:
    assert len(list(every(lambda *_: Page(tuple({"id": str(n)} for n in range(50)), ""), "x", (), 7))) == 7


@pytest.mark.parametrize(
    ("version", "answer", "cursor", "following"),
    [
        (3, {"issues": [{}], "nextPageToken": "t"}, "", "t"),
        (3, {"issues": [{}], "nextPageToken": "t", "isLast": True}, "", ""),
        (3, {"issues": [{}], "nextPageToken": None}, "s", ""),
        (3, {"issues": [], "isLast": True}, "", ""),
        (2, {"issues": [{}, {}], "total": 5, "startAt": 0}, "", "2"),
        (2, {"issues": [{}], "total": 5}, "4", ""),
        # Fewer are there than was said: it ends, instead of asking for the same again.
        (2, {"issues": [], "total": 5}, "2", ""),
    ],
)
def test_each_jira_says_in_its_own_way_where_the_next_page_begins(
    version: int, answer: Any, cursor: str, following: str
) -> None:
    assert read(version, answer, cursor).next == following


@pytest.mark.parametrize("answer", [{}, {"issues": None}, {"issues": {}}, {"issues": [7]}, {"issues": ["x"]}])
def test_an_answer_that_is_no_page_is_told_apart(answer: Any) -> None:
    with pytest.raises(Unreadable):
        read(3, answer, "")


def test_each_jira_is_asked_in_its_own_way() -> None:
    assert request(3, "x", ("a",), "", 5, "p") == {
        "jql": "x",
        "fields": ["a"],
        "maxResults": 5,
        "properties": ["p"],
    }
    assert request(3, "x", ("a",), "t", 5, "")["nextPageToken"] == "t"
    assert request(2, "x", ("a",), "", 5, "p") == {"jql": "x", "fields": ["a"], "maxResults": 5, "startAt": 0}


def test_a_long_description_is_cut_and_says_so() -> None:
    found = ticket({"id": "1", "key": "A-1", "fields": {"description": "x" * 9000}}, "https://x.example")

    assert (len(found.text), found.cut) == (pages.LONGEST_TEXT, True)


def test_a_ticket_with_nothing_in_it_is_a_ticket() -> None:
    fields = dict.fromkeys(pages.TICKET_FIELDS)
    found = ticket({"id": "1", "key": "A-1", "fields": fields}, "https://x.example")

    assert (found.title, found.assignee, found.labels, found.done) == ("", "", [], False)


@pytest.mark.parametrize(
    "issue", [{}, {"key": "A-1"}, {"key": 7, "fields": {}}, {"key": "A-1", "fields": []}]
)
def test_what_is_no_ticket_is_told_apart(issue: Any) -> None:
    with pytest.raises(Unreadable):
        ticket(issue, "https://x.example")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
EVENT = st.fixed_dictionaries(
    {
        "webhookEvent": st.sampled_from(["jira:issue_updated", "comment_created", "jira:issue_deleted"]),
        "timestamp": st.integers(min_value=1, max_value=1 << 50),
        "issue": JSON
        | st.fixed_dictionaries({"id": st.just("10042"), "key": JSON, "self": JSON, "fields": JSON}),
        "user": JSON,
        "comment": JSON | st.fixed_dictionaries({"id": st.just("1"), "author": JSON, "body": JSON}),
        "changelog": JSON
        | st.fixed_dictionaries(
            {
                "id": JSON,
                "items": st.lists(
                    st.fixed_dictionaries({"field": st.just("status"), "toString": JSON}) | JSON
                ),
            }
        ),
    }
)


@given(EVENT)
def test_no_event_of_any_shape_does_more_than_be_nothing(event: Any) -> None:
    happened = webhook.read(event)

    assert happened is None or (happened.external_id == "jira:10042" and "\n" not in happened.sentence)


@given(JSON)
def test_no_text_of_any_shape_does_more_than_be_empty(value: Any) -> None:
    assert isinstance(plain(value), str)


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2026-11-21T10:00:00.000+0000", datetime(2026, 11, 21, 10, tzinfo=UTC)),
        ("2026-11-21T15:00:00.000+0500", datetime(2026, 11, 21, 10, tzinfo=UTC)),
        ("2026-11-21T10:00:00Z", datetime(2026, 11, 21, 10, tzinfo=UTC)),
        ("2026-11-21T10:00:00.000", datetime(2026, 11, 21, 10, tzinfo=UTC)),
        ("yesterday", datetime.min.replace(tzinfo=UTC)),
        (None, datetime.min.replace(tzinfo=UTC)),
    ],
)
def test_a_time_is_read_whatever_zone_it_is_told_in(text: Any, at: datetime) -> None:
    assert moment(text) == at


@pytest.mark.parametrize(
    ("issue", "carries"),
    [
        ({"fields": {"labels": ["a", mark_of("k")]}}, True),
        ({"fields": {}, "properties": {"countersign.effect": {"mark": mark_of("k")}}}, True),
        ({"fields": {"description": f"Words.\n\nReference: {mark_of('k')}"}}, True),
        ({"fields": {"description": f"Reference: {mark_of('k')}\n\nand more"}}, False),
        ({"fields": {"description": f"So it says: Reference: {mark_of('k')}"}}, False),
        ({"fields": {"labels": [mark_of("other")]}}, False),
        ({"fields": None}, False),
        ({}, False),
    ],
)
def test_a_mark_is_seen_in_its_three_places_and_nowhere_else(issue: Any, carries: bool) -> None:
    assert ticket_carries(issue, mark_of("k")) is carries
