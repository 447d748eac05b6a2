"""What GitHub tells us by itself: verified on the raw bytes, then read as one `Happened`.

The standard library is enough, and the door imports no SDK. GitHub signs the body and nothing
else: neither the time nor `X-GitHub-Delivery`. So a delivery is known again by what it says.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from typing import Any

from integrations.base import Happened
from integrations.github import text

LARGEST_BODY = 1 << 20
MOST_SECRETS = 5
LONGEST_TEXT = 4000
LARGEST_NUMBER = 1 << 40
SIGNATURE = "X-Hub-Signature-256"

_SIGNED = re.compile(r"sha256=[0-9a-f]{64}", re.ASCII)
_LOGIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}(?:\[bot\])?", re.ASCII)
_REPOSITORY = re.compile(r"[A-Za-z0-9-]{1,100}/[A-Za-z0-9._-]{1,100}", re.ASCII)


class NotFromgithub(ValueError):
    """The signature is missing or wrong: nothing in the body is to be looked at."""


class NotAnEvent(ValueError):
    """Signed by GitHub, but too large or no event."""


def sign(body: bytes, secret: str) -> str:
    """The header that GitHub would send with this body."""
    return f"sha256={hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}"


def verify(headers: Mapping[str, str], body: bytes, secret: str, now: float) -> dict[str, Any]:
    """The event in a genuine delivery; `headers` are told apart without regard to capitals.

    Raises `NotFromgithub` (answer 401) before anything is parsed, `NotAnEvent` (400) after. While
    a secret is being changed, `secret` holds both, with a comma between. GitHub signs no time, so
    `now` says nothing about how fresh it is: `delivery` knows a copy again.
    """
    secrets = [each.strip() for each in secret.split(",") if each.strip()][:MOST_SECRETS]
    if not secrets:
        raise NotFromgithub("no webhook secret is set")
    if len(body) > LARGEST_BODY:
        raise NotFromgithub("the body is larger than 1 MiB")
    signature = headers.get(SIGNATURE, "")
    if not _SIGNED.fullmatch(signature[:100]):
        raise NotFromgithub("the signature is missing or malformed")
    # All are compared, so that the time taken does not tell which one was near.
    matches = [hmac.compare_digest(sign(body, each), signature) for each in secrets]
    if not any(matches):
        raise NotFromgithub("the signature does not match")
    return _event(headers, body)


def delivery(headers: Mapping[str, str], event: Mapping[str, Any]) -> tuple[str, str] | None:
    """The key by which a second delivery is known, and the thread it belongs to (`owner/name#12`).

    None for what we do not act on. The key is of the content: `X-GitHub-Delivery` is not signed,
    so whoever replays a delivery could give it another.
    """
    happened = read(event)
    return None if happened is None else (happened.key, happened.external_id)


def read(event: Mapping[str, Any]) -> Happened | None:
    """None for every event that we do not act on. The body says by its shape what it is."""
    match event:
        case {"action": "created", "issue": Mapping() as issue, "comment": Mapping() as comment}:
            return _commented(event, issue, comment)
        case {"action": "submitted", "pull_request": Mapping() as pull, "review": Mapping() as review}:
            return _reviewed(event, pull, review)
        case {"comment": _} | {"review": _}:
            return None
        case {"action": str(action), "issue": Mapping() as thing} | {
            "action": str(action),
            "pull_request": Mapping() as thing,
        }:
            return _changed(event, action, thing)
        case _:
            return None


def _changed(event: Mapping[str, Any], action: str, thing: Mapping[str, Any]) -> Happened | None:
    who, whom = _person(event.get("sender")), _person(event.get("assignee"))
    where = _thread(event, thing)
    match action:
        case "closed" if thing.get("merged") is True:
            kind, what = "merged", f"was merged by {who}."
        case "closed" if thing.get("state_reason") == "not_planned":
            kind, what = "closed", f"was closed by {who} as not planned."
        case "closed":
            kind, what = "closed", f"was closed by {who}."
        case "reopened":
            kind, what = "reopened", f"was opened again by {who}."
        case "assigned":
            kind, what = "assigned", f"was assigned to {whom} by {who}."
        case "unassigned":
            kind, what = "unassigned", f"was taken off {whom} by {who}."
        case "deleted":
            kind, what = "deleted", f"was deleted by {who}."
        case "transferred":
            kind, what = "transferred", f"was moved to another repository by {who}."
        case _:
            return None
    key = f"{action}:{where}:{_text(thing, 'updated_at')}:{whom}"
    return _happened(event, thing, key=key, kind=kind, what=what, mark=thing.get("body"))


def _commented(
    event: Mapping[str, Any], issue: Mapping[str, Any], comment: Mapping[str, Any]
) -> Happened | None:
    number = comment.get("id")
    if type(number) is not int:
        return None
    return _happened(
        event,
        issue,
        key=f"comment:{number}",
        kind="commented",
        what=f"was commented on by {_person(event.get('sender'))}.",
        url=_address(comment),
        said=comment.get("body"),
        mark=comment.get("body"),
    )


def _reviewed(
    event: Mapping[str, Any], pull: Mapping[str, Any], review: Mapping[str, Any]
) -> Happened | None:
    who, number = _person(event.get("sender")), review.get("id")
    said = {
        "approved": f"was approved by {who}.",
        "changes_requested": f"is to be changed, says {who}.",
        "commented": f"was reviewed by {who}.",
    }.get(_text(review, "state").lower())
    if said is None or type(number) is not int:
        return None
    return _happened(
        event,
        pull,
        key=f"review:{number}",
        kind="reviewed",
        what=said,
        url=_address(review),
        said=review.get("body"),
    )


def _happened(
    event: Mapping[str, Any],
    thing: Mapping[str, Any],
    *,
    key: str,
    kind: str,
    what: str,
    url: str = "",
    said: object = "",
    mark: object = "",
) -> Happened | None:
    where = _thread(event, thing)
    if not where:
        return None
    sender = event.get("sender")
    actor = _text(sender, "login") if isinstance(sender, Mapping) else ""
    name = _name_of(event)
    return Happened(
        key=f"github:{hashlib.sha256(key.encode()).hexdigest()[:32]}:{where}",
        external_id=where,
        kind=kind,
        sentence=f"{name}#{thing['number']} {what}",
        url=url or _address(thing),
        text=text.as_typed(said[: text.LONGEST_BODY])[:LONGEST_TEXT] if isinstance(said, str) else "",
        actor=actor.lower() if _LOGIN.fullmatch(actor) else "",
        effect_key=text.key_in(mark),
    )


def _thread(event: Mapping[str, Any], thing: Mapping[str, Any]) -> str:
    """As `Done.external_id`, or empty where the event is not shaped as GitHub's are."""
    number, name = thing.get("number"), _name_of(event)
    plausible = type(number) is int and 0 < number < LARGEST_NUMBER
    return f"{name}#{number}".lower() if name and plausible else ""


def _name_of(event: Mapping[str, Any]) -> str:
    repository = event.get("repository")
    name = _text(repository, "full_name") if isinstance(repository, Mapping) else ""
    return name if _REPOSITORY.fullmatch(name) else ""


def _person(user: object) -> str:
    """A login as GitHub gives them, which holds nothing that formats."""
    login = _text(user, "login") if isinstance(user, Mapping) else ""
    return login if _LOGIN.fullmatch(login) else "somebody"


def _address(thing: Mapping[str, Any]) -> str:
    url = _text(thing, "html_url")
    plain = url.startswith(("https://", "http://")) and len(url) <= 500
    return url if plain and not re.search(r"[\s<>|\"]", url) else ""


def _text(thing: Mapping[str, Any], name: str) -> str:
    value = thing.get(name)
    return value if isinstance(value, str) else ""


def _event(headers: Mapping[str, str], body: bytes) -> dict[str, Any]:
    kind = headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise NotAnEvent("the webhook's content type is not application/json")
    try:
        event = json.loads(body)
    except (ValueError, RecursionError):
        raise NotAnEvent("the body is not JSON") from None
    if not isinstance(event, dict):
        raise NotAnEvent("the body is not an event")
    return event
