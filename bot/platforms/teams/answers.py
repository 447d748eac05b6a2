"""What the response to a press says: a card in place of the pressed one, or a sentence."""

from __future__ import annotations

from typing import Any

from bot.platforms.base import HttpAnswer
from bot.platforms.teams.cards import card, form_card
from bot.platforms.teams.limits import CARD_BYTES, shortened
from bot.platforms.teams.render import CARD_TYPE, encode
from bot.reply import Form, Reply
from bot.text import plain

RECEIVED = "Received. This card will update in a moment."
NO_DIALOG = "This button opens nothing any more. Please use the newest message of mine."


def answer_press(reply: Reply | Form | None, *, sandbox: bool = False) -> HttpAnswer:
    """The card is shown to the presser alone; the others see it when the message is updated."""
    if reply is None:
        return HttpAnswer(200, _said(RECEIVED))
    if isinstance(reply, Form):
        return HttpAnswer(200, {"statusCode": 200, "type": CARD_TYPE, "value": form_card(reply)})
    if not reply.blocks:
        return HttpAnswer(200, _said(reply.text))
    content = card(reply, sandbox=sandbox)
    if len(encode(content)) > CARD_BYTES:
        return HttpAnswer(200, _said(shortened(reply.text)))
    return HttpAnswer(200, {"statusCode": 200, "type": CARD_TYPE, "value": content})


def _said(text: str) -> dict[str, Any]:
    return {"statusCode": 200, "type": "application/vnd.microsoft.activity.message", "value": plain(text)}


def refusal(code: str, message: str) -> dict[str, Any]:
    return {
        "statusCode": 400,
        "type": "application/vnd.microsoft.error",
        "value": {"code": code, "message": message},
    }
