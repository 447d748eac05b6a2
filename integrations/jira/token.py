"""The token (JWT, HS256) with which an app's webhooks come: stdlib only, for the front checks it.

It is bound to one address by `qsh`, a hash of method, path and query, and lives for minutes.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import re
from typing import Any

# Clocks differ by this much, and no token of Jira's lives longer than that.
LEEWAY = 60.0
LONGEST_LIFE = 900.0

_PARTS = re.compile(r"([A-Za-z0-9_-]{1,2000})\.([A-Za-z0-9_-]{1,6000})\.([A-Za-z0-9_-]{43})", re.ASCII)


class BadToken(ValueError):
    """Not a token that we can go by."""


def query_hash(method: str, path: str, query: str = "") -> str:
    """Atlassian's `qsh` of a request without, or with an already canonical, query."""
    return hashlib.sha256(f"{method}&{path.rstrip('/') or '/'}&{query}".encode()).hexdigest()


def make(claims: dict[str, Any], secret: str, *, algorithm: str = "HS256") -> str:
    """A token as Jira makes it."""
    head = _encode(json.dumps({"typ": "JWT", "alg": algorithm}).encode())
    signed = f"{head}.{_encode(json.dumps(claims).encode())}"
    return f"{signed}.{_encode(_digest(signed, secret))}"


def check(value: str, secrets: list[str], now: float, *, method: str, path: str) -> None:
    """Raises `BadToken`. Nothing in it is parsed before its signature is good."""
    found = _PARTS.fullmatch(value)
    if found is None:
        raise BadToken("the token is malformed")
    signed = f"{found[1]}.{found[2]}"
    matches = [hmac.compare_digest(_encode(_digest(signed, each)), found[3]) for each in secrets]
    if not any(matches):
        raise BadToken("the token's signature does not match")
    head, claims = _decode(found[1]), _decode(found[2])
    if head.get("alg") != "HS256":
        raise BadToken("the token is signed in another way than it should be")
    began, ends = _time(claims, "iat"), _time(claims, "exp")
    if not 0 < ends - began <= LONGEST_LIFE:
        raise BadToken("the token has no reasonable lifetime")
    if not began - LEEWAY <= now <= ends + LEEWAY:
        raise BadToken("the token is stale")
    if not hmac.compare_digest(str(claims.get("qsh") or "").encode(), query_hash(method, path).encode()):
        raise BadToken("the token is for another address")


def _time(claims: dict[str, Any], name: str) -> float:
    value = claims.get(name)
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 < value < 1e11:
        raise BadToken("the token has no reasonable lifetime")
    return float(value)


def _digest(signed: str, secret: str) -> bytes:
    return hmac.new(secret.encode(), signed.encode(), hashlib.sha256).digest()


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _decode(part: str) -> dict[str, Any]:
    try:
        found = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (ValueError, binascii.Error, RecursionError):
        raise BadToken("the token is malformed") from None
    if not isinstance(found, dict):
        raise BadToken("the token is malformed")
    return found
