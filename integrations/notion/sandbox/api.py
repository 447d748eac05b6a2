"""The endpoints that the sandbox answers, as one table."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from integrations.notion.sandbox import events, things
from integrations.notion.sandbox.faults import Refusal, invalid, missing
from integrations.notion.sandbox.query import found_by_title, matching, one_page, ordered
from integrations.notion.sandbox.store import Store
from integrations.notion.sandbox.things import Data
from integrations.notion.sandbox.values import blocks, only, properties

_ID = re.compile(r"[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}", re.ASCII)


@dataclass(slots=True)
class Call:
    """One request. `query_lag` and `search_lag`: for how long a new page is not found."""

    store: Store
    body: Any
    params: dict[str, str]
    now: float
    query_lag: float
    search_lag: float
    user: str = things.BOT

    def page_of(self, found: list[Data], given: Data, kind: str) -> Data:
        some, cursor = one_page(found, given.get("page_size"), given.get("start_cursor"))
        return {
            "object": "list",
            "results": some,
            "next_cursor": cursor,
            "has_more": cursor is not None,
            "type": kind,
            kind: {},
        }

    def paging(self, *names: str) -> Data:
        """The query of a GET."""
        for name in self.params:
            if name not in ("page_size", "start_cursor", *names):
                raise invalid(f"query failed validation: query.{name[:60]} should be not present.")
        given: Data = dict(self.params)
        if "page_size" in given:
            if not re.fullmatch("[0-9]{1,4}", given["page_size"]):
                raise invalid("query failed validation: query.page_size should be a number.")
            given["page_size"] = int(given["page_size"])
        return given


def answer(call: Call, method: str, path: str) -> Data:
    """Carry out one request, within the caller's transaction. `path` begins after /v1."""
    known = False
    for verb, pattern, endpoint in _ROUTES:
        found = pattern.fullmatch(path)
        if found and verb == method:
            return endpoint(call, *(_id(each) for each in found.groups()))
        known = known or bool(found)
    if known:
        raise Refusal(405, "invalid_request", "This method is not allowed here.")
    raise Refusal(400, "invalid_request_url", "Invalid request URL.")


def _id(text: str) -> str:
    if not _ID.fullmatch(text):
        raise invalid(f"path failed validation: path id should be a valid uuid, instead was `{text[:60]}`.")
    digits = text.replace("-", "")
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


# ── reading ──────────────────────────────────────────────────────────────────────────────


def _me(call: Call) -> Data:
    return call.store.get("user", call.user)


def _user(call: Call, id: str) -> Data:
    return call.store.get("user", id)


def _database(call: Call, id: str) -> Data:
    return call.store.get("database", id)


def _source(call: Call, id: str) -> Data:
    return call.store.get("data_source", id)


def _query(call: Call, id: str) -> Data:
    given = only(call.body, "body", "filter", "sorts", "start_cursor", "page_size")
    source = call.store.get("data_source", id)
    test = matching(given.get("filter"), source["properties"])
    seen = [page for page in call.store.under("page", id) if _there(page, call.now - call.query_lag)]
    found = ordered([page for page in seen if test(page)], given.get("sorts"))
    return call.page_of(found, given, "page_or_data_source")


def _search(call: Call) -> Data:
    given = only(call.body, "body", "query", "filter", "sort", "start_cursor", "page_size")
    wanted = only(given.get("filter", {}), "body.filter", "property", "value")
    if wanted and (wanted.get("property") != "object" or wanted.get("value") not in ("page", "data_source")):
        raise invalid("body failed validation: body.filter.value should be `page` or `data_source`.")
    kinds = [wanted["value"]] if wanted else ["page", "data_source"]
    seen = [each for kind in kinds for each in call.store.all(kind)]
    seen = [each for each in seen if _there(each, call.now - call.search_lag)]
    sort = given.get("sort", {"timestamp": "last_edited_time", "direction": "descending"})
    words = given.get("query", "")
    if not isinstance(words, str):
        raise invalid("body failed validation: body.query should be a string.")
    found = ordered(found_by_title(seen, words), [sort])
    return call.page_of(found, given, "page_or_data_source")


def _there(thing: Data, indexed_until: float) -> bool:
    return not thing["in_trash"] and not thing.get("_unshared") and thing["_made"] <= indexed_until


def _page(call: Call, id: str) -> Data:
    return call.store.get("page", id)


def _children(call: Call, id: str) -> Data:
    _holder(call, id)
    found = [_with_children(call, each) for each in call.store.under("block", id) if not each["in_trash"]]
    return call.page_of(found, call.paging(), "block")


def _with_children(call: Call, block: Data) -> Data:
    return block | {"has_children": call.store.has_under("block", block["id"])}


