"""A bot without a network: real turns in the real database, and two platforms that keep what is posted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any
from uuid import UUID, uuid4

from bot.errors import PlatformError
from bot.platforms.base import Profile, Sent
from bot.reply import Buttons, Paragraph, Reply
from bot.turn import Account, Act, Place, Pressed, Said, Turn, TurnId
from flows.flow import Flow
from flows.loader import load
from flows.yaml_source import read
from integrations import tools as known_tools
from integrations.models.offline.reader import OfflineReader
from workers.approve import Rules
from workers.deliver import deliver
from workers.known import Library
from workers.pacing import Pacer
from workers.push import put
from workers.seen import Tools
from workers.services import Services
from workers.store import conversations, inbox, people, tenants
from workers.store.door import Database
from workers.turns import handle, take

_ids = count(1)


@dataclass
class Posted:
    """One message as it stands now, and where."""

    place: Place
    reply: Reply

    @property
    def text(self) -> str:
        shown = [block.text for block in self.reply.blocks if isinstance(block, Paragraph)]
        return "\n".join([self.reply.text, *shown])

    def button(self, label: str) -> tuple[str, str]:
        for block in self.reply.blocks:
            for each in block.buttons if isinstance(block, Buttons) else ():
                if each.label == label:
                    return each.action, each.value
        raise AssertionError(f"no button {label} on {self.text!r}")


@dataclass
class FakePlatform:
    """`away` are users who cannot be written to."""

    name: str
    posts: dict[str, Posted] = field(default_factory=dict)
    whispers: list[tuple[str, str]] = field(default_factory=list)
    away: set[str] = field(default_factory=set)

    def parts(self, reply: Reply) -> tuple[Reply, ...]:
        return (reply,)

    async def post(self, place: Place, reply: Reply, *, marker: str) -> Sent:
        id = f"{next(_ids)}.0"
        self.posts[id] = Posted(place, reply)
        return Sent(id, place.thread or (id if self.name == "slack" else None))

    async def update(self, place: Place, message_id: str, reply: Reply, *, marker: str) -> None:
        self.posts[message_id].reply = reply

    async def whisper(self, place: Place, account: Account, reply: Reply) -> None:
        self.whispers.append((account.user, reply.text))

    async def show_home(self, account: Account, content: Reply) -> None:
        """Nobody looks."""

    async def find(self, place: Place, *, marker: str, since: float) -> Sent | None:
        return None

    async def direct(self, account: Account) -> Place:
        if account.user in self.away:
            raise PlatformError(self.name, "does not let me write to this person")
        return Place(self.name, account.workspace, f"D{account.user}", private=True)

    async def working(self, place: Place, account: Account) -> None:
        """Nobody looks."""

    async def profile(self, account: Account, place: Place) -> Profile:
        return Profile(account.user.title(), f"{account.user}@example.com")

    def saw(self, place: Place) -> None:
        """Nothing to learn."""


@dataclass
class Desk:
    """One tenant with a workspace on each platform. People are known as `ada` and ada@example.com."""

    db: Database
    tenant: UUID
    tools: Tools
    slack: FakePlatform
    teams: FakePlatform
    mark: str

    def account(self, user: str, platform: str = "slack") -> Account:
        return Account(platform, f"{platform}-{self.mark}", user)

    async def meet(self, user: str, platform: str = "slack") -> UUID:
        profile = Profile(user.title(), f"{user}@example.com")
        async with self.db.tenant(self.tenant) as c:
            return (await people.remember(c, self.tenant, self.account(user, platform), profile)).id

    def at(self, channel: str, thread: str | None = None, platform: str = "slack") -> Place:
        return Place(platform, f"{platform}-{self.mark}", channel, thread, private=channel.startswith("D"))

    async def act(self, user: str, place: Place, act: Act, id: str = "", *, run: bool = True) -> None:
        """What somebody does; all that follows from it has happened afterwards."""
        turn = Turn(TurnId(id or f"t{next(_ids)}"), place, self.account(user, place.platform), act)
        async with self.db.tenant(self.tenant) as c:
            await inbox.add_turn(c, self.tenant, place.conversation, str(turn.id), turn)
        if run:
            await self.work()

    async def say(self, user: str, place: Place, text: str, id: str = "", *, run: bool = True) -> None:
        await self.act(user, place, Said(text, mentioned=place.private), id, run=run)

    async def press(self, user: str, card: str, label: str, *, run: bool = True) -> None:
        """A button of a message by its id, where the platform says it was pressed."""
        platform = self.slack if card in self.slack.posts else self.teams
        posted = platform.posts[card]
        action, value = posted.button(label)
        place = posted.place
        if platform is self.slack and place.thread is None:
            place = Place("slack", place.workspace, place.channel, card, private=place.private)
        await self.act(user, place, Pressed(action, value), run=run)

    async def work(self, *, turns: int = 1_000) -> None:
        """Whatever is due, by one engine after the other; `turns` and then it is as if it were killed."""
        while claimed := await self._claim():
            for each in claimed:
                turns = await self._serve(each, turns)
                if not turns:
                    await self.fetch("update conversations set lease_until = '-infinity', ready_at = now()")
                    return

    async def _serve(self, claimed: conversations.Claimed, turns: int) -> int:
        """One conversation until nothing is due in it, as the engine does; how many turns are left."""
        while turns and (seen := await take(self.tools, claimed)) is not None:
            turns -= 1
            commit = await handle(self.tools, claimed, seen)
            if not turns:  # killed before anything of it was said
                break
            if await deliver(self.tools, claimed, commit.head, looked=commit.written):
                return turns
        if not turns or not await deliver(self.tools, claimed, None, looked=False):
            await conversations.release(self.db, claimed)
        return turns

    async def _claim(self) -> list[conversations.Claimed]:
        found = await conversations.claim(self.db, "a test", 30, 50)
        for each in found:
            if each.tenant != self.tenant:
                await conversations.release(self.db, each)
        return [each for each in found if each.tenant == self.tenant]

    def find(self, words: str, channel: str = "") -> list[str]:
        """Ids of the messages with these words, the oldest first."""
        every = {**self.slack.posts, **self.teams.posts}
        fitting = [id for id, each in every.items() if words in each.text and channel in each.place.channel]
        return sorted(fitting, key=float)

    def one(self, words: str, channel: str = "") -> str:
        [found] = self.find(words, channel)
        return found

    async def fetch(self, query: str, *arguments: Any) -> list[Any]:
        async with self.db.tenant(self.tenant) as c:
            rows: list[Any] = await c.fetch(query, *arguments)
            return rows

    async def hasten(self) -> None:
        """Every deadline is now."""
        await self.fetch("update timers set fire_at = now() where state = 'set'")
        await self.fetch("update conversations set ready_at = now()")
        await self.work()


def flow_of(text: str, id: str) -> Flow:
    head = f"id: {id}\ndescription: A demo\nexamples: [{id} me]\nsteps:\n"
    return load(read(f"{id}.yaml", (head + text).encode()), known_tools())


async def open_desk(
    db: Database, flow: Flow, policy: Mapping[str, Any], places: tuple[str, ...] = ()
) -> Desk:
    mark = uuid4().hex[:8]
    tenant = await tenants.create(db, f"Desk {mark}")
    async with db.tenant(tenant) as c:
        await put(c, tenant, [flow], policy)
        for platform in ("slack", "teams", "web"):
            await tenants.install(c, tenant, platform, f"{platform}-{mark}", "", None)
    slack, teams = FakePlatform("slack"), FakePlatform("teams")
    tools = Tools(
        db=db,
        library=Library(money_tools=True),
        doors={},
        clients={"slack": slack, "teams": teams, "web": FakePlatform("web")},  # type: ignore[dict-item]  # no forms, no home
        reader=OfflineReader(),
        rules=Rules(places, (), Services({})),
        lease=30,
        pacer=Pacer({}),
    )
    return Desk(db, tenant, tools, slack, teams, mark)
