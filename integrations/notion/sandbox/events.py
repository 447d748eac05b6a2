"""What the sandbox tells by itself: signals with ids and no content, as Notion's are."""

from __future__ import annotations

from integrations.notion.sandbox import things
from integrations.notion.sandbox.store import Store
from integrations.notion.sandbox.things import Data

API_VERSION = "2025-09-03"

# Changes to one page's content or properties within this many seconds are told together. Notion's own
# gathering takes about a minute, which nobody would sit and watch.
GATHERED = 0.6
_GATHERED_KINDS = frozenset({"page.content_updated", "page.properties_updated"})


def emit(store: Store, now: float, type: str, entity: Data, author: str, data: Data) -> None:
    """Queue an event in the caller's transaction; one that is still waiting takes another author in."""
    kind = type.partition(".")[0]
    who = {"id": author, "type": "bot" if author == things.BOT else "person"}
    gathered = type in _GATHERED_KINDS
    waiting = store.gathering(entity["id"], type, now) if gathered else None
    if waiting is not None:
        number, event = waiting
        if who not in event["authors"]:
            event["authors"].append(who)
        event["timestamp"] = things.moment(now)
        store.gather(number, event)
        return
    event = {
        "id": things.new_id(),
        "timestamp": things.moment(now),
        "workspace_id": things.WORKSPACE,
        "workspace_name": "Slice Street",
        "subscription_id": things.SUBSCRIPTION,
        "integration_id": things.INTEGRATION,
        "type": type,
        "authors": [who],
        "accessible_by": [{"id": things.BOT, "type": "bot"}],
        "attempt_number": 1,
        "api_version": API_VERSION,
        "entity": {"id": entity["id"], "type": kind},
        "data": data,
    }
    store.queue(event, now + (GATHERED if gathered else 0.0))


def about_page(store: Store, now: float, type: str, page: Data, author: str, **data: object) -> None:
    parent = page["parent"]
    of = {"id": parent["data_source_id"], "type": "data_source"} if "data_source_id" in parent else {}
    emit(store, now, type, page, author, {"parent": of} | data)


def about_comment(store: Store, now: float, comment: Data, page: Data, author: str) -> None:
    parent = {"id": page["id"], "type": "page"}
    emit(store, now, "comment.created", comment, author, {"parent": parent, "page_id": page["id"]})
