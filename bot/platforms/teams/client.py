"""Speaks in Teams: JSON to the address that a verified activity named."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, TypeVar

import aiohttp

from bot.errors import PlatformError
from bot.platforms.base import Profile, Sent
from bot.platforms.teams import graph, people
from bot.platforms.teams.connector import Connector
from bot.platforms.teams.envelope import CHANNEL_ENDINGS
from bot.platforms.teams.graph import Graph
from bot.platforms.teams.hosts import FIRST_CONTACT, is_loopback, may_be_called
from bot.platforms.teams.parts import parts
from bot.platforms.teams.render import Activity, render, render_form
from bot.platforms.teams.streams import TeamsStreams
from bot.platforms.teams.tokens import Tokens, tokens
from bot.reply import Form, Reply
from bot.settings import Settings
from bot.turn import Account, Place

MOST_REMEMBERED = 10_000
Key = TypeVar("Key")
Value = TypeVar("Value")

_GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


class TeamsClient:
    """Every call goes to the place's own `via`, else to the one last seen for its tenant."""

    name = "teams"

    def __init__(
        self,
        connector: Connector,
        *,
        app_id: str,
        sandbox: bool,
        warm: Tokens | None = None,
        graph: Graph | None = None,
    ) -> None:
        self._connector = connector
        self._bot = {"id": f"28:{app_id}"}
        self._sandbox = sandbox
        self._tokens = warm
        self._graph = graph
        self._vias: dict[str, str] = {}
        self._direct: dict[Account, Place] = {}
        self._names: dict[tuple[str, str], str] = {}
        self.streams = TeamsStreams(self)

    def parts(self, reply: Reply) -> tuple[Reply, ...]:
        return parts(reply)

    async def warm(self) -> None:
        """Fetches our token before the first person waits for it."""
        if self._tokens is not None:
            await self._tokens.get()

    def saw(self, place: Place) -> None:
        """Keeps the address of a turn's place, for calls about its tenant that have no place of their own.

        Call it with each turn, and at the start with a stored place of each tenant: `direct`, and
        posts to a configured conversation, then go to the right region.
        """
        if place.via and may_be_called(place.via, loopback=self._sandbox):
            _remember(self._vias, place.workspace, place.via)

    async def post(self, place: Place, reply: Reply, *, marker: str) -> Sent:
        """Without a thread, a channel gets a new root message, which the answer names as the thread."""
        activity = await self._activity(place, reply, marker)
        answer = await self._call("POST", place, _activities(place), activity)
        id_ = _id(answer)
        thread = place.thread or (id_ if place.channel.endswith(CHANNEL_ENDINGS) else None)
        return Sent(id_, thread or None)

    async def update(self, place: Place, message_id: str, reply: Reply, *, marker: str) -> None:
        """For everybody, also for those who saw the answer to their own press instead."""
        activity = await self._activity(place, reply, marker)
        await self._call("PUT", place, (*_activities(place), message_id), {**activity, "id": message_id})

    async def whisper(self, place: Place, account: Account, reply: Reply) -> None:
        """A targeted message, gone after 24 hours; where Teams refuses that, our private chat."""
        await self._whisper(place, account, await self._activity(place, reply, ""))

    async def find(self, place: Place, *, marker: str, since: float) -> Sent | None:
        raise PlatformError("Teams", "cannot tell us whether a message was posted", unknown=True)

    async def open_form(self, place: Place, account: Account, trigger: str, form: Form) -> None:
        """Dialogs open only within the answer to a press, so the form is a card that `account` alone sees."""
        await self._whisper(place, account, self._from_us(render_form(form)))

    async def show_home(self, account: Account, reply: Reply) -> None:
        """Teams has no page of ours to show."""

    async def working(self, place: Place, account: Account) -> None:
        try:
            await self._call("POST", place, _activities(place), self._from_us({"type": "typing"}))
        except PlatformError:
            return

    async def direct(self, account: Account) -> Place:
        if account in self._direct:
            return self._direct[account]
        via = self._via(Place("teams", account.workspace, ""))
        body = {
            "bot": self._bot,
            "isGroup": False,
            "members": [{"id": account.user}],
            "tenantId": account.workspace,
            "channelData": {"tenant": {"id": account.workspace}},
        }
        conversation = _id(await self._connector.call("POST", via, ("v3", "conversations"), body))
        if not conversation:
            raise PlatformError("Teams", "opened no conversation with that person")
        place = Place("teams", account.workspace, conversation, via=via, private=True)
        _remember(self._direct, account, place)
        return place

    async def profile(self, account: Account, place: Place) -> Profile:
        path = ("v3", "conversations", place.channel, "members", account.user)
        return people.profile(await self._call("GET", place, path), account)

    async def group_members(self, workspace: str, group: str) -> tuple[str, ...] | None:
        """Who is in an Entra group, by its object id; None where there is no such group."""
        return await self._graph.members(workspace, group) if self._graph else None

    async def manager_of(self, workspace: str, user: str) -> tuple[str, str] | None:
        """Whose object id and verified address Entra names as this person's manager."""
        return await self._graph.manager(workspace, user) if self._graph else None

    async def close(self) -> None:
        """The session is its giver's to close."""

    async def drawn(self, place: Place, reply: Reply, marker: str) -> Activity:
        """The message that `post` would send."""
        return await self._activity(place, reply, marker)

    async def put(self, place: Place, activity: Activity, message_id: str = "") -> str:
        """An activity as it stands: a new one, or in place of `message_id`. Its id, where Teams says one."""
        if message_id:
            path = (*_activities(place), message_id)
            return _id(await self._call("PUT", place, path, self._from_us({**activity, "id": message_id})))
        return _id(await self._call("POST", place, _activities(place), self._from_us(activity)))

    async def _whisper(self, place: Place, account: Account, activity: Activity) -> None:
        if place.private:
            await self._call("POST", place, _activities(place), activity)
            return
        targeted = {**activity, "recipient": _recipient(account)}
        try:
            await self._call("POST", place, _activities(place), targeted, "?isTargetedActivity=true")
        except PlatformError as error:
            if error.retryable:
                raise
            ours = await self.direct(account)
            await self._call("POST", ours, _activities(ours), activity)

    async def _activity(self, place: Place, reply: Reply, marker: str) -> Activity:
        names = {user: await self._name(place, user) for user in reply.mentions}
        named = {user: name for user, name in names.items() if name}
        return self._from_us(render(reply, marker=marker, sandbox=self._sandbox, names=named))

    def _from_us(self, activity: Activity) -> Activity:
        return {**activity, "from": self._bot}

    async def _name(self, place: Place, user: str) -> str:
        """The name to put into a mention; a mention without it still notifies."""
        key = (place.workspace, user)
        if key not in self._names:
            try:
                found = await self.profile(Account("teams", place.workspace, user), place)
            except PlatformError:
                return ""
            _remember(self._names, key, found.name)
        return self._names[key]

    async def _call(
        self,
        method: str,
        place: Place,
        path: tuple[str, ...],
        body: Mapping[str, Any] | None = None,
        query: str = "",
    ) -> Any:
        return await self._connector.call(method, self._via(place), path, body, query)

    def _via(self, place: Place) -> str:
        self.saw(place)
        via = place.via or self._vias.get(place.workspace) or ("" if self._sandbox else FIRST_CONTACT)
        if not via:
            raise PlatformError("Teams", "has not told us its address yet: write to the bot there once")
        return via


