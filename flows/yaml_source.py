"""YAML read as untrusted input: no aliases, no surprises, every value with its line.

Plain `yes`, `on`, `NO` and `12:30` are strings here; only true/false, integers, decimals and
null are anything else. Duplicate keys, aliases, tags, depth and size beyond a limit are refused.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from flows.errors import FlowError, Mistake

MOST_BYTES = 256 * 1024
MOST_DEPTH = 20

_INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,14})$")
_DECIMAL = re.compile(r"-?(0|[1-9][0-9]{0,9})\.[0-9]{1,6}$")


@dataclass(frozen=True, slots=True)
class Source:
    """The values, and the line (from 1) of each by its path: `("steps", 0, "text")`."""

    file: str
    value: Any
    lines: Mapping[tuple[str | int, ...], int]


def read(file: str, content: bytes) -> Source:
    """Raises `FlowError` with the line of what is wrong."""
    if len(content) > MOST_BYTES:
        raise FlowError([Mistake(file, 0, "", "", f"is larger than {MOST_BYTES // 1024} KiB")])
    try:
        text = content.decode("utf-8")
        # Nothing that nests too deep is given to the parser, which would run out of stack.
        _depth(file, text)
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise FlowError([Mistake(file, line, "", "", "is not UTF-8 text")]) from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        character = error.character if isinstance(error.character, int) else ord(error.character)
        problem = f"holds the character U+{character:04X}, which YAML does not allow"
        raise FlowError([Mistake(file, line, "", "", problem)]) from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or "is not YAML"
        raise FlowError([Mistake(file, mark.line + 1 if mark else 0, "", "", str(problem))]) from None
    lines: dict[tuple[str | int, ...], int] = {}
    value = _value(file, node, (), lines)
    return Source(file, value, lines)


def _depth(file: str, text: str) -> None:
    depth = 0
    for token in yaml.scan(text, Loader=yaml.SafeLoader):
        if isinstance(token, yaml.AnchorToken | yaml.AliasToken | yaml.TagToken):
            line = token.start_mark.line + 1
            raise FlowError([Mistake(file, line, "", "", "anchors, aliases and tags are not allowed")])
        if isinstance(
            token,
            yaml.BlockMappingStartToken
            | yaml.BlockSequenceStartToken
            | yaml.FlowMappingStartToken
            | yaml.FlowSequenceStartToken,
        ):
            depth += 1
            if depth > MOST_DEPTH:
                raise FlowError([Mistake(file, token.start_mark.line + 1, "", "", "is nested too deeply")])
        if isinstance(token, yaml.BlockEndToken | yaml.FlowMappingEndToken | yaml.FlowSequenceEndToken):
            depth -= 1


def _value(
    file: str,
    node: yaml.Node | None,
    path: tuple[str | int, ...],
    lines: dict[tuple[str | int, ...], int],
) -> Any:
    if node is None:
        return None
    lines[path] = node.start_mark.line + 1
    match node:
        case yaml.ScalarNode():
            _sayable(file, node)
            return _scalar(node)
        case yaml.SequenceNode(value=children):
            return [_value(file, child, (*path, at), lines) for at, child in enumerate(children)]
        case yaml.MappingNode(value=pairs):
            found: dict[str, Any] = {}
            for key_node, child in pairs:
                line = key_node.start_mark.line + 1
                if not isinstance(key_node, yaml.ScalarNode):
                    raise FlowError([Mistake(file, line, "", "", "a key must be a plain word")])
                key = key_node.value
                _sayable(file, key_node)
                if key in found:
                    raise FlowError([Mistake(file, line, "", key, "stands here twice")])
                found[key] = _value(file, child, (*path, key), lines)
                lines[(*path, key)] = line
            return found
    raise FlowError([Mistake(file, node.start_mark.line + 1, "", "", "is of an unknown kind")])


def _sayable(file: str, node: yaml.ScalarNode) -> None:
    """An escape ("\\0", "\\ud800") can spell what no message and no database column can hold."""
    for character in node.value:
        if (character < " " and character not in "\n\t\r") or "\ud800" <= character <= "\udfff":
            problem = f"spells the character U+{ord(character):04X}, which cannot be shown"
            raise FlowError([Mistake(file, node.start_mark.line + 1, "", "", problem)])


def _scalar(node: yaml.ScalarNode) -> Any:
    text: str = node.value
    if node.style is not None:
        return text
    if text in ("", "null", "~"):
        return None
    if text in ("true", "false"):
        return text == "true"
    if _INTEGER.match(text):
        return int(text)
    if _DECIMAL.match(text):
        return float(text)
    return text
