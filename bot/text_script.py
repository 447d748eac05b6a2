"""Letters that pass for others: which script a word is in, and whether it is one script."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

_EAST_ASIAN = (
    frozenset({"LATIN", "HAN", "HIRAGANA", "KATAKANA"}),
    frozenset({"LATIN", "HAN", "HANGUL"}),
    frozenset({"LATIN", "HAN", "BOPOMOFO"}),
)
_NO_SCRIPT = frozenset({"MODIFIER", "MICRO", "FEMININE", "MASCULINE", "COMBINING", "IDEOGRAPHIC", "VERTICAL"})
_RARE = frozenset({"CHEROKEE", "LISU", "COPTIC", "DESERET", "OSAGE", "GOTHIC", "WARANG", "MATHEMATICAL"})

# Latin letters, by name, that nobody writes words with, and that look like ASCII.
_PHONETIC = frozenset("ɑɡɩɪʏʀʟɴʙɢʜƖǀⱭ") | {chr(code) for code in (*range(0x1D00, 0x1D23), 0xA730, 0xA731)}

_LOOKALIKES = {
    "CYRILLIC": frozenset("аеорсухіјѕһԁԛԝӏѵкмтгАВСЕНІЈКМОРЅТХҮԚԜѴ"),
    "GREEK": frozenset("οανικρυγηχΑΒΕΖΗΙΚΜΝΟΡΤΥΧ"),
    "ARMENIAN": frozenset("օսհոցզԼՕՍՏ"),
}


@lru_cache(maxsize=4096)
def script(letter: str) -> str:
    """The script of a letter, by its Unicode name; empty where it belongs to none."""
    if letter in _PHONETIC:
        return "PHONETIC"
    first = unicodedata.name(letter, "").partition(" ")[0].partition("-")[0]
    if first == "CJK":
        return "HAN"
    return "" if first in _NO_SCRIPT else first


def scripts(word: str) -> frozenset[str]:
    return frozenset(name for letter in word if letter.isalpha() and (name := script(letter)))


def is_mixed(found: frozenset[str]) -> bool:
    """More than one script in a word, other than as Japanese, Chinese and Korean are written."""
    return len(found) > 1 and not any(found <= together for together in _EAST_ASIAN)


class Surroundings:
    """What the text around a word is written in; it decides whether a lookalike word is suspect."""

    def __init__(self, text: str) -> None:
        self._honest = {
            name
            for letter in set(text)
            if letter.isalpha()
            and (name := script(letter))
            and letter not in _LOOKALIKES.get(name, frozenset())
        }

    def suspects(self, word: str, name: str) -> bool:
        """A word wholly of lookalikes, while nothing else here is written in its script."""
        if name in _RARE or name == "PHONETIC":
            return True
        alike = _LOOKALIKES.get(name)
        return alike is not None and name not in self._honest and all(letter in alike for letter in word)


def shown(found: frozenset[str]) -> str:
    """ "Cyrillic+Latin" """
    return "+".join(sorted(name.title() for name in found))
