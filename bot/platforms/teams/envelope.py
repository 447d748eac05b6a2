"""Who, where and which: what every activity carries around its content."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.turn import Account, Ignored, MessageRef, Place

LONGEST_ID = 512
CHANNEL_ENDINGS = ("@thread.tacv2", "@thread.skype")


@dataclass(frozen=True, slots=True)
class Envelope:
    """`conversation` is Teams' own id, thread included; `id` is empty where the activity has none.

    `targeted`: only the sender sees it and our answer is expected in the same way.
    """

    id: str
    conversation: str
    place: Place
    account: Account
    targeted: bool
    in_channel: bool

    def replied_to(self, payload: Mapping[str, Any]) -> MessageRef | None:
        """The card that was pressed."""
        reply_to = an_id(payload.get("replyToId"))
        return MessageRef(self.place.channel, reply_to) if reply_to else None


def open_envelope(payload: Mapping[str, Any]) -> Envelope | Ignored:
    if payload.get("channelId") != "msteams":
        # On Direct Line whoever holds its secret may claim to be any user.
        return Ignored("another channel")
    conversation = _part(payload, "conversation")
    tenant = _tenant(payload, conversation)
    whole = an_id(conversation.get("id"))
    sender = _part(payload, "from")
    user = an_id(sender.get("aadObjectId")) or an_id(sender.get("id"))
    if not tenant:
        return Ignored("no tenant")
    if not whole or not user:
        return Ignored("no sender or place")
    root, _, thread = whole.partition(";messageid=")
    kind = _kind(conversation, whole)
    return Envelope(
        id=an_id(payload.get("id")),
        conversation=whole,
        place=Place(
            platform="teams",
            workspace=tenant,
            channel=root,
            thread=(thread or _own_thread(payload)) if kind == "channel" else None,
            via=_service_url(payload),
            private=kind == "personal",
        ),
        account=Account("teams", an_id(sender.get("tenantId")) or tenant, user),
        targeted=_part(payload, "recipient").get("isTargeted") is True,
        in_channel=kind == "channel",
    )


def _own_thread(payload: Mapping[str, Any]) -> str | None:
    """A message or a card that is itself the root of its thread.

    What is targeted at us cannot be replied to, so it roots nothing.
    """
    if _part(payload, "recipient").get("isTargeted") is True:
        return None
    match payload:
        case {"type": "message" | "invoke", "replyToId": str(card)} if an_id(card):
            return card
        case {"type": "message", "id": str(own)} if an_id(own):
            return own
        case _:
            return None


def _tenant(payload: Mapping[str, Any], conversation: Mapping[str, Any]) -> str:
    tenant = _part(_part(payload, "channelData"), "tenant").get("id")
    return an_id(tenant) or an_id(conversation.get("tenantId"))


def _kind(conversation: Mapping[str, Any], whole: str) -> str:
    """Older shapes lack conversationType; the id tells, too."""
    kind = conversation.get("conversationType")
    if kind in ("personal", "groupChat", "channel"):
        return str(kind)
    if ";messageid=" in whole or whole.endswith(CHANNEL_ENDINGS):
        return "channel"
    return "groupChat" if conversation.get("isGroup") is True or whole.startswith("19:") else "personal"


def _service_url(payload: Mapping[str, Any]) -> str:
    url = payload.get("serviceUrl")
    return url if isinstance(url, str) and len(url) <= 1024 and url.isprintable() else ""


def _part(whole: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = whole.get(name)
    return part if isinstance(part, dict) else {}


def an_id(value: object) -> str:
    """An id of theirs, or empty where it is none that we would store."""
    fits = isinstance(value, str) and 0 < len(value) <= LONGEST_ID and value.isprintable()
    return value if fits and isinstance(value, str) else ""
