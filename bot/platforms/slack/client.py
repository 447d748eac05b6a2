"""The client: speaks in Slack, for every workspace that we are installed in."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any

import aiohttp
from slack_sdk.web.async_client import AsyncWebClient

from bot.errors import ConfigurationError, PlatformError
from bot.platforms.base import Profile, Sent
from bot.platforms.slack import groups, render
from bot.platforms.slack.call import DEADLINE, SLACK, call, web_client
from bot.platforms.slack.instead import respond
from bot.platforms.slack.streams import SlackStreams
from bot.platforms.slack.tokens import StaticToken, TokenSource
from bot.reply import Form, Reply
from bot.settings import Settings
from bot.text import SLACK_INERT
from bot.turn import Account, Place

EVENT_TYPE = "countersign_message"
# What of it an update and a whisper take: the others are about new messages.
INERT: dict[str, Any] = {name: SLACK_INERT[name] for name in ("parse", "link_names")}

STATUS = "is working on it…"
STATUS_DEADLINE = 3.0
CLOCK_SKEW = 60.0
PAGE = 200
MAX_PAGES = 10


def connect(
    settings: Settings, session: aiohttp.ClientSession, tokens: TokenSource | None = None
) -> SlackClient:
    """`session` is shared and stays its owner's; without `tokens` there is SLACK_BOT_TOKEN."""
    source = tokens or StaticToken(settings.secret("slack_bot_token"))
    return SlackClient(web_client(settings.slack_api_url, session), source)


