"""Files that come with a message in Teams, and where they are kept.

In a chat with the bot a file comes with an address that is its own key and ends after some minutes;
a picture in the text is at the Bot Connector, which wants our token. In channels and groups Teams
tells of a file by its address in SharePoint only, where a bot may not look.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

from bot.files import LONGEST_ADDRESS, LONGEST_NAME, MOST_NAMED, Hosts, origin
from bot.platforms.teams.words import clean
from bot.turn import Attached

DOWNLOAD = "application/vnd.microsoft.teams.file.download.info"
# The Connector's, which our token is for.
TRUSTED = frozenset(
    {
        "smba.trafficmanager.net",
        "smba.infra.gcc.teams.microsoft.com",
        "smba.infra.gov.teams.microsoft.us",
        "smba.infra.dod.teams.microsoft.us",
        ".botframework.com",
        ".botframework.us",
        ".botframework.azure.us",
    }
)
# Where people's files are; no token of ours goes there.
OPEN = frozenset({".sharepoint.com", ".sharepoint.us", ".sharepoint-mil.us"})
_KINDS = ("image/", "audio/", "video/")


def hosts(login_url: str) -> Hosts:
    """Of the stand-in, where that is what TEAMS_LOGIN_URL names."""
    return Hosts(TRUSTED, OPEN, sandbox=origin(login_url))


def attached(payload: Mapping[str, Any]) -> tuple[Attached, ...]:
    """Never an error: words that came with a strange attachment are still words."""
    found = payload.get("attachments")
    rows = [each for each in found if isinstance(each, Mapping)] if isinstance(found, list) else []
    files = [_one(each, number) for number, each in enumerate(rows, 1)]
    return tuple(each for each in files if each is not None)[:MOST_NAMED]


def _one(row: Mapping[str, Any], number: int) -> Attached | None:
    kind, content = _text(row, "contentType", 200), row.get("content")
    name = _text(row, "name", LONGEST_NAME)
    if kind == DOWNLOAD and isinstance(content, Mapping):
        id = _text(content, "uniqueId", 200) or str(number)
        return Attached(id, name or "a file", url=_text(content, "downloadUrl", LONGEST_ADDRESS))
    url = _text(row, "contentUrl", LONGEST_ADDRESS)
    if kind == "reference":
        return Attached(str(number), name or _last(url), elsewhere=True)
    if kind.startswith(_KINDS) and url:
        shown = kind.partition("/")[0]
        return Attached(str(number), name or f"the {'picture' if shown == 'image' else shown}", kind, url=url)
    return None


def _last(url: str) -> str:
    try:
        return clean(unquote(urlsplit(url).path.rpartition("/")[2]))[:LONGEST_NAME] or "a file"
    except ValueError:
        return "a file"


def _text(source: Mapping[str, Any], name: str, limit: int) -> str:
    found = source.get(name)
    return clean(found[:limit]) if isinstance(found, str) else ""
