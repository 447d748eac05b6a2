"""Where a chain was begun anew: an entry in it that says what was wrong before, and who went on from there.

Pure. Such an entry is signed by itself: whoever rules the database alone excuses nothing with one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from bot.secrets import Signer
from flows.approval import canonical
from workers.audit_chain import MOST_FINDINGS, NAME, Finding, Head, Link

WHAT = "audit.restarted"
MOST_FAULTS = 10
LONGEST_FAULT = 300


@dataclass(frozen=True, slots=True)
class Begun:
    """`old` is the head as it stood, `faults` what was said of the chain, `found` what of it its links show
    by themselves, which is told ever after and held against nobody twice; `count` of how many."""

    seq: int
    at: datetime
    old: str
    faults: tuple[str, ...]
    found: Counter[tuple[str, int]]
    count: int
    because: str


def fields(
    head: Head | None, faults: Sequence[Finding], found: Sequence[Finding], count: int
) -> dict[str, Any]:
    """What the entry says of the chain before it."""
    return {
        "old": f"{head.seq}:{head.hash.hex()}" if head else "none",
        "faults": [f"{each.kind} at #{each.seq}: {each.text}"[:LONGEST_FAULT] for each in faults][
            :MOST_FAULTS
        ],
        "found": [[each.kind, each.seq] for each in found][:MOST_FINDINGS],
        "count": count,
    }


def sealed(tenant: UUID, keys: Signer, seq: int, prev: bytes, entry: bytes) -> bytes:
    """The entry with our signature, for this place of the chain and no other."""
    mac = keys.sign(_over(tenant, seq, prev, entry))
    return canonical({**orjson.loads(entry), "key": keys.key_id, "mac": mac.hex()})


def read(tenant: UUID, keys: Signer, link: Link) -> Begun | None:
    """None for what only looks like one: it is an entry like any other."""
    try:
        entry = orjson.loads(link.entry)
        mac, key = bytes.fromhex(entry.pop("mac")), entry.pop("key")
        if entry["what"] != WHAT or not isinstance(key, str):
            return None
        if keys.signed(_over(tenant, link.seq, link.prev, canonical(entry)), key, mac) is not True:
            return None
        found = Counter((str(kind), int(seq)) for kind, seq in entry["found"])
        faults = tuple(map(str, entry["faults"]))
        return Begun(link.seq, link.at, str(entry["old"]), faults, found, int(entry["count"]), _why(entry))
    except (ValueError, TypeError, KeyError, AttributeError):
        return None


def told_already(begun: Begun | None, findings: Sequence[Finding], count: int) -> bool:
    """Whether all that is wrong was wrong before, as it says: nothing more, and nothing else."""
    if not count:
        return True
    if begun is None or count != begun.count:
        return False
    kept = Counter((each.kind, each.seq) for each in findings)
    return kept == begun.found and all(each.seq < begun.seq for each in findings)


def newest(tenant: UUID, keys: Signer, links: Iterable[Link]) -> tuple[Begun, ...]:
    """Those that are ours, in their order."""
    read_ones = (read(tenant, keys, link) for link in links)
    return tuple(each for each in read_ones if each is not None)


def _why(entry: Mapping[str, Any]) -> str:
    return str(entry.get("because", ""))


def _over(tenant: UUID, seq: int, prev: bytes, entry: bytes) -> bytes:
    return f"{NAME} restart\n{tenant}\n{seq}\n{prev.hex()}\n".encode() + entry