class SlackClient:
    """See `bot.platforms.base.Client`."""

    name = "slack"

    def __init__(self, web: AsyncWebClient, tokens: TokenSource, *, deadline: float = DEADLINE) -> None:
        self._web = web
        self._tokens = tokens
        self._deadline = deadline
        self.streams = SlackStreams(self._call, self)

    def parts(self, reply: Reply) -> tuple[Reply, ...]:
        return render.parts(reply)

    async def post(self, place: Place, reply: Reply, *, marker: str) -> Sent:
        message: dict[str, Any] = {
            "channel": place.channel,
            "thread_ts": place.thread,
            "metadata": _metadata(marker),
        }
        answer = await self._call(
            "chat.postMessage",
            place.workspace,
            message | render.render(reply) | SLACK_INERT,
            posts=True,
        )
        ts, channel = answer.get("ts"), answer.get("channel")
        if not isinstance(ts, str):
            raise PlatformError(SLACK, "did not say which message it posted", retryable=True, unknown=True)
        extra = {"channel": channel} if isinstance(channel, str) and channel != place.channel else {}
        return Sent(ts, place.thread or ts, extra)

    async def update(self, place: Place, message_id: str, reply: Reply, *, marker: str) -> None:
        message: dict[str, Any] = {"channel": place.channel, "ts": message_id, "metadata": _metadata(marker)}
        await self._call("chat.update", place.workspace, message | render.render(reply) | INERT)

    async def whisper(self, place: Place, account: Account, reply: Reply) -> None:
        """In a place that is only the person's (App Home, a form) it is a direct message instead."""
        where: dict[str, Any] = {"channel": place.channel, "thread_ts": place.thread}
        message = where | render.render(reply) | INERT
        if place.channel == account.user:
            await self._call("chat.postMessage", place.workspace, message | SLACK_INERT, posts=True)
            return
        await self._call("chat.postEphemeral", place.workspace, message | {"user": account.user}, posts=True)

    async def whisper_instead(self, place: Place, account: Account, reply: Reply, *, instead: str) -> None:
        """See `bot.platforms.base.Replaces`."""
        try:
            await respond(self._web, instead, render.render(reply) | INERT)
        except PlatformError:
            await self.whisper(place, account, reply)

    async def find(self, place: Place, *, marker: str, since: float) -> Sent | None:
        async for message in self.ours(place, since=since):
            if _marked(message, marker) and isinstance(message.get("ts"), str):
                return Sent(message["ts"], place.thread or message["ts"])
        return None

    async def ours(self, place: Place, *, since: float) -> AsyncIterator[Mapping[str, Any]]:
        """Messages of bots in this place since then, with what stands in their metadata."""
        channel = place.channel
        if channel[:1] in ("U", "W"):
            channel = (await self._open(place.workspace, channel)).channel
        method = "conversations.replies" if place.thread else "conversations.history"
        question: dict[str, Any] = {
            "channel": channel,
            "ts": place.thread,
            "oldest": f"{max(0.0, since - CLOCK_SKEW):.6f}",
            "include_all_metadata": True,
            "limit": PAGE,
        }
        for _ in range(MAX_PAGES):
            page = await self._call(method, place.workspace, question, read=True)
            for message in _objects(page.get("messages")):
                if isinstance(message.get("bot_id"), str):
                    yield message
            match page:
                case {"response_metadata": {"next_cursor": str(cursor)}} if cursor:
                    question["cursor"] = cursor
                case _:
                    return
        raise PlatformError(SLACK, "holds too many messages to look through", retryable=True, unknown=True)

    async def open_form(self, place: Place, account: Account, trigger: str, form: Form) -> None:
        view = render.modal(form)
        await self._call("views.open", place.workspace, {"trigger_id": trigger, "view": view})

    async def show_home(self, account: Account, reply: Reply) -> None:
        view = render.home(reply)
        await self._call("views.publish", account.workspace, {"user_id": account.user, "view": view})

    async def working(self, place: Place, account: Account) -> None:
        """A status under the thread; Slack takes it away when we answer."""
        if not place.thread or not place.channel:
            return
        status = {"channel_id": place.channel, "thread_ts": place.thread, "status": STATUS}
        try:
            await self._call("assistant.threads.setStatus", place.workspace, status, deadline=STATUS_DEADLINE)
        except PlatformError:
            return

    async def direct(self, account: Account) -> Place:
        return await self._open(account.workspace, account.user)

    def saw(self, place: Place) -> None:
        """Nothing to learn: Slack is at one address."""

    async def profile(self, account: Account, place: Place) -> Profile:
        """Asked with the token of the place: a guest from another company has no other here."""
        workspace = place.workspace or account.workspace
        answer = await self._call("users.info", workspace, {"user": account.user}, read=True)
        match answer.get("user"):
            case dict(user) if user.get("deleted") is True:
                raise PlatformError(SLACK, "says that this person's account is switched off", gone=True)
            case dict(user):
                return _profile(user, account)
            case _:
                raise PlatformError(SLACK, "does not know this person", gone=True)

    async def group_members(self, workspace: str, handle: str) -> tuple[str, ...] | None:
        """User ids of a user group; None where there is none of that handle. Wants usergroups:read."""

        async def ask(method: str, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
            return await self._call(method, workspace, arguments, read=True)

        return await groups.members(ask, handle)

    async def close(self) -> None:
        """The session is its owner's to close."""

    async def _open(self, workspace: str, user: str) -> Place:
        answer = await self._call("conversations.open", workspace, {"users": user})
        match answer:
            case {"channel": {"id": str(channel)}}:
                return Place("slack", workspace, channel, private=True)
            case _:
                raise PlatformError(SLACK, "opened no direct message with this person")

    async def _call(
        self,
        method: str,
        workspace: str,
        arguments: Mapping[str, Any],
        *,
        read: bool = False,
        posts: bool = False,
        deadline: float | None = None,
    ) -> Mapping[str, Any]:
        try:
            token = await self._tokens.token(workspace)
        except ConfigurationError as error:
            raise PlatformError(SLACK, f"cannot be reached: {error}", gone=True) from error
        return await call(
            self._web, method, token, arguments, read=read, posts=posts, deadline=deadline or self._deadline
        )


def _metadata(marker: str) -> dict[str, Any]:
    return {"event_type": EVENT_TYPE, "event_payload": {"marker": marker}}


def _marked(message: Mapping[str, Any], marker: str) -> bool:
    """Only a bot's message counts: a person cannot make ours look posted."""
    match message:
        case {"bot_id": str(), "metadata": {"event_type": kind, "event_payload": {"marker": found}}}:
            return bool(kind == EVENT_TYPE and found == marker)
        case _:
            return False


def _objects(found: object) -> list[Mapping[str, Any]]:
    return [item for item in found if isinstance(item, Mapping)] if isinstance(found, list) else []


def _profile(user: Mapping[str, Any], account: Account) -> Profile:
    """The e-mail only where Slack vouches for it: a charge is made to the customer it names."""
    match user.get("profile"):
        case dict(profile):
            pass
        case _:
            profile = {}
    names = (profile.get("display_name"), profile.get("real_name"), user.get("real_name"), user.get("name"))
    is_bot = user.get("is_bot") is True or user.get("id") == "USLACKBOT"
    vouched = user.get("is_email_confirmed") is True and not is_bot
    email, zone = profile.get("email"), user.get("tz")
    return Profile(
        name=next((name for name in names if isinstance(name, str) and name.strip()), account.user),
        email=email if vouched and isinstance(email, str) else "",
        time_zone=zone if isinstance(zone, str) and zone else "UTC",
        is_bot=is_bot,
        is_guest=any(
            user.get(mark) is True for mark in ("is_restricted", "is_ultra_restricted", "is_stranger")
        ),
    )
