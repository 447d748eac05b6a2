"""Searching page by page: a token on Cloud, a position on Data Center; and one ticket as plain data."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from integrations.errors import NotReached
from integrations.jira.errors import SERVICE, Unreadable
from integrations.jira.models import Ticket
from integrations.jira.words import one_line, plain

Data = dict[str, Any]
OnPage = Callable[[int], None]
Ask = Callable[[str, Sequence[str], str, int], "Page"]

TICKET_FIELDS = (
    "summary", "description", "status", "issuetype", "priority",
    "assignee", "reporter", "labels", "created", "updated",
)  # fmt: skip
PAGE = 100

# Of one description no more than this is handed on; the ticket says that it was cut.
LONGEST_TEXT = 4000


@dataclass(frozen=True, slots=True)
class Page:
    """`next` is where the following page begins; empty: this was the last."""

    issues: tuple[Data, ...]
    next: str


def request(version: int, jql: str, fields: Sequence[str], cursor: str, size: int, properties: str) -> Data:
    body: Data = {"jql": jql, "fields": list(fields), "maxResults": size}
    if version == 2:
        return body | {"startAt": int(cursor or 0)}
    return (
        body
        | ({"nextPageToken": cursor} if cursor else {})
        | ({"properties": [properties]} if properties else {})
    )


def read(version: int, answer: Mapping[str, Any], cursor: str) -> Page:
    """Cloud ends with no token; Data Center says how many there are and gives what it likes."""
    found = answer.get("issues")
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise Unreadable
    if version == 3:
        token = answer.get("nextPageToken")
        last = answer.get("isLast") is True or not isinstance(token, str)
        return Page(tuple(found), "" if last else str(token))
    end = int(cursor or 0) + len(found)
    return Page(tuple(found), str(end) if found and end < int(answer["total"]) else "")


def every(
    ask: Ask, jql: str, fields: Sequence[str], limit: int, on_page: OnPage | None = None
) -> Iterator[Data]:
    """All tickets of all pages, up to `limit`. A page that leads back to itself ends it."""
    count, cursor, seen = 0, "", set[str]()
    while True:
        page = ask(jql, fields, cursor, min(PAGE, limit - count))
        taken = page.issues[: limit - count]
        count += len(taken)
        if on_page is not None:
            on_page(count)
        yield from taken
        cursor = page.next
        if not cursor or count >= limit:
            return
        if cursor in seen:
            raise NotReached(SERVICE, "gave the same page of a search again")
        seen.add(cursor)


def ticket(issue: Mapping[str, Any], site: str) -> Ticket:
    """Foreign text in it is data: as it is, but on one line where it stands for a name."""
    fields = issue.get("fields")
    if not isinstance(fields, Mapping) or not isinstance(issue.get("key"), str):
        raise Unreadable
    text = plain(fields.get("description"))
    status = fields.get("status")
    category = status.get("statusCategory") if isinstance(status, Mapping) else None
    return Ticket(
        id=str(issue.get("id")),
        key=issue["key"],
        url=f"{site}/browse/{issue['key']}",
        title=one_line(str(fields.get("summary") or "")),
        type=name_of(fields.get("issuetype")),
        status=name_of(status),
        done=isinstance(category, Mapping) and category.get("key") == "done",
        priority=name_of(fields.get("priority")),
        assignee=name_of(fields.get("assignee"), "displayName"),
        reporter=name_of(fields.get("reporter"), "displayName"),
        labels=[str(each) for each in fields.get("labels") or []],
        created=str(fields.get("created") or ""),
        updated=str(fields.get("updated") or ""),
        text=text[:LONGEST_TEXT],
        cut=len(text) > LONGEST_TEXT,
    )


def name_of(thing: object, name: str = "name") -> str:
    return one_line(str(thing.get(name) or ""))[:200] if isinstance(thing, Mapping) else ""
