"""GitHub's objects as they look on the wire, as far as we, an SDK or its description name them."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

Data = dict[str, Any]


_LISTS = {
    "followers": "followers",
    "organizations": "orgs",
    "received_events": "received_events",
    "repos": "repos",
    "subscriptions": "subscriptions",
}


def stamp(at: float | None) -> str | None:
    return None if at is None else datetime.fromtimestamp(int(at), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def node(kind: str, id: int) -> str:
    return f"{kind}_kwDO{base64.urlsafe_b64encode(str(id).encode()).decode().rstrip('=')}"


def user(stored: Data, home: str) -> Data:
    login = stored["login"]
    api = f"{home}/users/{quote(login)}"
    return {
        "login": login,
        "id": stored["id"],
        "node_id": node("U", stored["id"]),
        "avatar_url": f"{home}/avatar/{quote(login)}",
        "gravatar_id": "",
        "html_url": f"{home}/",
        "url": api,
        "events_url": f"{api}/events{{/privacy}}",
        "following_url": f"{api}/following{{/other_user}}",
        "gists_url": f"{api}/gists{{/gist_id}}",
        "starred_url": f"{api}/starred{{/owner}}{{/repo}}",
        **{f"{name}_url": f"{api}/{path}" for name, path in _LISTS.items()},
        "type": "Bot" if login.endswith("[bot]") else "User",
        "site_admin": False,
    }


def repository(stored: Data, home: str, owner: Data) -> Data:
    name = stored["full_name"]
    return {
        "id": stored["id"],
        "node_id": node("R", stored["id"]),
        "name": name.partition("/")[2],
        "full_name": name,
        "private": stored["private"],
        "owner": user(owner, home),
        "html_url": f"{home}/",
        "url": f"{home}/repos/{name}",
        "description": stored["description"],
        "fork": False,
        "has_issues": stored["has_issues"],
        "archived": stored["archived"],
        "default_branch": "main",
        "open_issues_count": stored.get("open", 0),
        "permissions": {
            "admin": False,
            "maintain": False,
            "push": stored["push"],
            "triage": stored["push"],
            "pull": True,
        },
    }


def label(stored: Data, home: str) -> Data:
    return {
        "id": stored["id"],
        "node_id": node("LA", stored["id"]),
        "url": f"{home}/repos/{stored['repo']}/labels/{quote(stored['name'], safe='')}",
        "name": stored["name"],
        "color": stored["color"],
        "default": False,
        "description": stored.get("description"),
    }


def issue(stored: Data, home: str, people: dict[str, Data], labels: list[Data]) -> Data:
    """Of a pull request too, which GitHub lists among the issues with one field more."""
    api = f"{home}/repos/{stored['repo']}/issues/{stored['number']}"
    assignees = [user(people[login.lower()], home) for login in stored["assignees"]]
    thing: Data = {
        "id": stored["id"],
        "node_id": node("PR" if stored["pull"] else "I", stored["id"]),
        "url": api,
        "repository_url": f"{home}/repos/{stored['repo']}",
        "labels_url": f"{api}/labels{{/name}}",
        "comments_url": f"{api}/comments",
        "events_url": f"{api}/events",
        "html_url": page_of(stored, home),
        "number": stored["number"],
        "title": stored["title"],
        "user": user(people[stored["user"].lower()], home),
        "labels": [label(each, home) for each in labels],
        "state": stored["state"],
        "locked": stored["locked"],
        "assignee": assignees[0] if assignees else None,
        "assignees": assignees,
        "milestone": None,
        "comments": stored["comments"],
        "created_at": stamp(stored["created_at"]),
        "updated_at": stamp(stored["updated_at"]),
        "closed_at": stamp(stored["closed_at"]),
        "author_association": "MEMBER",
        "active_lock_reason": None,
        "body": stored["body"],
        "state_reason": stored["state_reason"],
    }
    if stored["pull"]:
        pull = f"{home}/repos/{stored['repo']}/pulls/{stored['number']}"
        thing |= {
            "draft": False,
            "pull_request": {
                "url": pull,
                "html_url": thing["html_url"],
                "diff_url": f"{thing['html_url']}.diff",
                "patch_url": f"{thing['html_url']}.patch",
                "merged_at": stamp(stored["merged_at"]),
            },
        }
    return thing


def pull_request(stored: Data, of: Data) -> Data:
    """As a `pull_request` webhook carries it; its id is not the issue's."""
    kept = ("number", "state", "title", "user", "body", "labels", "assignees", "html_url", "locked")
    return {name: of[name] for name in kept} | {
        "id": stored["id"] + 7_000_000,
        "node_id": of["node_id"],
        "url": of["pull_request"]["url"],
        "issue_url": of["url"],
        "created_at": of["created_at"],
        "updated_at": of["updated_at"],
        "closed_at": of["closed_at"],
        "merged_at": of["pull_request"]["merged_at"],
        "merged": stored["merged_at"] is not None,
        "draft": False,
    }


def comment(stored: Data, home: str, author: Data, on: Data) -> Data:
    api = f"{home}/repos/{stored['repo']}/issues"
    return {
        "id": stored["id"],
        "node_id": node("IC", stored["id"]),
        "url": f"{api}/comments/{stored['id']}",
        "html_url": f"{page_of(on, home)}#issuecomment-{stored['id']}",
        "issue_url": f"{api}/{stored['number']}",
        "user": user(author, home),
        "created_at": stamp(stored["created_at"]),
        "updated_at": stamp(stored["updated_at"]),
        "author_association": "MEMBER",
        "body": stored["body"],
        "performed_via_github_app": None,
    }


def page_of(stored: Data, home: str) -> str:
    return f"{home}/{stored['repo']}/{'pull' if stored['pull'] else 'issues'}/{stored['number']}"
