"""github.search: all pages, as few requests as there are pages, and nobody breaks out of the query."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from integrations.base import Attempt
from integrations.errors import NotReached, RateLimited, Refused
from integrations.github import client, search
from integrations.github.models import SearchArguments
from integrations.github.sandbox.store import Store
from integrations.github.search import Tickets, as_ticket, query
from integrations.github.tools import SEARCH

SHOP = "pizzeria/shop"


def _numbers(done: Any) -> list[int]:
    return [each["number"] for each in done.result["tickets"]]


def _fill(sandbox: Any, count: int) -> None:
    """That many more open issues, straight into the sandbox's file."""
    store = Store(sandbox.path)
    [model] = [each for each in store.all("issue", SHOP) if each["number"] == 4]
    with store.transaction():
        for number in range(13, 13 + count):
            made = model | {"id": 9_000_000 + number, "number": number, "title": f"Order {number}"}
            store.put("issue", f"{SHOP}#{number}", made, parent=SHOP, updated=int(made["updated_at"]))
    store.close()


def test_five_hundred_issues_are_five_requests(sandbox: Any) -> None:
    _fill(sandbox, 500 - 8)
    told: list[str] = []
    attempt = Attempt("k", 1, datetime.now(UTC), told.append)

    done = SEARCH.perform(sandbox.service(), {}, attempt)

    assert len(done.result["tickets"]) == 500
    assert len(set(_numbers(done))) == 500
    assert sandbox.calls() == ["GET /repos/pizzeria/shop/issues"] * 5
    assert told == [f"{n} of about 500 tickets" for n in (100, 200, 300, 400, 500)]
    assert done.result["complete"] is True
    assert done.result["label"] == "500 tickets in pizzeria/shop"


def test_no_more_are_read_than_are_wanted(sandbox: Any) -> None:
    _fill(sandbox, 300)

    done = sandbox.do(SEARCH, {"most": 150})

    assert len(done.result["tickets"]) == 150
    assert len(sandbox.calls()) == 2
    assert done.result["complete"] is False
    assert done.result["label"] == "150 tickets in pizzeria/shop, and there are more"


def test_exactly_as_many_as_wanted_are_all(sandbox: Any) -> None:
    assert sandbox.do(SEARCH, {"most": 8}).result["complete"] is True


@pytest.mark.parametrize(
    ("arguments", "numbers"),
    [
        ({}, [12, 11, 9, 8, 10, 7, 4, 2]),
        ({"state": "closed"}, [5, 3, 1, 6]),
        ({"kind": "pull_requests", "state": "all"}, [10, 6, 3]),
        ({"kind": "issues", "labels": ["bug", "checkout"], "state": "all"}, [9, 5, 1]),
        ({"labels": ["Urgent"]}, [9]),
        ({"repository": "pizzeria/payroll"}, [1]),
        ({"text": "eleven TIMES"}, [2]),
        ({"text": "for #9"}, [10]),
        ({"text": "for", "state": "closed", "kind": "pull_requests"}, [3, 6]),
        ({"text": "the", "labels": ["menu"]}, [8, 12]),
        ({"text": "no such words anywhere"}, []),
    ],
)
def test_what_is_asked_for_is_found(sandbox: Any, arguments: dict[str, Any], numbers: list[int]) -> None:
    found = sandbox.do(SEARCH, arguments)

    assert sorted(_numbers(found)) == sorted(numbers)


def test_what_changed_since_a_day_is_found_by_its_change(sandbox: Any) -> None:
    week_ago = datetime.fromtimestamp(sandbox.clock() - 7 * 86_400, UTC)

    expected = [10, 11, 12]
    assert sorted(_numbers(sandbox.do(SEARCH, {"since": week_ago.strftime("%Y-%m-%d")}))) == expected
    stamped = {"since": week_ago.isoformat(timespec="seconds"), "text": "a"}
    assert set(_numbers(sandbox.do(SEARCH, stamped))) <= set(expected)


def test_a_ticket_is_plain_and_whole(sandbox: Any) -> None:
    [ticket] = sandbox.do(SEARCH, {"text": "pool of connections"}).result["tickets"]

    assert ticket["kind"] == "pull_request"
    assert ticket["title"] == "Double the pool of connections to the payment service"
    assert (ticket["author"], ticket["assignees"], ticket["labels"]) == ("lin", ["lin"], ["checkout"])
    assert ticket["text"] == "For #9, with a metric for how long one waits."
    assert ticket["url"].endswith("/pizzeria/shop/pull/10")


def test_a_merged_pull_request_is_called_so(sandbox: Any) -> None:
    found = sandbox.do(SEARCH, {"kind": "pull_requests", "state": "closed"}).result["tickets"]

    assert {each["state"] for each in found} == {"merged"}


def test_our_own_escapes_and_marks_are_not_read_aloud(sandbox: Any) -> None:
    sandbox.create(body="Since *noon*, @ada: https://a.example/x_y")

    [ticket] = [each for each in sandbox.do(SEARCH, {}).result["tickets"] if each["number"] == 13]
    assert ticket["text"] == "Since *noon*, @ada: https://a.example/x_y"


def test_an_excerpt_is_as_long_as_was_asked(sandbox: Any) -> None:
    sandbox.create(body="x" * 9000)

    texts = {n: sandbox.do(SEARCH, {"excerpt": n, "most": 1}).result["tickets"][0]["text"] for n in (0, 50)}
    assert {n: len(text) for n, text in texts.items()} == {0: 0, 50: 50}


