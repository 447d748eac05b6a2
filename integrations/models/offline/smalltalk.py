"""Words that pass the time: they ask for nothing, and there is nothing in them to act on."""

from __future__ import annotations

from .words import Sentence, word_set

_WHOLE = frozenset(
    """
    lol|haha|ha ha|hehe|rofl|lmao|nice|nice one|nice work|well done|good job|great job|good work|congrats
    |congratulations|wow|cool story|interesting|funny|that was funny|very funny|so funny|good bot|bad bot
    |you are funny|you are great|you are the best|you are smart|you rock|i love you|i like you|i am bored
    |im bored|i am tired|im tired|i am hungry|im hungry|i am back|im back|happy birthday|merry christmas
    |happy new year|have a nice day|have a good one|good night|good weekend|see you|see you later
    |see you tomorrow|bye|goodbye|bye bye|take care|tell me a joke|sing me a song|tell me a story
    |tell me about yourself|do you like music|are you a robot|are you human|are you real|are you a bot
    |how old are you|where do you live|what is your name|whats your name|do you sleep|do you dream
    |what is the meaning of life|whats the meaning of life|nice weather today|what a day|it is monday again
    |monday again|thank god it is friday|tgif|oh no|oh well|whatever|never better|so so|same here|me too
    |just testing|testing|test|is anybody there|anybody there|are you there
    """.replace("\n", " ")
    .replace("    ", "")
    .split("|")
)
_PHRASES = frozenset(" ".join(phrase.split()) for phrase in _WHOLE)
_FILLERS = word_set("well so oh and hey hi hello haha just really very much again today then bot")


def is_smalltalk(sentence: Sentence) -> bool:
    """The whole of it, but for words that add nothing."""
    norms = [token.norm for token in sentence.tokens if token.is_word]
    if " ".join(norms) in _PHRASES:
        return True
    return " ".join(norm for norm in norms if norm not in _FILLERS) in _PHRASES
