"""Speaks on the web: what is posted is kept with us, and whoever looks is told that it is there."""

from __future__ import annotations

import secrets

from bot.errors import PlatformError
from bot.platforms.base import Profile, Sent
from bot.platforms.web import inbound
from bot.platforms.web.base import Desk
from bot.platforms.web.limits import MAIN
from bot.platforms.web.render import parts, render, render_form
from bot.platforms.web.streams import WebStreams
from bot.reply import Form, Reply
from bot.turn import Account, Place

MESSAGE, WHISPER, FORM, HOME = "message", "whisper", "form", "home"


class WebClient:
    """A message's id is its marker, so that one that is posted twice is there once."""

    name = "web"

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.streams = WebStreams(desk)

    def parts(self, reply: Reply) -> tuple[Reply, ...]:
        return parts(reply)

    async def post(self, place: Place, reply: Reply, *, marker: str) -> Sent:
        await self._desk.put(place.workspace, place.channel, marker, MESSAGE, render(reply))
        return Sent(marker)

    async def update(self, place: Place, message_id: str, reply: Reply, *, marker: str) -> None:
        await self._desk.change(place.workspace, place.channel, message_id, MESSAGE, render(reply))

    async def whisper(self, place: Place, account: Account, reply: Reply) -> None:
        """In their own conversation, whichever it was meant for: every one is seen by one person only."""
        channel = _own(place, account)
        await self._desk.put(account.workspace, channel, _fresh(WHISPER), WHISPER, render(reply))

    async def find(self, place: Place, *, marker: str, since: float) -> Sent | None:
        found = await self._desk.there(place.workspace, place.channel, marker)
        return Sent(found.id) if found else None

    async def open_form(self, place: Place, account: Account, trigger: str, form: Form) -> None:
        channel = _own(place, account)
        await self._desk.put(account.workspace, channel, _fresh(FORM), FORM, render_form(form))

    async def show_home(self, account: Account, reply: Reply) -> None:
        channel = inbound.home(account.user)
        await self._desk.show(account.workspace, channel, HOME, HOME, render(reply))

    async def working(self, place: Place, account: Account) -> None:
        try:
            await self._desk.tell(place.workspace, place.channel, {"working": True})
        except PlatformError:
            return

    async def direct(self, account: Account) -> Place:
        return inbound.place(account.workspace, account.user, MAIN)

    async def profile(self, account: Account, place: Place) -> Profile:
        found = await self._desk.profile(account.workspace, account.user)
        if found is None:
            raise PlatformError("The web", "does not know that person")
        return found

    def saw(self, place: Place) -> None:
        """There is nobody else to be called back."""

    async def close(self) -> None:
        """The database is its giver's to close."""


def _own(place: Place, account: Account) -> str:
    mine = place.workspace == account.workspace and inbound.owner(place.channel) == account.user
    return place.channel if mine else inbound.channel(account.user, MAIN)


def _fresh(kind: str) -> str:
    return f"{kind}:{secrets.token_hex(12)}"
