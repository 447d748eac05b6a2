"""What a sentence does to the conversation: yes, no, cancel, help … and how much of it says so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from ..base import Intent
from .words import Token, distance, windows, word_set

HEDGE = "hedge"  # "maybe", "if": takes the certainty out of a yes
KEEP = "keep"  # "don't cancel"
DONE = "done"  # "that's all": no more of it, and so yes or no by what was asked
ACT = "act"  # "place the order": a yes, but only to a question
SOCIAL = (Intent.GREETING, Intent.THANKS)

_PHRASES: dict[str, str] = {
    Intent.YES: "yes|yep|yeah|yup|ya|yea|yess|yess|y|sure|sure thing|ok|okay|k|okey|okay then|of course"
    "|certainly|absolutely|definitely|correct|right|thats right|that is right|thats correct"
    "|that is correct|exactly|perfect|great|fine|thats fine|fine by me|sounds good|sounds great"
    "|sounds right|looks good|looks good to me|looks right|looks great|looks fine|looks ok|lgtm"
    "|good to go|agreed|affirmative|alright|all right|all good|very good|yes please|by all means"
    "|no problem|no objections|no worries|why not|i do|it is|its correct|awesome|that works"
    "|works for me|i agree|indeed|aye|good|cool|👍|✅|✔|👌|🆗|:+1:|:thumbsup:|:white_check_mark:"
    "|:ok_hand:|:heavy_check_mark:|thats it exactly|totally|roger|i confirm|si|yas|thats good",
    ACT: "go ahead|order|order now|order please"
    "|go for it|do it|proceed|confirm|confirmed|confirm it|submit|submit it|place the order"
    "|place it|place my order|place order|order it|send it|charge it|charge me|charge my card|pay"
    "|pay now|pay for it|buy it|lets go|lets do it|lets do this|make it so|checkout|check out"
    "|approve|approved|approve it|please do|please proceed|carry on|continue|order that|ship it"
    "|book it|go on|finalize|finalize it",
    Intent.NO: "no|nope|nah|n|naw|no thanks|no thank you|no way|not yet|not now|not really|not at all|never"
    "|nay|negative|dont|no dont|rather not|id rather not|not that|not like that|not this|wrong"
    "|thats wrong|that is wrong|incorrect|not correct|not right"
    "|not what i ordered|thats not what i ordered|that is not what i ordered|thats not what i want"
    "|thats not right|thats not correct"
    "|that is not right|not ok|not okay|not good|wait|hold on|hang on|one moment|not so fast|later"
    "|no later|absolutely not|of course not|certainly not|definitely not|please dont|i do not"
    "|i dont|do not|by no means|under no circumstances|no chance|not today|not a chance|👎|❌|✖|🚫"
    "|:-1:|:thumbsdown:|:x:|:no_entry:",
    DONE: "thats all|thats it|that is all|that is it|thats everything|that is everything|nothing else"
    "|nothing more|nothing|im good|im done|were done|were good|done|finished|all done|all set"
    "|im all set|that would be all|thatd be all|thatll be all|that will be all|that will be it"
    "|no more|thatll do|that will do|nothing further|thats enough|that is enough|enough"
    "|no more thanks|thats the lot|i am done",
    Intent.CANCEL: "cancel|cancel it|cancel that|cancel this|cancel everything|cancel all|cancel it all"
    "|cancel all of it|cancel the order|cancel my order|cancel this order|cancel order"
    "|cancel the whole order|cancel the whole thing|forget it|forget that|forget about it"
    "|forget everything|never mind|nevermind|nvm|stop|stop it|stop this|stop that|abort|quit|exit"
    "|scrap it|scrap that|scrap the order|call it off|drop it|drop the order|leave it|i give up"
    "|forget the order|forget the whole thing|no order|i dont want anything|i dont want to order"
    "|i dont want this anymore|i changed my mind|bail|end this|get me out|get me out of here"
    "|stop the order",
    Intent.HELP: "help|help me|what can you do|what do you do|what can i do|what can i say|what can i ask"
    "|how do you work|how does this work|how does it work|who are you|what are you|what is this"
    "|how do i use this|what are my options|commands|show commands|list commands"
    "|show me what you can do|how can you help|what now|how can you help me|can you help me"
    "|can you help|i need help|need help|usage|instructions|options|how do i use you|what do i do"
    "|what do i do now|what should i do|menu|show me the menu|whats on the menu",
    Intent.REPEAT: "repeat|repeat that|repeat it|repeat the question|repeat please|what was the question"
    "|whats the question|what is the question|what did you ask|what did you say|what did you ask me"
    "|what was that|say that again|say again|say it again|again please|come again|pardon|pardon me"
    "|sorry what|what|huh|could you repeat|can you repeat that|could you repeat that"
    "|can you say that again|ask again|ask me again|i didnt get that|i missed that"
    "|what were you asking|where were we|where was i|once more please|what was it",
    Intent.RESTART: "restart|start over|start again|start anew|start afresh|start from scratch|begin again"
    "|from scratch|from the beginning|from the start|from the top|start from the beginning"
    "|start new|lets start over|redo it|lets start again|start over again|try again from scratch"
    "|go back to the start|begin anew|do over|reset everything|start again from scratch"
    "|start over from scratch|lets start again from scratch|lets start from scratch",
    Intent.GREETING: "hello|hi|hey|hiya|howdy|yo|good morning|good afternoon|good evening|good day|morning"
    "|greetings"
    "|hello there|hi there|hey there|hey bot|hi bot|whats up|sup|how are you|how is it going"
    "|hows it going|👋|:wave:|hola|bonjour",
    Intent.THANKS: "thanks|thank you|thx|ty|tysm|cheers|thanks a lot|many thanks|thank you very much"
    "|thank you so much|thanks so much|much appreciated|i appreciate it|appreciated|thanks a bunch"
    "|thanks a million|great thanks|🙏|:pray:",
    HEDGE: "maybe|perhaps|not sure|im not sure|i am not sure|i guess|i think so|i suppose|i dont know"
    "|dont know|idk|dunno|depends|it depends|if|unless|until|whatever|possibly|probably|yes and no"
    "|kind of|not certain|we will see|well see|i dont know yet|when|or|hardly|except|unsure",
    KEEP: "dont cancel|do not cancel|dont stop|do not stop|dont quit|dont abort|never cancel|not cancel"
    "|dont cancel it|dont cancel that|dont cancel anything|dont cancel the order"
    "|dont cancel my order|do not cancel the order|dont drop it|dont forget it|dont delete it"
    "|dont remove it|dont remove anything|dont start over|dont restart|keep it|keep going"
    "|keep everything",
}
_UNDO = ("dont", "do not", "please dont", "not", "never", "cannot", "cant")
FILLERS = word_set("""
    please then now um uh well oh ah just so it that this bot for me us to you all very really much
    lot a the too kindly man mate guys sir everyone actually honestly think i my order and hm hmm
    anymore yet
