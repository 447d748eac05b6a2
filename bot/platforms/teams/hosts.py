"""Which addresses may be called back, and which of them may see our token."""

from __future__ import annotations

from urllib.parse import SplitResult, urlsplit

from bot.settings import LOOPBACK

# Where Teams listens for a bot that has not heard from this tenant yet.
FIRST_CONTACT = "https://smba.trafficmanager.net/teams/"

_HOSTS = frozenset(
    {
        "smba.trafficmanager.net",
        "smba.infra.gcc.teams.microsoft.com",
        "smba.infra.gov.teams.microsoft.us",
        "smba.infra.dod.teams.microsoft.us",
    }
)
_SUFFIXES = (".botframework.com", ".botframework.us", ".botframework.azure.us")
_LONGEST = 1024


def may_be_called(service_url: str, *, loopback: bool = False) -> bool:
    """True for the Bot Connector's own hosts over https; for this machine only where `loopback` says so."""
    parts = _split(service_url)
    if parts is None or not parts.hostname:
        return False
    if parts.hostname in LOOPBACK:
        return loopback and parts.scheme in ("http", "https")
    if parts.scheme != "https" or parts.port not in (None, 443):
        return False
    return parts.hostname in _HOSTS or parts.hostname.endswith(_SUFFIXES)


def is_loopback(url: str) -> bool:
    parts = _split(url)
    return parts is not None and parts.hostname in LOOPBACK


def _split(url: str) -> SplitResult | None:
    """None for what is no plain address: user names, control characters, backslashes, queries."""
    if len(url) > _LONGEST or not url.isascii() or any(c <= " " or c == "\\" for c in url):
        return None
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return None
    if parts.username is not None or parts.password is not None or parts.query or parts.fragment:
        return None
    return parts
