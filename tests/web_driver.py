"""A client of the web for tests, as a browser is one: it keeps what it was sent, and waits for more."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

from bot.workbench.cast import PERSONS
from tests.stack import Stack
from workers.web_keys import make_token

SECONDS = 30.0
# As the platforms call them, whichever meets them first.
NAMES = {each.email: each.name for each in PERSONS.values()}
Json = dict[str, Any]


async def token_of(stack: Stack, email: str) -> str:
    async with stack.db.tenant(stack.tenant) as c:
        return (await make_token(c, stack.tenant, email, NAMES[email], 1))[0]


class Browser:
    """`messages` as they stand, by id; `frames` everything that came."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse, conversation: str) -> None:
        self._socket, self.conversation = socket, conversation
        self.frames: list[Json] = []
        self.messages: dict[str, Json] = {}
        self.sequence = 0
        self._news = asyncio.Event()
        self._next = 0
        self._reading = asyncio.create_task(self._read())

    async def send(self, type: str, **more: Any) -> str:
        self._next += 1
        id = more.pop("id", f"{self.conversation}-{self._next}")
        await self._socket.send_str(
            json.dumps({"type": type, "id": id, "conversation": self.conversation, **more})
        )
        return str(id)

    async def say(self, text: str, **more: Any) -> str:
        id = await self.send("say", text=text, **more)
        await self.frame("ack", to=id)
        return id

    async def press(self, message: Json, label: str, **answers: str) -> Json:
        """What the press is answered with."""
        button = next(each for each in buttons(message) if each["label"] == label)
        id = await self.send("press", action=button["action"], value=button["value"], message=message["id"],
                             answers=answers)  # fmt: skip
        return await self.frame("answer", to=id)

    async def frame(self, type: str, **fields: Any) -> Json:
        def found() -> Json | None:
            for each in self.frames:
                if each["type"] == type and all(each.get(name) == value for name, value in fields.items()):
                    return each
            return None

        return await self.until(found, f"a frame {type} {fields}")

    async def wait_for(self, words: str, *, button: str = "") -> Json:
        def found() -> Json | None:
            for each in self.messages.values():
                if words in str(each) and (not button or any(b["label"] == button for b in buttons(each))):
                    return each
            return None

        return await self.until(found, f"{words!r} {button!r}")

    async def until(self, found: Callable[[], Json | None], what: str) -> Json:
        try:
            async with asyncio.timeout(SECONDS):
                while (there := found()) is None:
                    assert not self._reading.done(), f"{what}: the socket closed, {self._socket.close_code}"
                    self._news.clear()
                    await self._news.wait()
                return there
        except TimeoutError:
            seen = "\n".join(str(each)[:300] for each in self.frames[-12:])
            raise AssertionError(f"{what} did not come. Seen:\n{seen}") from None

    async def closed(self) -> int | None:
        async with asyncio.timeout(SECONDS):
            await self._reading
        return self._socket.close_code

    async def _read(self) -> None:
        async for message in self._socket:
            if message.type != aiohttp.WSMsgType.TEXT:
                continue
            frame = json.loads(message.data)
            self.frames.append(frame)
            if "sequence" in frame and frame["conversation"] == self.conversation:
                self.sequence = frame["sequence"]
            if frame["type"] in ("message", "update"):
                self.messages[frame["id"]] = frame
            self._news.set()
        self._news.set()

    async def close(self) -> None:
        await self._socket.close()
        await asyncio.gather(self._reading, return_exceptions=True)


@asynccontextmanager
async def browser(
    stack: Stack, token: str, conversation: str = "main", after: int = -1
) -> AsyncIterator[Browser]:
    url = f"{stack.world.bot_url}/ws"
    async with aiohttp.ClientSession() as session, session.ws_connect(url, max_msg_size=0) as socket:
        there = Browser(socket, conversation)
        await there.send("hello", token=token, after=after)
        await there.frame("welcome")
        try:
            yield there
        finally:
            await there.close()


def buttons(message: Json) -> list[Json]:
    return [each for block in message.get("blocks", ()) if block["type"] == "buttons"
            for each in block["buttons"]]  # fmt: skip
