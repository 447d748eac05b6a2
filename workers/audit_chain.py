"""The audit's chain: what binds one entry to the one before it, and what no longer fits.

Pure. `seal_audit` in the database makes the same hashes of the same bytes (migration 0010), and so can
anybody who was given an export: `SCRIPT` in `workers/audit_export.py` does.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import groupby, islice
from typing import Literal
from uuid import UUID

NAME = "countersign audit 1"
CLOCK_STEP = timedelta(minutes=10)  # a transaction lasts a minute at most, so entries are never this late
MOST_FINDINGS = 100
MOST_KEPT_BYTES = 4 * 1024 * 1024
BEGUN_ANEW, MOST_BEGUN = b'"audit.restarted"', 100

Kind = Literal["edited", "deleted", "inserted", "reordered", "tail cut", "chains swapped", "clock", "head"]


@dataclass(frozen=True, slots=True)
class Link:
    """An entry in its place: `seq` counts from 1 without a gap."""

    id: int
    at: datetime
    entry: bytes
    seq: int
    prev: bytes
    hash: bytes


@dataclass(frozen=True, slots=True)
class Head:
    """The last link, as it was signed."""

    seq: int
    hash: bytes
    at: datetime


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong, at which place of the chain, and which rows it is about."""

    kind: Kind
    seq: int
    text: str


def genesis(tenant: UUID) -> bytes:
    """What the first link follows: no chain can be taken for another tenant's."""
    return hashlib.sha256(f"{NAME}\n{tenant}".encode()).digest()


def digest(tenant: UUID, link: Link) -> bytes:
    """Over everything that a link is, and the hash of the one before."""
    return _digest(f"{NAME}\n{tenant}", link)


def _digest(begin: str, link: Link) -> bytes:
    place = f"{begin}\n{link.seq}\n{link.id}\n{stamp(link.at)}\n{link.prev.hex()}\n"
    return hashlib.sha256(place.encode() + link.entry).digest()


