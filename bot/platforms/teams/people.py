"""Who a member of a conversation is, as far as Entra vouches for it."""

from __future__ import annotations

from typing import Any

from bot.errors import PlatformError
from bot.platforms.base import Profile
from bot.turn import Account

_LONGEST = 320


def profile(member: Any, account: Account) -> Profile:
    """A guest's address belongs to another tenant, which nobody here vouches for: it is left out."""
    if not isinstance(member, dict):
        raise PlatformError("Teams", "does not know that person")
    principal = _text(member.get("userPrincipalName"))
    is_guest = _is_guest(member, principal)
    return Profile(
        name=_text(member.get("name")) or principal.partition("@")[0],
        email="" if is_guest else verified_email(_text(member.get("email")), principal),
        is_bot=account.user.startswith("28:"),
        is_guest=is_guest,
    )


def verified_email(mail: str, principal: str) -> str:
    """The mail attribute where its domain is the sign-in name's, else the sign-in name.

    Entra lets a sign-in name use only domains that the tenant has proved to own; the mail
    attribute may hold anybody's address, and with it somebody else's payment method.
    """
    if not _is_address(principal):
        return ""
    same_domain = _is_address(mail) and _domain(mail) == _domain(principal)
    return (mail if same_domain else principal).lower()


def _is_guest(member: dict[str, Any], principal: str) -> bool:
    role = _text(member.get("userRole")).lower()
    return role in ("guest", "anonymous") or "#ext#" in principal.lower()


def _domain(address: str) -> str:
    return address.rpartition("@")[2].lower()


def _is_address(text: str) -> bool:
    name, at, domain = text.rpartition("@")
    return bool(name and at and "." in domain) and "@" not in name and " " not in text


def _text(value: object) -> str:
    fits = isinstance(value, str) and len(value) <= _LONGEST and value.isprintable()
    return value.strip() if fits and isinstance(value, str) else ""
