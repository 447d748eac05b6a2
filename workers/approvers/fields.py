"""A call's arguments as the fields of a form, and back: made from the tool's own schema.

Only what the tool says a person may change can be changed; the rest is shown as it is. What was not
touched stays the value that it was, to the letter: nothing goes through a text and back for nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Literal

from pydantic import ValidationError

from bot.reply import Field, Option
from bot.text import for_card
from integrations import money
from integrations.base import Tool
from workers.store.beside import Change

Kind = Literal["text", "number", "money", "choice", "yesno", "date"]
LONGEST = 2_500  # characters that are changed in a form; longer ones are shown and stay
MOST, MOST_CHOICES = 20, 100
LONG = 120  # above, an input has several lines
NOTHING = "nothing"
YES, NO = "yes", "no"
MONEY = frozenset({"amount", "left", "total", "unit_amount"})  # in minor units, beside a currency


@dataclass(frozen=True, slots=True)
class Editable:
    """One argument that can be changed. `currency`: of an amount in minor units."""

    name: str
    label: str
    kind: Kind
    nullable: bool
    choices: tuple[str, ...] = ()
    currency: str = ""


@dataclass(frozen=True, slots=True)
class Read:
    """What a form came back with. `problems` by field; without any, `arguments` is the edited call."""

    arguments: Mapping[str, Any]
    changes: tuple[Change, ...]
    problems: Mapping[str, str]


def any_of(tool: Tool) -> bool:
    return bool(tool.editable)


def editable(tool: Tool, arguments: Mapping[str, Any]) -> tuple[Editable, ...]:
    """Of this call: an amount needs its currency, and a text has to fit into an input."""
    schema = tool.arguments.model_json_schema()
    shapes = schema.get("properties") or {}
    found = []
    for name in tool.editable[:MOST]:
        field = _editable(name, shapes.get(name), schema, tool, arguments)
        if field is not None and len(shown(field, arguments.get(name))) <= LONGEST:
            found.append(field)
    return tuple(found)


def staying(
    tool: Tool, arguments: Mapping[str, Any], fields: Sequence[Editable]
) -> tuple[tuple[str, str], ...]:
    """What the form shows and does not let anybody change. Values stand in full, money as money, and of
    what is nested, that it is as the card says."""
    changed, currency = {field.name for field in fields}, arguments.get("currency")
    in_money = isinstance(currency, str) and tool.amount is not None
    return tuple(
        (label(name), _money(value, str(currency)) if in_money and name in MONEY else _said(value))
        for name, value in arguments.items()
        if name not in changed
    )


def inputs(
    fields: Sequence[Editable],
    arguments: Mapping[str, Any],
    typed: Mapping[str, str] | None = None,
    problems: Mapping[str, str] | None = None,
) -> tuple[Field, ...]:
    """With what stands in the call, or with what was `typed` last and what is wrong with it."""
    typed, problems = typed or {}, problems or {}
    return tuple(
        _input(
            field,
            typed.get(field.name, shown(field, arguments.get(field.name))),
            problems.get(field.name, ""),
        )
        for field in fields
    )


def read(
    tool: Tool, fields: Sequence[Editable], arguments: Mapping[str, Any], answers: Mapping[str, str]
) -> Read:
    """Whatever else came back is nobody's: only these fields are looked at."""
    edited, changes, problems = dict(arguments), list[Change](), dict[str, str]()
    for field in fields:
        before = arguments.get(field.name)
        answer = answers.get(field.name)
        if answer is None or _normal(answer) == _normal(shown(field, before)):
            continue
        try:
            after = _value(field, answer)
        except ValueError as error:
            problems[field.name] = str(error)
            continue
        if after == before and type(after) is type(before):
            continue
        edited[field.name] = after
        changes.append(Change(field.label, in_words(field, before), in_words(field, after), field.name))
    if not problems:
        problems |= _misfits(tool, edited, fields, changes)
    return Read(edited, tuple(changes), problems)


def shown(field: Editable, value: Any) -> str:
    """As it stands in the input."""
    match value:
        case None:
            return ""
        case bool():
            return YES if value else NO
        case int() if field.kind == "money":
            digits = money.decimals(field.currency)
            whole, part = divmod(value, 10**digits)
            return f"{whole}.{part:0{digits}d}" if digits else str(whole)
    return str(value)


def in_words(field: Editable, value: Any) -> str:
    """For people, in full."""
    if field.kind == "money" and isinstance(value, int):
        return money.show(value, field.currency)
    return for_card(shown(field, value)) or NOTHING


def label(name: str) -> str:
    return name.replace("_", " ").strip().capitalize() or name


