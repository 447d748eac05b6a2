"""The endpoints that the sandbox answers, as one table; reading and searching."""

from __future__ import annotations

import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from typing import Any

from integrations.jira.sandbox import question, things, writes
from integrations.jira.sandbox.call import Call
from integrations.jira.sandbox.faults import Refusal
from integrations.jira.sandbox.store import Data
from integrations.jira.sandbox.things import ME, PROJECTS, STATUSES, WAYS

Endpoint = Callable[..., tuple[int, Any]]
LONGEST_PAGE = 100


def answer(call: Call, method: str, path: str) -> tuple[int, Any]:
    """One request, within the caller's transaction: status and body. `path` begins after the version."""
    known = False
    for verb, pattern, endpoint in _ROUTES:
        found = pattern.fullmatch(path)
        if found and verb == method:
            return endpoint(call, *found.groups())
        known = known or found is not None
    raise Refusal("Method Not Allowed" if known else "No such resource.", status=405 if known else 404)


def _myself(call: Call) -> tuple[int, Any]:
    return 200, things.person(call.store.person(ME), call.version)


def _server(call: Call) -> tuple[int, Any]:
    kind, version = ("Cloud", "1001.0.0") if call.version == 3 else ("Server", "9.12.0")
    return 200, {"baseUrl": call.home, "version": version, "deploymentType": kind}


def _rights(call: Call) -> tuple[int, Any]:
    wanted = [each for each in call.query.get("permissions", "").split(",") if each]
    if call.version == 3 and not wanted:
        raise Refusal("The 'permissions' query parameter is required.")
    if call.query.get("projectKey", "SHOP") not in PROJECTS:
        raise Refusal("No project could be found with this key.", status=404)
    every = wanted or ["BROWSE_PROJECTS", "CREATE_ISSUES", "EDIT_ISSUES", "ADD_COMMENTS", "ASSIGN_ISSUES"]
    every += [] if wanted else ["TRANSITION_ISSUES", "LINK_ISSUES"]
    shown = {
        name: {"id": str(n), "key": name, "name": name, "havePermission": name not in call.denied}
        for n, name in enumerate(every, 10)
    }
    return 200, {"permissions": shown}


def _read(call: Call, key: str) -> tuple[int, Any]:
    fields = [each for each in call.query.get("fields", "").split(",") if each] or None
    shown = things.issue(
        call.store, call.issue(key), call.version, call.home, fields, call.query.get("properties", "")
    )
    return 200, shown


def _comments(call: Call, key: str) -> tuple[int, Any]:
    found = call.store.comments(call.issue(key))
    if call.query.get("orderBy") == "-created":
        found.reverse()
    start, most = call.number("startAt", 0, 1 << 30), call.number("maxResults", 50, LONGEST_PAGE)
    with_properties = "properties" in call.query.get("expand", "")
    page = [
        things.comment(call.store, each, call.version, call.home, properties=with_properties)
        for each in found[start : start + most]
    ]
    return 200, {"startAt": start, "maxResults": most, "total": len(found), "comments": page}


def _transitions(call: Call, key: str) -> tuple[int, Any]:
    status = call.issue(key)["status"]
    ways = [
        {"id": id, "name": name, "hasScreen": False, "to": things.status(to, call.home)}
        for id, (name, begins, to) in WAYS.items()
        if status in begins
    ]
    return 200, {"expand": "transitions", "transitions": ways}


def _assignable(call: Call) -> tuple[int, Any]:
    """Whose name, or a word of it, or whose address begins so. Closed accounts are not among them."""
    if call.query.get("project") not in PROJECTS:
        raise Refusal("No project could be found with this key.", status=404)
    words = call.query.get("query" if call.version == 3 else "username", "").casefold()
    if not words:
        raise Refusal("Either the 'query' or 'accountId' query parameters need to be provided.")
    found = [
        each
        for each in call.store.people()
        if each.get("active", True)
        and any(
            part.startswith(words)
            for part in [each["name"].casefold(), each["email"], *each["name"].casefold().split()]
        )
    ]
    start, most = call.number("startAt", 0, 1 << 30), call.number("maxResults", 50, 1000)
    return 200, [things.person(each, call.version) for each in found[start : start + most]]


