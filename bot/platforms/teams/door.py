"""The Teams door: POST /api/messages, verified and put into our words."""

from __future__ import annotations

from collections.abc import Mapping

from bot.errors import ConfigurationError
from bot.platforms.base import FEEDBACK, HttpAnswer, Payload
from bot.platforms.teams import inbound
from bot.platforms.teams.answers import answer_press
from bot.platforms.teams.hosts import is_loopback
from bot.platforms.teams.keys import SigningKeys
from bot.platforms.teams.payload import header
from bot.platforms.teams.verify import Verifier, verify_anonymous
from bot.reply import Form, Reply
from bot.settings import Settings
from bot.turn import Ignored, Immediate, Pressed, Turn


class TeamsDoor:
    name = "teams"
    path = "/api/messages"

    def __init__(self, verifier: Verifier | None, *, anonymous: bool, sandbox: bool) -> None:
        self._verifier = verifier
        self._anonymous = anonymous
        self._sandbox = sandbox

    async def verify(self, headers: Mapping[str, str], body: bytes) -> Payload:
        if self._verifier is None or (self._anonymous and not header(headers, "Authorization")):
            return verify_anonymous(headers, body)
        return await self._verifier(headers, body)

    def to_turn(self, payload: Payload) -> Turn | Ignored | Immediate:
        return inbound.to_turn(payload)

    def answer(self, turn: Turn, reply: Reply | Form | None) -> HttpAnswer:
        if isinstance(turn.act, Pressed) and turn.act.action == FEEDBACK:
            return HttpAnswer(200, {})  # Teams says its own thanks, and takes nothing else for an answer
        return answer_press(reply, sandbox=self._sandbox) if turn.wants_answer else HttpAnswer()


def door(settings: Settings) -> TeamsDoor:
    """Refuses to be built in a way that would believe just anyone."""
    anonymous = settings.teams_anonymous
    if anonymous and not settings.on_loopback:
        raise ConfigurationError(
            "TEAMS_ANONYMOUS=1 believes whoever connects, so it works on 127.0.0.1 only: unset it or HOST."
        )
    if not settings.microsoft_app_id and not anonymous:
        raise ConfigurationError(
            "MICROSOFT_APP_ID is empty: without it no Teams activity could be told from a forged one."
        )
    return TeamsDoor(
        verifier(settings) if settings.microsoft_app_id else None,
        anonymous=anonymous,
        sandbox=is_loopback(settings.teams_openid_url) or anonymous,
    )


def verifier(settings: Settings) -> Verifier:
    url = settings.teams_openid_url
    if not url.startswith("https://") and not is_loopback(url):
        raise ConfigurationError("TEAMS_OPENID_URL must be an https address.")
    return Verifier(
        SigningKeys(url),
        issuer=settings.teams_issuer,
        app_id=settings.microsoft_app_id,
        loopback=is_loopback(url),
    )
