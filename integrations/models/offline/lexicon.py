"""The phrases that turn words into deeds: add, remove, swap; and the small words that carry nothing."""

from __future__ import annotations

from enum import StrEnum

from .words import phrase_set, word_set


class Cue(StrEnum):
    ADD = "add"
    SET = "set"
    ONLY = "only"  # "just one", "only two colas"
    REMOVE = "remove"
    CLEAR = "clear"  # needs no object
    EMPTY = "empty"  # "clear the list": a list as its object
    TAKE = "take"  # "take a cola", but "take the cola off"
    OFF = "off"
    SWAP = "swap"
    CHANGE = "change"  # "change the cola to water", "change it to three"
    INTO = "into"
    INSTEAD_OF = "instead of"
    INSTEAD = "instead"
    NOT = "not"  # "don't …"
    UNWANTED = "unwanted"  # "don't want"
    AGAIN = "again"
    DOUBLE = "double"
    REALLY = "really"  # "actually two colas" corrects what was said before


def _table(**phrases: str) -> dict[tuple[str, ...], Cue]:
    return {
        tuple(phrase.split()): Cue[name] for name, block in phrases.items() for phrase in block.split("|")
    }


CUES = _table(
    ADD="add|plus|also|want|would like|id like|ill have|have|get|give|gimme|bring|need|order|buy|throw in"
    "|put in|put on|put|include|how about|lets have|like|purchase|grab|wants|needs|ill get|adding",
    SET="make|make it|make that|make them|make this|make those|set|should be|update|i meant|meant|i mean"
    "|correction|make both|set it",
    ONLY="only|just",
    REMOVE="remove|drop|delete|cancel|take off|take out|take away|get rid of|lose|forget|forget about|skip"
    "|scratch|scrap|leave out|leave off|ditch|kill|strike|without the|minus the|but not|not the|except"
    "|without any|leave away|forget the|exclude|hold the|remove all|removing|cut",
    EMPTY="clear|empty|reset|wipe|clear out|clean",
    TAKE="take|ill take",
    OFF="off|away",
    SWAP="swap|replace|exchange|switch|trade|substitute",
    CHANGE="change",
    INTO="for|with|to|by|into",
    INSTEAD_OF="instead of|rather than|in place of|than",
    INSTEAD="instead|rather|is enough|are enough|is plenty|will do|is fine",
    NOT="dont|do not|never|please dont|stop|not",
    UNWANTED="dont want|do not want|dont need|do not need|no longer want|no longer need|didnt want"
    "|did not want|didnt order|not want|dont like|dont wanna|stop adding|never wanted",
    AGAIN="same again|the same again|same thing again|another of the same|the same",
    DOUBLE="double it|double that|double",
    REALLY="actually|i said|wait|sorry|no|i changed my mind|changed my mind|on second thought",
)
LONGEST_CUE = max(map(len, CUES))

SEPARATORS = frozenset({",", ";", "\n", ".", "!", "?", "&", "+", "and", "or", "then", "but", "•", "*", "|"})
ALL = phrase_set(
    "everything|all of it|all of them|all items|all the items|the list|the whole list|my list|the cart"
    "|my cart|the basket|my basket|it all|all|them all|the items|every item|whole cart|cart|basket|list"
    "|everything off|all of that|the whole thing"
)
PRONOUNS = phrase_set(
    "it|that|this|them|those|these|that one|this one|that item|of those|of them|of these|of that|it to"
)
POSITIONS = {
    "first": 0, "1st": 0, "second": 1, "2nd": 1, "third": 2, "3rd": 2, "fourth": 3, "fifth": 4,
    "sixth": 5, "seventh": 6, "eighth": 7, "ninth": 8, "tenth": 9, "last": -1, "latest": -1,
}  # fmt: skip
NO = frozenset({"no", "without", "minus", "hold", "w"})
WITH = {
    "extra": "extra", "with": "with", "light": "light", "easy": "light", "double": "double", "less": "less",
}  # fmt: skip
ADJECTIVES = word_set("""
    vegan vegetarian spicy decaf iced hot cold warm grilled rare crispy toasted unsalted halal
    kosher sliced
""")

FILLERS = word_set("""
    please thanks thank you i we us me my our your id ill im ive its itd be is are was were am been
    the of in on at to for so well um uh er oh ah hey hi hello hm hmm ok okay yes yeah yep sure can
    could would will shall may might should do does did there here too as just then now maybe
    perhaps like let lets have has had get one ones piece pieces item items thing things it that
    this them those these a an and or but with both all any today tonight tomorrow guys team
    everyone everybody lunch dinner breakfast meeting office kindly thinking about think going go
    try more up out from by if not no still also else other each per off order really very quite bit
    lot much many kind sort type which how what when where who why than again because since after
    before first second last total altogether instead rather actually almost wait sorry good morning
    afternoon evening someone she he they her his him their love need want wants take give bring add
    make made put buy myself hungry thirsty currently cheers dear friend bot
""")
TAILS = word_set("""
    today tonight tomorrow guys team everyone everybody lunch dinner breakfast meeting office me us
""")
_ORDINARY = word_set("""
    later latter card cards care case cases come came code cool core cost could cover
    price prices menu time times year years week month day days hour work worked works works world
    word words want went were where what when which while white who whole whose why with within
    without phone place plan play people person part past paste pass page paper meet meeting test
    text team them there these they thing this those three through note noted
    house mover move moved monitoring monitored stick sticking standing send sent sense
    since side sign same said safe second seen self sell shop should show since some soon sorry
    start started state still stop story such sure table take talk tell than thank that their then
    question green screen toffee office offer coin table able
    cold cool cook color colour summarize summarise escalate order help cancel repeat restart change
    swap replace remove broken urgent problem server printer issue support human manager thread
    discussion decided
""")
COMMON = (
    FILLERS
    | _ORDINARY
    | frozenset(word for phrase in CUES for word in phrase)
    | frozenset(POSITIONS)
    | NO
    | frozenset(WITH)
    | ADJECTIVES
) - {"item", "items", "green", "cold", "hot", "cook", "table", "paper", "card", "cards", "cable"}
