"""Is this request from Slack, and does it hold what its content type says?"""

from __future__ import annotations

import hmac
import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from bot.errors import Malformed, Unverified
from bot.platforms.base import Payload

MAX_BODY = 1024 * 1024
MAX_DEPTH = 64
MAX_AGE = 300

# A whole string (or one that never ends), or a bracket: what depth is counted by. Linear on any bytes.
_STRUCTURE = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|[\[{]|[\]}]', re.DOTALL)
_UNSTORABLE = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])")


def check_signature(headers: Mapping[str, str], body: bytes, *, secret: str, now: float) -> None:
    """Slack's v0 signature over the raw bytes, at most five minutes old or early.

    An unset secret refuses everything: an empty key would let anybody sign.
    """
    if not secret:
        raise Unverified("SLACK_SIGNING_SECRET is not set, so no request can be from Slack")
    timestamp = _header(headers, "X-Slack-Request-Timestamp")
    signature = _header(headers, "X-Slack-Signature")
    if not re.fullmatch(r"[0-9]{1,12}", timestamp) or not signature:
        raise Unverified("the request carries no Slack signature")
    check_age(int(timestamp), now)
    if not matches(secret, timestamp, body, signature):
        raise Unverified("the Slack signature does not match")


def _header(headers: Mapping[str, str], name: str) -> str:
    """Whatever the case: the server's own headers know of none, others are searched."""
    found = headers.get(name)
    if found is None:
        found = next((value for each, value in headers.items() if each.lower() == name.lower()), "")
    return found


def check_age(timestamp: int, now: float) -> None:
    if abs(now - timestamp) > MAX_AGE:
        raise Unverified("the Slack signature is older or newer than five minutes")


def matches(secret: str, timestamp: str, body: bytes, signature: str) -> bool:
    base = b"v0:" + timestamp.encode() + b":" + body
    expected = "v0=" + hmac.digest(secret.encode(), base, "sha256").hex()
    return hmac.compare_digest(expected.encode(), signature.encode("utf-8", "replace"))


def parse(headers: Mapping[str, str], body: bytes) -> Payload:
    """The payload, whichever of Slack's three wrappings it came in."""
    if len(body) > MAX_BODY:
        raise Malformed("the body is larger than 1 MiB")
    kind = _header(headers, "Content-Type")
    match kind.partition(";")[0].strip().lower():
        case "application/json":
            return parse_json(body)
        case "application/x-www-form-urlencoded":
            return _parse_form(body)
        case _:
            raise Malformed("the content type is neither JSON nor a form")


def _parse_form(body: bytes) -> Payload:
    try:
        text = body.decode("ascii")
        pairs = parse_qsl(
            text, keep_blank_values=True, strict_parsing=bool(text), errors="strict", max_num_fields=64
        )
    except ValueError as error:
        raise Malformed("the form cannot be read") from error
    fields = _unique(pairs)
    if "payload" in fields:
        return parse_json(fields["payload"].encode("utf-8"))
    return {name: value.replace("\x00", "") for name, value in fields.items()}


def parse_json(body: bytes) -> Payload:
    """A JSON object that a database can store: no duplicate keys, no NUL, no half characters."""
    check_depth(body)
    try:
        parsed = json.loads(
            body.decode("utf-8"),
            object_pairs_hook=_unique,
            parse_constant=_refuse_constant,
            parse_int=_whole,
            parse_float=_real,
        )
    except (ValueError, RecursionError) as error:
        raise Malformed("the JSON cannot be read") from error
    if not isinstance(parsed, dict):
        raise Malformed("the JSON is not an object")
    return _storable(parsed) if _UNSTORABLE.search(body) else parsed


def check_depth(body: bytes) -> None:
    """Counted on the bytes, so that the parser never sees what would exhaust it."""
    if body.count(b"{") + body.count(b"[") <= MAX_DEPTH:
        return
    depth = 0
    for found in _STRUCTURE.finditer(body):
        first = found.group()[:1]
        if first in b"{[":
            depth += 1
            if depth > MAX_DEPTH:
                raise Malformed(f"the JSON is nested deeper than {MAX_DEPTH} levels")
        elif first in b"}]":
            depth -= 1


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Malformed("a name occurs twice in one object")
    return found


def _refuse_constant(name: str) -> float:
    raise Malformed("NaN and Infinity are not JSON")


def _whole(digits: str) -> int:
    if len(digits) > 18:
        raise Malformed("a number is too large")
    return int(digits)


def _real(digits: str) -> float:
    value = float(digits)
    if value in (float("inf"), float("-inf")):
        raise Malformed("a number is too large")
    return value


def _storable(value: Any) -> Any:
    match value:
        case str():
            whole = value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
            return whole.replace("\x00", "")
        case list():
            return [_storable(item) for item in value]
        case dict():
            return _unique([(_storable(name), _storable(item)) for name, item in value.items()])
        case _:
            return value
