"""How fast each channel may be written to: shaped before a platform has to refuse, held after it did.

One process knows only of its own messages; what several send together is settled by the 429s.
Nothing here sleeps: it says for how long a message has to wait, and the outbox keeps it until then.
"""

from __future__ import annotations

import random
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence

from bot.turn import Place
from workers.retry import backoff
from workers.store.outbox import Message

Limit = tuple[int, float]  # at most so many within so many seconds
Lane = tuple[str, str, str, str]

# Slack allows about one message a second to a channel, and short bursts. Teams counts a conversation
# over one second and over thirty.
LIMITS: Mapping[str, tuple[Limit, ...]] = {"slack": ((4, 4.0),), "teams": ((7, 1.0), (60, 30.0))}

MOST_LANES = 10_000
FORGOTTEN = 120.0  # seconds
CLOSE = 0.02  # seconds: two clocks are never quite the same
LEAST = 0.1


def next_slot(taken: Sequence[float], limits: Sequence[Limit], now: float) -> float:
    """The first moment, from `now` on, at which one more keeps every limit. `taken` is sorted."""
    at = max(now, taken[-1]) if taken else now
    for most, seconds in limits:
        if len(taken) >= most:
            at = max(at, taken[-most] + seconds)
    return at


def lane(message: Message) -> Lane:
    """What is limited together: on Slack a method in a channel, on Teams a conversation."""
    place: Place = message.place
    whose = message.account.user if message.kind in ("home", "form") and message.account else place.channel
    return (place.platform, place.workspace, whose, "" if place.platform == "teams" else message.kind)


class Pacer:
    """Of one process. `limits` by platform; stand-ins have none, and refuse when they are told to."""

    def __init__(
        self,
        limits: Mapping[str, tuple[Limit, ...]] = LIMITS,
        *,
        clock: Callable[[], float] = time.monotonic,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._limits = limits
        self._clock = clock
        self._chance = chance
        self._taken: dict[Lane, deque[float]] = {}
        self._kept: dict[str, tuple[Lane, float]] = {}
        self._held: dict[Lane, tuple[float, int]] = {}

    def wait(self, message: Message) -> float:
        """0: it may go now. Else seconds after which to ask again; its turn is kept until then."""
        now, mine = self._clock(), lane(message)
        until = self._held.get(mine, (0.0, 0))[0]
        if message.id in self._kept:
            at = self._kept[message.id][1]
        else:
            at = self._take(message, mine, max(now, until))
        at = max(at, until)
        if at <= now + CLOSE:
            self._kept.pop(message.id, None)
            return 0.0
        self._kept[message.id] = (mine, at)
        return at - now

    def _take(self, message: Message, mine: Lane, now: float) -> float:
        limits = self._limits.get(mine[0], ())
        if not limits or (mine[0] == "slack" and message.kind != "post"):
            return now
        self._forget()
        taken = self._taken.setdefault(mine, deque(maxlen=max(most for most, _ in limits)))
        taken.append(next_slot(taken, limits, now))
        return taken[-1]

    def refused(self, message: Message, asked: float | None) -> float:
        """The platform said 429: nobody writes there before this many seconds are over.

        `asked` is what it asked for; where it names no time, each refusal in a row doubles it.
        """
        now, mine = self._clock(), lane(message)
        until, times = self._held.get(mine, (0.0, 0))
        pause = max(asked, LEAST) if asked is not None else backoff(times + 1)
        if mine[0] == "teams":
            pause = spread(pause, self._chance())
        self._held[mine] = (max(until, now + pause), times + 1)
        # Those that had a turn before that get a new one, one after the other, when they ask again.
        self._taken.pop(mine, None)
        self._kept = {id: kept for id, kept in self._kept.items() if kept[0] != mine}
        return self._held[mine][0] - now

    def again(self, message: Message, attempts: int, asked: float | None) -> float:
        """Seconds until the next attempt after trouble that was no 429."""
        pause = max(asked, LEAST) if asked is not None else backoff(attempts)
        return spread(pause, self._chance()) if message.place.platform == "teams" else pause

    def went(self, message: Message) -> None:
        """It was taken: the next refusal is the first one again."""
        self._held.pop(lane(message), None)

    def _forget(self) -> None:
        """What is long over, so that the memory does not grow with the number of channels."""
        if len(self._taken) + len(self._kept) + len(self._held) < MOST_LANES:
            return
        old = self._clock() - FORGOTTEN
        self._taken = {mine: taken for mine, taken in self._taken.items() if taken[-1] > old}
        self._kept = {id: kept for id, kept in self._kept.items() if kept[1] > old}
        self._held = {mine: held for mine, held in self._held.items() if held[0] > old}


def spread(pause: float, chance: float) -> float:
    """Up to a quarter more, so that those who were refused together do not come back together."""
    return pause * (1 + chance / 4)
