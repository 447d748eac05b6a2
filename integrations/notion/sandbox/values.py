"""What a request gives, held against what Notion takes: rich text, blocks, properties of a page."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from integrations.notion.sandbox import things
from integrations.notion.sandbox.faults import invalid
from integrations.notion.sandbox.things import Data

LONGEST_RUN, MOST_RUNS, MOST_CHILDREN, MOST_BLOCKS, LONGEST_URL = 2000, 100, 100, 1000, 2000
COLORS = ("default", "gray", "brown", "orange", "yellow", "green", "blue", "purple", "pink", "red")
MARKS = frozenset({"bold", "italic", "strikethrough", "underline", "code"})
TEXTUAL = frozenset(
    {
        "paragraph",
        "heading_1",
        "heading_2",
        "heading_3",
        "bulleted_list_item",
        "numbered_list_item",
        "to_do",
        "quote",
        "toggle",
        "callout",
        "code",
    }
)
_LANGUAGES = (
    "bash c c++ c# css diff docker go graphql html java javascript json kotlin makefile markdown php"
    " python ruby rust shell sql swift toml typescript xml yaml"
)
LANGUAGES = frozenset(_LANGUAGES.split()) | {"plain text"}
_URL = re.compile(r"(https?://|mailto:)\S+")
_DATE = re.compile(r"\d{4}-\d\d-\d\d(T\S+)?")


def only(given: Any, where: str, *names: str) -> Data:
    """An object with no other names than these."""
    if not isinstance(given, dict):
        raise invalid(f"body failed validation: {where} should be an object.")
    for name in given:
        if name not in names:
            raise invalid(f"body failed validation: {where}.{name[:60]} should be not present.")
    return given


def length(text: str) -> int:
    """As JavaScript counts."""
    return len(text.encode("utf-16-le")) // 2


def rich_text(given: Any, where: str) -> list[Data]:
    if not isinstance(given, list):
        raise invalid(f"body failed validation: {where} should be an array.")
    if len(given) > MOST_RUNS:
        raise invalid(
            f"body failed validation: {where}.length should be ≤ `100`, instead was `{len(given)}`."
        )
    return [_run(each, f"{where}[{n}]") for n, each in enumerate(given)]


def _run(given: Any, where: str) -> Data:
    only(given, where, "type", "text", "annotations")
    text = only(given.get("text"), f"{where}.text", "content", "link")
    content = text.get("content")
    if given.get("type", "text") != "text" or not isinstance(content, str):
        raise invalid(f"body failed validation: {where}.text.content should be defined.")
    if length(content) > LONGEST_RUN:
        raise invalid(f"body failed validation: {where}.text.content.length should be ≤ `2000`.")
    link = text.get("link")
    if link is not None:
        url = only(link, f"{where}.text.link", "url").get("url")
        if not isinstance(url, str) or not _URL.fullmatch(url) or length(url) > LONGEST_URL:
            raise invalid("Invalid URL for link.")
    style = only(given.get("annotations", {}), f"{where}.annotations", "color", *MARKS)
    if style.get("color", "default") not in COLORS:
        raise invalid(f"body failed validation: {where}.annotations.color is unknown.")
    return things.run(given)


def blocks(given: Any) -> list[tuple[str, Data]]:
    """Kind and inner object of each."""
    if not isinstance(given, list):
        raise invalid("body failed validation: body.children should be an array.")
    if len(given) > MOST_CHILDREN:
        raise invalid(
            f"body failed validation: body.children.length should be ≤ `100`, instead was `{len(given)}`."
        )
    return [_block(each, f"body.children[{n}]") for n, each in enumerate(given)]


def _block(given: Any, where: str) -> tuple[str, Data]:
    kind = str(given.get("type")) if isinstance(given, dict) else ""
    only(given, where, "object", "type", kind)
    if kind == "divider":
        return kind, only(given.get(kind), f"{where}.divider")
    if kind not in TEXTUAL:
        raise invalid(f"body failed validation: {where}.type should be a type of block.")
    more = {"to_do": ("checked",), "code": ("language",)}.get(kind, ())
    inner = only(given.get(kind), f"{where}.{kind}", "rich_text", "color", *more)
    made: Data = {"rich_text": rich_text(inner.get("rich_text"), f"{where}.{kind}.rich_text")}
    if kind == "code":
        language = inner.get("language", "plain text")
        if language not in LANGUAGES:
            raise invalid(f"body failed validation: {where}.code.language should be a language.")
        return kind, made | {"caption": [], "language": language}
    if kind == "to_do":
        made["checked"] = inner.get("checked") is True
    return kind, made | {"color": inner.get("color", "default")}


def properties(given: Any, schema: Data) -> Data:
    """The properties of a page, complete: what is not given is empty."""
    if not isinstance(given, dict):
        raise invalid("body failed validation: body.properties should be defined.")
    by_id = {each["id"]: name for name, each in schema.items()}
    made: Data = {}
    for name, value in given.items():
        known = name if name in schema else by_id.get(name)
        if known is None:
            raise invalid(f"{name[:80]} is not a property that exists.")
        kind = schema[known]["type"]
        inner = value.get(kind) if isinstance(value, dict) else None
        if inner is None or kind not in _CHECKS:
            raise invalid(f"{known} is expected to be {kind}.")
        made[known] = {"id": schema[known]["id"], "type": kind, kind: _CHECKS[kind](inner, schema[known])}
    for name, each in schema.items():
        kind = each["type"]
        made.setdefault(name, {"id": each["id"], "type": kind, kind: _EMPTY.get(kind)})
    return {name: made[name] for name in schema}


def _words(inner: Any, _: Data) -> list[Data]:
    return rich_text(inner, "properties")


def _choice(inner: Any, schema: Data) -> Data:
    name = only(inner, "properties", "name").get("name")
    if not isinstance(name, str) or not name or "," in name:
        raise invalid("body failed validation: an option has a name without a comma.")
    known = [each for each in schema[schema["type"]]["options"] if each["name"] == name]
    if not known and schema["type"] == "status":
        raise invalid(f'Status option "{name[:80]}" does not exist.')
    return dict(known[0]) if known else {"id": things.new_id(), "name": name, "color": "default"}


def _choices(inner: Any, schema: Data) -> list[Data]:
    if not isinstance(inner, list) or len(inner) > 100:
        raise invalid("body failed validation: at most 100 options.")
    return [_choice(each, schema) for each in inner]


def _people(inner: Any, _: Data) -> list[Data]:
    if not isinstance(inner, list):
        raise invalid("body failed validation: people should be an array.")
    return [things.by(str(each["id"])) for each in inner]


def _number(inner: Any, _: Data) -> Any:
    if isinstance(inner, bool) or not isinstance(inner, int | float):
        raise invalid("body failed validation: number should be a number.")
    return inner


def _flag(inner: Any, _: Data) -> bool:
    if not isinstance(inner, bool):
        raise invalid("body failed validation: checkbox should be a boolean.")
    return inner


def _date(inner: Any, _: Data) -> Data:
    only(inner, "properties", "start", "end", "time_zone")
    if not isinstance(inner.get("start"), str) or not _DATE.fullmatch(inner["start"]):
        raise invalid("body failed validation: date.start should be a valid ISO 8601 date string.")
    return {"start": inner["start"], "end": inner.get("end"), "time_zone": inner.get("time_zone")}


def _url(inner: Any, _: Data) -> str:
    if not isinstance(inner, str) or not inner:
        raise invalid("body failed validation: url should be a non-empty string.")
    return inner


_CHECKS: dict[str, Callable[[Any, Data], Any]] = {
    "title": _words,
    "rich_text": _words,
    "select": _choice,
    "status": _choice,
    "multi_select": _choices,
    "people": _people,
    "number": _number,
    "checkbox": _flag,
    "date": _date,
    "url": _url,
}
_EMPTY: Data = {"title": [], "rich_text": [], "multi_select": [], "people": [], "checkbox": False}
