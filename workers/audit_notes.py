"""What the audit keeps of a call, a card and a press: ids, codes and amounts; names and words sealed."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from bot.turn import Account, Place
from workers.store import codec
from workers.store.approvals import Approval
from workers.store.audit import Personal
from workers.store.outbox import Message
from workers.store.people import Person

# Of an answer: numbers, and words that can be nobody's name or sentence.
KEPT = ("amount", "currency", "status", "state", "number", "refunded")
_CODE = re.compile(r"[\w.:-]{1,64}")
_CARD = re.compile(r"(?P<approval>.+:approval):\d+(\.part\d+)?(:(?P<state>\w+))?")


def came_back(result: Any) -> dict[str, Any]:
    """What a service answered, without a word of anybody's."""
    if not isinstance(result, Mapping):
        return {}
    return {name: result[name] for name in KEPT if _harmless(result.get(name))}


def _harmless(value: Any) -> bool:
    if isinstance(value, str):
        return _CODE.fullmatch(value) is not None
    return isinstance(value, int) and abs(value) < 2**53


def approval_of(message: Message) -> str | None:
    """The approval whose card this is a copy of, or a change of one."""
    found = _CARD.fullmatch(message.id) if message.kind in ("post", "update") else None
    return found["approval"] if found else None


def shown(message: Message, approval: Approval, external: str | None) -> dict[str, Any]:
    """A card that was sent, and what it said. A place of one person's own says who they are, so of that
    only the platform is kept; so would a hash of what the card says, once everything else is known."""
    found = _CARD.fullmatch(message.id)
    place = message.place
    card = hashlib.sha256(codec.dumps(message.content).encode()).hexdigest()
    return {
        "approval": approval.id,
        "code": approval.code,
        "message": message.id,
        "as": (found and found["state"]) or "asked",
        "platform": place.platform,
        "workspace": place.workspace,
        "channel": None if _own(place) else place.channel,
        "external": external,
        "card": Personal(approval.requester, card),
    }


def _own(place: Place) -> bool:
    """Slack's direct messages are D…, Teams' personal chats a:…."""
    return place.private or place.channel.startswith("D" if place.platform == "slack" else "a:")


def press(
    approval: Approval, person: Person, account: Account, verdict: str, reason: str = ""
) -> dict[str, Any]:
    """Who pressed what, on which card, under which rules: of one that counted and of one that did not."""
    return {
        "approval": approval.id,
        "code": approval.code,
        "verdict": verdict,
        "by": str(person.id),
        "surface": account.platform,
        "policy": approval.policy_version,
        "flow": approval.flow_version,
        "name": Personal(person.id, person.name),
        "account": Personal(person.id, f"{account.workspace}/{account.user}"),
        "reason": Personal(person.id, reason) if reason else None,
    }


def asked(approval: Approval, name: str, amount: tuple[int, str] | None) -> dict[str, Any]:
    """What was put to people: the digest is what all of it was sealed with."""
    requester: UUID = approval.requester
    return {
        "approval": approval.id,
        "code": approval.code,
        "digest": Personal(requester, approval.digest.hex()),
        "tool": approval.tool,
        "rule": approval.rule,
        "requester": str(requester),
        "policy": approval.policy_version,
        "flow": approval.flow_version,
        "step": approval.step,
        "account": approval.account,
        "amount": amount[0] if amount else None,
        "currency": amount[1] if amount else None,
        "name": Personal(requester, name),
        "words": Personal(requester, approval.words) if approval.words else None,
    }


def over(approval: Approval) -> dict[str, Any]:
    """Nobody decided, and nobody will."""
    return {
        "approval": approval.id,
        "code": approval.code,
        "tool": approval.tool,
        "requester": str(approval.requester),
        "policy": approval.policy_version,
        "flow": approval.flow_version,
    }
