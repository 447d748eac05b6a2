"""What a client of ours is made from: the JSON Schema of all that goes over the socket, both ways."""

from __future__ import annotations

from typing import Any

from bot.platforms.web.limits import CONVERSATION, LONGEST_TEXT, LONGEST_VALUE, TURN
from bot.reply import Style, Tone

Json = dict[str, Any]
DRAFT = "https://json-schema.org/draft/2020-12/schema"
_TEXT: Json = {"type": "string"}
_NUMBER: Json = {"type": "integer"}
_YES: Json = {"type": "boolean"}


def manifest() -> Json:
    """`from_client` is what we take, `from_bot` what we send; both are told apart by `type`."""
    return {
        "$schema": DRAFT,
        "title": "Countersign on the web",
        "$defs": {
            "block": {"oneOf": blocks()},
            "message": _object({"text": _TEXT, "blocks": _list(_ref("block")), "generated": _YES}),
            "form": _form(),
            "option": _object({"label": _TEXT, "value": _TEXT}),
            "from_client": {"oneOf": from_client()},
            "from_bot": {"oneOf": from_bot()},
        },
        "oneOf": [_ref("from_client"), _ref("from_bot")],
    }


def blocks() -> list[Json]:
    pair = _object({"label": _TEXT, "value": _TEXT})
    row = _object({"text": _TEXT, "amount": _TEXT})
    link = _object({"label": _TEXT, "url": _TEXT})
    button = {"oneOf": [
        _object({"label": _TEXT, "action": _TEXT, "value": _TEXT,
                 "style": {"enum": [each.value for each in Style]}}), link]}  # fmt: skip
    statement = _object({"text": _TEXT, "links": _list(link)})
    options = _list(_ref("option"))
    return [
        _typed("heading", {"text": _TEXT}),
        _typed("paragraph", {"text": _TEXT, "tone": {"enum": [each.value for each in Tone]}}),
        _typed("facts", {"pairs": _list(pair)}),
        _typed("lines", {"rows": _list(row)}),
        _typed("cited", {"folded": _TEXT, "rows": _list(statement)}),
        _typed("buttons", {"buttons": _list(button)}),
        _typed("select", {"label": _TEXT, "action": _TEXT, "options": options, "chosen": _TEXT}),
        _typed("ask", {"name": _TEXT, "label": _TEXT, "multiline": _YES, "options": options}),
        _typed("divider", {}),
    ]


def from_client() -> list[Json]:
    where = {"conversation": {"type": "string", "pattern": f"^{CONVERSATION.pattern}$"},
             "id": {"type": "string", "pattern": f"^{TURN.pattern}$"}}  # fmt: skip
    value = {"value": {"type": "string", "maxLength": LONGEST_VALUE}}
    answers = {"answers": {"type": "object", "additionalProperties": _TEXT}}
    after = {"after": {"type": "integer", "minimum": -1}}
    said = {"text": {"type": "string", "minLength": 1, "maxLength": LONGEST_TEXT}}
    return [
        _typed("hello", {"token": _TEXT}, where | after),
        _typed("open", {}, where | after),
        _typed("say", said, where),
        _typed("press", {"action": _TEXT}, where | value | answers | {"message": _TEXT}),
        _typed("submit", {"form": _TEXT}, where | value | answers),
        _typed("dismiss", {"message": _TEXT}, where),
        _typed("stop", {}, where),
        _typed("home", {}, where),
        _typed("ack", {}, where | {"sequence": _NUMBER, "home": _NUMBER}),
        _typed("ping", {}),
    ]


def from_bot() -> list[Json]:
    numbered = {"conversation": _TEXT, "sequence": _NUMBER, "id": _TEXT}
    drawn = {"text": _TEXT, "blocks": _list(_ref("block")), "generated": _YES}
    growing = {"growing": _YES, "whisper": _YES}
    return [
        _typed("welcome", {"expires": _NUMBER, "window": _NUMBER}),
        _typed("said", {**numbered, "text": _TEXT}),
        _typed("message", {**numbered, **drawn, **growing}),
        _typed("update", {**numbered, **drawn, **growing}),
        _typed("home", {**numbered, **drawn}),
        {**_form(), "properties": {**_form()["properties"], "type": {"const": "form"}, **numbered}},
        _typed("delta", {"conversation": _TEXT, "id": _TEXT, "at": _NUMBER, "words": _TEXT}),
        _typed("working", {"conversation": _TEXT}),
        _typed("ack", {"to": _TEXT, "turn": _TEXT, "new": _YES, "conversation": _TEXT}),
        _typed("answer", {"to": _TEXT}, {"message": _ref("message"), "form": _ref("form"), "pending": _YES}),
        _typed("error", {"to": _TEXT, "code": _TEXT, "text": _TEXT}),
        _typed("pong", {}),
    ]


def _form() -> Json:
    field = _object({
        "name": _TEXT, "label": _TEXT, "kind": {"enum": ["text", "date", "person"]}, "multiline": _YES,
        "optional": _YES, "options": _list(_ref("option")), "placeholder": _TEXT, "max_length": _NUMBER,
        "value": _TEXT, "error": _TEXT,
    })  # fmt: skip
    return _object({"form": _TEXT, "value": _TEXT, "title": _TEXT, "intro": _TEXT, "submit": _TEXT,
                    "back": _TEXT, "fields": _list(field)})  # fmt: skip


def _typed(type: str, needed: Json, more: Json | None = None) -> Json:
    return _object({"type": {"const": type}, **needed}, more)


def _object(needed: Json, more: Json | None = None) -> Json:
    return {
        "type": "object",
        "properties": {**needed, **(more or {})},
        "required": list(needed),
        "additionalProperties": False,
    }


def _list(of: Json) -> Json:
    return {"type": "array", "items": of}


def _ref(name: str) -> Json:
    return {"$ref": f"#/$defs/{name}"}
