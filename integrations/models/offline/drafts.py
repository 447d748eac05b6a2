"""Parts gathered into drafts: one draft for each thing that the sentence talks about."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum, auto

from .catalogue import Catalogue, Match
from .lexicon import TAILS, Cue
from .numbers import Number
from .parts import Kind, Part


class Role(Enum):
    PLAIN = auto()
    FROM = auto()  # what goes in a swap
    TO = auto()  # what comes


@dataclass(slots=True)
class Draft:
    """What was said of one thing. Mutable, and never leaves this package."""

    mode: Cue | None = None
    carried: bool = False  # the mode is an earlier draft's ("drop the cola and the water")
    number: Number | None = None
    match: Match | None = None
    points: bool = False  # "it", "the second one"
    position: int | None = None
    sizes: list[Part] = field(default_factory=list)
    options: list[Part] = field(default_factory=list)
    unknown: list[Part] = field(default_factory=list)
    loose: int = 0  # words beside the thing that were not understood
    negated: bool = False
    it: bool = False
    only: bool = False
    corrects: bool = False
    more: bool = False
    less: bool = False
    off: bool = False
    everything: bool = False
    definite: bool = False
    onto: bool = False  # "no ice in the cola"
    torn: bool = False  # two numbers for one thing
    stated: bool = False  # "the cola is warm" tells of it, and orders none
    sets: bool = False  # "cola: 5": all of it, where some is there already
    role: Role = Role.PLAIN
    first: int = -1
    end: int = -1

    @property
    def names(self) -> bool:
        return bool(self.match or self.points or self.unknown or self.everything)

    @property
    def wishes(self) -> bool:
        return bool(self.sizes or self.options)

    @property
    def says(self) -> bool:
        return bool(
            self.names or self.wishes or self.number or self.more or self.less
            or self.mode in {Cue.AGAIN, Cue.DOUBLE, Cue.CLEAR}
        )  # fmt: skip

    def covers(self, part: Part) -> None:
        self.first = part.first if self.first < 0 else self.first
        self.end = part.end


_DEEDS = {Cue.REMOVE, Cue.UNWANTED, Cue.TAKE, Cue.EMPTY, Cue.CLEAR}
_MODES = {Cue.ADD, Cue.SET, Cue.SWAP, Cue.CHANGE, Cue.AGAIN, Cue.DOUBLE} | _DEEDS
_PREPOSITIONS = {"in", "on", "to", "for", "from"}
_TELLING = {"is", "was", "are", "were", "be", "been"}
_LINKS = {":", "=", "-", "–", "to"}
_STOPS = {".", "!", "?", "\n", ";"}


class _Gatherer:
    """Reads the parts once, from left to right."""

    def __init__(self, shop: Catalogue) -> None:
        self.shop = shop
        self.done: list[Draft] = []
        self.now = Draft()
        self.tail = False  # inside "for the meeting"
        self.linked = ""  # a mark or word between a thing and its number
        self.verbs = False  # after "I want to": what follows is a deed, not a thing
        self.joint = ""  # the separator before this draft

    def gather(self, parts: Iterable[Part]) -> list[Draft]:
        for part in parts:
            self._take(part)
        self._close()
        return self.done

    def _take(self, part: Part) -> None:
        now = self.now
        match part.kind:
            case Kind.BREAK:
                return self._break(part)
            case Kind.CUE:
                return self._cue(part)
            case Kind.NUMBER:
                return self._number(part)
            case Kind.PRODUCT:
                return self._product(part)
            case Kind.SIZE:
                now.sizes.append(part)
            case Kind.OPTION:
                now.options.append(part)
            case Kind.EVERYTHING:
                now.everything = True
            case Kind.TARGET:
                return self._target(part)
            case Kind.LESS:
                now.less = True
            case Kind.MORE:
                return self._more(part)
            case Kind.WORD:
                return self._word(part)
            case Kind.SMALL:
                return self._small(part)
        self.now.covers(part)
        return None

    def _small(self, part: Part) -> None:
        now = self.now
        self.linked = part.text if part.text in _LINKS and now.match else ""
        if part.text in {"the", "my", "our", "both", "all"}:
            now.definite = True
        if part.text in _TELLING and now.match and now.mode is None:
            now.stated = True
        if part.text == "to" and now.mode is Cue.ADD and not now.says:
            self.verbs = True
        if part.text in _PREPOSITIONS:
            now.onto = now.wishes and not now.match
            self.tail = part.text == "for" and now.names and now.mode not in {Cue.SWAP, Cue.CHANGE}
        if part.text in {"into", "with", "for", "to", "by"} and now.mode in {Cue.SWAP, Cue.CHANGE}:
            self._into()

    def _into(self) -> None:
        if self.now.names or self.now.number:
            mode = self.now.mode
            self.now.role = Role.FROM
            self._close()
            self.now.mode, self.now.role = mode, Role.TO

    def _break(self, part: Part) -> None:
        self.tail, self.linked = False, ""
        if self.now.negated and self.now.number and not self.now.names:
            self.now = Draft(corrects=True)  # "not two, three"
        role = Role.TO if self.now.role is Role.FROM and self.now.says else Role.PLAIN
        before = self.now
        if before.says:
            self._close()
            self.joint = part.text
            self.now.role = role
            if part.text not in _STOPS and before.mode in _DEEDS:
                self.now.mode, self.now.carried = before.mode, True
        elif part.text == "but":
            self.now = Draft(corrects=self.now.corrects)

    def _cue(self, part: Part) -> None:
        cue = part.cue
        now = self.now
        self.verbs = False
        if cue in {Cue.OFF, Cue.INSTEAD}:
            now.off = now.off or cue is Cue.OFF
            now.corrects = now.corrects or cue is Cue.INSTEAD
            if now.says:
                now.end = part.end
            return
        if cue is Cue.INTO:
            self._into()
            return
        if cue is Cue.INSTEAD_OF:
            self._instead_of()
            return
        if now.match and part.text == "should be":
            now.mode = cue
            return
        if now.names or (now.says and cue in _MODES and not now.negated):
            negated = now.mode is None and now.negated and not now.names
            self._close()
            self.now.negated = negated
        now = self.now
        now.covers(part)
        if cue is Cue.NOT:
            now.negated = True
        elif cue is Cue.ONLY:
            now.only = True
        elif cue is Cue.REALLY:
            now.corrects = True
        else:
            if now.role is not Role.TO:
                now.mode, now.carried = cue, False
            now.it = now.it or part.text.endswith((" it", " that", " them", "meant", " mean"))

    def _instead_of(self) -> None:
        if self.now.names or self.now.number:
            self.now.role = Role.TO
            self._close()
        self.now = Draft(role=Role.FROM)

    def _number(self, part: Part) -> None:
        now, number = self.now, part.number
        linked, self.linked, self.tail = self.linked, "", False
        if number is None:
            return
        if linked and now.match and now.number is None and number.exact:
            now.number = number  # "cola: 5", "set the cola to 5"
            now.sets = True
        elif now.points and now.position is not None and now.mode in _DEEDS:
            now.torn = True  # "drop the first two"
        elif now.match and number.times and (now.number is None or not now.number.exact):
            now.number = number
        elif now.match or now.unknown:
            if now.role is Role.FROM:
                self._close()
                self.now.role = Role.TO
            else:
                carried = now.mode
                self._close()
                if carried in _DEEDS:
                    self.now.mode, self.now.carried = carried, True
            self.now.number = number
        elif now.number is None or not now.number.exact:
            now.number = number
        elif number.exact:
            now.torn = True
            now.number = number
        self.now.covers(part)

    def _product(self, part: Part) -> None:
        self.tail = False
        if self.now.match:
            strays = self._strays()
            role, mode = self.now.role, self.now.mode
            self._close()
            self.now.sizes = strays
            if role is Role.FROM:
                self.now.role, self.now.mode = Role.TO, mode
        now = self.now
        now.match = part.match
        now.loose += sum(word.end - word.first for word in now.unknown)
        now.unknown = []
        now.covers(part)

    def _strays(self) -> list[Part]:
        """ "2 colas large fries": a size said after a thing that has none is the next thing's."""
        now = self.now
        if now.match is None or len(now.match.names) != 1:
            return []
        name = now.match.names[0]
        strays = [s for s in now.sizes if s.first >= now.match.end and not self.shop.variant_of(name, s.text)]
        now.sizes = [s for s in now.sizes if s not in strays]
        return strays

    def _target(self, part: Part) -> None:
        if self.now.match and part.position is None:
            return  # "the cola, that is": says nothing new
        if self.now.number and self.done and self.done[-1].match and self.now.mode is None:
            self.now.torn = True  # "three margheritas, two of them large"
        self.now.points = True
        self.now.position = part.position
        self.now.covers(part)

    def _more(self, part: Part) -> None:
        if self.now.match or self.now.unknown:
            if self.now.number:
                self.now.covers(part)
                self.now.more = True
                return
            self._close()
        self.now.more = True
        self.now.covers(part)

    def _word(self, part: Part) -> None:
        if self.verbs or (self.tail and part.text not in TAILS):
            self.now.loose += 1
            return
        if self.now.match:
            self.now.loose += 1
        else:
            self.now.unknown.append(part)
        self.now.covers(part)

    def _close(self) -> None:
        now, self.now, self.tail = self.now, Draft(), False
        joint, self.joint = self.joint, ""
        if not now.says:
            return
        if joint in {"and", "&", "or"} and self._continues(now):
            return
        if joint == "or" and self.done and now.names:
            self.done[-1].torn = now.torn = True  # "cola or water" is no order for both
        if self._joins_before(now):
            before = self.done[-1]
            before.sizes += now.sizes
            before.options += now.options
            before.end = now.end
            return
        self.done.append(now)

    def _continues(self, now: Draft) -> bool:
        """ "With mushrooms and olives": the second noun has the first one's "with"."""
        before = self.done[-1] if self.done else None
        bare = now.unknown and not (
            now.number or now.wishes or now.mode or now.more or now.points or now.match
        )
        if before is None or not bare or not before.options or before.options[-1].end != before.end:
            return False
        lead, _, noun = before.options[-1].text.partition(" ")
        if lead not in {"no", "with", "extra"} or not noun or len(now.unknown) > 2:
            return False
        wish = f"{lead} {' '.join(word.text for word in now.unknown)}"
        before.options.append(replace(now.unknown[0], kind=Kind.OPTION, text=wish, trust=0.85))
        before.end = now.end
        return True

    def _joins_before(self, now: Draft) -> bool:
        """ "…, no ice": wishes on their own belong to the thing before them."""
        if not self.done or not now.wishes or now.number or now.names or now.more or now.less:
            return False
        before = self.done[-1]
        return bool(
            (now.mode is None or now.carried)
            and not now.onto
            and (before.match or before.points or before.unknown)
        )


def drafts_of(parts: Sequence[Part], shop: Catalogue) -> list[Draft]:
    """One draft for each thing; "one large and two small margheritas" shares its noun."""
    drafts = _Gatherer(shop).gather(parts)
    for at in range(len(drafts) - 2, -1, -1):
        here, after = drafts[at], drafts[at + 1]
        shares = here.number and here.sizes and not here.names and here.mode in {None, Cue.ADD}
        if shares and after.match and after.number and after.sizes:
            here.match = replace(after.match, confidence=after.match.confidence * 0.93)
    return drafts
