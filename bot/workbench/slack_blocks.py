"""What real Slack refuses in blocks and views, by the limits of its Block Kit reference.

`problems` says what is wrong as Slack does, with the place as a JSON pointer. Blocks that the bot
has no business with (table, card, …) are passed by their type alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from bot.workbench.cast import Json

MESSAGE, MODAL, HOME = "message", "modal", "home"
MOST_BLOCKS = {MESSAGE: 50, MODAL: 100, HOME: 100}
MOST_TEXT_IN_BLOCKS = 13_200
MARKDOWN = 12_000

UNEXAMINED = frozenset(
    {"file", "video", "table", "task_card", "plan", "alert", "card", "container", "carousel"}
)
SELECTS = ("static_select", "external_select", "users_select", "conversations_select", "channels_select")
SELECTS_MANY = tuple(f"multi_{name}" for name in SELECTS)
PICKERS = ("datepicker", "timepicker", "datetimepicker", "checkboxes", "radio_buttons")
TYPED = (
    "plain_text_input",
    "number_input",
    "email_text_input",
    "url_text_input",
    "rich_text_input",
    "file_input",
)
IN_ACTIONS = frozenset({"button", "overflow", "workflow_button", *SELECTS, *SELECTS_MANY, *PICKERS})
IN_SECTION = IN_ACTIONS | {"image"}
IN_INPUT = frozenset({*SELECTS, *SELECTS_MANY, *PICKERS, *TYPED})
IN_CONTEXT_ACTIONS = frozenset({"feedback_buttons", "icon_button"})
RICH = frozenset(
    {"rich_text_section", "rich_text_list", "rich_text_quote", "rich_text_preformatted"},
)
RICH_LEAVES = frozenset(
    {"text", "link", "user", "channel", "usergroup", "emoji", "date", "broadcast", "color", "team"}
)

Problem = str


def problems(blocks: object, surface: str) -> list[Problem]:
    if not isinstance(blocks, list):
        return ["[ERROR] must be an array [json-pointer:/blocks]"]
    found = []
    if len(blocks) > MOST_BLOCKS[surface]:
        found.append(f"[ERROR] no more than {MOST_BLOCKS[surface]} items allowed [json-pointer:/blocks]")
    for number, block in enumerate(blocks):
        found += [
            f"[ERROR] {what} [json-pointer:/blocks/{number}{where}]" for where, what in _block(block, surface)
        ]
    found += [f"[ERROR] block_id must be unique: {name} [json-pointer:/blocks]" for name in _twice(blocks)]
    return found


def text_length(blocks: list[Json]) -> int:
    """All that is written in these blocks: mixed blocks of about 13,200 characters are refused."""
    total = 0
    pending: list[Any] = list(blocks)
    while pending:
        item = pending.pop()
        if isinstance(item, dict):
            if isinstance(item.get("text"), str):
                total += len(item["text"])
            pending += [value for value in item.values() if isinstance(value, dict | list)]
        elif isinstance(item, list):
            pending += item
    return total


def view_problems(view: object) -> list[Problem]:
    if not isinstance(view, dict) or view.get("type") not in (MODAL, HOME):
        return ["[ERROR] must be a modal or home view [json-pointer:/view/type]"]
    surface = view["type"]
    found = []
    if surface == MODAL:
        for part, needed in (("title", True), ("submit", False), ("close", False)):
            if part in view or needed:
                found += [
                    f"[ERROR] {what} [json-pointer:/view/{part}]"
                    for _, what in _text(view.get(part), 24, plain=True)
                ]
        inputs = any(isinstance(b, dict) and b.get("type") == "input" for b in view.get("blocks") or ())
        if inputs and not view.get("submit"):
            found.append("[ERROR] submit is required with input blocks [json-pointer:/view/submit]")
    for name, most in (("private_metadata", 3000), ("callback_id", 255), ("external_id", 255)):
        if len(str(view.get(name) or "")) > most:
            found.append(f"[ERROR] must be at most {most} characters [json-pointer:/view/{name}]")
    return found + problems(view.get("blocks"), surface)


Found = Iterator[tuple[str, str]]


def _block(block: object, surface: str) -> Found:
    if not isinstance(block, dict):
        yield "", "must be an object"
        return
    if len(str(block.get("block_id") or "")) > 255:
        yield "/block_id", "must be at most 255 characters"
    match block.get("type"):
        case "section":
            yield from _section(block)
        case "header":
            yield from _under("/text", _text(block.get("text"), 150, plain=True))
        case "markdown":
            yield from _string(block.get("text"), MARKDOWN, "/text")
        case "context":
            yield from _elements(block, 10, _context_element)
        case "actions":
            yield from _elements(block, 25, lambda element: _element(element, IN_ACTIONS))
        case "context_actions":
            yield from _elements(block, 5, lambda element: _element(element, IN_CONTEXT_ACTIONS))
        case "image":
            yield from _image(block)
        case "input":
            yield from _input(block)
        case "rich_text":
            yield from _elements(block, 1000, _rich)
        case "divider":
            pass
        case str(kind) if kind in UNEXAMINED and surface == MESSAGE:
            pass
        case kind:
            yield "/type", f"unsupported block type: {str(kind)[:60]}"


def _section(block: Json) -> Found:
    if not block.get("text") and not block.get("fields"):
        yield "", "missing required field: text or fields"
    if block.get("text"):
        yield from _under("/text", _text(block["text"], 3000))
    if block.get("fields") is not None:
        yield from _elements(block, 10, lambda field: _text(field, 2000), name="fields")
    if block.get("accessory") is not None:
        yield from _under("/accessory", _element(block["accessory"], IN_SECTION))


def _input(block: Json) -> Found:
    yield from _under("/label", _text(block.get("label"), 2000, plain=True))
    if block.get("hint"):
        yield from _under("/hint", _text(block["hint"], 2000, plain=True))
    yield from _under("/element", _element(block.get("element"), IN_INPUT))


def _elements(block: Json, most: int, check: Any, name: str = "elements") -> Found:
    elements = block.get(name)
    if not isinstance(elements, list) or not elements:
        yield f"/{name}", "must be an array with at least one item"
        return
    if len(elements) > most:
        yield f"/{name}", f"no more than {most} items allowed"
    for number, element in enumerate(elements):
        yield from _under(f"/{name}/{number}", check(element))


def _context_element(element: object) -> Found:
    if isinstance(element, dict) and element.get("type") == "image":
        yield from _image(element)
    else:
        yield from _text(element, 2000)


def _image(block: Json) -> Found:
    if not block.get("image_url") and not block.get("slack_file"):
        yield "/image_url", "missing required field"
    yield from _string(block.get("image_url", "x"), 3000, "/image_url")
    yield from _string(block.get("alt_text"), 2000, "/alt_text")


def _element(element: object, allowed: frozenset[str]) -> Found:
    if not isinstance(element, dict):
        yield "", "missing required element"
        return
    kind = str(element.get("type"))
    if kind not in allowed:
        yield "/type", f"unsupported element type: {kind[:60]}"
        return
    if kind == "image":
        yield from _image(element)
        return
    yield from _string(element.get("action_id", "x"), 255, "/action_id")
    if kind == "button":
        yield from _button(element)
    if kind in ("static_select", "multi_static_select", "radio_buttons", "checkboxes", "overflow"):
        yield from _choices(element, kind)
    if element.get("placeholder"):
        yield from _under("/placeholder", _text(element["placeholder"], 150, plain=True))
    if element.get("confirm"):
        yield from _confirm(element["confirm"])


def _button(element: Json) -> Found:
    yield from _under("/text", _text(element.get("text"), 75, plain=True))
    if "value" in element:
        yield from _string(element["value"], 2000, "/value")
    if "url" in element:
        yield from _string(element["url"], 3000, "/url")
    if element.get("style", "primary") not in ("primary", "danger"):
        yield "/style", "must be primary or danger"


def _choices(element: Json, kind: str) -> Found:
    most = {"overflow": 5, "radio_buttons": 10, "checkboxes": 10}.get(kind, 100)
    groups = element.get("option_groups")
    if groups and "select" in kind:
        for number, group in enumerate(groups[:101]):
            yield from _under(f"/option_groups/{number}", _elements(group, most, _option, name="options"))
        return
    yield from _elements(element, most, _option, name="options")


def _option(option: object) -> Found:
    if not isinstance(option, dict):
        yield "", "must be an object"
        return
    yield from _under("/text", _text(option.get("text"), 75))
    yield from _string(option.get("value"), 150, "/value")


def _confirm(confirm: object) -> Found:
    sizes = {"title": 100, "text": 300, "confirm": 30, "deny": 30}
    for name, most in sizes.items():
        part = confirm.get(name) if isinstance(confirm, dict) else None
        yield from _under(f"/confirm/{name}", _text(part, most))


def _rich(element: object) -> Found:
    kind = element.get("type") if isinstance(element, dict) else None
    if not isinstance(element, dict) or kind not in RICH:
        yield "/type", f"unsupported rich text element: {str(kind)[:60]}"
        return
    for number, leaf in enumerate(element.get("elements") or ()):
        where = f"/elements/{number}"
        if not isinstance(leaf, dict):
            yield where, "must be an object"
        elif kind == "rich_text_list":
            yield from _under(where, _rich(leaf))
        elif leaf.get("type") not in RICH_LEAVES:
            yield f"{where}/type", f"unsupported rich text element: {str(leaf.get('type'))[:60]}"
        elif leaf["type"] == "text" and not leaf.get("text"):
            yield f"{where}/text", "must be more than 0 characters"


def _text(text: object, most: int, *, plain: bool = False) -> Found:
    kinds = ("plain_text",) if plain else ("plain_text", "mrkdwn")
    if not isinstance(text, Mapping):
        yield "", "missing required text object"
    elif text.get("type") not in kinds:
        yield "/type", f"must be one of {', '.join(kinds)}"
    else:
        yield from _string(text.get("text"), most, "/text")


def _string(value: object, most: int, where: str) -> Found:
    if not isinstance(value, str) or not value:
        yield where, "must be more than 0 characters"
    elif len(value) > most:
        yield where, f"must be less than {most + 1} characters"


def _under(where: str, found: Found) -> Found:
    for below, what in found:
        yield where + below, what


def _twice(blocks: list[Any]) -> list[str]:
    seen: set[str] = set()
    twice = []
    for block in blocks:
        name = str(block.get("block_id") or "") if isinstance(block, dict) else ""
        if name and name in seen:
            twice.append(name[:60])
        seen.add(name)
    return twice
