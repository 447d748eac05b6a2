"""What rules may look at that is not in the call: handed in by whoever has a clock and a ledger."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flows.calibration_rule import Experience


@dataclass(frozen=True, slots=True)
class Past:
    """What the requester did before a certain call, and what is used up of each limit.

    `used` is by the scope of the rule: minor units in the call's own currency, and calls, both
    without the call itself.
    """

    first_tool: bool = False
    first_recipient: bool = False
    used: Mapping[str, tuple[int, int]] = field(default_factory=dict)


NOTHING_IN_THE_WAY = Past()


@dataclass(frozen=True, slots=True)
class Granted:
    """A standing grant that covers a call, as whoever looked it up found it; `words` for a person."""

    id: str
    words: str


@dataclass(frozen=True, slots=True)
class Facts:
    """`clocks` are local times by time zone ("sun 2026-11-22 23:00"), `past` is by the key of an effect.

    `assume`: of a call whose past is not in here, nothing is in the way. Whoever says so looks the
    past up before anything is written, and decides again with it (`workers/past.py`). Without it,
    what is not known is asked about. `granted`: the standing grant that covers a call, by its key.
    `learned`: what experience says of a call, by its key too.
    """

    clocks: Mapping[str, str] = field(default_factory=dict)
    past: Mapping[str, Past] = field(default_factory=dict)
    assume: bool = False
    granted: Mapping[str, Granted] = field(default_factory=dict)
    learned: Mapping[str, Experience] = field(default_factory=dict)

    def past_of(self, key: str) -> Past | None:
        found = self.past.get(key)
        return found if found is not None or not self.assume else NOTHING_IN_THE_WAY


UNKNOWN = Facts()


@dataclass(frozen=True, slots=True)
class Doubt:
    """The weakest of what a call rests on: the field, the words it was heard in, what they were taken for.

    `part`: which part of the field, where that can be told ("quantity").
    """

    field: str = ""
    words: str = ""
    meaning: str = ""
    part: str = ""

    @property
    def sentence(self) -> str:
        """What we are only so sure of, to follow “I am only 62% sure that”."""
        where = f" ({self.field})" if self.field else ""
        if self.words and self.meaning:
            return f"“{self.words}” means {self.meaning}{where}"
        if self.words:
            return f"I understood “{self.words}” right{where}"
        return f"I understood this right{where}"

    @property
    def unsure(self) -> str:
        """The same as a sentence of its own, for a reason of the policy and for a card: no bare number."""
        what = self.part or self.field
        about = f" about “{what}”" if what else ""
        if not self.words:
            return f"I am not sure{about or ' that I understood this right'}."
        taken = f" I took it to mean {self.meaning}." if self.meaning else ""
        return f"I am not sure{about}: “{self.words}”.{taken}"


@dataclass(frozen=True, slots=True)
class About:
    """Who asks for a call, what is known beside it, and what is least sure of it. `key` is the effect's."""

    email: str = ""
    key: str = ""
    facts: Facts = UNKNOWN
    doubt: Doubt = Doubt()


def to_json(facts: Facts) -> dict[str, Any]:
    """As it is kept with the event that was decided by it."""
    past = {
        key: [each.first_tool, each.first_recipient, {name: list(used) for name, used in each.used.items()}]
        for key, each in facts.past.items()
    }
    granted = {key: [each.id, each.words] for key, each in facts.granted.items()}
    learned = {key: [each.rule, each.alone, each.words] for key, each in facts.learned.items()}
    more = {name: each for name, each in (("granted", granted), ("learned", learned)) if each}
    return {"clocks": dict(facts.clocks), "past": past, "assume": facts.assume, **more}


def from_json(raw: Mapping[str, Any] | None) -> Facts:
    if not raw:
        return UNKNOWN
    past = {
        key: Past(bool(tool), bool(recipient), {name: (used[0], used[1]) for name, used in limits.items()})
        for key, (tool, recipient, limits) in raw["past"].items()
    }
    granted = {key: Granted(id, words) for key, (id, words) in raw.get("granted", {}).items()}
    learned = {key: Experience(*each) for key, each in raw.get("learned", {}).items()}
    return Facts(dict(raw["clocks"]), past, bool(raw["assume"]), granted, learned)