def _search_jql(call: Call) -> tuple[int, Any]:
    """Cloud's: a token for the next page, no total, and what changed just now is not there yet."""
    asked = question.read(_jql(call), ME, call.now)
    if not asked.bounded:
        raise Refusal(
            "Unbounded JQL queries are not allowed here. Please add a search restriction to your query."
        )
    start = _position(call.body.get("nextPageToken"))
    most = call.number("maxResults", 50, LONGEST_PAGE)
    found = [] if "BROWSE_PROJECTS" in call.denied else asked.answer(call.store.shown(call.now))
    fields = call.body.get("fields") or []
    properties = ",".join(call.body.get("properties") or [])
    page = found[start : start + most]
    shown = [_found(call, each, fields, properties) for each in page]
    if start + len(page) >= len(found):
        return 200, {"issues": shown, "isLast": True}
    token = urlsafe_b64encode(json.dumps({"at": start + len(page)}).encode()).decode()
    return 200, {"issues": shown, "nextPageToken": token, "isLast": False}


def _found(call: Call, found: Data, fields: list[str], properties: str) -> Data:
    shown = things.issue(call.store, found, call.version, call.home, fields, properties)
    if fields:
        return shown
    return {"id": shown["id"]}


def _search(call: Call) -> tuple[int, Any]:
    """Data Center's: positions and a total. On Cloud it is gone."""
    if call.version == 3:
        message = "The requested API has been removed. Please migrate to the /rest/api/3/search/jql API."
        raise Refusal(message, status=410)
    found = question.read(_jql(call), "countersign", call.now).answer(_by_login(call))
    start, most = call.number("startAt", 0, 1 << 30), call.number("maxResults", 50, LONGEST_PAGE)
    fields = call.body.get("fields") or ["*navigable"]
    kept = {each["id"]: each for each in call.store.issues()}
    page = [
        things.issue(call.store, kept[each["id"]], 2, call.home, fields)
        for each in found[start : start + most]
    ]
    return 200, {"startAt": start, "maxResults": most, "total": len(found), "issues": page}


def _by_login(call: Call) -> list[Data]:
    """On Data Center people are asked for by their login names."""
    logins = {each["id"]: each["login"] for each in call.store.people()}
    names = ("assignee", "creator", "reporter")
    return [each | {name: logins.get(each[name]) for name in names} for each in call.store.issues()]


def _jql(call: Call) -> str:
    jql = call.body.get("jql", "")
    if not isinstance(jql, str) or len(jql) > 10_000:
        raise Refusal("The JQL query is invalid.")
    return jql


def _position(token: Any) -> int:
    if token is None:
        return 0
    try:
        return int(json.loads(urlsafe_b64decode(str(token)))["at"])
    except (ValueError, KeyError, TypeError):
        raise Refusal("The nextPageToken is invalid.") from None


def _statuses(call: Call) -> tuple[int, Any]:
    return 200, [things.status(name, call.home) for name in STATUSES]


def _route(method: str, path: str, endpoint: Any) -> tuple[str, re.Pattern[str], Endpoint]:
    return method, re.compile(path.replace("{key}", r"([A-Za-z0-9_-]{1,60})")), endpoint


_ROUTES = (
    _route("GET", "myself", _myself),
    _route("GET", "serverInfo", _server),
    _route("GET", "mypermissions", _rights),
    _route("GET", "status", _statuses),
    _route("POST", "issue", writes.create),
    _route("GET", "issue/{key}", _read),
    _route("PUT", "issue/{key}", writes.update),
    _route("GET", "issue/{key}/comment", _comments),
    _route("POST", "issue/{key}/comment", writes.comment),
    _route("GET", "issue/{key}/transitions", _transitions),
    _route("POST", "issue/{key}/transitions", writes.move),
    _route("PUT", "issue/{key}/assignee", writes.assign),
    _route("POST", "issueLink", writes.link),
    _route("GET", "user/assignable/search", _assignable),
    _route("POST", "search/jql", _search_jql),
    _route("POST", "search", _search),
)
