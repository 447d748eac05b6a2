"""A document as an index of its operations. Nothing of it is converted until somebody names an operation."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from integrations.openapi.source import DocumentError, check_ref, read

METHODS = ("get", "head", "put", "post", "patch", "delete")
MOST_OPERATIONS = 20_000
MOST_HOPS = 20
LONGEST_NAME = 64

_VERSION = re.compile(r"3\.[01](\.[0-9]{1,3})?\Z")
_NOT_IN_A_NAME = re.compile(r"[^A-Za-z0-9_-]+")


@dataclass(frozen=True, slots=True)
class Place:
    """Where an operation stands. `shared` is what its path says for all of its methods."""

    name: str
    method: str
    path: str
    shared: Mapping[str, Any]
    raw: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Document:
    """`operations` are by the second half of the tool's name; in `clashes` several share one.

    `old` is OpenAPI 3.0, whose schemas are not quite JSON Schema. `server` is the first of the
    document's, or "".
    """

    raw: Mapping[str, Any]
    title: str
    old: bool
    server: str
    operations: Mapping[str, Place]
    clashes: Mapping[str, tuple[str, ...]]

    def resolve(self, value: Any) -> Any:
        """What it refers to, where it is a reference. Raises `DocumentError`."""
        for _ in range(MOST_HOPS):
            ref = value.get("$ref") if isinstance(value, Mapping) else None
            if not isinstance(ref, str):
                return value
            value = self.at(ref)
        raise DocumentError("has a reference that leads to itself")

    def at(self, ref: str) -> Any:
        """What a local reference points to, by RFC 6901. Raises `DocumentError`."""
        check_ref(ref)
        here: Any = self.raw
        for part in ref[2:].split("/"):
            key = unquote(part).replace("~1", "/").replace("~0", "~")
            if isinstance(here, Mapping) and key in here:
                here = here[key]
            elif isinstance(here, list) and key.isdecimal() and len(key) < 8 and int(key) < len(here):
                here = here[int(key)]
            else:
                raise DocumentError(f"refers to {ref[:80]!r}, which is not in it")
        return here


def load(content: bytes) -> Document:
    """Raises `DocumentError`."""
    raw = read(content)
    if not isinstance(raw, dict) or not isinstance(raw.get("openapi"), str):
        raise DocumentError("is not an OpenAPI document: it has no `openapi: 3.…`")
    if not _VERSION.match(raw["openapi"]):
        raise DocumentError(f"is OpenAPI {raw['openapi'][:10]!r}; 3.0 and 3.1 are understood")
    info = raw.get("info")
    title = info.get("title") if isinstance(info, dict) else None
    document = Document(raw, str(title or "")[:100], raw["openapi"].startswith("3.0"), _server(raw), {}, {})
    found: dict[str, list[Place]] = {}
    for count, place in enumerate(_places(document)):
        if count >= MOST_OPERATIONS:
            raise DocumentError(f"has more than {MOST_OPERATIONS} operations")
        found.setdefault(place.name, []).append(place)
    return Document(
        raw,
        document.title,
        document.old,
        document.server,
        {name: places[0] for name, places in found.items() if len(places) == 1},
        {
            name: tuple(f"{p.method.upper()} {p.path}" for p in places)
            for name, places in found.items()
            if len(places) > 1
        },
    )


def name_of(operation_id: Any, method: str, path: str) -> str:
    """The second half of the tool's name: letters, digits, _ and -, at most 64 of them."""
    wanted = operation_id if isinstance(operation_id, str) and operation_id else f"{method}{path}"
    name = _NOT_IN_A_NAME.sub("_", wanted).strip("_")
    if not name:
        name = f"{method}_{hashlib.sha256(wanted.encode()).hexdigest()[:8]}"
    if len(name) > LONGEST_NAME:
        name = f"{name[: LONGEST_NAME - 9]}_{hashlib.sha256(wanted.encode()).hexdigest()[:8]}"
    return name


def _places(document: Document) -> Iterator[Place]:
    paths = document.raw.get("paths", {})
    if not isinstance(paths, dict):
        raise DocumentError("has `paths` that is no mapping")
    for path, item in paths.items():
        item = document.resolve(item)
        if not isinstance(item, dict):
            raise DocumentError(f"has a path {path[:80]!r} that is no mapping")
        for method in METHODS:
            raw = item.get(method)
            if isinstance(raw, dict):
                yield Place(name_of(raw.get("operationId"), method, path), method, path, item, raw)


def _server(raw: Mapping[str, Any]) -> str:
    """Of an operation's own `servers` nothing is believed: one document, one host."""
    match raw.get("servers"):
        case [{"url": str(url)}, *_]:
            return url
        case _:
            return ""
