"""The words by which people point at what was before, and those about what is remembered."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

LONGEST = 400  # of a sentence that is looked at: longer ones tell a story
Wish = Literal["list", "keep", "forget_that", "forget_all", "off", "on"]

_USUAL = (
    r"(?:my|our|the) usual(?: (?:one|order|thing|stuff|please))?|as usual|like always"
    r"|(?:the )?same as (?:always|usual|ever)|what i (?:always|usually) (?:have|get|take)"
    r"|wie immer|das übliche|wie üblich"
)
_LAST = (
    r"(?:the )?same (?:order |thing )?(?:as|like) (?:the )?(?:last (?:time|week|month)|before|yesterday)"
    r"|(?:like|as) (?:the )?last time|what i had (?:last time|before|yesterday)"
    r"|repeat my (?:last )?order"
    r"|(?:das ?selbe|das gleiche) wie (?:letztes mal|zuletzt)|wie letztes mal"
)
_VAGUE = (
    r"(?:the )?same (?:order |thing )?again|the same order|the same once more|once more the same"
    r"|das ?selbe noch ?mal|das gleiche noch ?mal"
)
_FOR = (
    r"(?:and )?(?:the )?same (?:thing )?for (?P<a>[^\W\d_][\w’'-]{0,40})(?: too| as well| also)?"
    r"|and for (?P<b>[^\W\d_][\w’'-]{0,40})(?: too| as well| also)"
)
_AGAIN = re.compile(
    rf"\b(?:(?P<usual>{_USUAL})|(?P<last>{_LAST})|(?P<vague>{_VAGUE})|(?P<whom>{_FOR}))(?!\w)", re.IGNORECASE
)
_NOT = re.compile(r"\b(?:not|don['’]?t|never|isn['’]?t|instead of|nicht|kein\w*)\b", re.IGNORECASE)
_JOIN = re.compile(
    r"^[\s,;.!–-]*(?:please\b)?[\s,;.!–-]*|[\s,;.!–-]*(?:please\b)?[\s,;.!?–-]*$", re.IGNORECASE
)

_ASIDE = re.compile(r"as|like|wie", re.IGNORECASE)
_WORD = re.compile(r"[\w’']+")
_LIGHT = frozenset(
    word
    for line in (
        "i i'd i’d id we us me like want give bring get have take order do let can could would will please",
        "again once more today now then ok okay and so just for too one a the it",
        "ich möchte bitte nochmal hätte gern",
    )
    for word in line.split()
)

_ME = r"(?: (?:about|of) (?:me|myself))?"
_WISHES: tuple[tuple[Wish, str], ...] = (
    (
        "list",
        rf"what (?:do|did|have) you (?:still |all )?(?:remember(?:ed)?|know|learned|learnt|stored|kept){_ME}"
        rf"|what(?:['’]s| is) in your memory{_ME}"
        rf"|show (?:me )?(?:my memories|your memory|what you remember{_ME})"
        r"|was wei(?:ß|ss)t du (?:noch )?über mich",
    ),
    ("forget_that", r"forget (?:that|this|it|that one|the last one)(?: again)?|vergiss das(?: wieder)?"),
    (
        "forget_all",
        rf"forget (?:all|everything)(?: (?:that )?you (?:know|remember))?{_ME}|forget all (?:of )?that{_ME}"
        r"|vergiss alles(?: über mich)?",
    ),
    (
        "off",
        r"(?:stop|no longer|don['’]?t) remember(?:ing)?(?: me| anything| things)?(?: about me)?"
        r"(?: any ?more)?",
    ),
    ("on", r"(?:start|begin) remembering(?: me| things)?(?: about me)?(?: again)?|remember me again"),
)
_ASKED = tuple((wish, re.compile(rf"\W*(?:please |can you |could you )?(?:{pattern})(?: please)?\W*\Z", re.I))
               for wish, pattern in _WISHES)  # fmt: skip

# A statement, not something to be done ("remember to …") and not a thing to be ordered ("remember the milk").
_TOLD = re.compile(
    r"\W*(?:please |can you |could you |bitte )?(?:"
    r"(?:remember|keep in mind)(?: for (?:me|later|next time))?(?:,? that |: ?| (?=(?:i|my|we|our)\b))"
    r"|merk dir(?: bitte)?(?:, dass |: ?))(?P<before>\S.*)"
    r"|(?P<after>.*\S) ?[,;.!:–-] ?(?:please |and )?(?:remember that|keep (?:that|it) in mind)"
    r"(?: please)?\W*",
    re.IGNORECASE,
)
LONGEST_TOLD = 300


@dataclass(frozen=True, slots=True)
class Again:
    """`words` point at something before, and `rest` is what was said beside them.

    `usual`: what is mostly wanted, rather than the last time. `whom`: for somebody else, too.
    `vague`: it may as well be said of what is on the list already.
    """

    words: str
    rest: str
    usual: bool = False
    whom: str = ""
    vague: bool = False

    @property
    def alone(self) -> bool:
        """Nothing else is said that would mean something: it asks for that, and tells no story."""
        return all(word in _LIGHT for word in _WORD.findall(self.rest.lower()))

    @property
    def aside(self) -> bool:
        """It may be said of how, and not of what: "two colas, as usual"."""
        return _ASIDE.match(self.words) is not None


def again(text: str) -> Again | None:
    """None where nothing of the kind is said, or it is said not to be wanted."""
    found = _AGAIN.search(text) if len(text) <= LONGEST else None
    if found is None or _NOT.search(text[: found.start()]):
        return None
    rest = " ".join(f"{text[: found.start()]} {text[found.end() :]}".split())
    whom = found["a"] or found["b"] or ""
    vague = bool(found["vague"] or whom)
    return Again(found[0].strip(), _JOIN.sub("", rest), bool(found["usual"]), whom, vague)


def wish(text: str) -> Wish | None:
    """What the whole sentence asks of the memory; part of one asks nothing."""
    if len(text) > LONGEST:
        return None
    return next((wish for wish, pattern in _ASKED if pattern.match(text)), None)


def told(text: str, *, alone: bool = True) -> str | None:
    """What somebody says of themselves for later, without the words around it; empty where it is too long.

    `alone`: nothing is under way, of which "…, remember that" would be said.
    """
    if len(text) > 2 * LONGEST_TOLD or text.rstrip().endswith("?"):
        return None
    found = _TOLD.fullmatch(" ".join(text.split()))
    if found is None or not (alone or found["before"]):
        return None
    what = (found["before"] or found["after"]).strip(" ,;:–-")
    if len(_WORD.findall(what)) < 2 or wish(what):
        return None
    return what if len(what) <= LONGEST_TOLD else ""
