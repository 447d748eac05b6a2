"""What `format` and `pattern` ask for, checked in time that does not depend on who chose the text."""

from __future__ import annotations

import base64
import binascii
import ipaddress
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from integrations.openapi.source import DocumentError

_EMAIL = re.compile(r"[^@\s<>]{1,64}@[^@\s<>]{1,255}\Z")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")
_TIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?([Zz]|[+-][0-9]{2}:?[0-9]{2})\Z"
)
_HOST = re.compile(
    r"(?=.{1,253}\Z)[A-Za-z0-9]([A-Za-z0-9-]{0,62})(\.[A-Za-z0-9][A-Za-z0-9-]{0,62}){0,126}\.?\Z"
)


def _of(parse: Callable[[str], object]) -> Callable[[Any], bool]:
    """For texts that a parser takes; anything that is no text is none of a format's business."""

    def fits(value: Any) -> bool:
        if not isinstance(value, str):
            return True
        try:
            return bool(parse(value))
        except (ValueError, binascii.Error):
            return False

    return fits


def _within(bits: int) -> Callable[[Any], bool]:
    edge = 1 << (bits - 1)
    return lambda value: not isinstance(value, int) or isinstance(value, bool) or -edge <= value < edge


def _uri(value: str) -> bool:
    parts = urlsplit(value)
    return bool(parts.scheme) and not re.search(r"[\s<>\"]", value)


def _moment(value: str) -> bool:
    if not _TIME.match(value):
        return False
    return bool(datetime.fromisoformat(re.sub(r"[Zz]\Z", "+00:00", re.sub(r"\.[0-9]+", "", value))))


FORMATS: Mapping[str, Callable[[Any], bool]] = {
    "int32": _within(32),
    "int64": _within(64),
    "date": _of(lambda value: _DATE.match(value) and date.fromisoformat(value)),
    "date-time": _of(_moment),
    "email": _of(_EMAIL.match),
    "uuid": _of(lambda value: len(value) == 36 and UUID(value)),
    "ipv4": _of(ipaddress.IPv4Address),
    "ipv6": _of(ipaddress.IPv6Address),
    "hostname": _of(_HOST.match),
    "uri": _of(_uri),
    "byte": _of(lambda value: base64.b64decode(value, validate=True) is not None),
}


@lru_cache(maxsize=2000)
def pattern(source: str) -> Callable[[str], bool]:
    """Does it occur in a text? By RE2, which takes linear time whatever the pattern.

    Raises `DocumentError` for what RE2 cannot do (looking around, back-references).
    """
    import re2

    options = re2.Options()
    options.log_errors = False
    options.max_mem = 4 << 20
    # JavaScript, whose patterns these are, writes a character by its code as \uXXXX.
    spelled = re.sub(r"(?<!\\)((?:\\\\)*)\\u([0-9A-Fa-f]{4})", r"\1\\x{\2}", source)
    try:
        compiled = re2.compile(spelled, options)
    except re2.error:
        raise DocumentError(f"has a pattern that is not checked here: {source[:60]!r}") from None
    return lambda text: compiled.search(text) is not None