""") | frozenset({",", ".", "!", "?", ";", "\n", "-", "…", ":", ")", "(", "&"})


def _lexicon() -> dict[tuple[str, ...], str]:
    table = {
        tuple(phrase.split()): meaning for meaning, block in _PHRASES.items() for phrase in block.split("|")
    }
    for phrase in _PHRASES[KEEP].split("|"):
        table.setdefault(("please", *phrase.split()), KEEP)
    for phrase in _PHRASES[ACT].split("|"):
        for undo in _UNDO:
            table.setdefault((*undo.split(), *phrase.split()), Intent.NO)
    return table


LEXICON = _lexicon()
LONGEST = max(map(len, LEXICON))
_SINGLE = tuple(
    phrase[0]
    for phrase, meaning in LEXICON.items()
    if len(phrase) == 1 and phrase[0].isalpha() and len(phrase[0]) >= 3 and meaning != HEDGE
)
_NOT_SLIPS = word_set("""
    yet stay help held hold hell shop step spot top yes this thin none note know now done dine
""")


@dataclass(frozen=True, slots=True)
class Cover:
    """Which meanings the sentence's words have.

    `loose` counts the words outside them; `certainty` falls with typing slips.
    """

    found: tuple[str, ...]
    loose: int
    words: int
    certainty: float


def cover(tokens: Sequence[Token]) -> Cover:
    found: list[str] = []
    loose, words, at, certainty = 0, 0, 0, 1.0
    while at < len(tokens):
        hit = _at(tokens, at)
        if hit is not None:
            meaning, end, trust = hit
            found.append(meaning)
            certainty = min(certainty, trust)
            words += end - at
            at = end
            continue
        if tokens[at].norm not in FILLERS:
            loose += 1
        at += 1
    return Cover(tuple(found), loose, words + loose, certainty)


def _at(tokens: Sequence[Token], at: int) -> tuple[str, int, float] | None:
    token = tokens[at]
    if not token.is_word:
        meaning = LEXICON.get((token.norm,))
        if meaning is None and token.norm == "/" and at + 1 < len(tokens) and tokens[at + 1].norm == "help":
            return Intent.HELP, at + 2, 1.0
        return (meaning, at + 1, 0.95) if meaning else None
    for end, norms in windows(tokens, at, LONGEST):
        if norms in LEXICON:
            return LEXICON[norms], end, 1.0
    meant = _slip(token.norm)
    return (LEXICON[meant,], at + 1, 0.75) if meant else None


@lru_cache(maxsize=4096)
def _slip(word: str) -> str | None:
    """One slip in a word of five letters or more; in a shorter one only swapped letters."""
    if len(word) < 3 or len(word) > 12 or word in _NOT_SLIPS or word in FILLERS:
        return None
    for known in _SINGLE:
        if distance(word, known, 1) == 1 and (
            sorted(word) == sorted(known) or (len(known) >= 5 and len(word) >= 5 and word[0] == known[0])
        ):
            return known
    return None


def decide(
    covered: Cover, asked: str, prompt: str, holding: bool, questioning: bool = False
) -> tuple[Intent, float]:
    """One intent for the whole sentence. Contradictions and conditions end below one half.

    `asked` is the expected type, `holding` whether the list has items.
    """
    kinds = set(covered.found)
    if not kinds:
        return Intent.UNKNOWN, 0.0
    meaning, sure = _meaning(kinds, covered, asked, prompt, holding)
    share = 1 - covered.loose / max(covered.words, 1)
    if meaning is Intent.YES and questioning:
        sure = min(sure, 0.45)  # "yes?" wants an answer itself
    return meaning, sure * covered.certainty * (share**2 if covered.loose else 1.0)


def _meaning(kinds: set[str], covered: Cover, asked: str, prompt: str, holding: bool) -> tuple[Intent, float]:
    if KEEP in kinds:
        return (Intent.NO, 0.85) if "cancel" in prompt.lower() else (Intent.UNKNOWN, 0.3)
    if HEDGE in kinds:
        return Intent.UNKNOWN, 0.3
    for strong in (Intent.CANCEL, Intent.RESTART, Intent.REPEAT, Intent.HELP):
        if strong in kinds:
            mixed = kinds & {Intent.CANCEL, Intent.RESTART, Intent.REPEAT, Intent.HELP} != {strong}
            return strong, 0.55 if mixed else 0.95
    if asked == "yes_no" and ACT in kinds:
        kinds = kinds | {Intent.YES}
    if Intent.NO in kinds and Intent.YES in kinds:
        return (
            (Intent.NO, 0.6)
            if covered.found[0] == Intent.YES and _ends_in_no(covered)
            else (Intent.UNKNOWN, 0.3)
        )
    if Intent.NO in kinds:
        return Intent.NO, 0.97
    if DONE in kinds:
        return (Intent.YES, 0.7) if asked == "yes_no" else (Intent.NO, 0.9 if holding or asked else 0.6)
    if Intent.YES in kinds:
        return Intent.YES, 0.97
    if ACT in kinds:
        return (Intent.YES, 0.75) if holding else (Intent.UNKNOWN, 0.3)
    return (Intent.THANKS if Intent.THANKS in kinds else Intent.GREETING), 0.95


def _ends_in_no(covered: Cover) -> bool:
    """ "ok wait", "yeah no": the last word stands, though not firmly."""
    return covered.found[-1] == Intent.NO and len(covered.found) > 1