def _activities(place: Place) -> tuple[str, ...]:
    conversation = f"{place.channel};messageid={place.thread}" if place.thread else place.channel
    return ("v3", "conversations", conversation, "activities")


def _recipient(account: Account) -> dict[str, str]:
    entra = {"aadObjectId": account.user} if _GUID.fullmatch(account.user) else {}
    return {"id": account.user, **entra}


def _id(answer: Any) -> str:
    found = answer.get("id") if isinstance(answer, dict) else None
    return found if isinstance(found, str) else ""


def _remember(memory: dict[Key, Value], key: Key, value: Value) -> None:
    """The oldest makes room, so that no memory of ours grows without end."""
    while len(memory) >= MOST_REMEMBERED and key not in memory:
        del memory[next(iter(memory))]
    memory[key] = value


def connect(settings: Settings, session: aiohttp.ClientSession) -> TeamsClient:
    """`session` is shared and stays its giver's. Without an app id only the Agents Playground is answered."""
    sandbox = is_loopback(settings.teams_login_url) if settings.teams_login_url else False
    ours = tokens(settings, session) if settings.microsoft_app_id else None
    connector = Connector(session, ours, sandbox=sandbox)
    local = sandbox or settings.teams_anonymous
    asks = graph.connect(settings, session) if ours else None
    return TeamsClient(connector, app_id=settings.microsoft_app_id, sandbox=local, warm=ours, graph=asks)
