"""One operation, ready to be called: its parameters, its body, and the schema of its arguments."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from integrations.openapi.document import Document, Place
from integrations.openapi.schema import Converter, Schema
from integrations.openapi.serialise import STYLES, USUAL
from integrations.openapi.source import DocumentError

BODY = "body"
MOST_PARAMETERS = 100
LONGEST_SUMMARY = 80

# OpenAPI says that these are not parameters, whatever a document says; the rest steer the
# connection itself, or carry credentials, and are nobody's to choose.
_IGNORED = frozenset({"accept", "content-type", "authorization"})
_OURS = frozenset(
    {
        "host",
        "content-length",
        "content-encoding",
        "transfer-encoding",
        "connection",
        "cookie",
        "expect",
        "te",
    }
    | {"trailer", "upgrade", "keep-alive", "accept-encoding", "proxy-authorization", "forwarded", "via"}
    | {"x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-http-method-override"}
)
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}\Z")
_PARAMETER_NAME = re.compile(r"[\x20-\x7e]{1,100}\Z")
_TEMPLATE = re.compile(r"(?:/(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|\{[^{}/?#]{1,100}\})*)+\Z")
_JSON = re.compile(r"application/(?:[\w.+-]+\+)?json\s*(?:;.*)?\Z", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Parameter:
    """`argument` is its name among the arguments; `json`: its value is written as JSON."""

    name: str
    where: str
    argument: str
    required: bool
    style: str
    explode: bool
    json: bool = False


@dataclass(frozen=True, slots=True)
class Operation:
    """`media` is the body's type, "" where there is none. `answers`: success always has a body."""

    name: str
    method: str
    path: str
    summary: str
    parameters: tuple[Parameter, ...]
    media: str
    accept: str
    answers: bool
    schema: Mapping[str, Any]

    @property
    def reads(self) -> bool:
        return self.method in ("get", "head")

    def fingerprint(self) -> str:
        """Changes with anything that changes what a call with the same arguments would do."""
        sent = [self.method, self.path, self.media, [repr(each) for each in self.parameters], self.schema]
        return hashlib.sha256(json.dumps(sent, sort_keys=True).encode()).hexdigest()


def build(document: Document, place: Place, hidden: Collection[tuple[str, str]] = ()) -> Operation:
    """Raises `DocumentError` for what is not supported. `hidden` parameters (where, name) are
    not to be given: they carry our credentials or our key."""
    odd = "//" in place.path or {".", ".."} & set(place.path.split("/"))
    if odd or not _TEMPLATE.match(place.path):
        raise DocumentError(f"has the path {place.path[:80]!r}, which is not called")
    raw_parameters = list(_parameters(document, place, hidden))
    media, body, required = _body(document, place)
    parameters, properties, needed = [], dict[str, Schema](), []
    converter = Converter(document)
    for raw, argument in _named(raw_parameters, bool(media)):
        parameter, schema = _parameter(document, raw, argument)
        parameters.append(parameter)
        described = {"description": str(raw.get("description", ""))[:200]} if raw.get("description") else {}
        made = converter.convert(schema)
        properties[argument] = described | made if isinstance(made, dict) else made
        if parameter.required:
            needed.append(argument)
    if media:
        properties[BODY] = converter.convert(body)
        needed += [BODY] if required else []
    _check_path(place.path, parameters)
    schema = {"type": "object", "properties": properties, "required": needed, "additionalProperties": False}
    if converter.definitions:
        schema["$defs"] = converter.definitions
    accept, answers = _answer(document, place)
    return Operation(
        place.name,
        place.method,
        place.path,
        _summary(place),
        tuple(parameters),
        media,
        accept,
        answers,
        schema,
    )


def _parameters(
    document: Document, place: Place, hidden: Collection[tuple[str, str]]
) -> Iterator[Mapping[str, Any]]:
    """The path's and the operation's own, the latter win."""
    found: dict[tuple[str, str], Mapping[str, Any]] = {}
    for raws in (place.shared.get("parameters") or [], place.raw.get("parameters") or []):
        if not isinstance(raws, list) or len(raws) > MOST_PARAMETERS:
            raise DocumentError(f"has parameters that are no list of at most {MOST_PARAMETERS}")
        for raw in raws:
            raw = document.resolve(raw)
            match raw:
                case {"name": str(name), "in": "path" | "query" | "header" | "cookie" as where}:
                    found[where, name] = raw
                case _:
                    raise DocumentError("has a parameter without name or place")
    for (where, name), raw in found.items():
        if (where, name.lower() if where == "header" else name) in hidden:
            continue
        if where == "header" and name.lower() in _IGNORED:
            continue
        if where == "cookie" or (where == "header" and name.lower() in _OURS):
            if raw.get("required") is True:
                raise DocumentError(f"needs the {where} {name[:40]!r}, which is not sent")
            continue
        if not (_HEADER_NAME if where == "header" else _PARAMETER_NAME).match(name):
            raise DocumentError("has a parameter whose name cannot be sent")
        yield raw


