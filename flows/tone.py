"""How somebody wants to be spoken to: one dial from terse to playful, and words that exist in each way.

Deciding never sees the dial. What is said is a `Spoken`: a text that is, compares, hashes and is stored
as today's words, and that knows how else they may be put. Whoever sends a reply picks the words with
`in_tone`; where nobody does, or where two texts were put together by hand, today's words are said.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache
from typing import Literal

from bot.reply import Block, Heading, Paragraph, Reply
from flows.tone_phrases import PHRASES

Register = Literal["terse", "plain", "playful"]
LEAST, USUAL, MOST = 1, 5, 10
TERSE_TO, PLAIN_TO = 3, 7


def register_of(tone: int) -> Register:
    """1 to 3 are terse, 8 to 10 playful; what lies between, and what is no tone at all, is as ever."""
    if LEAST <= tone <= TERSE_TO:
        return "terse"
    return "playful" if PLAIN_TO < tone <= MOST else "plain"


class Spoken(str):
    """Today's words, and the same in two other ways. As a text it is today's words and nothing else."""

    __slots__ = ("playful", "terse")

    terse: str
    playful: str

    def __new__(cls, plain: str, terse: str = "", playful: str = "") -> Spoken:
        made = super().__new__(cls, plain)
        made.terse, made.playful = terse or str(plain), playful or str(plain)
        return made

    def in_register(self, register: Register) -> str:
        match register:
            case "terse":
                return self.terse
            case "playful":
                return self.playful
        return str(self)

    def __add__(self, other: str) -> Spoken:
        """What is added keeps its own ways."""
        return Spoken(str(self) + str(other), self.terse + _as(other, "terse"),
                      self.playful + _as(other, "playful"))  # fmt: skip

    def __radd__(self, other: str) -> Spoken:
        return Spoken(str(other) + str(self), _as(other, "terse") + self.terse,
                      _as(other, "playful") + self.playful)  # fmt: skip


def _as(text: str, register: Register) -> str:
    return text.in_register(register) if isinstance(text, Spoken) else text


def said(words: str, **values: object) -> Spoken:
    """One of the engine's own phrases, by today's words. Values are put in alike, whatever the way."""
    terse, playful = PHRASES[words]
    return Spoken(*(_filled(form, values) for form in (words, terse, playful)))


def _filled(form: str, values: dict[str, object]) -> str:
    """`{name}` is a value; nothing of it is read again, so a value with braces stays what it is."""
    return "".join(str(values[piece]) if at % 2 else piece for at, piece in enumerate(pieces_of(form)))


@lru_cache(maxsize=512)
def pieces_of(form: str) -> tuple[str, ...]:
    """Words and names of values in turns, words first."""
    pieces: list[str] = []
    for part in form.split("{"):
        pieces += part.split("}", 1) if pieces else [part]
    return tuple(pieces)


def in_tone(reply: Reply, register: Register) -> Reply:
    """The reply as it is said to somebody. Only words that exist in several ways differ: never a value,
    a label, a button or a card of somebody else."""
    if register == "plain" or not may_differ(reply):
        return reply
    blocks = tuple(_block(block, register) for block in reply.blocks)
    return replace(reply, text=_as(reply.text, register), blocks=blocks)


def may_differ(reply: Reply) -> bool:
    """Whether it says anything that can be put in another way."""
    return isinstance(reply.text, Spoken) or any(
        isinstance(block, Heading | Paragraph) and isinstance(block.text, Spoken) for block in reply.blocks
    )


def _block(block: Block, register: Register) -> Block:
    if isinstance(block, Heading | Paragraph):
        return replace(block, text=_as(block.text, register))
    return block


def joined(parts: Iterable[str], between: str = " ") -> str:
    """As `between.join(parts)`, and each part keeps its own ways."""
    whole: str = ""
    for part in parts:
        whole = whole + between + part if whole else part
    return whole