def _editable(
    name: str, shape: Any, schema: Mapping[str, Any], tool: Tool, arguments: Mapping[str, Any]
) -> Editable | None:
    """None where it is nested, or of a kind that nobody could type."""
    shape, nullable = _resolved(shape, schema)
    if shape is None:
        return None
    found = Editable(name, label(name), "text", nullable)
    choices = shape.get("enum")
    match shape:
        case {"enum": list()} if 0 < len(choices) <= MOST_CHOICES and all(
            isinstance(c, str) for c in choices
        ):
            return replace(found, kind="choice", choices=tuple(choices))
        case {"type": "string", "format": "date"}:
            return replace(found, kind="date")
        case {"type": "string"} if "enum" not in shape:
            return found
        case {"type": "boolean"}:
            return replace(found, kind="yesno", choices=(YES, NO))
        case {"type": "integer"} if tool.amount is not None and name in MONEY:
            currency = arguments.get("currency")
            return replace(found, kind="money", currency=currency) if isinstance(currency, str) else None
        case {"type": "integer"}:
            return replace(found, kind="number")
    return None


def _resolved(shape: Any, schema: Mapping[str, Any]) -> tuple[Mapping[str, Any] | None, bool]:
    """Without a reference, and without the alternative that it is not there at all."""
    if isinstance(shape, Mapping) and isinstance(named := shape.get("$ref"), str):
        shape = (schema.get("$defs") or {}).get(named.rpartition("/")[2])
    if not isinstance(shape, Mapping):
        return None, False
    either = shape.get("anyOf")
    if not isinstance(either, list):
        return shape, False
    real = [each for each in either if isinstance(each, Mapping) and each.get("type") != "null"]
    if len(real) != 1:
        return None, False
    return _resolved(real[0], schema)[0], len(real) < len(either)


def _input(field: Editable, value: str, problem: str) -> Field:
    options = tuple(Option(_choice(each), each) for each in field.choices)
    name = f"{field.label} ({field.currency.upper()})" if field.kind == "money" else field.label
    return Field(
        field.name,
        name,
        multiline=field.kind == "text" and ("\n" in value or len(value) > LONG),
        optional=True,  # whether it may be empty is the schema's to say
        options=options,
        max_length=LONGEST + 500,
        kind="date" if field.kind == "date" else "text",
        value=value,
        error=problem,
    )


def _choice(value: str) -> str:
    return value.replace("_", " ")


def _value(field: Editable, answer: str) -> Any:
    """Raises ValueError with a sentence for whoever typed it."""
    text = answer.replace("\r\n", "\n").strip()
    if not text:
        if field.nullable:
            return None
        if field.kind == "text":
            return ""
        raise ValueError("This cannot be empty.")
    match field.kind:
        case "money":
            try:
                return money.parse(text, field.currency)[0]
            except money.NotMoney as error:
                raise ValueError(f"This is not an amount: {error}.") from None
        case "number":
            if not text.isascii() or not text.removeprefix("-").isdecimal() or len(text) > 15:
                raise ValueError("This has to be a whole number.")
            return int(text)
        case "yesno" | "choice":
            if text not in field.choices:
                raise ValueError("Choose one of those that are offered.")
            return text == YES if field.kind == "yesno" else text
        case "date":
            try:
                return date.fromisoformat(text).isoformat()
            except ValueError:
                raise ValueError("This has to be a day, such as 2026-12-24.") from None
    return text


def _misfits(
    tool: Tool, arguments: Mapping[str, Any], fields: Sequence[Editable], changes: Sequence[Change]
) -> dict[str, str]:
    """What the tool's own schema says, each at its field; at the first changed one where it names none."""
    try:
        tool.arguments.model_validate(dict(arguments))
    except ValidationError as error:
        names = [field.name for field in fields]
        first = changes[0].field if changes else names[0] if names else ""
        found: dict[str, str] = {}
        for each in error.errors(include_url=False, include_input=False, include_context=False):
            at = str(each["loc"][0]) if each["loc"] else ""
            found.setdefault(at if at in names else first, f"This does not fit: {each['msg']}.")
        return found
    return {}


def _normal(text: str) -> str:
    return text.replace("\r\n", "\n").strip()


def _money(value: Any, currency: str) -> str:
    return money.show(value, currency) if isinstance(value, int) else _said(value)


def _said(value: Any) -> str:
    match value:
        case None | "":
            return NOTHING
        case bool():
            return YES if value else NO
        case str() if len(value) > LONGEST:
            return f"{len(value)} characters, as on the card"
        case str() | int():
            return for_card(str(value))
        case list() | tuple() | Mapping():
            return "as on the card" if value else NOTHING
    return "as on the card"
