"""Our marks at Notion, by which a second try finds what the first one left.

A page carries its mark in a property, an addition in a line of its own above it. Notion copies
both when somebody duplicates a page, so a mark counts only on what we made ourselves.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from typing import Any

from integrations.notion.plain import Data, block_text, runs_text

_LINE = "Added by Countersign · ref "
_LOOKS_LIKE_ONE = re.compile(r"\s*Added\s+by\s+Countersign\s*·\s*ref", re.IGNORECASE)
WORD_JOINER = "\u2060"


def of_page(effect_key: str) -> str:
    """For the property. The key itself stays here: it names a run."""
    return "cs-" + hashlib.sha256(effect_key.encode()).hexdigest()[:40]


def of_addition(effect_key: str) -> str:
    """The line above an addition, for people too: it says where this comes from."""
    return _LINE + hashlib.sha256(b"addition " + effect_key.encode()).hexdigest()[:20]


def line(effect_key: str) -> Data:
    run = {"type": "text", "text": {"content": of_addition(effect_key)}, "annotations": {"color": "gray"}}
    return {"type": "paragraph", "paragraph": {"rich_text": [run]}}


def unmarked(blocks: Iterable[Data]) -> list[Data]:
    """What people wrote, so that none of it reads as a mark of ours."""
    return [_spoiled(block) if _LOOKS_LIKE_ONE.match(block_text(block)) else block for block in blocks]


def _spoiled(block: Data) -> Data:
    kind = block["type"]
    first, *rest = block[kind]["rich_text"]
    spoiled = first | {"text": first["text"] | {"content": WORD_JOINER + first["text"]["content"]}}
    return block | {kind: block[kind] | {"rich_text": [spoiled, *rest]}}


def is_line(block: Mapping[str, Any], effect_key: str) -> bool:
    inner = block.get("paragraph")
    return isinstance(inner, Mapping) and runs_text(inner.get("rich_text")) == of_addition(effect_key)


def made_by(thing: Mapping[str, Any], user: str) -> bool:
    by = thing.get("created_by")
    return isinstance(by, Mapping) and by.get("id") == user
