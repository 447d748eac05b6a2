"""The web's door: POST /chat with a bearer token, put into our words. `GET /ws` makes the same of a frame."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping
from urllib.parse import urlsplit

from bot.errors import Malformed, Unverified
from bot.platforms.base import HttpAnswer, Payload
from bot.platforms.web import frames, inbound, verify
from bot.platforms.web.base import Keys, Who
from bot.platforms.web.render import answer
from bot.reply import Form, Reply
from bot.settings import LOOPBACK, Settings
from bot.turn import Ignored, Immediate, Turn


class WebDoor:
    """Without `keys` (the engine's) it translates only, and believes nobody."""

    name = "web"
    path = "/chat"

    def __init__(self, origins: Collection[str], keys: Keys | None = None) -> None:
        self._origins = frozenset(origins)
        self.keys = keys

    async def verify(self, headers: Mapping[str, str], body: bytes) -> Payload:
        who = await self.entered(headers)
        return frames.envelope(who, frames.act(frames.parse(body), fresh_id()))

    async def entered(self, headers: Mapping[str, str]) -> Who:
        """Who it is, which nothing in the body can say, and so before it is read."""
        if _header(headers, "Content-Type").partition(";")[0].strip().lower() != "application/json":
            raise Malformed("Send application/json.")
        self.check_origin(_header(headers, "Origin"))
        return await self.who(verify.bearer(_header(headers, "Authorization")))

    async def who(self, token: str) -> Who:
        if self.keys is None:
            raise Unverified("Nobody is heard here.")
        return await self.keys.who(verify.checked(token))

    def check_origin(self, origin: str) -> None:
        """A browser always says which page it is that asks; whoever is no browser says nothing."""
        if origin and origin.lower() not in self._origins:
            raise Unverified("A page of another origin asks.")

    def to_turn(self, payload: Payload) -> Turn | Ignored | Immediate:
        return inbound.to_turn(payload)

    def answer(self, turn: Turn, reply: Reply | Form | None) -> HttpAnswer:
        told = {"turn": str(turn.id), "conversation": inbound.name_of(turn.place.channel)}
        return HttpAnswer(200, told | ({"answer": answer(reply)} if turn.wants_answer else {}))


def fresh_id() -> str:
    return secrets.token_hex(16)


def origins(settings: Settings) -> frozenset[str]:
    """Whose pages may speak to us: our own, and those that WEB_ORIGINS names. `null` is nobody's."""
    named = {each.strip().rstrip("/").lower() for each in settings.web_origins.split(",") if each.strip()}
    if settings.public_url:
        own = urlsplit(settings.own_url)
        named.add(f"{own.scheme}://{own.netloc}".lower())
    if settings.on_loopback:
        names = ("localhost", "127.0.0.1", "[::1]")
        assert len(names) == len(LOOPBACK)
        named |= {f"http://{name}:{settings.port}" for name in names}
    return frozenset(named - {"null", "*"})


def door(settings: Settings, keys: Keys | None = None) -> WebDoor:
    return WebDoor(origins(settings), keys)


def _header(headers: Mapping[str, str], name: str) -> str:
    found = headers.get(name)
    if found is not None:
        return found
    return next((value for key, value in headers.items() if key.lower() == name.lower()), "")
