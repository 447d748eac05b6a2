"""A document's bytes → plain data. It is untrusted: size, depth and number of values are bounded."""

from __future__ import annotations

import re
from typing import Any

import orjson
import yaml

LARGEST = 20 << 20
DEEPEST = 100
MOST_VALUES = 3_000_000

_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_TRUTHS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]{0,17})\Z")
_DECIMAL = re.compile(r"[-+]?(0|[1-9][0-9]{0,16})(\.[0-9]{1,17}([eE][-+]?[0-9]{1,3})?|[eE][-+]?[0-9]{1,3})\Z")

# libyaml's parser where PyYAML has it: a document of some MB is a matter of seconds, not of a minute.
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class DocumentError(Exception):
    """What is wrong with a document, as the end of a sentence: "is larger than 20 MiB"."""


def read(content: bytes) -> Any:
    """JSON or YAML, told apart by the first character. Raises `DocumentError`."""
    if len(content) > LARGEST:
        raise DocumentError(f"is larger than {LARGEST >> 20} MiB")
    content = content.removeprefix(b"\xef\xbb\xbf")
    value = _json(content) if content.lstrip()[:1] in (b"{", b"[") else _yaml(content)
    check(value)
    return value


def check(value: Any) -> None:
    """Nothing in it is nested too deeply, and every `$ref` in it stays inside. Raises `DocumentError`.

    A reference that leads out would have whoever follows it fetch an address, or open a file,
    that the document's author chose.
    """
    todo, seen = [(value, 0)], 0
    while todo:
        here, depth = todo.pop()
        if depth > DEEPEST:
            raise DocumentError(f"is nested more than {DEEPEST} levels deep")
        inner: Any = ()
        if isinstance(here, dict):
            for name in ("$ref", "$dynamicRef", "$recursiveRef"):
                ref = here.get(name)
                if isinstance(ref, str):
                    check_ref(ref)
            inner = here.values()
        elif isinstance(here, list):
            inner = here
        seen += len(inner)
        if seen > MOST_VALUES:
            raise DocumentError(f"holds more than {MOST_VALUES} values")
        todo.extend((each, depth + 1) for each in inner if isinstance(each, dict | list))


def check_ref(ref: str) -> None:
    if not ref.startswith("#/"):
        raise DocumentError(
            f"refers to {ref[:80]!r}: only references inside the document (#/…) are followed; bundle it first"
        )


def _json(content: bytes) -> Any:
    try:
        return orjson.loads(content)
    except ValueError as error:
        line = getattr(error, "lineno", 0)
        raise DocumentError(f"is not JSON (line {line})") from None


def _yaml(content: bytes) -> Any:
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        raise DocumentError("is not UTF-8 text") from None
    try:
        return _built(text)
    except yaml.reader.ReaderError:
        raise DocumentError("holds a character that YAML does not allow") from None
    except yaml.YAMLError as error:
        mark: Any = getattr(error, "problem_mark", None)
        raise DocumentError(f"is not YAML (line {mark.line + 1 if mark else 0})") from None


def _built(text: str) -> Any:
    """From the parser's events, one by one: nothing is expanded and nothing recurses."""
    root: list[Any] = []
    stack: list[_Open] = [_Open(root)]
    documents = 0
    for event in yaml.parse(text, Loader=_LOADER):
        match event:
            case yaml.AliasEvent():
                raise DocumentError(f"uses an alias (line {_line(event)}); write it out")
            case yaml.DocumentStartEvent():
                documents += 1
                if documents > 1:
                    raise DocumentError("holds several YAML documents")
            case yaml.ScalarEvent():
                _refuse_tag(event)
                stack[-1].put(event.value if stack[-1].wants_key else _scalar(event), event)
            case yaml.MappingStartEvent() | yaml.SequenceStartEvent():
                _refuse_tag(event)
                made: Any = {} if isinstance(event, yaml.MappingStartEvent) else []
                stack[-1].put(made, event)
                stack.append(_Open(made))
                if len(stack) > DEEPEST + 2:
                    raise DocumentError(f"is nested more than {DEEPEST} levels deep")
            case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                stack.pop()
    return root[0] if root else None


class _Open:
    """A mapping or sequence that is being filled."""

    __slots__ = ("into", "key", "wants_key")

    def __init__(self, into: Any) -> None:
        self.into, self.key, self.wants_key = into, "", isinstance(into, dict)

    def put(self, value: Any, event: Any) -> None:
        if isinstance(self.into, list):
            self.into.append(value)
        elif not self.wants_key:
            self.into[self.key] = value
            self.wants_key = True
        else:
            line = _line(event)
            if not isinstance(value, str):
                raise DocumentError(f"has a key that is no plain word (line {line})")
            if value in self.into:
                raise DocumentError(f"has {value[:60]!r} twice (line {line})")
            self.key, self.wants_key = value, False


def _line(event: Any) -> int:
    return int(event.start_mark.line) + 1


def _refuse_tag(event: Any) -> None:
    if event.tag not in (None, "!"):
        raise DocumentError(f"uses a YAML tag (line {_line(event)})")


def _scalar(event: Any) -> Any:
    """Plain `no`, `on` and dates are texts, as JSON has it."""
    text: str = event.value
    if event.style:  # quoted, or a block; a plain one is "" to libyaml and None to PyYAML
        return text
    if text in _NULLS:
        return None
    if text in _TRUTHS:
        return _TRUTHS[text]
    if _INTEGER.match(text):
        return int(text)
    if _DECIMAL.match(text):
        return float(text)
    return text
