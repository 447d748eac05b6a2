"""Tickets, people and comments, in the two forms in which Jira gives them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from integrations.jira.sandbox.store import Store
from integrations.jira.words import adf, plain, wiki

Data = dict[str, Any]

PROJECTS = {"SHOP": "Online shop", "OPS": "Operations"}
TYPES = ("Task", "Bug", "Story", "Incident")
PRIORITIES = ("Highest", "High", "Medium", "Low", "Lowest")
LINKS = {
    "Relates": ("relates to", "relates to"),
    "Blocks": ("is blocked by", "blocks"),
    "Duplicate": ("is duplicated by", "duplicates"),
}

# Each status with its category; each way with its name, where it begins (empty: anywhere), where it ends.
STATUSES = {
    "To Do": "new",
    "In Progress": "indeterminate",
    "In Review": "indeterminate",
    "Blocked": "indeterminate",
    "Done": "done",
}
WAYS = {
    "11": ("Start work", ("To Do",), "In Progress"),
    "21": ("Ask for review", ("In Progress",), "In Review"),
    "31": ("Finish", ("To Do", "In Progress", "In Review"), "Done"),
    "41": ("Reopen", ("Done",), "To Do"),
    "51": ("Block", ("To Do", "In Progress"), "Blocked"),
    "61": ("Unblock", ("Blocked",), "In Progress"),
}
ME = "712020:countersign"


def new_issue(store: Store, project: str, now: float, by: str, **more: Any) -> Data:
    """Not kept yet."""
    return {
        "id": str(store.next("issue", 10001)),
        "key": f"{project}-{store.next(f'key:{project}')}",
        "project": project,
        "summary": "",
        "description": None,
        "type": "Task",
        "status": "To Do",
        "priority": "Medium",
        "resolution": None,
        "assignee": None,
        "creator": by,
        "reporter": by,
        "labels": [],
        "links": [],
        "properties": {},
        "created": now,
        "updated": now,
    } | more


def person(found: Data | None, version: int) -> Data | None:
    """What Jira says of somebody: Cloud hides the address of whoever wishes it."""
    if found is None:
        return None
    shown = {
        "displayName": found["name"],
        "active": found.get("active", True),
        "timeZone": "Europe/Berlin",
        "emailAddress": found["email"],
    }
    if version == 2:
        return shown | {"name": found["login"], "key": found["login"]}
    if found.get("hidden"):
        del shown["emailAddress"]
    return shown | {"accountId": found["id"], "accountType": found.get("kind", "atlassian")}


def body(text: Any, version: int) -> Any:
    """A text, whichever form it was given in. A document holds no markup, so it comes out escaped."""
    if text is None or isinstance(text, dict if version == 3 else str):
        return text
    return adf(plain(text)) if version == 3 else wiki(plain(text))


def stamp(at: float) -> str:
    return (
        datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{int(at * 1000) % 1000:03d}+0000"
    )


def status(name: str, home: str) -> Data:
    id, category = str(10000 + list(STATUSES).index(name)), STATUSES[name]
    names = {"new": (2, "To Do"), "indeterminate": (4, "In Progress"), "done": (3, "Done")}
    number, shown = names[category]
    return {
        "self": f"{home}/rest/api/2/status/{id}",
        "id": id,
        "name": name,
        "statusCategory": {"id": number, "key": category, "name": shown},
    }


def issue(
    store: Store, found: Data, version: int, home: str, fields: list[str] | None = None, properties: str = ""
) -> Data:
    """A ticket as the API gives it; `fields` None: all of them."""
    every: dict[str, Callable[[], Any]] = {
        "summary": lambda: found["summary"],
        "description": lambda: body(found["description"], version),
        "issuetype": lambda: {"id": str(10000 + TYPES.index(found["type"])), "name": found["type"]},
        "project": lambda: {"key": found["project"], "name": PROJECTS[found["project"]]},
        "status": lambda: status(found["status"], home),
        "priority": lambda: {"id": str(PRIORITIES.index(found["priority"]) + 1), "name": found["priority"]},
        "resolution": lambda: {"name": found["resolution"]} if found["resolution"] else None,
        "assignee": lambda: person(store.person(found["assignee"]), version),
        "creator": lambda: person(store.person(found["creator"]), version),
        "reporter": lambda: person(store.person(found["reporter"]), version),
        "labels": lambda: found["labels"],
        "created": lambda: stamp(found["created"]),
        "updated": lambda: stamp(found["updated"]),
        "issuelinks": lambda: [_link(store, each, found["key"], home) for each in found["links"]],
    }
    wanted = every if fields is None or {"*all", "*navigable"} & set(fields) else fields
    shown: Data = {
        "id": found["id"],
        "key": found["key"],
        "self": f"{home}/rest/api/{version}/issue/{found['id']}",
        "fields": {name: every[name]() for name in wanted if name in every},
    }
    if properties:
        names = properties.split(",")
        shown["properties"] = {n: v for n, v in found["properties"].items() if n in names}
    return shown


def _link(store: Store, link: Data, key: str, home: str) -> Data:
    inward, outward = LINKS[link["type"]]
    mine = link["inward"] == key
    other = store.issue(link["outward"] if mine else link["inward"])
    shown = {"id": "0", "key": "?", "fields": {}}
    if other is not None:
        shown = {
            "id": other["id"],
            "key": other["key"],
            "fields": {"summary": other["summary"], "status": status(other["status"], home)},
        }
    kind = {"name": link["type"], "inward": inward, "outward": outward}
    return {"id": link["id"], "type": kind, "outwardIssue" if mine else "inwardIssue": shown}


def comment(store: Store, found: Data, version: int, home: str = "", *, properties: bool = False) -> Data:
    who = person(store.person(found["author"]), version)
    shown: Data = {
        "self": f"{home}/rest/api/{version}/issue/{found['issue']}/comment/{found['id']}",
        "id": found["id"],
        "author": who,
        "updateAuthor": who,
        "body": body(found["body"], version),
        "created": stamp(found["created"]),
        "updated": stamp(found["created"]),
    }
    return shown | ({"properties": found["properties"]} if properties else {})
