"""The list of a repository's issues, which never lags, and the search, which does."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

from integrations.github.sandbox.call import Call
from integrations.github.sandbox.faults import invalid
from integrations.github.sandbox.store import Data

# Seconds until the search knows of a new issue.
SEARCH_LAGS = 5
MOST_OF_SEARCH = 1000
LONGEST_QUERY = 256

_TERM = re.compile(r'(-?)(?:([a-z]+):)?(?:"([^"]*)"|(\S+))')
_SORTS: dict[str, Callable[[Data], Any]] = {
    "created": lambda issue: (issue["created_at"], issue["number"]),
    "updated": lambda issue: (issue["updated_at"], issue["number"]),
    "comments": lambda issue: (issue["comments"], issue["number"]),
}


def list_issues(call: Call, repo: str) -> list[Data]:
    """Pull requests are among them."""
    where, asked = call.repo(repo), call.query
    state, labels = asked.get("state", "open"), _split(asked.get("labels", ""))
    if state not in ("open", "closed", "all"):
        raise invalid("Issue", "state")
    creator, assignee = asked.get("creator", "").lower(), asked.get("assignee", "").lower()
    found = [
        issue
        for issue in call.store.all("issue", where["full_name"], since=int(call.moment("since")))
        if not issue.get("deleted")
        and state in ("all", issue["state"])
        and labels <= {each.lower() for each in issue["labels"]}
        and creator in ("", issue["user"].lower())
        and (not assignee or assignee in [each.lower() for each in issue["assignees"]])
    ]
    ordered = _in_order(found, asked.get("sort", "created"), asked.get("direction", "desc"))
    people = call.people()
    page = call.page(ordered, f"/repositories/{where['id']}/issues")
    return [call.shown(each, people) for each in page]


def search_issues(call: Call) -> Data:
    """Several `repo:` are one or the other; all else is one and the other."""
    query = call.query.get("q", "")
    terms = [(minus, field, quoted or word) for minus, field, quoted, word in _TERM.findall(query)]
    words = [value.lower() for minus, field, value in terms if not field and not minus]
    if not terms or len(" ".join(words)) > LONGEST_QUERY:
        raise invalid("Search", "q", "missing" if not terms else "invalid")
    repos = {value.lower() for _, field, value in terms if field == "repo"}
    found = []
    for repo in call.store.all("repo"):
        if repos and repo["full_name"].lower() not in repos:
            continue
        for issue in call.store.all("issue", repo["full_name"]):
            if issue["created_at"] + SEARCH_LAGS <= call.now and not issue.get("deleted"):
                text = f"{issue['title']}\n{issue['body'] or ''}".lower()
                fits = all(word in text for word in words)
                if fits and all(_fits(issue, *term) for term in terms):
                    found.append(issue)
    ordered = _in_order(found, call.query.get("sort", "created"), call.query.get("order", "desc"))
    people = call.people()
    page = call.page(ordered, "/search/issues", most=MOST_OF_SEARCH)
    items = [call.shown(each, people) | {"score": 1.0} for each in page]
    counted = {"total_count": len(found), "incomplete_results": False}
    return counted | {"search_type": "lexical", "items": items}


def _fits(issue: Data, minus: str, field: str, value: str) -> bool:
    value = value.lower()
    match field:
        case "is" | "state" | "type":
            facts = {"pr" if issue["pull"] else "issue", issue["state"]}
            fits = value in facts | ({"merged"} if issue["merged_at"] else set())
        case "label":
            fits = value in [each.lower() for each in issue["labels"]]
        case "author":
            fits = value == issue["user"].lower()
        case "assignee":
            fits = value in [each.lower() for each in issue["assignees"]]
        case "updated" | "created" if value.startswith(">="):
            fits = bool(issue[f"{field}_at"] >= _moment(value[2:]))
        case _:
            return True
    return fits != bool(minus)


def _moment(text: str) -> float:
    try:
        when = datetime.fromisoformat(text.upper())
    except ValueError:
        raise invalid("Search", "q") from None
    return (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()


def _in_order(found: Iterable[Data], by: str, direction: str) -> list[Data]:
    return sorted(found, key=_SORTS.get(by, _SORTS["created"]), reverse=direction != "asc")


def _split(text: str) -> set[str]:
    return {each.strip().lower() for each in text.split(",") if each.strip()}
