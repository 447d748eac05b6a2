"""Notion's ids: what people paste, made into the one form that is safe to put into a path."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

_PLAIN = re.compile(
    r"[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}", re.ASCII | re.IGNORECASE
)
_AT_THE_END = re.compile(r"(?:^|[^0-9a-fA-F])([0-9a-fA-F]{32})$", re.ASCII)
LONGEST = 2000


class NotAnId(ValueError):
    """The text names nothing at Notion."""


def as_id(text: str) -> str:
    """The id in dashed lower case, of an id or of the address of a page.

    Of an address nothing but the id is taken, so whose address it is makes no difference.
    Raises `NotAnId`.
    """
    words = text.strip()
    if len(words) > LONGEST:
        raise NotAnId("this is too long for a Notion page")
    if _PLAIN.fullmatch(words):
        return _dashed(words)
    try:
        parts = urlsplit(words)
        shown = parse_qs(parts.query, max_num_fields=50).get("p", [""])[0]
    except ValueError:
        raise NotAnId("this is no Notion page: paste its address") from None
    if parts.scheme in ("http", "https"):
        for candidate in (shown, parts.path.rstrip("/").rpartition("/")[2]):
            if _PLAIN.fullmatch(candidate):
                return _dashed(candidate)
            if found := _AT_THE_END.search(candidate):
                return _dashed(found[1])
    raise NotAnId("this is no Notion page: paste its address")


def is_id(text: str) -> bool:
    return bool(_PLAIN.fullmatch(text)) and text == _dashed(text)


def _dashed(found: str) -> str:
    digits = found.replace("-", "").lower()
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
