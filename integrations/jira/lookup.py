"""Did an earlier try of ours make it after all? Asked before anything is made a second time.

Jira Cloud's search is seconds to minutes behind, but reading one ticket by its key is not, and the
keys of a project count upwards. So a look is: search what is new, then read the keys that the
search does not show yet. Between two looks we wait, for a request may still be under way there.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from integrations.base import Attempt
from integrations.errors import OutcomeUnknown, Refused
from integrations.jira.client import Data, JiraService
from integrations.jira.errors import SERVICE
from integrations.jira.jql import quote
from integrations.jira.marks import PROPERTY, SKEW, comment_carries, mark_of, moment, ticket_carries
from integrations.jira.pages import every
from integrations.jira.words import plain

# Seconds before each look. All of it has to fit into one performance (tools.LONGEST).
LOOKS = (0.0, 5.0, 10.0)

# After this many keys in a row that nobody has, there are no newer ones (a moved or hidden one leaves a gap).
GAP = 4
MOST_KEYS = 25
MOST_NEW = 300
MOST_COMMENTS = 1000

TOO_MANY = "has so many new tickets that I cannot find an earlier try among them"

_FIELDS = ("labels", "description", "creator", "created")


def find_ticket(service: JiraService, project: str, attempt: Attempt) -> Data | None:
    """The ticket that carries this attempt's mark, or None when there is surely none.

    Raises `OutcomeUnknown` where so much is new that it cannot be settled.
    """
    mark, me = mark_of(attempt.key), service.myself()[service.person_field]
    for number, pause in enumerate(LOOKS, 1):
        if pause:
            attempt.progress("Jira may still be at work on an earlier try; I am looking again.")
            service.pause(pause)
        for issue in _new_tickets(service, project, attempt):
            if _is_ours(service, issue, me, attempt) and ticket_carries(issue, mark):
                return {"id": issue["id"], "key": issue["key"]}
        if number == len(LOOKS):
            break
    return None


def _is_ours(service: JiraService, issue: Data, me: str, attempt: Attempt) -> bool:
    """Made by us, and not before we began: a mark that somebody else wrote counts for nothing."""
    fields = issue.get("fields") or {}
    creator = fields.get("creator") or {}
    return creator.get(service.person_field) == me and moment(fields.get("created")) >= attempt.began - SKEW


def _new_tickets(service: JiraService, project: str, attempt: Attempt) -> Iterator[Data]:
    """What the search shows, back to before we began; then what it does not show yet."""
    shown: set[int] = set()
    newest_first = f"project = {quote(project)} ORDER BY created DESC"
    for count, issue in enumerate(every(_ask(service), newest_first, _FIELDS, MOST_NEW), 1):
        shown.add(_number(issue))
        # JQL's own clock times are in the time zone of whoever asks, so the time is compared here.
        if moment((issue.get("fields") or {}).get("created")) < attempt.began - SKEW:
            break
        if count == MOST_NEW:
            raise OutcomeUnknown(SERVICE, TOO_MANY)
        yield issue
    lowest, highest = (min(shown), max(shown)) if shown else (0, 0)
    yield from _unshown(service, project, set(range(lowest, highest)) - shown, highest)


def _unshown(service: JiraService, project: str, gaps: set[int], highest: int) -> Iterator[Data]:
    for number in sorted(gaps, reverse=True)[:MOST_KEYS]:
        issue = _read(service, f"{project}-{number}")
        if issue is not None:
            yield issue
    missed, number = 0, highest
    while missed < GAP:
        number += 1
        if number - highest > MOST_KEYS:
            raise OutcomeUnknown(
                SERVICE, "has so many new tickets that I cannot find an earlier try among them"
            )
        issue = _read(service, f"{project}-{number}")
        missed = 0 if issue is not None else missed + 1
        if issue is not None:
            yield issue


def _read(service: JiraService, key: str) -> Data | None:
    try:
        return service.issue(key, _FIELDS, properties=PROPERTY if service.version == 3 else "")
    except Refused as refused:
        if refused.code != "missing":
            raise
        return None


def _ask(service: JiraService) -> Any:
    asked = PROPERTY if service.version == 3 else ""
    return lambda jql, fields, cursor, size: service.raw_page(jql, fields, cursor, size, properties=asked)


def _number(issue: Data) -> int:
    digits = str(issue.get("key") or "").rpartition("-")[2]
    return int(digits) if digits.isdecimal() and len(digits) <= 10 else 0


def find_comment(service: JiraService, key: str, text: Any, attempt: Attempt) -> Data | None:
    """The comment of an earlier try. Comments are read from the ticket itself, which lags behind nothing."""
    mark, me = mark_of(attempt.key), service.myself()[service.person_field]
    start = 0
    while start < MOST_COMMENTS:
        page = service.comments(key, start=start)
        for comment in page["comments"]:
            if moment(comment.get("created")) < attempt.began - SKEW:
                return None
            if (comment.get("author") or {}).get(service.person_field) != me:
                continue
            # A Data Center that gives no properties at all leaves the words to go by.
            same = "properties" not in comment and plain(comment.get("body")) == plain(text)
            if comment_carries(comment, mark) or same:
                return dict(comment)
        start += len(page["comments"])
        if not page["comments"] or start >= int(page.get("total") or 0):
            return None
    raise OutcomeUnknown(
        SERVICE, "has so many new comments there that I cannot find an earlier try among them"
    )
