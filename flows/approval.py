"""What an approval is bound to: what ran is what was seen, or nothing runs."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Sealed:
    """All that the digest covers. `account` names the service account that is acted on,
    `expires_at` is in ISO 8601, as stored. `terms`: who has to agree, as it was asked, in canonical
    JSON; `card`: the fingerprint of what people were shown. Empty for what was asked before these
    were kept, which has the digest that it had then.
    """

    tenant: str
    requester: str
    tool: str
    arguments: Mapping[str, Any]
    account: str
    flow_version: str
    step: str
    policy_version: str
    approval: str
    expires_at: str
    terms: str = ""
    card: str = ""


def canonical(value: Any) -> bytes:
    """One sequence of bytes for one JSON value (RFC 8785 for strings, integers, booleans and null).

    Raises ValueError for floats, which have more than one spelling, for unknown types, for half
    a surrogate pair, and for what is nested without end.
    """
    try:
        _only_exact(value)
        text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    except RecursionError:
        raise ValueError("nested too deeply to have a canonical form") from None
    return text.encode("utf-8")


def _only_exact(value: Any) -> None:
    match value:
        case None | bool() | int() | str():
            return
        case dict():
            for key, inner in value.items():
                if not isinstance(key, str):
                    raise ValueError("keys are strings")
                _only_exact(inner)
        case list() | tuple():
            for inner in value:
                _only_exact(inner)
        case _:
            raise ValueError(f"a {type(value).__name__} has no canonical form here")


def exact(text: bytes) -> Any:
    """The JSON value of stored bytes, where they can be read in one way only: the order of keys and
    blanks mean nothing, but a key that comes twice, or a number with a point, is another value to
    each reader. Raises ValueError."""
    try:
        return json.loads(
            text.decode("utf-8"),
            object_pairs_hook=_without_twins,
            parse_float=_inexact,
            parse_constant=_inexact,
        )
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _without_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key comes twice")
    return found


def _inexact(_number: str) -> Any:
    raise ValueError("a number that has more than one spelling")


def digest(sealed: Sealed) -> bytes:
    """SHA-256 over the canonical bytes."""
    fields = {name: value for name, value in asdict(sealed).items() if value or name not in _LATER}
    return hashlib.sha256(canonical(fields)).digest()


_LATER = ("terms", "card")


def fingerprint(value: Any) -> str:
    """SHA-256 over the canonical bytes of a JSON value, in hexadecimal."""
    return hashlib.sha256(canonical(value)).hexdigest()


def code(digest: bytes) -> str:
    """The first 30 bits as six letters and digits that are hard to confuse, for card and audit."""
    return base64.b32encode(digest[:4]).decode()[:6]