def _holder(call: Call, id: str) -> Data:
    """What has children: a page, or a block."""
    found = call.store.find("page", id) or call.store.find("block", id)
    if found is None or found.get("_unshared"):
        raise missing("block", id)
    return found


def _comments(call: Call) -> Data:
    given = call.paging("block_id")
    id = _id(str(given.get("block_id", "")))
    _holder(call, id)
    return call.page_of(call.store.under("comment", id), given, "comment")


def _comment(call: Call, id: str) -> Data:
    return call.store.get("comment", id)


# ── changing ─────────────────────────────────────────────────────────────────────────────


def _create(call: Call) -> Data:
    given = only(call.body, "body", "parent", "properties", "children", "icon", "cover")
    parent = only(given.get("parent"), "body.parent", "type", "data_source_id", "database_id")
    source = _source_of(call, parent)
    made = things.page(
        things.new_id(),
        call.now,
        call.user,
        {
            "type": "data_source_id",
            "data_source_id": source["id"],
            "database_id": source["parent"]["database_id"],
        },
        properties(given.get("properties"), source["properties"]),
    )
    call.store.put(made, source["id"])
    add_blocks(call, made, given.get("children", []))
    events.about_page(call.store, call.now, "page.created", made, call.user)
    return made


def _source_of(call: Call, parent: Data) -> Data:
    if parent.get("type", "data_source_id") == "data_source_id" and "data_source_id" in parent:
        return call.store.get("data_source", _id(str(parent["data_source_id"])))
    database = call.store.get("database", _id(str(parent.get("database_id", ""))))
    if len(database["data_sources"]) != 1:
        raise invalid("Databases with multiple data sources are not supported with a database_id parent.")
    return call.store.get("data_source", database["data_sources"][0]["id"])


def _append(call: Call, id: str) -> Data:
    given = only(call.body, "body", "children", "after")
    holder = _holder(call, id)
    if holder["in_trash"]:
        raise invalid("Can't edit block that is archived. You must unarchive the block before editing.")
    if not given.get("children"):
        raise invalid("body failed validation: body.children should be defined.")
    made = add_blocks(call, holder, given["children"])
    if holder["object"] == "page":
        call.store.put(things.touched(holder, call.now, call.user))
        told: Data = {"updated_blocks": [{"id": each["id"], "type": "block"} for each in made]}
        events.about_page(call.store, call.now, "page.content_updated", holder, call.user, **told)
    return {
        "object": "list",
        "results": made,
        "next_cursor": None,
        "has_more": False,
        "type": "block",
        "block": {},
    }


def add_blocks(call: Call, holder: Data, given: Any) -> list[Data]:
    of = {"type": f"{holder['object']}_id", f"{holder['object']}_id": holder["id"]}
    made = [
        things.block(things.new_id(), call.now, call.user, of, kind, inner) for kind, inner in blocks(given)
    ]
    for each in made:
        call.store.put(each, holder["id"])
    return made


def _update(call: Call, id: str) -> Data:
    given = only(call.body, "body", "properties", "in_trash", "archived")
    page = things.touched(call.store.get("page", id), call.now, call.user)
    if "in_trash" in given or "archived" in given:
        into = given.get("in_trash", given.get("archived")) is True
        return throw_away(call, page, into)
    source = call.store.get("data_source", page["parent"]["data_source_id"])
    changed = properties(given.get("properties"), source["properties"])
    page["properties"] |= {name: changed[name] for name in given["properties"] if name in changed}
    call.store.put(page)
    events.about_page(call.store, call.now, "page.properties_updated", page, call.user)
    return page


def throw_away(call: Call, page: Data, into: bool) -> Data:
    was = page["in_trash"]
    page |= {"in_trash": into, "archived": into}
    call.store.put(page)
    if was != into:
        kind = "page.deleted" if into else "page.undeleted"
        events.about_page(call.store, call.now, kind, page, call.user)
    return page


def _route(method: str, path: str, endpoint: Callable[..., Data]) -> tuple[str, Any, Callable[..., Data]]:
    return method, re.compile(path.replace("{id}", "([^/]+)")), endpoint


_ROUTES = (
    _route("GET", "/users/me", _me),
    _route("GET", "/users/{id}", _user),
    _route("GET", "/databases/{id}", _database),
    _route("GET", "/data_sources/{id}", _source),
    _route("POST", "/data_sources/{id}/query", _query),
    _route("POST", "/search", _search),
    _route("POST", "/pages", _create),
    _route("GET", "/pages/{id}", _page),
    _route("PATCH", "/pages/{id}", _update),
    _route("GET", "/blocks/{id}/children", _children),
    _route("PATCH", "/blocks/{id}/children", _append),
    _route("GET", "/comments", _comments),
    _route("GET", "/comments/{id}", _comment),
)
