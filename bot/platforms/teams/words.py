"""What was written, as plain text: our own mention taken out, the others by name, entities read once."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from typing import Any

_AT = re.compile(r"<at(?:\s[^<>]*)?>([^<>]*)</at>", re.IGNORECASE)
_BREAK = re.compile(r"<br\s*/?>|</(?:p|div|li)>", re.IGNORECASE)
_TAG = re.compile(r"</?[a-z][^<>]*>", re.IGNORECASE)
_ENTITY = re.compile(r"&(?:nbsp|amp|lt|gt|quot|apos|#\d{1,7}|#x[0-9a-f]{1,6});", re.IGNORECASE)
_BLANKS = re.compile(r"[ \t\u00a0]{2,}")
_MOST_ENTITIES = 200


def without_mention(text: str, payload: Mapping[str, Any]) -> tuple[str, bool]:
    """The words, and whether we were mentioned.

    The entity is believed, the text is not: anyone can type our name. Each entity of ours takes
    one occurrence out; a person of the same name keeps theirs.
    """
    ours = _our_mentions(payload)
    for mention in ours:
        text = _take_out(text, mention)
    text = _AT.sub(lambda at: "@" + at[1], text)
    if payload.get("textFormat") in ("xml", "html"):
        text = _TAG.sub("", _BREAK.sub("\n", text))
    # Entities last, and once: what somebody typed as a tag arrives as one here and stays text.
    text = _ENTITY.sub(lambda entity: html.unescape(entity[0]), text)
    return _BLANKS.sub(" ", clean(text).replace("\u00a0", " ")).strip(), bool(ours)


def _our_mentions(payload: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    entities = payload.get("entities")
    found = []
    for entity in (entities if isinstance(entities, list) else [])[:_MOST_ENTITIES]:
        match entity, payload:
            case {"type": "mention", "mentioned": {"id": str(who)}}, {"recipient": {"id": str(us)}} if (
                who == us
            ):
                found.append(entity)
    return found


def _take_out(text: str, mention: Mapping[str, Any]) -> str:
    written = mention.get("text")
    if isinstance(written, str) and written and written in text:
        return text.replace(written, " ", 1)
    name = mention["mentioned"].get("name")
    if isinstance(name, str) and name:
        pattern = rf"<at(?:\s[^<>]*)?>\s*{re.escape(name)}\s*</at>"
        return re.sub(pattern, " ", text, count=1, flags=re.IGNORECASE)
    return text


def clean(text: str) -> str:
    """What a database can hold: no NUL, no half of a surrogate pair."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode()
