"""The door: hears Slack. No SDK is imported here, so the front starts quickly and stays small."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from bot.platforms.base import HttpAnswer, Payload
from bot.platforms.slack import inbound, verify
from bot.platforms.slack.render import answer_form, answer_view
from bot.reply import Form, Reply
from bot.turn import Ignored, Immediate, Submitted, Turn


class SlackDoor:
    """One address for events, commands and interactivity alike."""

    name = "slack"
    path = "/slack/events"

    def __init__(self, signing_secret: str, *, clock: Callable[[], float] = time.time) -> None:
        self._secret = signing_secret
        self._clock = clock

    async def verify(self, headers: Mapping[str, str], body: bytes) -> Payload:
        verify.check_signature(headers, body, secret=self._secret, now=self._clock())
        return verify.parse(headers, body)

    def to_turn(self, payload: Payload) -> Turn | Ignored | Immediate:
        return inbound.to_turn(payload)

    def answer(self, turn: Turn, reply: Reply | Form | None) -> HttpAnswer:
        """A form that was sent off closes, or turns into what there is to say. All else: 200, empty."""
        if reply is None or not isinstance(turn.act, Submitted):
            return HttpAnswer()
        if isinstance(reply, Form):
            return HttpAnswer(body=answer_form(reply))
        return HttpAnswer(body={"response_action": "update", "view": answer_view(reply)})
