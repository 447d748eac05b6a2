"""The endpoints that the sandbox answers, as one table."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

from integrations.github.sandbox import things
from integrations.github.sandbox.call import Call
from integrations.github.sandbox.faults import Refusal, invalid, not_found
from integrations.github.sandbox.find import list_issues, search_issues
from integrations.github.sandbox.store import Data
from integrations.github.sandbox.work import LONGEST_BODY, OUR_APP

Endpoint = Callable[..., Any]

TOKEN_LIVES = 3600


def answer(call: Call, method: str, path: str) -> tuple[int, Any]:
    """Carry out one request, within the caller's transaction. `path` is still quoted."""
    known = False
    for verb, pattern, status, endpoint in _ROUTES:
        found = pattern.fullmatch(path)
        if found and verb == method:
            return status, endpoint(call, *(unquote(part) for part in found.groups()))
        known = known or found is not None
    raise Refusal(405, "Method not allowed") if known else not_found()


# ── who ──────────────────────────────────────────────────────────────────────────────────


def _user(call: Call) -> Data:
    if call.who == OUR_APP:
        raise Refusal(403, "Resource not accessible by integration")
    return things.user(call.person(call.who), call.home)


def _app(call: Call) -> Data:
    if not call.app:
        raise Refusal(401, "A JSON web token could not be decoded")
    return {"id": 1234, "slug": "countersign", "name": "Countersign", "permissions": {"issues": "write"}}


def _access_token(call: Call, installation: str) -> Data:
    _app(call)
    settings = call.store.get("setting", "app") or {}
    if installation != settings.get("installation", "77"):
        raise not_found()
    token = f"ghs_{secrets.token_hex(18)}"
    call.store.put("token", token, {"ends": call.now + TOKEN_LIVES})
    return {
        "token": token,
        "expires_at": things.stamp(call.now + TOKEN_LIVES),
        "permissions": settings.get("permissions", {"issues": "write", "metadata": "read"}),
        "repository_selection": "all",
    }


def _repository(call: Call, repo: str) -> Data:
    found = call.repo(repo)
    owner = call.person(found["full_name"].partition("/")[0])
    is_open = [each for each in call.store.all("issue", found["full_name"]) if each["state"] == "open"]
    return things.repository(found | {"open": len(is_open)}, call.home, owner)


# ── issues ───────────────────────────────────────────────────────────────────────────────


def _create(call: Call, repo: str) -> Data:
    where = call.writable(repo)
    asked = call.fields("title", "body", "labels", "assignees")
    title = asked.get("title")
    if not isinstance(title, str) or not title.strip():
        raise invalid("Issue", "title", "missing_field")
    if len(title) > 256:
        raise invalid("Issue", "title", "custom")
    labels = call.names("labels", asked.get("labels", []), "name")
    assignees = call.names("assignees", asked.get("assignees", []), "login")
    if not where["push"]:
        labels, assignees = [], []
    if any(call.store.get("user", each) is None for each in assignees):
        raise invalid("Issue", "assignees")
    return call.shown(call.open(where, title, _body_of(asked, "Issue"), labels, assignees))


def _body_of(asked: Data, resource: str) -> str | None:
    body = asked.get("body")
    if body is not None and not isinstance(body, str):
        raise invalid(resource, "body")
    if body is not None and len(body) > LONGEST_BODY:
        raise invalid(resource, "body", "custom")
    return body


def _get(call: Call, repo: str, number: str) -> Data:
    return call.shown(call.found(repo, number))


def _update(call: Call, repo: str, number: str) -> Data:
    where, issue = call.writable(repo), call.found(repo, number)
    asked = call.fields("title", "body", "state", "state_reason")
    if not where["push"] and issue["user"] != call.who:
        raise Refusal(403, "Must have triage rights to Repository.")
    if asked.get("state") not in (None, "open", "closed"):
        raise invalid("Issue", "state")
    if isinstance(asked.get("title"), str):
        issue["title"] = asked["title"]
    if "body" in asked:
        issue["body"] = _body_of(asked, "Issue")
    call.keep(issue)
    if asked.get("state"):
        call.set_state(issue, asked["state"], asked.get("state_reason"))
    return call.shown(issue)