def test_a_summary_may_take_tickets_as_they_come(sandbox: Any) -> None:
    _fill(sandbox, 200)
    tickets = iter(Tickets(sandbox.service(), SearchArguments(), lambda _: None))

    assert next(tickets).repository == SHOP
    assert len(sandbox.calls()) == 1


def test_a_ticket_that_moves_to_another_page_comes_once(
    sandbox: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "PAGE", 3)
    tickets = iter(Tickets(sandbox.service(), SearchArguments(), lambda _: None))
    first = next(tickets).number
    sandbox.act("comment", who="omar", number=2, body="Again!")

    numbers = [first, *(each.number for each in tickets)]
    assert len(numbers) == len(set(numbers))


@pytest.mark.parametrize(
    "typed",
    ['" repo:pizzeria/payroll "', "repo:pizzeria/payroll", '\\" repo:pizzeria/payroll \\"', 'x" OR "raise'],
)
def test_what_is_typed_cannot_leave_the_quotation(sandbox: Any, typed: str) -> None:
    wanted = SearchArguments(text=typed)

    assert query(SHOP, wanted).count('"') == 2
    assert all(each["repository"] == SHOP for each in sandbox.do(SEARCH, {"text": typed}).result["tickets"])
    assert "raise" not in str(sandbox.do(SEARCH, {"text": typed, "state": "all"}).result)


@pytest.mark.twin
def test_twin_without_the_quotation_another_repository_is_searched(
    sandbox: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "phrase", lambda typed: typed)

    found = sandbox.do(SEARCH, {"text": '" repo:pizzeria/payroll "'})

    assert "raise" in str(found.result)


@pytest.mark.parametrize("typed", ['"', '""', "\\", "\u200b", ' " \\ '])
def test_nothing_to_look_for_is_said(typed: str) -> None:
    with pytest.raises(Refused, match="no word"):
        query(SHOP, SearchArguments(text=typed))


@pytest.mark.parametrize("label", ['a"b', "a,b", "a\\b", "a\nb", ""])
def test_a_label_that_would_end_a_term_cannot_be_searched(label: str) -> None:
    with pytest.raises(ValueError, match="labels"):
        SearchArguments(labels=[label])


@pytest.mark.parametrize("since", ["yesterday", "2026-13-01 x", "2026-1-1", "T", "2026-11-01T10:00&q=x"])
def test_a_day_that_is_none_is_refused(since: str) -> None:
    with pytest.raises(ValueError, match="since"):
        SearchArguments(since=since)


def test_a_day_that_does_not_exist_is_told_to_the_person(sandbox: Any) -> None:
    with pytest.raises(Refused, match="no such day"):
        sandbox.do(SEARCH, {"since": "2026-02-30"})


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ("2026-11-20", "2026-11-20T00:00:00Z"),
        ("2026-11-20T05:00:00+05:00", "2026-11-20T00:00:00Z"),
        ("2026-11-20T00:00Z", "2026-11-20T00:00:00Z"),
    ],
)
def test_since_is_sent_in_utc(written: str, sent: str) -> None:
    assert query(SHOP, SearchArguments(text="x", since=written)).endswith(f"updated:>={sent}")


def test_the_links_tell_where_it_goes_on_and_never_where_to(serve: Any) -> None:
    """Another host, another path, another query in a link: only its page number is taken."""
    other = serve(lambda sock: None)
    link = f'<{other.base}/repos/x/y/issues?state=all&creator=eve&page=2>; rel="next"'
    seen = 0

    def script(sock: Any) -> None:
        nonlocal seen
        seen += 1
        head = f"Link: {link}\r\n" if seen == 1 else ""
        sock.sendall(
            f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n{head}"
            "Connection: close\r\nContent-Length: 2\r\n\r\n[]".encode()
        )

    server = serve(script)
    service = client.connect({"GITHUB_TOKEN": "t", "GITHUB_API_URL": server.base})
    list(service.pages("/repos/o/r/issues", {"state": "open"}, "look"))

    assert other.requests == []
    second = server.requests[1].split()[1].decode()
    assert second == "/repos/o/r/issues?page=2&per_page=100&state=open"


def test_a_page_in_the_middle_that_fails_fails_it_all(sandbox: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    _fill(sandbox, 300)
    monkeypatch.setattr(client, "PAGE", 100)
    tickets = iter(Tickets(sandbox.service(), SearchArguments(), lambda _: None))
    next(tickets)
    sandbox.fault("429", method="GET", retry_after="7")

    with pytest.raises(RateLimited):
        list(tickets)


def test_a_list_of_something_else_is_not_read(serve: Any) -> None:
    body = '{"items": {"a": 1}}'
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    server = serve(lambda sock: sock.sendall((head + body).encode()))
    service = client.connect({"GITHUB_TOKEN": "t", "GITHUB_API_URL": server.base})

    with pytest.raises(NotReached, match="cannot read"):
        list(service.pages("/search/issues", {}, "look"))


def test_a_ticket_with_holes_is_still_one() -> None:
    ticket = as_ticket(SHOP, {"number": 1, "user": None, "body": None, "labels": ["plain"]}, 100)

    assert (ticket.number, ticket.author, ticket.text, ticket.labels) == (1, "", "", ["plain"])


def test_the_search_ends_where_githubs_does(sandbox: Any) -> None:
    _fill(sandbox, 1100)

    done = sandbox.do(SEARCH, {"text": "twice a day", "most": 1000})

    assert len(done.result["tickets"]) == 1000
    assert done.result["complete"] is False
    assert len(sandbox.calls()) == 10
