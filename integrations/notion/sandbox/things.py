"""The objects of Notion's API as plain data, with every field that the real ones have."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

Data = dict[str, Any]

# Always the same ids for what we begin with, so that settings and tests can name them.
_SEED = uuid.UUID("5b0c9d6e-1f43-4c1b-9a57-2f8e6f0f1c11")


def seeded(name: str) -> str:
    return str(uuid.uuid5(_SEED, name))


def new_id() -> str:
    return str(uuid.uuid4())


BOT = seeded("bot")
WORKSPACE = seeded("workspace")
INTEGRATION = seeded("integration")
SUBSCRIPTION = seeded("subscription")


def minute(at: float) -> str:
    """Notion tells no seconds."""
    return datetime.fromtimestamp(at - at % 60, UTC).strftime("%Y-%m-%dT%H:%M:00.000Z")


def moment(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def by(user: str) -> Data:
    return {"object": "user", "id": user}


def person(id: str, name: str, email: str) -> Data:
    return {
        "object": "user",
        "id": id,
        "name": name,
        "avatar_url": None,
        "type": "person",
        "person": {"email": email},
    }


def bot() -> Data:
    owner = {"type": "workspace", "workspace": True}
    return {
        "object": "user",
        "id": BOT,
        "name": "Countersign",
        "avatar_url": None,
        "type": "bot",
        "bot": {"owner": owner, "workspace_id": WORKSPACE, "workspace_name": "Slice Street"},
    }


def rich(text: str) -> list[Data]:
    return [run({"type": "text", "text": {"content": text}})] if text else []


def run(given: Data) -> Data:
    """A run as it comes back: every annotation, the plain text and the link."""
    text = given["text"]
    link = text.get("link")
    plain = {
        "bold": False,
        "italic": False,
        "strikethrough": False,
        "underline": False,
        "code": False,
        "color": "default",
    }
    return {
        "type": "text",
        "text": {"content": text["content"], "link": link},
        "annotations": plain | given.get("annotations", {}),
        "plain_text": text["content"],
        "href": link["url"] if link else None,
    }


def database(id: str, at: float, user: str, title: str, sources: list[Data]) -> Data:
    return _stamped("database", id, at, user) | {
        "title": rich(title),
        "description": [],
        "parent": {"type": "workspace", "workspace": True},
        "is_inline": False,
        "is_locked": False,
        "icon": None,
        "cover": None,
        "data_sources": sources,
    }


def data_source(id: str, at: float, user: str, title: str, database: str, properties: Data) -> Data:
    return _stamped("data_source", id, at, user) | {
        "title": rich(title),
        "description": [],
        "parent": {"type": "database_id", "database_id": database},
        "database_parent": {"type": "workspace", "workspace": True},
        "is_inline": False,
        "icon": None,
        "properties": properties,
    }


def page(id: str, at: float, user: str, parent: Data, properties: Data) -> Data:
    return _stamped("page", id, at, user) | {
        "parent": parent,
        "is_locked": False,
        "icon": None,
        "cover": None,
        "properties": properties,
        "public_url": None,
    }


def block(id: str, at: float, user: str, parent: Data, kind: str, inner: Data) -> Data:
    return _stamped("block", id, at, user) | {
        "parent": parent,
        "has_children": False,
        "type": kind,
        kind: inner,
    }


def comment(id: str, at: float, user: str, page: str, text: str) -> Data:
    stamped = _stamped("comment", id, at, user)
    for name in ("archived", "in_trash", "last_edited_by"):
        del stamped[name]
    return stamped | {
        "parent": {"type": "page_id", "page_id": page},
        "discussion_id": new_id(),
        "rich_text": rich(text),
    }


def public(thing: Any, home: str) -> Any:
    """As Notion shows it: nothing of ours in it, and with its address."""
    if not isinstance(thing, dict):
        return thing
    shown = {name: value for name, value in thing.items() if not name.startswith("_")}
    if shown.get("object") in ("page", "database"):
        shown["url"] = f"{home}/p/{shown['id'].replace('-', '')}"
    return shown


def title_of(thing: Data) -> str:
    for value in thing.get("properties", {}).values():
        if value.get("type") == "title" and isinstance(value.get("title"), list):
            return "".join(each["plain_text"] for each in value["title"])
    given = thing.get("title")
    return "".join(each["plain_text"] for each in given) if isinstance(given, list) else ""


def touched(thing: Data, at: float, user: str) -> Data:
    return thing | {"last_edited_time": minute(at), "last_edited_by": by(user), "_edited": at}


def _stamped(kind: str, id: str, at: float, user: str) -> Data:
    return {
        "object": kind,
        "id": id,
        "created_time": minute(at),
        "last_edited_time": minute(at),
        "created_by": by(user),
        "last_edited_by": by(user),
        "archived": False,
        "in_trash": False,
        "_made": at,
        "_edited": at,
    }
