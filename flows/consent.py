"""Did somebody mean “go ahead”? Asked of what is typed where an approval waits; it decides nothing.

A yes is made of words of consent and courtesy and of nothing else. One word more (“but”, “not”, “if”, a
name, an amount), a question, a quote, and it is none: whoever means yes then presses the button, and
nobody is ever understood to have said what they did not.
"""

from __future__ import annotations

import re
import unicodedata

LONGEST = 160  # characters; who writes more says more than yes

YES = frozenset(
    {
        "approve", "approved", "approving", "approval granted", "granted", "accept", "accepted",
        "agree", "agreed", "ok", "okay", "okey", "okey dokey", "okidoki", "k", "kk", "lgtm", "looks good",
        "look good", "looking good", "looks great", "looks fine", "looks ok", "looks okay", "looks right",
        "sounds good", "sounds great", "sounds fine", "sounds right", "go ahead", "go for it", "go on",
        "do it", "do so", "ship it", "send it", "run it", "pay it", "proceed", "please proceed", "yes", "yep",
        "yup", "yeah", "ya", "aye", "sure", "sure thing", "of course", "absolutely", "definitely",
        "certainly", "confirm", "confirmed", "fine", "all good", "good to go", "good", "green light",
        "green lit", "greenlit", "you have my approval", "you have my ok", "you have my blessing",
        "no objection", "no objections", "no problem", "happy with it", "happy with this", "works",
        "+1", "👍", "✅", "✔", "🆗", "👌", "🚢", "💯", "thumbsup", "thumbs up", "white check mark", "ok hand",
        "heavy check mark", "shipit",
    }
)  # fmt: skip
COURTESY = frozenset(
    {
        "please", "pls", "plz", "thanks", "thank you", "thx", "ty", "cheers", "great", "nice", "perfect",
        "cool", "awesome", "super", "hi", "hey", "hello", "hi all",
        "hey all", "hello all", "thanks all", "team", "to me", "for me", "by me",
        "from me", "from my side", "on my side", "on my end", "from my end", "with me", "this", "that",
        "it", "this one", "that one", "the request", "this request", "i", "i am", "im", "i'm", "i’m",
        "it is", "it's", "it’s", "its", "that's", "that’s", "thats", "that is", "this is", "you can",
        "you may", "we can", "and", "so", "then", "now", "very", "well", "just", "with this", "with that",
        "with it", "for this", "much", "let's", "let’s", "lets", "🙏", "🙂", "😀",
        "🎉", "👏",
    }
)  # fmt: skip
_MOST_WORDS = 5
_PHRASES = {tuple(each.split()): each in YES for each in YES | COURTESY}
_QUOTED = re.compile(r"^\s*(>|&gt;)", re.MULTILINE)
_QUOTES = re.compile(r"[\"“”„«»`]")
_CODES = re.compile(r":([a-z0-9_+-]{1,30}):(?::skin-tone-[2-6]:)?")
_SKIN = re.compile("[\U0001f3fb-\U0001f3ff\ufe0f]")
_BETWEEN = re.compile(r"[\s.,;!…~—–()*_-]+")


def agrees(text: str) -> bool:
    """Whether these words say yes, and nothing but yes."""
    if len(text) > LONGEST or "?" in text or _QUOTED.search(text) or _QUOTES.search(text):
        return False
    words = _words(text)
    found = False
    at = 0
    while at < len(words):
        length, says_yes = _phrase(words, at)
        if not length:
            return False
        found = found or says_yes
        at += length
    return found


def _words(text: str) -> list[str]:
    plain = _SKIN.sub("", unicodedata.normalize("NFC", text).casefold())
    named = _CODES.sub(lambda code: " " + code[1].replace("_", " ") + " ", plain)
    spaced = "".join(f" {each} " if unicodedata.category(each) == "So" else each for each in named)
    return [each for each in _BETWEEN.split(spaced) if each]


def _phrase(words: list[str], at: int) -> tuple[int, bool]:
    """The longest phrase that begins here, and whether it says yes; 0: none does."""
    for length in range(min(_MOST_WORDS, len(words) - at), 0, -1):
        phrase = tuple(words[at : at + length])
        if phrase in _PHRASES:
            return length, _PHRASES[phrase]
    return 0, False