def stamp(at: datetime) -> str:
    """UTC with microseconds, as the database writes it too."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")[:-6] + "Z"


def signed(tenant: UUID, head: Head) -> bytes:
    """What the signature of a head is made over."""
    return f"{NAME} head\n{tenant}\n{head.seq}\n{stamp(head.at)}\n{head.hash.hex()}".encode()


@dataclass(frozen=True, slots=True)
class _Held:
    """Several links of one number: those that fit there, and how many more there were."""

    rivals: list[Link]
    fitting: list[Link]
    more: int


class Walk:
    """Goes along a chain, link by link, in bounded memory. What does not fit is kept in `findings`,
    the first `MOST_FINDINGS`; `count` says of how many. `others` are the tenants it may be mixed with."""

    def __init__(self, tenant: UUID, others: Iterable[UUID] = ()) -> None:
        self.findings: list[Finding] = []
        self.count = 0
        self.links = 0
        self.last: Link | None = None
        self.begun: list[Link] = []  # that say that the chain was begun anew; whether they may, others know
        self._tenant = tenant
        self._named, self._begin = tenant, f"{NAME}\n{tenant}"
        self._others = tuple(others)
        self._after: bytes | None = genesis(tenant)
        self._next = 1
        self._latest: datetime | None = None
        self._held: _Held | None = None
        self._odd: list[Link] = []
        self._odd_bytes = 0

    def take(self, links: Iterable[Link]) -> None:
        """In the order of `seq`, then `id`; in as many portions as one likes, cut between two numbers."""
        for _, same in groupby(links, lambda link: link.seq):
            self._place(same)

    def end(self, head: Head | None = None) -> None:
        """Those that did not fit are compared with each other: contents may have changed places."""
        self._settle({head.hash} if head else set())
        for link in self._odd:
            self._note(*_explained(self._tenant, link, self._odd))
        self._odd = []

    def head(self, head: Head | None, *, genuine: bool | None) -> None:
        """After `end`. `genuine`: whether its signature is ours, or None where the key of it is gone."""
        if head is None:
            if self.last is not None:
                self._note("head", self.last.seq, "the signed head is gone, so a cut tail could not be seen")
            return
        if genuine is None:
            text = "the head was signed with a key that is not in SECRET_KEY, so it cannot be checked"
            self._note("head", head.seq, text)
        elif not genuine:
            self._note(
                "head", head.seq, "the head does not carry our signature: it was made by somebody else"
            )
        seq = self.last.seq if self.last else 0
        if seq < head.seq:
            gone = f"the last {head.seq - seq} are gone: the chain was sealed up to #{head.seq}"
            self._note("tail cut", seq + 1, f"{_range(seq + 1, head.seq)}: {gone}")
        elif self.last is not None and seq == head.seq and self.last.hash != head.hash:
            text = f"id {self.last.id}: up to here it is not what was signed; all hashes were made anew"
            self._note("edited", seq, text)
        elif self.last is not None and seq > head.seq:
            text = f"{_range(head.seq + 1, seq)}: sealed by nobody of ours, up to id {self.last.id}"
            self._note("inserted", head.seq + 1, text)

    def strange(self, id: int) -> None:
        """A row with a part of a seal, which stands nowhere in the chain."""
        self._note("inserted", 0, f"id {id}: it has a part of a seal, and we never leave a part")

    def unexpected(self, kept: Head) -> None:
        """The chain was once sealed up to `kept`, and does not say so any more."""
        if self.last is None or self.last.seq < kept.seq:
            first = self.last.seq + 1 if self.last else 1
            text = f"{_range(first, kept.seq)}: they are gone, though they were there when the head was kept"
            self._note("tail cut", first, text)
        else:
            text = "up to here it is not what it was when the head was kept; all hashes were made anew"
            self._note("edited", kept.seq, text)

    def _place(self, same: Iterator[Link]) -> None:
        """All that claim one number: at most one of them is the genuine one, the others were put in.

        Where several fit, what comes next tells which, for it names the one that it follows.
        """
        rivals = list(islice(same, MOST_FINDINGS))
        more = sum(1 for _ in same)
        self._settle({link.prev for link in rivals})
        fitting = [link for link in rivals if self._fits(link)] if len(rivals) > 1 else rivals
        self._held = _Held(rivals, fitting or rivals[:1], more)
        if len(self._held.fitting) == 1:
            self._settle(set())

    def _settle(self, followed: set[bytes]) -> None:
        held, self._held = self._held, None
        if held is None:
            return
        genuine = next((link for link in held.fitting if link.hash in followed), held.fitting[0])
        self._step(genuine)
        for link in held.rivals:
            if link is not genuine:
                self._note("inserted", link.seq, f"id {link.id}: there is another entry of this number")
        if held.more:
            self._note("inserted", genuine.seq, f"{held.more} more claim this number")

    def _fits(self, link: Link) -> bool:
        return self._after in (None, link.prev) and _digest(self._begin, link) == link.hash

    def _step(self, link: Link) -> None:
        self.links += 1
        if link.seq < self._next:
            self._note("inserted", link.seq, f"id {link.id}: there is no such number in a chain")
            return
        if link.seq == 1 and link.prev != self._after:
            self._whose(link)
        if link.seq > self._next:
            text = f"{_range(self._next, link.seq - 1)}: {self._between(link)}"
            self._note("deleted", self._next, text)
            self._after = None
        if (
            self._named != self._tenant
            and BEGUN_ANEW in link.entry
            and digest(self._tenant, link) == link.hash
        ):
            self._named, self._begin = (
                self._tenant,
                f"{NAME}\n{self._tenant}",
            )  # from here on it is ours again
        own = _digest(self._begin, link) == link.hash
        follows = self._after is None or link.prev == self._after
        if not own:
            self._strange(link)
        elif not follows and self.last is not None:
            text = (
                f"id {self.last.id}: it is not what id {link.id} follows, though its own hash was made to fit"
            )
            self._note("edited", self.last.seq, text)
        elif not follows:
            self._note("edited", link.seq, f"id {link.id}: the first entry follows something else")
        if self._latest is not None and link.at < self._latest - CLOCK_STEP:
            text = f"id {link.id}: dated {stamp(link.at)}, after one of {stamp(self._latest)}"
            self._note("clock", link.seq, text)
        if own and BEGUN_ANEW in link.entry:
            self.begun = [*self.begun[1 - MOST_BEGUN :], link]
        self._latest = max(link.at, self._latest or link.at)
        self._after, self._next, self.last = link.hash, link.seq + 1, link

    def _between(self, link: Link) -> str:
        ids = f"between id {self.last.id} and id {link.id}" if self.last else f"before id {link.id}"
        return f"{ids}, {link.seq - self._next} gone"

    def _whose(self, first: Link) -> None:
        """The whole chain may be another's: said once, and walked along as theirs."""
        for other in self._others:
            if first.prev == genesis(other):
                text = f"from id {first.id} on: this is the chain of tenant {other}"
                self._note("chains swapped", first.seq, text)
                self._named, self._begin, self._after = other, f"{NAME}\n{other}", first.prev
                return

    def _strange(self, link: Link) -> None:
        for other in (self._tenant, *self._others) if self.count < MOST_FINDINGS else ():
            if other != self._named and digest(other, link) == link.hash:
                self._note("chains swapped", link.seq, f"id {link.id}: this entry is of tenant {other}")
                return
        if len(self._odd) < MOST_FINDINGS and self._odd_bytes + len(link.entry) <= MOST_KEPT_BYTES:
            self._odd.append(link)
            self._odd_bytes += len(link.entry)
        else:
            self._note("edited", link.seq, f"id {link.id}: it is not what was sealed")

    def _note(self, kind: Kind, seq: int, text: str) -> None:
        self.count += 1
        if len(self.findings) < MOST_FINDINGS:
            self.findings.append(Finding(kind, seq, text))


Moved = Callable[[Link, Link], Link]

# The ways in which the links of two rows can have been exchanged: `here` is made to fit again with what
# `there` holds now.
_MOVES: tuple[Moved, ...] = (
    lambda here, there: replace(here, id=there.id, at=there.at, entry=there.entry),
    lambda here, there: replace(here, at=there.at, entry=there.entry),
    lambda here, there: replace(here, entry=there.entry),
    lambda here, there: replace(here, seq=there.seq),
    lambda here, there: replace(here, seq=there.seq, prev=there.prev),
)


def _explained(tenant: UUID, link: Link, others: Iterable[Link]) -> tuple[Kind, int, str]:
    for other in others:
        if other is not link and any(digest(tenant, move(link, other)) == link.hash for move in _MOVES):
            text = f"id {link.id}: it has changed places with id {other.id}, which stands at #{other.seq}"
            return "reordered", link.seq, text
    return "edited", link.seq, f"id {link.id}: it is not what was sealed"


def _range(first: int, last: int) -> str:
    return f"#{first}" if first == last else f"#{first} to #{last}"
