"""Asking a data source: filters, order, pages of a list. A new page is not found at once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from integrations.notion.sandbox.faults import invalid
from integrations.notion.sandbox.things import Data, title_of
from integrations.notion.sandbox.values import only

Test = Callable[[Data], bool]

_TIMES = ("created_time", "last_edited_time")
_TEXTS = frozenset({"title", "rich_text", "url"})
_MANY = frozenset({"multi_select", "people"})
_OPS: dict[str, frozenset[str]] = {
    kind: frozenset(ops.split())
    for kind, ops in {
        "title": "equals does_not_equal contains does_not_contain starts_with ends_with is_empty"
        " is_not_empty",
        "select": "equals does_not_equal is_empty is_not_empty",
        "multi_select": "contains does_not_contain is_empty is_not_empty",
        "number": "equals does_not_equal greater_than less_than is_empty is_not_empty",
        "checkbox": "equals does_not_equal",
        "date": "equals before after on_or_before on_or_after is_empty is_not_empty",
    }.items()
}
_LIKE = {"rich_text": "title", "url": "title", "status": "select", "people": "multi_select"} | dict.fromkeys(
    _TIMES, "date"
)


def matching(given: Any, schema: Data) -> Test:
    """A filter of the API as a function of a page."""
    if given is None:
        return lambda _: True
    if isinstance(given, dict) and len(given) == 1 and ("and" in given or "or" in given):
        [(word, parts)] = given.items()
        if not isinstance(parts, list) or len(parts) > 100:
            raise invalid(f"body failed validation: body.filter.{word} should be an array.")
        tests = [matching(each, schema) for each in parts]
        together = all if word == "and" else any
        return lambda page: together(test(page) for test in tests)
    if isinstance(given, dict) and given.get("timestamp") in _TIMES:
        name = given["timestamp"]
        only(given, "body.filter", "timestamp", name)
        return _test(name, given.get(name), lambda page: page[name])
    return _of_property(given, schema)


def _of_property(given: Any, schema: Data) -> Test:
    named = given.get("property") if isinstance(given, dict) else None
    by_id = {each["id"]: name for name, each in schema.items()}
    name = named if named in schema else by_id.get(str(named))
    if name is None:
        raise invalid(f"Could not find property with name or id: {str(named)[:80]}")
    kind = schema[name]["type"]
    only(given, "body.filter", "property", kind)
    if kind not in given:
        raise invalid(f"database property {kind} does not match filter.")
    return _test(kind, given[kind], lambda page: _value(page["properties"][name]))


def _value(value: Data) -> Any:
    kind = value["type"]
    inner = value[kind]
    if kind in ("title", "rich_text"):
        return "".join(each["plain_text"] for each in inner)
    if kind in ("select", "status"):
        return inner["name"] if inner else None
    if kind == "multi_select":
        return [each["name"] for each in inner]
    if kind == "people":
        return [each["id"] for each in inner]
    if kind == "date":
        return inner["start"] if inner else None
    return inner


def _test(kind: str, given: Any, of: Callable[[Data], Any]) -> Test:
    allowed = _OPS[_LIKE.get(kind, kind)]
    if not isinstance(given, dict) or len(given) != 1 or next(iter(given)) not in allowed:
        raise invalid(f"body failed validation: body.filter.{kind} should have one known condition.")
    [(op, wanted)] = given.items()
    if op not in ("is_empty", "is_not_empty"):
        _check_type(kind, wanted)
    if _LIKE.get(kind, kind) == "date" and op not in ("is_empty", "is_not_empty"):
        at = _when(wanted)
        return lambda page: (have := of(page)) is not None and _compare(op, _when(have), at)
    return lambda page: _compare(op, of(page), wanted)


def _check_type(kind: str, wanted: Any) -> None:
    right = {"number": int | float, "checkbox": bool}.get(kind, str)
    if not isinstance(wanted, right):
        raise invalid(f"body failed validation: body.filter.{kind} has a value of another type.")


def _compare(op: str, have: Any, wanted: Any) -> bool:
    match op:
        case "equals":
            return bool(have == wanted)
        case "does_not_equal":
            return bool(have != wanted)
        case "contains":
            found = have or ""
            return wanted in found if isinstance(found, list) else wanted.lower() in found.lower()
        case "does_not_contain":
            return not _compare("contains", have, wanted)
        case "starts_with":
            return (have or "").lower().startswith(wanted.lower())
        case "ends_with":
            return (have or "").lower().endswith(wanted.lower())
        case "is_empty":
            return have in (None, "", [])
        case "is_not_empty":
            return have not in (None, "", [])
        case "before" | "less_than":
            return have is not None and have < wanted
        case "after" | "greater_than":
            return have is not None and have > wanted
        case "on_or_before":
            return bool(have <= wanted)
        case _:
            return bool(have >= wanted)


def _when(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        raise invalid("body failed validation: a date should be a valid ISO 8601 date string.") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def ordered(pages: list[Data], given: Any) -> list[Data]:
    """By the given sorts; without any, the newest first."""
    if given is None:
        given = [{"timestamp": "created_time", "direction": "descending"}]
    if not isinstance(given, list):
        raise invalid("body failed validation: body.sorts should be an array.")
    for sort in reversed(given):
        only(sort, "body.sorts", "timestamp", "property", "direction")
        descending = sort.get("direction") == "descending"
        if sort.get("timestamp") in _TIMES:
            exact = {"created_time": "_made", "last_edited_time": "_edited"}[sort["timestamp"]]
            pages = sorted(pages, key=lambda page: page[exact], reverse=descending)
        else:
            raise invalid("body failed validation: only timestamps are sorted by in this sandbox.")
    return pages


def found_by_title(pages: list[Data], words: str) -> list[Data]:
    wanted = words.lower().split()
    return [page for page in pages if all(word in title_of(page).lower() for word in wanted)]


def one_page(found: list[Data], size: Any, cursor: Any) -> tuple[list[Data], str | None]:
    """One page of a list, and the cursor of the next: the id that it begins with."""
    if size is None:
        size = 100
    if not isinstance(size, int) or isinstance(size, bool) or not 1 <= size <= 100:
        raise invalid("body failed validation: page_size should be between 1 and 100.")
    start = 0
    if cursor is not None:
        start = next((n for n, each in enumerate(found) if each["id"] == cursor), -1)
        if start < 0:
            raise invalid("The start_cursor provided is invalid.")
    following = found[start + size : start + size + 1]
    return found[start : start + size], following[0]["id"] if following else None