def _named(raws: list[Mapping[str, Any]], has_body: bool) -> Iterator[tuple[Mapping[str, Any], str]]:
    """Each with its name among the arguments: where a name is taken, the place stands before it."""
    names = Counter(str(raw["name"]) for raw in raws) + Counter([BODY] if has_body else [])
    taken = set[str]()
    for raw in raws:
        name = str(raw["name"])
        argument = f"{raw['in']}_{name}" if names[name] > 1 else name
        if argument in taken or (argument != name and argument in names):
            raise DocumentError(f"has two parameters that would be called {argument[:60]!r}")
        taken.add(argument)
        yield raw, argument


def _parameter(document: Document, raw: Mapping[str, Any], argument: str) -> tuple[Parameter, Any]:
    where, name = str(raw["in"]), str(raw["name"])
    required = where == "path" or raw.get("required") is True
    if "content" in raw:
        media, content = next(iter((raw["content"] or {}).items()), ("", {}))
        if not _JSON.match(str(media)) or not isinstance(content, Mapping):
            raise DocumentError(f"has a parameter {name[:40]!r} that is no JSON")
        return Parameter(name, where, argument, required, USUAL[where], False, True), content.get(
            "schema", {}
        )
    style = raw.get("style", USUAL[where])
    if style not in STYLES[where]:
        raise DocumentError(f"has a parameter {name[:40]!r} of the style {str(style)[:20]!r}")
    explode = raw.get("explode", style == "form")
    return Parameter(name, where, argument, required, style, explode is True), raw.get("schema", {})


def _body(document: Document, place: Place) -> tuple[str, Any, bool]:
    raw = document.resolve(place.raw.get("requestBody"))
    if raw is None:
        return "", None, False
    content = raw.get("content") if isinstance(raw, Mapping) else None
    if not isinstance(content, Mapping):
        raise DocumentError("has a request body without content")
    required = raw.get("required") is True
    for media, each in content.items():
        if _JSON.match(str(media)) and isinstance(each, Mapping):
            return str(media), each.get("schema", {}), required
    if required or place.method in ("post", "put", "patch"):
        told = ", ".join(str(media)[:40] for media in list(content)[:3])
        raise DocumentError(f"takes {told or 'nothing'}, and only JSON is sent")
    return "", None, False


def _answer(document: Document, place: Place) -> tuple[str, bool]:
    """The JSON type that it answers with, and whether success always has a body."""
    responses = place.raw.get("responses")
    good = [
        document.resolve(each)
        for status, each in (responses.items() if isinstance(responses, Mapping) else ())
        if str(status).startswith("2")
    ]
    contents = [each.get("content") or {} for each in good if isinstance(each, Mapping)]
    medias = [str(media) for content in contents for media in content]
    found = next((media for media in medias if _JSON.match(media)), "")
    if medias and not found and "*/*" not in medias and all(contents):
        raise DocumentError(f"answers with {medias[0][:40]}, and only JSON is read")
    return found or "application/json", bool(contents) and all(contents)


def _check_path(path: str, parameters: list[Parameter]) -> None:
    named = set(re.findall(r"\{([^{}]+)\}", path))
    given = {each.name for each in parameters if each.where == "path"}
    if named != given:
        odd = ", ".join(sorted(named ^ given))[:80]
        raise DocumentError(f"has a path whose parameters do not agree with it: {odd}")


def _summary(place: Place) -> str:
    """Of the document's words only what a card's heading can bear."""
    said = place.raw.get("summary")
    text = " ".join(said.split()) if isinstance(said, str) else ""
    text = "".join(each for each in text if each.isprintable())
    text = text or place.name.replace("_", " ").replace("-", " ")
    return text[:LONGEST_SUMMARY].rstrip(". ") or place.name
