"""What Jira tells us by itself: verified on the raw bytes, then read as one `Happened`.

Webhooks of an administrator are signed with a shared secret (`X-Hub-Signature`). Those of an app
carry a token instead (a JWT in `Authorization`), which covers address and time but not the body.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from integrations.base import Happened
from integrations.jira import token
from integrations.jira.words import one_line, plain

LARGEST_BODY = 2 << 20
LONGEST_HEADER = 8192
LONGEST_TEXT = 4000

# Jira tries again for a while; what is older than this is somebody playing an old one back.
OLDEST = 24 * 3600.0
PATH = "/webhooks/jira"

_SIGNATURE = re.compile(r"sha256=([0-9a-f]{64})", re.ASCII)
_ID = re.compile(r"[0-9]{1,18}", re.ASCII)
_KEY = re.compile(r"[A-Z][A-Z0-9_]{0,30}-[0-9]{1,10}", re.ASCII)


class NotFromJira(ValueError):
    """Neither signature nor token is good: nothing in the body is to be looked at."""


class NotAnEvent(ValueError):
    """From Jira, but too large or no event."""


def sign(body: bytes, secret: str) -> str:
    """The `X-Hub-Signature` that Jira would send with this body."""
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def verify(
    headers: Mapping[str, str], body: bytes, secret: str, now: float, *, path: str = PATH
) -> dict[str, Any]:
    """The event in a genuine delivery. `secret` may be several, separated by commas, while one is changed.

    Raises `NotFromJira` (answer 401) before anything is parsed, `NotAnEvent` (400) after. Only the
    time of an event is looked at after parsing: one too old is `NotFromJira`.
    """
    secrets = [each.strip() for each in secret.split(",") if each.strip()]
    if not secrets:
        raise NotFromJira("no webhook secret is set")
    if len(body) > LARGEST_BODY:
        raise NotAnEvent("the body is larger than 2 MiB")
    signature = headers.get("X-Hub-Signature", "")
    if signature:
        _check_signature(signature, body, secrets)
    else:
        _check_token(headers.get("Authorization", ""), secrets, now, path)
    event = _event(body)
    if abs(now - event["timestamp"] / 1000) > OLDEST:
        raise NotFromJira("the event is stale")
    return event


def _check_signature(signature: str, body: bytes, secrets: list[str]) -> None:
    found = _SIGNATURE.fullmatch(signature) if len(signature) <= LONGEST_HEADER else None
    if found is None:
        raise NotFromJira("the signature is malformed")
    matches = [hmac.compare_digest(sign(body, each), f"sha256={found[1]}") for each in secrets]
    if not any(matches):
        raise NotFromJira("the signature does not match")


def _check_token(header: str, secrets: list[str], now: float, path: str) -> None:
    scheme, _, value = header.partition(" ")
    if scheme.lower() not in ("jwt", "bearer") or len(header) > LONGEST_HEADER:
        raise NotFromJira("there is neither a signature nor a token")
    try:
        token.check(value.strip(), secrets, now, method="POST", path=path)
    except token.BadToken as bad:
        raise NotFromJira(str(bad)) from None


def _event(body: bytes) -> dict[str, Any]:
    try:
        event = json.loads(body)
    except (ValueError, RecursionError):
        raise NotAnEvent("the body is not JSON") from None
    if not isinstance(event, dict) or not isinstance(event.get("webhookEvent"), str):
        raise NotAnEvent("the body is not an event")
    stamp = event.get("timestamp")
    if not isinstance(stamp, int) or isinstance(stamp, bool) or not 0 < stamp < 1 << 53:
        raise NotAnEvent("the event has no time")
    return event


def delivery(headers: Mapping[str, str], event: Mapping[str, Any]) -> tuple[str, str] | None:
    """The key by which a second delivery is known, and whom it concerns (`jira:10042`).

    The key is made of what is signed. Jira's own `X-Atlassian-Webhook-Identifier` is a header that
    anybody can change on a delivery that they play back, and it differs between two webhooks that
    tell the same.
    """
    happened = read(event)
    return (happened.key, happened.external_id) if happened is not None else None


def read(event: Mapping[str, Any]) -> Happened | None:
    """None for every event that we do not act on."""
    issue = event.get("issue")
    if not isinstance(issue, Mapping) or not _ID.fullmatch(_text(issue.get("id"))):
        return None
    match event.get("webhookEvent"):
        case "comment_created":
            return _commented(event, issue)
        case "jira:issue_updated" if event.get("issue_event_type_name") == "issue_commented":
            # Data Center may tell of a comment in both ways; the key is the same.
            return _commented(event, issue)
        case "jira:issue_updated":
            return _changed(event, issue)
        case "jira:issue_deleted":
            return _happened(event, issue, "deleted", "was deleted", _person(event.get("user")), "")
        case _:
            return None


def _commented(event: Mapping[str, Any], issue: Mapping[str, Any]) -> Happened | None:
    comment = event.get("comment")
    if not isinstance(comment, Mapping) or not _ID.fullmatch(_text(comment.get("id"))):
        return None
    words = plain(comment.get("body"))
    text = words if len(words) <= LONGEST_TEXT else words[:LONGEST_TEXT] + "…"
    who = _person(comment.get("author"))
    return _happened(event, issue, "commented", "has a comment", who, f"comment:{comment['id']}", text)


def _changed(event: Mapping[str, Any], issue: Mapping[str, Any]) -> Happened | None:
    """One change of a ticket may hold several; they are told in one sentence."""
    changelog = event.get("changelog")
    items = changelog.get("items") if isinstance(changelog, Mapping) else None
    if not isinstance(items, list):
        return None
    told = [_told(each, issue) for each in items[:50] if isinstance(each, Mapping)]
    kinds = [kind for kind, _ in told if kind]
    if not kinds:
        return None
    # What matters most names it; its words come first.
    order = ("closed", "reopened", "moved", "assigned", "prioritized")
    ranked = sorted((each for each in told if each[0]), key=lambda each: order.index(each[0]))
    first, *others = dict.fromkeys(words for _, words in ranked)
    sentence = " and ".join([first, *(words.removeprefix("was ") for words in others)])
    id = _text(changelog.get("id")) if isinstance(changelog, Mapping) else ""
    return _happened(event, issue, ranked[0][0], sentence, _person(event.get("user")), f"change:{id}")


def _told(item: Mapping[str, Any], issue: Mapping[str, Any]) -> tuple[str, str]:
    """Kind and words of one changed field; without a kind, nobody wants to know."""
    to = _name(item.get("toString"))
    match item.get("field"):
        case "status":
            return ("closed", f"was closed as {to}") if _is_done(issue) else ("moved", f"was moved to {to}")
        case "resolution" if not to:
            return "reopened", "was reopened"
        case "assignee":
            return "assigned", f"was assigned to {to}" if to else "was taken from its assignee"
        case "priority" if to:
            return "prioritized", f"was given the priority {to}"
        case _:
            return "", ""


def _is_done(issue: Mapping[str, Any]) -> bool:
    fields = issue.get("fields")
    status = fields.get("status") if isinstance(fields, Mapping) else None
    category = status.get("statusCategory") if isinstance(status, Mapping) else None
    return isinstance(category, Mapping) and category.get("key") == "done"


def _happened(
    event: Mapping[str, Any],
    issue: Mapping[str, Any],
    kind: str,
    words: str,
    who: tuple[str, str],
    own: str,
    text: str = "",
) -> Happened:
    key = _text(issue.get("key"))
    shown = key if _KEY.fullmatch(key) else "The ticket"
    # A comment's number says which it is; any other change has the moment too.
    parts = [own] if own.startswith("comment:") else [kind, own, str(event.get("timestamp"))]
    return Happened(
        key=":".join(["jira", str(issue["id"]), *parts]),
        external_id=f"jira:{issue['id']}",
        kind=kind,
        sentence=f"{shown} {words} by {who[1]}.",
        url=_url(issue, key),
        text=text,
        actor=who[0],
    )


def _person(user: object) -> tuple[str, str]:
    """Jira's id of them, and a name to be read."""
    if not isinstance(user, Mapping):
        return "", "somebody"
    id = _text(user.get("accountId")) or _text(user.get("name"))
    return id, _name(user.get("displayName")) or "somebody"


def _url(issue: Mapping[str, Any], key: str) -> str:
    """Where people open it: on the host that the ticket's own address names."""
    own = _text(issue.get("self"))
    base = own.partition("/rest/")[0]
    try:
        parts = urlsplit(base)
    except ValueError:
        return ""
    good = parts.scheme in ("https", "http") and parts.hostname and "@" not in parts.netloc
    plain_letters = re.fullmatch(r"[A-Za-z0-9.:/_~%\[\]-]+", base, re.ASCII)
    return f"{base}/browse/{key}" if good and plain_letters and _KEY.fullmatch(key) else ""


def _name(value: object) -> str:
    return one_line(value)[:100] if isinstance(value, str) else ""


def _text(value: object) -> str:
    return value[:500] if isinstance(value, str) else ""
