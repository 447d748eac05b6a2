"""Who is it? A token of ours, or a session that the tenant's own server signed. Every doubt is a 401.

This part is pure: it reads tokens and checks signatures. Which tokens there are, `Keys` knows.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import jwt

from bot.errors import Unverified
from bot.platforms.web.limits import EMAIL, SUBJECT

ALGORITHM = "HS256"
AUDIENCE = "countersign"
LONGEST_SESSION = 3600.0
LEEWAY = 30.0
LONGEST_TOKEN = 4_096
_OURS = re.compile(r"csw_([0-9a-f]{32})_([0-9a-f]{16})_([A-Za-z0-9_-]{43})")
_KEY = re.compile(r"[0-9a-f]{16}")


@dataclass(frozen=True, slots=True)
class Token:
    """`tenant` is only where to look: it counts once the hash was found there."""

    tenant: UUID
    id: str
    hash: str


@dataclass(frozen=True, slots=True)
class Claimed:
    """A session before its signature was checked: whose secret has to have signed it."""

    tenant: UUID
    issuer: str


@dataclass(frozen=True, slots=True)
class Session:
    """A session that holds. `email` is empty unless the issuer says that it is verified."""

    user: str
    name: str
    email: str
    time_zone: str
    expires: float


def new_token(tenant: UUID) -> tuple[str, Token]:
    """The token itself, to be shown once, and what is kept of it."""
    text = f"csw_{tenant.hex}_{secrets.token_hex(8)}_{secrets.token_urlsafe(32)}"
    found = read_token(text)
    assert found is not None
    return text, found


def new_secret() -> tuple[str, str]:
    """An issuer's name and its secret."""
    return secrets.token_hex(8), f"cws_{secrets.token_urlsafe(48)}"


def bearer(authorization: str) -> str:
    scheme, _, token = authorization.partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer":
        raise Unverified("A bearer token is missing.")
    return checked(token)


def checked(token: str) -> str:
    if not token or len(token) > LONGEST_TOKEN or not token.isascii():
        raise Unverified("A bearer token is missing.")
    return token


def read_token(text: str) -> Token | None:
    """None where it is no token of ours, but perhaps a session."""
    found = _OURS.fullmatch(text)
    return Token(UUID(found[1]), found[2], hashlib.sha256(text.encode()).hexdigest()) if found else None


def same(kept: str, hash: str) -> bool:
    return hmac.compare_digest(kept.encode(), hash.encode())


def read_claimed(text: str) -> Claimed:
    """From a session that nobody has checked yet, the two things that lead to the secret."""
    try:
        header = jwt.get_unverified_header(text)
        claims = jwt.decode(text, options={"verify_signature": False})
        tenant, issuer = UUID(str(claims.get("tenant"))), header.get("kid")
    except (jwt.PyJWTError, ValueError, TypeError, RecursionError):
        raise Unverified("The token cannot be read.") from None
    if header.get("alg") != ALGORITHM or not isinstance(issuer, str) or not _KEY.fullmatch(issuer):
        raise Unverified("The token is signed in another way than agreed.")
    return Claimed(tenant, issuer)


def read_session(text: str, claimed: Claimed, secret: str, now: float) -> Session:
    """What the tenant's server says, once its signature holds. The algorithm is ours to choose."""
    try:
        claims = jwt.decode(
            text,
            secret,
            algorithms=[ALGORITHM],
            audience=AUDIENCE,
            leeway=LEEWAY,
            options={"require": ["exp", "iat", "sub", "aud"], "verify_exp": False, "verify_iat": False},
        )
        begun, expires = float(claims["iat"]), float(claims["exp"])
    except (jwt.PyJWTError, ValueError, TypeError, OverflowError, RecursionError):
        raise Unverified("The token is not valid.") from None
    if str(claims.get("tenant")) != str(claimed.tenant):
        raise Unverified("The token is for another tenant.")
    if not begun - LEEWAY <= now < expires or expires - begun > LONGEST_SESSION:
        raise Unverified("The token is over, or lasts longer than an hour.")
    return _session(claims, expires)


def _session(claims: Mapping[str, Any], expires: float) -> Session:
    subject = claims.get("sub")
    if not isinstance(subject, str) or not SUBJECT.fullmatch(subject):
        raise Unverified("The token's subject cannot be used.")
    email = address(claims.get("email")) if claims.get("email_verified") is True else ""
    return Session(
        session_user(subject, email),
        short(claims.get("name")),
        email,
        short(claims.get("zoneinfo"), 64),
        expires,
    )


def session_user(subject: str, email: str) -> str:
    """The account of a subject. With another address it is another account, so that whoever gets an old
    subject anew does not inherit what was its holder's."""
    told = hashlib.sha256(email.encode()).hexdigest()[:12] if email else ""
    return f"id:{subject}:{told}"


def token_user(email: str) -> str:
    return f"mail:{email}"


def address(value: object) -> str:
    """An e-mail address in one spelling, or nothing."""
    text = value.strip().lower() if isinstance(value, str) else ""
    return text if len(text) <= 254 and EMAIL.fullmatch(text) else ""


def short(value: object, most: int = 80) -> str:
    fits = isinstance(value, str) and len(value) <= most and value.isprintable()
    return value.strip() if fits and isinstance(value, str) else ""