def _comments(call: Call, repo: str, number: str) -> list[Data]:
    issue = call.found(repo, number)
    parent = f"{issue['repo']}#{issue['number']}"
    found = call.store.all("comment", parent, since=int(call.moment("since")))
    path = f"/repositories/{call.repo(repo)['id']}/issues/{number}/comments"
    people = call.people()
    return [
        things.comment(each, call.home, people[each["user"].lower()], issue)
        for each in call.page(found, path)
    ]


def _comment(call: Call, repo: str, number: str) -> Data:
    call.writable(repo)
    issue = call.found(repo, number)
    body = _body_of(call.fields("body"), "IssueComment")
    if not body or not body.strip():
        raise invalid("IssueComment", "body", "missing_field")
    if issue["locked"]:
        raise Refusal(403, "Unable to create comment because issue is locked.")
    return call.comment(issue, body)


def _labels(call: Call, issue: Data) -> list[Data]:
    return [things.label(call.label(issue["repo"], name), call.home) for name in issue["labels"]]


def _add_labels(call: Call, repo: str, number: str) -> list[Data]:
    where, issue = call.writable(repo), call.found(repo, number)
    wanted = call.body if isinstance(call.body, list) else call.fields("labels").get("labels")
    names = call.names("labels", wanted, "name", "Label")
    if not where["push"]:
        raise Refusal(403, "Resource not accessible by personal access token")
    if any(len(each) > 50 for each in names):
        raise invalid("Label", "name")
    call.add_labels(issue, names)
    return _labels(call, issue)


def _remove_label(call: Call, repo: str, number: str, name: str) -> list[Data]:
    call.writable(repo)
    issue = call.found(repo, number)
    call.remove_label(issue, name)
    return _labels(call, issue)


def _assign(call: Call, repo: str, number: str) -> Data:
    where, issue = call.writable(repo), call.found(repo, number)
    logins = call.names("assignees", call.fields("assignees").get("assignees", []), "login")
    if where["push"]:
        call.add_assignees(issue, logins)
    return call.shown(issue)


def _unassign(call: Call, repo: str, number: str) -> Data:
    where, issue = call.writable(repo), call.found(repo, number)
    logins = call.names("assignees", call.fields("assignees").get("assignees", []), "login")
    if where["push"]:
        call.remove_assignees(issue, logins)
    return call.shown(issue)


def _route(method: str, path: str, endpoint: Endpoint, status: int = 200) -> Any:
    pattern = path.replace("{repo}", r"([\w.-]{1,100}/[\w.-]{1,100})").replace("{number}", r"(\d{1,12})")
    return method, re.compile(pattern.replace("{name}", r"([^/]{1,400})"), re.ASCII), status, endpoint


_ISSUE = "/repos/{repo}/issues/{number}"
_ROUTES = (
    _route("GET", "/user", _user),
    _route("GET", "/app", _app),
    _route("POST", "/app/installations/{number}/access_tokens", _access_token, 201),
    _route("GET", "/search/issues", search_issues),
    _route("GET", "/repos/{repo}", _repository),
    _route("GET", "/repos/{repo}/issues", list_issues),
    _route("POST", "/repos/{repo}/issues", _create, 201),
    _route("GET", _ISSUE, _get),
    _route("PATCH", _ISSUE, _update),
    _route("GET", f"{_ISSUE}/comments", _comments),
    _route("POST", f"{_ISSUE}/comments", _comment, 201),
    _route("POST", f"{_ISSUE}/labels", _add_labels),
    _route("DELETE", f"{_ISSUE}/labels/{{name}}", _remove_label),
    _route("POST", f"{_ISSUE}/assignees", _assign, 201),
    _route("DELETE", f"{_ISSUE}/assignees", _unassign),
)
