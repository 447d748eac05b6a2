"""Messages that grow in Slack: a stream in a thread, and where that is refused a message that is edited."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from dataclasses import replace
from typing import Any, Protocol

from bot.errors import PlatformError
from bot.platforms.base import STOP, Sent
from bot.platforms.slack.foreign import shown
from bot.platforms.slack.limits import width
from bot.platforms.slack.streamed import inert
from bot.platforms.streaming import MARK, Grown, StreamOver
from bot.reply import Button, Buttons, Paragraph, Reply, Tone
from bot.turn import Account, Place

STREAM, SESSION, EDIT = "stream", "session", "edit"
LONGEST = 9_000  # characters as Slack counts them; a call takes 12,000, blocks of a message about 13,000
STARTS = (18, 60.0)  # Slack takes 20 in a minute; two are left for others
APPENDS = (90, 60.0)
EDITS = (45, 60.0)
REFUSED_FOR = 600.0  # seconds for which a workspace that refused is not asked again
MOST_WORKSPACES = 10_000
WRITING = "Writing…"


class Client(Protocol):
    """What of SlackClient is used here."""

    async def post(self, place: Place, reply: Reply, *, marker: str) -> Sent: ...
    async def update(self, place: Place, message_id: str, reply: Reply, *, marker: str) -> None: ...
    async def find(self, place: Place, *, marker: str, since: float) -> Sent | None: ...
    def ours(self, place: Place, *, since: float) -> AsyncIterator[Mapping[str, Any]]: ...


Call = Callable[..., Any]


class SlackStreams:
    """See `bot.platforms.streaming.Streams`."""

    pause = 0.3
    eager = 256
    patience = 0.0
    remembers = False

    def __init__(self, call: Call, client: Client, clock: Callable[[], float] = time.monotonic) -> None:
        self._call, self._client, self._clock = call, client, clock
        self._went: dict[tuple[str, str], deque[float]] = {}
        self._refused: dict[tuple[str, str], float] = {}

    def where(self, place: Place) -> bool:
        return bool(place.channel)

    def room(self, grown: Grown | None, words: str) -> int:
        size, before = (grown.size, grown.words) if grown else (0, "")
        if size + 5 * len(words) <= LONGEST:
            return len(words)
        # Whatever is escaped grows; so it is counted as it will be sent.
        fits = 0
        while fits < len(words) and size + width(inert(words[: fits + 64], before)) <= LONGEST:
            fits += 64
        return min(fits, len(words))

    async def announce(self, place: Place, account: Account | None) -> Grown | None:
        """Declares the session busy, which is what draws Slack's own Stop button."""
        await self._session(place, "processing", account)
        return None

    async def begin(self, place: Place, account: Account | None, words: str, *, marker: str) -> Grown:
        who = {"recipient_user_id": account.user, "recipient_team_id": account.workspace} if account else {}
        named = place.private or bool(who)
        if (
            place.thread
            and named
            and not self._is_refused(STREAM, place)
            and self._may(STREAM, place, STARTS)
        ):
            text = inert(words)
            try:
                answer = await self._call(
                    "chat.startStream",
                    place.workspace,
                    {"channel": place.channel, "thread_ts": place.thread, "markdown_text": text, **who},
                    posts=True,
                )
            except PlatformError as error:
                if error.unknown or error.gone:
                    raise
                self._refuse(STREAM, place, error.retry_after if error.limited else None)
            else:
                return Grown(place, _ts(answer), STREAM, words, width(text), 1)
        sent = await self._client.post(place, _preview(words), marker=marker)
        place = replace(place, channel=sent.extra.get("channel", place.channel), thread=sent.thread)
        return Grown(place, sent.id, EDIT, words, width(inert(words)), 1)

    async def grow(self, grown: Grown, words: str) -> Grown:
        text = inert(words, grown.words)
        whole = grown.words + words
        if grown.kind == EDIT:
            self._paced(EDIT, grown.place, EDITS)
            await self._client.update(grown.place, grown.id, _preview(whole), marker=MARK)
        else:
            self._paced("append", grown.place, APPENDS)
            given = {"channel": grown.place.channel, "ts": grown.id, "markdown_text": text}
            try:
                await self._call("chat.appendStream", grown.place.workspace, given, posts=True)
            except PlatformError as error:
                if error.retryable:
                    raise
                raise StreamOver("Slack", "takes nothing more into this message") from None
        return replace(grown, words=whole, size=grown.size + width(text), calls=grown.calls + 1)

    async def finish(self, grown: Grown, reply: Reply, *, marker: str) -> Sent:
        """Stopped, and then drawn like any message of ours: whatever was shown before, this is what stays."""
        await self.close(grown)
        await self._client.update(grown.place, grown.id, reply, marker=marker)
        return Sent(grown.id, grown.place.thread)

    async def close(self, grown: Grown) -> None:
        if grown.kind == EDIT:
            return
        try:
            await self._stop(grown)
        except PlatformError as error:
            # What is stopped already refuses; so does what Slack has stopped by itself.
            if error.retryable or error.gone:
                raise
        await self._session(grown.place, "active", None)

    async def _stop(self, grown: Grown) -> None:
        given = {"channel": grown.place.channel, "ts": grown.id}
        await self._call("chat.stopStream", grown.place.workspace, given)

    async def find(self, place: Place, *, marker: str, since: float, known: Collection[str]) -> Grown | None:
        """A stream carries no mark of ours until it is over, and every other message of ours does."""
        edited = await self._client.find(place, marker=marker, since=since)
        if edited is not None:
            return Grown(place, edited.id, EDIT)
        async for message in self._client.ours(place, since=since):
            ts = message.get("ts")
            if isinstance(ts, str) and ts not in known and not message.get("metadata"):
                try:
                    await self._stop(grown := Grown(place, ts, STREAM))
                except PlatformError as error:
                    if error.retryable:
                        raise
                    continue  # another app's, which only that app could stop
                return grown
        return None

    async def _session(self, place: Place, status: str, account: Account | None) -> None:
        """Only an app that is declared as an agent has one; where it is refused, “stop” is typed."""
        if not place.thread or self._is_refused(SESSION, place):
            return
        given: dict[str, Any] = {"channel_id": place.channel, "thread_ts": place.thread, "status": status}
        if account is not None:
            given["initiator_user_id"] = account.user
        try:
            await self._call("agents.sessions.setStatus", place.workspace, given, deadline=3.0)
        except PlatformError as error:
            if not error.retryable:
                self._refuse(SESSION, place, None)

    def _is_refused(self, what: str, place: Place) -> bool:
        return self._refused.get((what, place.workspace), 0.0) > self._clock()

    def _refuse(self, what: str, place: Place, seconds: float | None) -> None:
        if len(self._refused) >= MOST_WORKSPACES:
            self._refused.clear()
        self._refused[what, place.workspace] = self._clock() + (seconds or REFUSED_FOR)

    def _may(self, what: str, place: Place, limit: tuple[int, float]) -> bool:
        """Whether one more call is within what Slack takes of a workspace; it is counted."""
        return self._wait(what, place, limit) <= 0

    def _paced(self, what: str, place: Place, limit: tuple[int, float]) -> None:
        pause = self._wait(what, place, limit)
        if pause > 0:
            raise PlatformError(
                "Slack", "takes no more for a moment", retryable=True, retry_after=pause, limited=True
            )

    def _wait(self, what: str, place: Place, limit: tuple[int, float]) -> float:
        most, seconds = limit
        if len(self._went) >= MOST_WORKSPACES:
            self._went.clear()
        went = self._went.setdefault((what, place.workspace), deque(maxlen=most))
        now = self._clock()
        if len(went) == most and (pause := went[0] + seconds - now) > 0:
            return pause
        went.append(now)
        return 0.0


def _preview(words: str) -> Reply:
    """While it is edited, a button of ours is what stops it."""
    text = shown(words)
    buttons = Buttons((Button("Stop", STOP),))
    return Reply(text, (Paragraph(text), Paragraph(WRITING, Tone.SUBTLE), buttons))


def _ts(answer: Mapping[str, Any]) -> str:
    ts = answer.get("ts")
    if not isinstance(ts, str):
        raise PlatformError("Slack", "did not say which message it began", retryable=True, unknown=True)
    return ts
