"""A Reply or a Form as the activity that is sent, in JSON as Teams wants it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from bot.platforms.teams.cards import card, form_card
from bot.platforms.teams.inert import may_be_read_as_html
from bot.platforms.teams.limits import shortened
from bot.reply import Form, Reply
from bot.text import plain

CARD_TYPE = "application/vnd.microsoft.card.adaptive"
MARKER = "countersign"

Activity = dict[str, Any]

_AI_LABEL = {
    "type": "https://schema.org/Message",
    "@type": "Message",
    "@context": "https://schema.org",
    "additionalType": ["AIGeneratedContent"],
}


def render(
    reply: Reply, *, marker: str = "", sandbox: bool = False, names: Mapping[str, str] | None = None
) -> Activity:
    """A card without text, or text without a card: Teams splits a message that has both in two.

    Words alone go as plain text, unless somebody is mentioned (the card's mention takes an Entra
    id) or they hold what a client might read as HTML.
    """
    if reply.blocks or reply.mentions or may_be_read_as_html(reply.text):
        activity = _with_card(card(reply, sandbox=sandbox, names=names), summary=reply.text)
    else:
        activity = {"type": "message", "text": plain(reply.text), "textFormat": "plain"}
    if reply.generated:
        activity["entities"] = [_AI_LABEL]
        activity["channelData"] = {"feedbackLoop": {"type": "default"}}
    return _marked(activity, marker)


def render_form(form: Form, *, marker: str = "") -> Activity:
    return _marked(_with_card(form_card(form), summary=form.title), marker)


def _with_card(content: Mapping[str, Any], *, summary: str) -> Activity:
    return {
        "type": "message",
        "summary": shortened(plain(summary)),
        "attachments": [{"contentType": CARD_TYPE, "content": content}],
    }


def _marked(activity: Activity, marker: str) -> Activity:
    if not marker:
        return activity
    return {**activity, "channelData": {**activity.get("channelData", {}), MARKER: marker}}


def encode(activity: Mapping[str, Any]) -> bytes:
    """What goes over the wire, and what the limits are measured on."""
    return orjson.dumps(activity)
