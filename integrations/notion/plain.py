"""Notion's objects as plain words: what a page is called, what its properties say, what stands in it.

All of it is other people's text: data for whoever reads it, never instructions.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

Data = dict[str, Any]

LONGEST_VALUE = 500
LONGEST_TITLE = 300
LONGEST_URL = 2000
_PREFIXES = {
    "heading_1": "# ",
    "heading_2": "## ",
    "heading_3": "### ",
    "bulleted_list_item": "- ",
    "numbered_list_item": "1. ",
    "quote": "> ",
    "toggle": "- ",
}
_LINKED = ("bookmark", "embed", "link_preview")


def runs_text(runs: Any) -> str:
    """What rich text reads as. Notion gives `plain_text` with every run, mentions included."""
    if not isinstance(runs, list):
        return ""
    return "".join(_run(each) for each in runs if isinstance(each, Mapping))


def title(page: Mapping[str, Any]) -> str:
    """A page's own name, or that of a data source."""
    properties = page.get("properties")
    if isinstance(properties, Mapping):
        for value in properties.values():
            if isinstance(value, Mapping) and value.get("type") == "title":
                return runs_text(value.get("title"))
    return runs_text(page.get("title"))


def page(found: Mapping[str, Any]) -> Data:
    """A page as a list shows it: id, title, address, when it was last edited, its properties in words."""
    properties = found.get("properties")
    words = {}
    for name, value in properties.items() if isinstance(properties, Mapping) else ():
        if isinstance(value, Mapping) and value.get("type") != "title":
            words[str(name)[:100]] = property_text(value)
    return {
        "id": str(found["id"]),
        "title": title(found)[:LONGEST_TITLE],
        "url": _web(found.get("url")),
        "edited": str(found.get("last_edited_time") or ""),
        "properties": {name: text for name, text in words.items() if text},
    }


def property_text(value: Any) -> str:
    """One property of a page in words; "" for what is empty or of a kind that has none."""
    if not isinstance(value, Mapping):
        return ""
    kind = str(value.get("type"))
    return _value(kind, value.get(kind), more=value.get("has_more") is True)[:LONGEST_VALUE]


def _value(kind: str, inner: Any, *, more: bool = False) -> str:
    match kind, inner:
        case (_, None):
            return ""
        case ("title" | "rich_text", list()):
            return runs_text(inner)
        case ("select" | "status", {"name": str(name)}):
            return name
        case ("multi_select", list()):
            return _listed((each.get("name") for each in inner if isinstance(each, Mapping)), more)
        case ("people", list()):
            return _listed((person(each) for each in inner), more)
        case ("relation", list()):
            return _listed((each.get("id") for each in inner if isinstance(each, Mapping)), more)
        case ("files", list()):
            return _listed((each.get("name") for each in inner if isinstance(each, Mapping)), more)
        case ("date", {"start": str(start)}):
            end = inner.get("end")
            return f"{start} to {end}" if isinstance(end, str) else start
        case ("checkbox", bool()):
            return "yes" if inner else "no"
        case ("number", int() | float()) if not isinstance(inner, bool):
            return str(inner)
        case ("unique_id", {"number": int(number)}):
            prefix = inner.get("prefix")
            return f"{prefix}-{number}" if prefix else str(number)
        case ("formula" | "rollup", {"type": str(of)}) if of in ("string", "number", "boolean", "date"):
            return _value({"boolean": "checkbox"}.get(of, of), inner.get(of))
        case ("created_by" | "last_edited_by", Mapping()):
            return person(inner)
        case ("url" | "email" | "phone_number" | "created_time" | "last_edited_time" | "string", str()):
            return inner
    return ""


def person(user: Any) -> str:
    if not isinstance(user, Mapping):
        return ""
    return str(user.get("name") or user.get("id") or "")


def block_text(block: Mapping[str, Any]) -> str:
    """One block as a line of Markdown; "" for a kind that has no words."""
    kind = str(block.get("type"))
    inner = block.get(kind)
    if kind == "divider":
        return "---"
    if not isinstance(inner, Mapping):
        return ""
    if kind in ("child_page", "child_database"):
        return f"[{inner.get('title') or 'a page'}]"
    if kind in _LINKED:
        return str(inner.get("url") or "")
    if kind == "table_row":
        cells = inner.get("cells")
        return " | ".join(runs_text(cell) for cell in cells) if isinstance(cells, list) else ""
    words = runs_text(inner.get("rich_text"))
    if kind == "code":
        return f"```\n{words}\n```"
    if kind == "to_do":
        return f"- [{'x' if inner.get('checked') else ' '}] {words}"
    return _PREFIXES.get(kind, "") + words


def _web(url: object) -> str:
    """An address that may be shown as a link: Notion's own are https, a sandbox's http."""
    good = isinstance(url, str) and url.startswith(("https://", "http://")) and len(url) <= LONGEST_URL
    return str(url) if good else ""


def _run(run: Mapping[str, Any]) -> str:
    given = run.get("plain_text")
    if isinstance(given, str):
        return given
    text = run.get("text")
    return str(text.get("content") or "") if isinstance(text, Mapping) else ""


def _listed(found: Iterable[Any], more: bool) -> str:
    names = [str(each) for each in found if each]
    return ", ".join([*names, "…"] if more else names)
