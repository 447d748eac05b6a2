"""Marks, for somebody who decides, what in a value may look like something else."""

from __future__ import annotations

import re
import unicodedata

from bot.text_clean import code
from bot.text_script import Surroundings, is_mixed, scripts, shown

MOST_LINES = 30
_EMPTY_LINES = 3  # line breaks in a row that are still ordinary: two empty lines
_SPACES = 6

_MARK = re.compile(r"(⟨[^⟨⟩\n]{1,80}⟩)")
_LINES_MARK = re.compile(r"“?⟨(\d+) lines follow⟩\n")
_WORD = re.compile(r"[^\W\d_]+(?:['’\u200c\u200d][^\W\d_]+)*")
_PADDING_LINES = re.compile(rf"(?:^|\n)(?: *\n){{{_EMPTY_LINES},}} *")
_PADDING_SPACES = re.compile(rf" {{{_SPACES},}}")
# Marks that claim nothing about what the text means: a forged one deceives nobody.
_HARMLESS = re.compile(r"⟨(?:U\+[0-9A-F]{4,6}|\d{1,6} (?:empty lines|spaces|lines follow|more marks))⟩")
_MONEY_SIGNS = re.compile("[\uff04\ufe69\uffe0\uffe1\uffe5]")

# Look like . , : / @ or a hyphen, and are none of them.
_POINTS = re.compile(
    "(?<=[0-9A-Za-z])[\u0589\u05c3\u066a\u066b\u066c\u02d0\u2024\u201a\u2044\u2215\u2236\u2237\u29f8\u2571\u3002\ua789"
    "\ufe52\ufe55\ufe6b\uff0c\uff0e\uff0f\uff1a\uff20\uff61\u2010\u2011\u2212\u02d7](?=[0-9A-Za-z])"
)


def annotate(text: str) -> str:
    """`text` has been cleaned. Its own marks are left alone, so that twice is the same as once."""
    text = _PADDING_LINES.sub(_count_lines, text)
    text = _PADDING_SPACES.sub(lambda run: f" ⟨{len(run[0])} spaces⟩ ", text)
    if not text.isascii():
        text = _annotate_words(_annotate_money(text))
    return _announce(text)


def _count_lines(run: re.Match[str]) -> str:
    return f"\n⟨{run[0].count(chr(10)) - (0 if run.start() == 0 else 1)} empty lines⟩\n"


def _announce(text: str) -> str:
    lines = text.count("\n") + 1
    said = _LINES_MARK.match(text)
    if lines <= MOST_LINES or (said is not None and int(said[1]) == lines - 1):
        return text
    return f"⟨{lines} lines follow⟩\n{text}"


def _annotate_words(text: str) -> str:
    pieces = _MARK.split(text)
    around = Surroundings("".join(pieces[::2]))
    forged = False
    for place in range(0, len(pieces), 2):
        following = pieces[place + 1] if place + 1 < len(pieces) else ""
        pieces[place], ours = _annotate_piece(_without_brackets(pieces[place]), following, around)
        if following and not ours and not _HARMLESS.fullmatch(following):
            # Somebody wrote our mark to be believed: "9⟨=100⟩".
            pieces[place + 1] = _without_brackets(following)
            forged = True
    # What stood inside a forged mark is a word like any other now, and is looked at as one.
    return _annotate_words("".join(pieces)) if forged else "".join(pieces)


def _annotate_piece(piece: str, following: str, around: Surroundings) -> tuple[str, bool]:
    """One stretch between marks, and whether the mark that follows is the one we would set there."""
    ours = False

    def marked(word: re.Match[str]) -> str:
        nonlocal ours
        mark = _word_mark(word[0], around)
        if mark and mark == following and word.end() == len(piece):
            ours = True
            return word[0]
        return word[0] + mark

    if piece.isascii():
        return piece, False
    inner = _MARK.split(_WORD.sub(marked, piece))
    for place in range(0, len(inner), 2):
        last = place == len(inner) - 1
        points = _annotate_points(inner[place])
        inner[place], seen = _annotate_digits(points, following if last else inner[place + 1])
        ours = ours or (seen and last)
    return "".join(inner), ours


def _without_brackets(text: str) -> str:
    return text.replace("⟨", "\0").replace("⟩", code("⟩")).replace("\0", code("⟨"))


def _word_mark(word: str, around: Surroundings) -> str:
    if word.isascii():
        return ""
    usual = unicodedata.normalize("NFKC", word)
    if (
        usual.isascii()
        and usual != word
        and not all(letter.isascii() or letter in "ªº" or not _is_letter(letter) for letter in word)
    ):
        return f"⟨={usual}⟩"[:80]
    found = scripts(word)
    if is_mixed(found):
        return f"⟨{shown(found)}⟩"
    if len(found) == 1 and around.suspects(word, name := next(iter(found))):
        return f"⟨{shown(frozenset({name}))}⟩"
    return ""


def _is_letter(character: str) -> bool:
    """Roman numerals too, which pass for the letters that they are made of."""
    return character.isalpha() or unicodedata.category(character) == "Nl"


def _annotate_money(text: str) -> str:
    """A dollar that is not the dollar."""

    def marked(sign: re.Match[str]) -> str:
        mark = code(sign[0])
        return sign[0] if text.startswith(mark, sign.end()) else sign[0] + mark

    return _MONEY_SIGNS.sub(marked, text)


def _annotate_points(piece: str) -> str:
    return _POINTS.sub(lambda point: point[0] + code(point[0]), piece)


def _annotate_digits(piece: str, following: str) -> tuple[str, bool]:
    """Digits of other scripts, with the digits we are used to behind them."""
    out: list[str] = []
    run: list[str] = []
    ours = False
    for place, character in enumerate(piece + "\0"):
        digit = None if character.isascii() else _digit(character)
        if digit is not None:
            run.append(digit)
        elif run:
            mark = f"⟨={''.join(run)[:60]}⟩"
            ours = place == len(piece) and following == mark
            out.append("" if ours else mark)
            run = []
        out.append(character)
    return "".join(out)[:-1], ours


def _digit(character: str) -> str | None:
    value = unicodedata.digit(character, None)
    if value is None or unicodedata.name(character, "").startswith(("SUPERSCRIPT", "SUBSCRIPT")):
        return None
    return str(value)
