"""What Notion tells us by itself: verified on the raw bytes, then read as one `Happened`.

Notion sends signals: ids, and no content. The id of a thing is that of its page, a UUID in lower
case with its dashes, which is what our tools give as `external_id`. Only the standard library is
used, since the door imports this.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from integrations.base import Happened

LARGEST_BODY = 1 << 20
MOST_SECRETS = 5
HEADER = "X-Notion-Signature"
_NAME = "x-notion-signature"

# Notion tries for about a day. An older delivery is somebody's recording: by then we may have
# forgotten that we had it already.
OLDEST = 36 * 3600.0
EARLY = 300.0

_SIGNATURE = re.compile(r"sha256=[0-9a-f]{64}", re.ASCII)
_UUID = re.compile(r"[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}", re.ASCII)
_TOKEN = re.compile(r"[\x21-\x7e]{8,500}", re.ASCII)

# What we tell a thread of: the type at Notion, our word, and the sentence.
_TOLD = {
    "comment.created": ("commented", "commented on the page in Notion."),
    "page.content_updated": ("edited", "edited the page in Notion."),
    "page.properties_updated": ("changed", "changed the page's properties in Notion."),
    "page.deleted": ("deleted", "put the page into Notion's trash."),
    "page.undeleted": ("restored", "took the page back out of Notion's trash."),
}


class NotFromNotion(ValueError):
    """The signature is missing or wrong: nothing in the body is to be looked at."""


class NotAnEvent(ValueError):
    """Signed by Notion, but too large, too old or no event."""


def sign(body: bytes, secret: str) -> str:
    """The header that Notion would send with this body."""
    return f"sha256={hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}"


def verify(headers: Mapping[str, str], body: bytes, secret: str, now: float) -> dict[str, Any]:
    """The event in a genuine delivery. `secret`: the verification token, several separated by commas.

    Raises `NotFromNotion` (answer 401) before anything is parsed, `NotAnEvent` (400) after.
    """
    secrets = [each.strip() for each in secret.split(",") if each.strip()][:MOST_SECRETS]
    if not secrets:
        raise NotFromNotion("no verification token is set")
    if len(body) > LARGEST_BODY:
        raise NotFromNotion("the body is larger than 1 MiB")
    given = _header(headers)
    if not _SIGNATURE.fullmatch(given):
        raise NotFromNotion("the signature header is missing or malformed")
    # Every secret is compared, so that the time taken does not tell which one fits.
    matches = [hmac.compare_digest(sign(body, each), given) for each in secrets]
    if not any(matches):
        raise NotFromNotion("the signature does not match")
    event = _event(body)
    _check_age(event, now)
    return event


def verification_token(body: bytes) -> str | None:
    """The token in the very first request of a subscription, which nobody signs.

    Anybody can send such a request. It is to be shown to an administrator, who compares it with
    what Notion shows and sets NOTION_WEBHOOK_SECRET; it must never be taken over by itself.
    """
    if len(body) > 4096:
        return None
    try:
        given = json.loads(body)
    except (ValueError, RecursionError):
        return None
    token = given.get("verification_token") if isinstance(given, dict) and len(given) == 1 else None
    return token if isinstance(token, str) and _TOKEN.fullmatch(token) else None


def delivery(headers: Mapping[str, str], event: Mapping[str, Any]) -> tuple[str, str] | None:
    """The key by which a second delivery is known, and the id of the page; None: not acted on."""
    happened = read(event)
    return (happened.key, happened.external_id) if happened is not None else None


def read(event: Mapping[str, Any]) -> Happened | None:
    """None for every event that we do not act on."""
    told = _TOLD.get(str(event.get("type")))
    page = _page(event)
    key = _uuid(event.get("id"))
    if told is None or not page or not key:
        return None
    kind, rest = told
    return Happened(key=key, external_id=page, kind=kind, sentence=f"Somebody {rest}", actor=_actor(event))


def comment_of(event: Mapping[str, Any]) -> str:
    """The id of the comment that an event tells of, to be read again; "" for others."""
    is_comment = event.get("type") == "comment.created"
    return _uuid(_inside(event, "entity").get("id")) if is_comment else ""


def _page(event: Mapping[str, Any]) -> str:
    entity, data = _inside(event, "entity"), _inside(event, "data")
    if event.get("type") == "comment.created":
        return _uuid(data.get("page_id"))
    return _uuid(entity.get("id")) if entity.get("type") == "page" else ""


def _actor(event: Mapping[str, Any]) -> str:
    """Whose deed it was. Notion gathers several; it is a bot's only where no person took part."""
    given = event.get("authors")
    authors = [each for each in given if isinstance(each, Mapping)] if isinstance(given, list) else []
    people = [each for each in authors if each.get("type") != "bot"]
    bots = {_uuid(each.get("id")) for each in authors}
    if people:
        return _uuid(people[0].get("id"))
    # Two bots: one of them is not us, so this is told.
    return bots.pop() if len(bots) == 1 else ""


def _header(headers: Mapping[str, str]) -> str:
    """By its name in any case, and only where it is there once."""
    found = [value for name, value in headers.items() if name.lower() == _NAME]
    return found[0] if len(found) == 1 else ""


def _event(body: bytes) -> dict[str, Any]:
    try:
        event = json.loads(body)
    except (ValueError, RecursionError):
        raise NotAnEvent("the body is not JSON") from None
    if not isinstance(event, dict):
        raise NotAnEvent("the body is not an event")
    if not isinstance(event.get("id"), str) or not isinstance(event.get("type"), str):
        raise NotAnEvent("the event has no id or no type")
    return event


def _check_age(event: Mapping[str, Any], now: float) -> None:
    try:
        at = datetime.fromisoformat(str(event.get("timestamp")).replace("Z", "+00:00"))
        age = now - at.timestamp()
    except (ValueError, OverflowError):
        raise NotAnEvent("the event has no time") from None
    if at.tzinfo is None or not -EARLY <= age <= OLDEST:
        raise NotAnEvent("the event is too old, or from the future")


def _inside(event: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    inner = event.get(name)
    return inner if isinstance(inner, Mapping) else {}


def _uuid(value: object) -> str:
    return value if isinstance(value, str) and _UUID.fullmatch(value) else ""
